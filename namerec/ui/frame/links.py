"""Links into the lab: a page with its parameters, and the settings of a training as parameters.

All of it is text in and text out; what a link brings is checked here and never trusted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple
from urllib.parse import urlencode

from namerec.core.corpus.protocols import PROTOCOLS, name_now
from namerec.core.networks.config import RENAMED, ModelConfig
from namerec.core.networks.kinds import (
    MODEL_KINDS,
    OWN_SETTINGS,
    USUAL_NETWORK,
    ModelKind,
    has_setting,
)
from namerec.core.training.config import (
    PRESETS,
    PresetName,
    RunConfig,
    validated,
)
from namerec.core.training.presets import named, preset
from namerec.errors import ConfigError
from namerec.text import shortened
from namerec.ui.frame.settings_table import SETTINGS, Choice, Number, bounds, value_of
from namerec.ui.frame.shell import PAGES, page_name

#: Parameters of the Train page's form beside the settings, which have their own names.
NETWORK, PRESET, CORPUS, SPLIT = "network", "preset", "corpus", "split"
#: All of them, in the order in which they are read.
TRAIN_PARAMETERS = (NETWORK, PRESET, CORPUS, SPLIT, *SETTINGS)
#: What a link that names none of them stands for.
USUAL_PRESET: PresetName = "fast"
USUAL_CORPUS = "bundled"
#: How a setting that may be left empty is written if it is.
_EMPTY = "none"
#: Most characters of a link's own words that are said back.
_SAID_BACK = 40


def link(page: str, **parameters: str) -> str:
    """A link to a page, from the lab's own address on.

    A page opened by it in a fresh browser has what is given here, and is as usual otherwise; in a
    session that has seen the page, what is not given stays as it was.

    Args:
        page: Its name, as in its address: `train`, `name` and so on; `start` for the first.
        parameters: As in the page's own URL, such as `run`, `name`, `look` and, of the Train page,
            what `train_parameters` gives.

    Raises:
        ValueError: If there is no such page.
    """
    pages = [page_name(entry) for entry in PAGES]
    if page not in pages:
        raise ValueError(f"there is no page {page!r}, only {', '.join(pages)}")
    path = "" if page == pages[0] else page
    return f"{path}?{urlencode(parameters)}" if parameters else path or "."


# -- settings out


def base_of(kind: ModelKind, name: PresetName) -> RunConfig:
    """The settings that a link stands for which names a network and a preset alone."""
    return preset(name, kind, dataset=USUAL_CORPUS, seed=0, device="cpu")


def nearest_preset(config: RunConfig) -> PresetName:
    """The preset from which fewest settings differ, the first of them in the form's order."""
    if config.preset != "own":
        return config.preset
    order: tuple[PresetName, ...] = ("fast", "best", "course")
    kind = config.model.kind
    return min(order, key=lambda name: len(differences(config, base_of(kind, name))))


def differences(config: RunConfig, base: RunConfig) -> dict[str, str]:
    """The parameters for what differs from other settings of the same network."""
    found = {}
    if config.training.dataset != base.training.dataset:
        found[CORPUS] = config.training.dataset
    if config.training.protocol != base.training.protocol:
        found[SPLIT] = config.training.protocol
    for name in SETTINGS:
        if (value := value_of(config, name)) != value_of(base, name):
            found[name] = _text(value)
    return found


def train_parameters(config: RunConfig, preset_name: PresetName | None = None) -> dict[str, str]:
    """A training's settings as the parameters of a link to the Train page.

    Args:
        config: The settings.
        preset_name: The preset that the others are told from; the nearest one if not given.

    Returns:
        Network and preset, and what differs from them.
    """
    name = preset_name or nearest_preset(config)
    kind = config.model.kind
    return {NETWORK: kind, PRESET: name, **differences(config, base_of(kind, name))}


def _text(value: Any) -> str:
    if value is None:
        return _EMPTY
    return repr(value) if isinstance(value, float) else str(value)


# -- settings in


class Asked(NamedTuple):
    """The settings that a link asks for.

    Attributes:
        config: All of them, valid.
        preset: The preset that they were told from.
        problems: What could not be taken from the link, a sentence each.
    """

    config: RunConfig
    preset: PresetName
    problems: tuple[str, ...]


def settings_asked(
    parameters: Mapping[str, str],
    corpora: Collection[str],
    *,
    otherwise: str = USUAL_CORPUS,
    base: RunConfig | None = None,
) -> Asked:
    """Reads a link's settings; what cannot be taken is said, and the rest holds.

    Args:
        parameters: Of the link; those that are no settings of the form are said, too.
        corpora: References of the corpora that may be chosen.
        otherwise: One of them, for a link whose corpus is not among them.
        base: The settings of a run that is gone on from, which then stand for network, preset,
            corpus and split; the link's own are left out.
    """
    problems: list[str] = []
    own = {RENAMED.get(key, key): text for key, text in parameters.items()}
    own |= {key: name_now(own[key]) for key in (PRESET, SPLIT) if key in own}
    if base is None:
        kind = _word(own, NETWORK, MODEL_KINDS, USUAL_NETWORK, problems)
        name = _word(own, PRESET, PRESETS, USUAL_PRESET, problems)
        base = base_of(kind, name)
        training = {
            "dataset": _corpus(own, corpora, otherwise, problems),
            "protocol": _word(own, SPLIT, PROTOCOLS, base.training.protocol, problems),
        }
        base = _with(base, training)
    else:
        name = nearest_preset(base)
        for fixed in (NETWORK, PRESET, CORPUS, SPLIT):
            own.pop(fixed, None)
    values = {}
    for key, text in own.items():
        setting = SETTINGS.get(key)
        if setting is None:
            problems.append(_unknown(key))
        elif problem := _problem(setting, text, base):
            problems.append(problem)
        else:
            values[key] = None if _is_empty(setting, text) else text
    return Asked(named(_settled(base, values, problems), name), name, tuple(problems))


def _with(base: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    settings = base.model_dump()
    for name, value in values.items():
        settings["model" if name in ModelConfig.model_fields else "training"][name] = value
    return validated(settings)


def _settled(base: RunConfig, values: dict[str, Any], problems: list[str]) -> RunConfig:
    """All values together or, if they do not go together, one after the other as far as they do."""
    try:
        return _with(base, values)
    except ConfigError:
        pass
    for name, value in values.items():
        try:
            base = _with(base, {name: value})
        except ConfigError:
            problems.append(
                f"The link's {name} {_quoted(str(value))} does not fit its other settings; "
                f"{_text(value_of(base, name))} is kept."
            )
    return base


def _word(
    parameters: dict[str, str], key: str, allowed: tuple[Any, ...], usual: Any, problems: list[str]
) -> Any:
    given = parameters.pop(key, None)
    if given is None or given in allowed:
        return given or usual
    problems.append(
        f"The link asks for the {key} {_quoted(given)}, which does not exist. Possible are "
        f"{', '.join(allowed)}; {usual} is used."
    )
    return usual


def _corpus(
    parameters: dict[str, str], corpora: Collection[str], otherwise: str, problems: list[str]
) -> str:
    given = parameters.pop(CORPUS, USUAL_CORPUS)
    if given in corpora:
        return given
    problems.append(
        "The names in this link are not on this computer, so other names are chosen. Upload them "
        "on the Dataset page, then open the link again."
    )
    return otherwise


def _unknown(key: str) -> str:
    near = get_close_matches(key, TRAIN_PARAMETERS, 1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    return f"The link sets {_quoted(key)}, but there is no such setting; it is ignored.{hint}"


def _is_empty(setting: Number | Choice, text: str) -> bool:
    if isinstance(setting, Choice):
        return False
    return (setting.optional and text == _EMPTY) or (setting.name, text) == ("steps", "0")


def _problem(setting: Number | Choice, text: str, base: RunConfig) -> str:
    """What is wrong with a value of a link; empty if nothing is."""
    name, kind = setting.name, base.model.kind
    if not has_setting(kind, name):
        return (
            f"The link sets {name}, which this network does not have; it belongs to the "
            f"{OWN_SETTINGS[name]}."
        )
    kept = f"{_text(value_of(base, name))} is kept."
    if isinstance(setting, Choice):
        if text in setting.options:
            return ""
        allowed = ", ".join(setting.options)
        return f"The link's {name} {_quoted(text)} is not one of {allowed}; {kept}"
    if _is_empty(setting, text):
        return ""
    least, most = bounds(name)
    try:
        fits = least <= (float if setting.format else int)(text) <= most
    except ValueError:
        fits = False
    if fits:
        return ""
    what = "a number" if setting.format else "a whole number"
    return (
        f"The link's {name} {_quoted(text)} is not {what} from {_plain_number(least)} to "
        f"{_plain_number(most)}; {kept}"
    )


def _plain_number(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:f}".rstrip("0").rstrip(".")


def _quoted(text: str) -> str:
    return f"“{shortened(text, _SAID_BACK)}”"
