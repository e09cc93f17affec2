"""The form of a sweep: what is searched, what is fixed, and for how long."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st

from namerec.core.corpus.protocols import PROTOCOLS, holds_out
from namerec.core.networks.kinds import (
    MODEL_KINDS,
    MODEL_TITLES,
    USUAL_NETWORK,
    has_setting,
)
from namerec.core.tasks.sweep import (
    MOST_SEEDS,
    MOST_TRIALS,
    Choices,
    Pruning,
    Range,
    SweepPlan,
    choices_of,
    range_of,
    searchable,
)
from namerec.core.training.config import RunConfig
from namerec.core.training.presets import named, preset, with_settings
from namerec.errors import ConfigError
from namerec.text import plain
from namerec.ui.frame import address
from namerec.ui.frame.links import USUAL_PRESET, base_of, differences, settings_asked
from namerec.ui.frame.settings_table import SETTINGS, Choice, Number, bounds, value_of
from namerec.ui.shared import services
from namerec.ui.shared.corpus_choice import corpus_title, offered
from namerec.ui.shared.run_words import summary_words

_KIND, _PRESET, _NAMES, _SPLIT = "sweep_kind", "sweep_preset", "sweep_names", "sweep_split"
_SEED, _SEEDS, _TRIALS, _EPOCHS = "sweep_seed", "sweep_seeds", "sweep_trials", "sweep_epochs"
_PRUNE, _MINUTES, _SEARCHED = "sweep_prune", "sweep_minutes", "sweep_searched"
#: Settings that a link from the Train page brought and that have no control here, as text.
_MORE, _PROBLEMS = "sweep_more", "sweep_problems"
#: Parameters of the page that are none of its form's.
SWEEP = "sweep"
#: How far a range reaches at first on either side of the setting's own value, as a factor.
_REACH = 4
#: Settings whose ranges are of factors at first.
_BY_FACTORS = frozenset({"learning_rate", "weight_decay", "hidden_size", "batch_size"})
_FIRST = ["learning_rate", "hidden_size"]
_PRUNE_WORDS: dict[Pruning, str] = {
    "median": "worse than the median",
    "hyperband": "Hyperband",
    "none": "never",
}


def sweep_form() -> SweepPlan:
    """Draws it where it is called.

    Raises:
        ConfigError: If what is in it cannot be searched.
    """
    _begin()
    _take_link()
    if said := st.session_state.get(_PROBLEMS):
        st.warning("\n\n".join(map(plain, said)), icon=":material/link_off:")
    _shared()
    base = _base()
    space = _space(base)
    _length()
    st.caption(plain(f"Fixed for all trials unless searched: {summary_words(base)}."))
    state = st.session_state
    return SweepPlan.checked(
        base,
        space,
        seeds=state[_SEEDS],
        trials=state[_TRIALS],
        prune=state[_PRUNE],
        budget=60.0 * state[_MINUTES],
    )


def _begin() -> None:
    """Fills it in on the first visit."""
    state = st.session_state
    if _KIND not in state:
        _fill(base_of(USUAL_NETWORK, USUAL_PRESET), USUAL_PRESET)
        state[_NAMES] = services.given_corpus() or "bundled"
        state[_SEEDS], state[_TRIALS], state[_PRUNE], state[_MINUTES] = 1, 30, "median", 10.0
        state[_SEARCHED] = list(_FIRST)


def _fill(config: RunConfig, preset_name: str) -> None:
    state, training = st.session_state, config.training
    state[_KIND], state[_PRESET] = config.model.kind, preset_name
    state[_NAMES], state[_SEED], state[_EPOCHS] = training.dataset, training.seed, training.epochs
    state[_SPLIT] = training.protocol if holds_out(training.protocol) else PROTOCOLS[0]
    others = differences(config, preset(preset_name, config.model.kind))  # type: ignore[arg-type]
    shown = {"seed", "epochs", "corpus", "split"}
    state[_MORE] = {name: text for name, text in others.items() if name not in shown}


def _take_link() -> None:
    """Takes the settings that a link from the Train page brings."""
    asked = address.take_all("sweep_form", but={SWEEP, "hide", "lesson"})
    if asked:
        usual = services.given_corpus() or "bundled"
        found = settings_asked(asked, offered(), otherwise=usual)
        _fill(found.config, found.preset)
        st.session_state[_PROBLEMS] = found.problems


def _apply_preset() -> None:
    state = st.session_state
    config = preset(state[_PRESET], state[_KIND])
    state[_EPOCHS], state[_MORE] = config.training.epochs, {}
    state.pop(_PROBLEMS, None)


def _shared() -> None:
    """What all trials have."""
    corpora = offered()
    if st.session_state[_NAMES] not in corpora:  # removed meanwhile
        st.session_state[_NAMES] = services.given_corpus() or "bundled"
    with st.grid(4, min_column_width=190):
        st.selectbox(
            "Network", MODEL_KINDS, key=_KIND, format_func=MODEL_TITLES.__getitem__,
            on_change=_apply_preset, persist_state="session",
        )  # fmt: skip
        st.segmented_control(
            "Preset", ("fast", "best"), key=_PRESET, format_func=str.capitalize, required=True,
            on_change=_apply_preset, persist_state="session", width="stretch",
            help="The settings of all that is not searched.",
        )  # fmt: skip
        st.selectbox(
            "Names", list(corpora), key=_NAMES, persist_state="session",
            format_func=lambda reference: corpus_title(corpora[reference]),
        )  # fmt: skip
        st.selectbox(
            "Split", [name for name in PROTOCOLS if holds_out(name)], key=_SPLIT,
            persist_state="session", help="Trials are judged on its validation names.",
        )  # fmt: skip


def _base() -> RunConfig:
    state = st.session_state
    config = preset(state[_PRESET], state[_KIND], seed=state[_SEED], dataset=state[_NAMES])
    given = {"epochs": str(state[_EPOCHS]), "protocol": state[_SPLIT], **state[_MORE]}
    return named(with_settings(config, given), state[_PRESET])


# -- what is searched


def _space(base: RunConfig) -> dict[str, Range | Choices]:
    options = [name for name in SETTINGS if _may_be_searched(base, name)]
    state = st.session_state
    state[_SEARCHED] = [name for name in state[_SEARCHED] if name in options]
    st.multiselect(
        "Settings to search", options, key=_SEARCHED, persist_state="session", max_selections=10,
        format_func=_title, placeholder="Choose settings",
        help="Each gets a range or a list of values. All others stay as they are.",
    )  # fmt: skip
    problems, space = [], {}
    for name in state[_SEARCHED]:
        try:
            space[name] = _searched(base, name)
        except ConfigError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError(" ".join(problems))
    return space


def _may_be_searched(base: RunConfig, name: str) -> bool:
    try:
        searchable(base, name)
    except ConfigError:
        return False
    return name != "steps" and has_setting(base.model.kind, name)


def _title(name: str) -> str:
    return SETTINGS[name].label.partition(" (")[0]


def _searched(base: RunConfig, name: str) -> Range | Choices:
    """Draws the controls of one setting that is searched."""
    setting = SETTINGS[name]
    with st.container(border=True):
        if isinstance(setting, Choice):
            return _words(base, setting)
        with st.grid(4, min_column_width=150):
            how = st.segmented_control(
                _title(name), ("range", "list"), key=f"sweep_how_{name}", default="range",
                required=True, persist_state="session", width="stretch", help=setting.help,
            )  # fmt: skip
            return _listed(base, setting) if how == "list" else _range(base, setting)


def _words(base: RunConfig, setting: Choice) -> Choices:
    chosen = st.multiselect(
        _title(setting.name), setting.options, default=list(setting.options), help=setting.help,
        key=f"sweep_words_{setting.name}", persist_state="session",
    )  # fmt: skip
    return choices_of(base, setting.name, chosen or [""])


def _listed(base: RunConfig, setting: Number) -> Choices:
    key = f"sweep_list_{setting.name}"
    if key not in st.session_state:
        low, high, _ = _usual_range(base, setting)
        values = dict.fromkeys((low, value_of(base, setting.name), high))
        st.session_state[key] = ", ".join(f"{value:g}" for value in values)
    typed = st.text_input(
        "Values", key=key, max_chars=300, persist_state="session",
        help="Two or more numbers, separated by commas.",
    )  # fmt: skip
    return choices_of(base, setting.name, [value.strip() for value in typed.split(",")])


def _range(base: RunConfig, setting: Number) -> Range:
    name = setting.name
    keys = [f"sweep_{end}_{name}" for end in ("low", "high", "log")]
    for key, value in zip(keys, _usual_range(base, setting), strict=True):
        st.session_state.setdefault(key, value)
    least, most = bounds(name)
    kind = float if setting.format else int
    ends: list[Any] = []
    for label, key in zip(("From", "To"), keys, strict=False):
        ends.append(
            st.number_input(
                label, min_value=kind(least), max_value=kind(most), step=kind(setting.step),
                format="%g" if setting.format else None, key=key, persist_state="session",
            )
        )  # fmt: skip
    log = st.toggle(
        "By factors", key=keys[2], persist_state="session",
        help="On: 0.001 to 0.01 is searched as much as 0.01 to 0.1. Off: equal differences count "
        "alike.",
    )  # fmt: skip
    return range_of(base, name, repr(ends[0]), repr(ends[1]), log)


def _usual_range(base: RunConfig, setting: Number) -> tuple[Any, Any, bool]:
    """Around the setting's own value, as wide as it may be and makes sense."""
    name, value = setting.name, value_of(base, setting.name)
    least, most = bounds(name)
    by_factors = name in _BY_FACTORS and value > 0
    low, high = (value / _REACH, value * _REACH) if by_factors else (0.5 * value, 1.5 * value)
    if low == high:
        low, high = least, min(most, least + 10 * setting.step)
    kind = float if setting.format else int
    ends = [kind(float(f"{end:.2g}")) for end in (max(low, least), min(high, most))]
    return ends[0], max(ends[1], kind(ends[0] + setting.step)), by_factors


# -- for how long


def _length() -> None:
    least, most = bounds("epochs")
    with st.grid(4, min_column_width=150):
        st.number_input(
            "Trials", 1, MOST_TRIALS, key=_TRIALS, step=5, persist_state="session",
            help="Ten are drawn at random before the search follows what it has seen.",
        )  # fmt: skip
        st.number_input(
            "Minutes (0: no limit)", 0.0, 10_000.0, key=_MINUTES, step=5.0, format="%g",
            persist_state="session", help="When they are over, the sweep ends with what it has.",
        )  # fmt: skip
        st.number_input(
            "Seeds for each trial", 1, MOST_SEEDS, key=_SEEDS, persist_state="session",
            help="A trial's score is the mean over them, and their spread is shown. Each costs a "
            "training.",
        )  # fmt: skip
        st.number_input(
            "First seed", 0, 2**31 - 1 - MOST_SEEDS, key=_SEED, persist_state="session",
            help="It divides the names, too: all trials are judged on the same ones.",
        )  # fmt: skip
        st.number_input(
            "Epochs", int(least), int(most), key=_EPOCHS, persist_state="session",
            help="Of each training that is not pruned.",
        )  # fmt: skip
        st.selectbox(
            "End trials early", get_args(Pruning), key=_PRUNE,
            format_func=_PRUNE_WORDS.__getitem__, persist_state="session",
            help="By their validation accuracy after each epoch. Median: worse than half of the "
            "trials before it. Hyperband: only the best third goes on, again and again.",
        )  # fmt: skip
