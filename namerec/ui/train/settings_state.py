"""What the Train page's form holds: in the session, in the URL, and as a RunConfig."""

from __future__ import annotations

from typing import Any

import streamlit as st

from namerec.core.networks.config import RENAMED, ModelConfig
from namerec.core.networks.kinds import USUAL_NETWORK, has_setting
from namerec.core.training.config import (
    FREE_IN_BRANCH,
    PresetName,
    RunConfig,
    TrainConfig,
    validated,
)
from namerec.core.training.presets import PERSONAL, named, preset
from namerec.ui.frame import address
from namerec.ui.frame.hidden import HIDE
from namerec.ui.frame.lessons import LESSON
from namerec.ui.frame.links import (
    USUAL_CORPUS,
    USUAL_PRESET,
    differences,
    nearest_preset,
    settings_asked,
    train_parameters,
)
from namerec.ui.frame.settings_table import SETTINGS, key, value_of
from namerec.ui.shared import services
from namerec.ui.shared.corpus_choice import DATASET, offered
from namerec.ui.train.branch import AT, FROM, Branch

KIND, PRESET, PROTOCOL = "set_kind", "set_preset", "set_protocol"
#: Settings that choosing a preset leaves as they are; it does say which split it is for.
_KEPT = PERSONAL - {"protocol"}
_PROBLEMS, _SAID_FOR = "train_problems", "train_problems_for"
_FROM = "train_form_from"
#: Parameters of the Train page that are none of its form's.
_OTHERS = frozenset({"run", FROM, AT, HIDE, LESSON})


def may_change(name: str) -> bool:
    """Whether a run that goes on from another one may have a setting of its own."""
    if name in ModelConfig.model_fields:
        return name in FREE_IN_BRANCH
    return name != "split_seed"


def usual_corpus() -> str:
    """The corpus chosen where nobody chose: the one of the command line, or the bundled one."""
    return services.given_corpus() or USUAL_CORPUS


def problems() -> tuple[str, ...]:
    """What could not be taken from the link that filled the form in, a sentence each."""
    found: tuple[str, ...] = st.session_state.get(_PROBLEMS, ())
    return found


def _begin() -> None:
    """Fills the form in on the first visit."""
    if KIND not in st.session_state:
        st.session_state[KIND] = USUAL_NETWORK
        st.session_state[PRESET] = USUAL_PRESET
        st.session_state.setdefault(DATASET, usual_corpus())
        for name, value in (("seed", 0), ("split_seed", None), ("device", "cpu")):
            st.session_state[key(name)] = value
        apply_preset()


def apply_preset() -> None:
    """Puts the chosen preset's values into the form."""
    kind, name = st.session_state[KIND], st.session_state[PRESET]
    config = preset(name, kind)
    for setting in SETTINGS:
        if setting not in _KEPT:
            st.session_state[key(setting)] = value_of(config, setting)
    st.session_state[PROTOCOL] = config.training.protocol


def apply_own(config: RunConfig) -> None:
    """Puts a preset of one's own into the form; what a preset leaves to the person stays."""
    st.session_state[KIND] = config.model.kind
    st.session_state[PRESET] = nearest_preset(config)
    for setting in SETTINGS:
        if setting not in PERSONAL:
            st.session_state[key(setting)] = value_of(config, setting)


def _fill(config: RunConfig, preset_name: PresetName) -> None:
    """Puts settings into the form, all of them."""
    st.session_state[KIND], st.session_state[PRESET] = config.model.kind, preset_name
    st.session_state[DATASET] = config.training.dataset
    st.session_state[PROTOCOL] = config.training.protocol
    for setting in SETTINGS:
        st.session_state[key(setting)] = value_of(config, setting)


def read_back(branch: Branch | None) -> RunConfig:
    """The form's settings.

    Raises:
        ConfigError: If they cannot be trained with.
    """
    state = st.session_state
    model: dict[str, Any] = {
        name: state[key(name)]
        for name in ModelConfig.model_fields
        if has_setting(state[KIND], name)
    }
    training = {name: state[key(name)] for name in TrainConfig.model_fields}
    training["steps"] = training["steps"] or None
    config = validated({"model": model, "training": training})
    return config if branch is not None else named(config, state[PRESET])


# -- the form and the URL


def take_link(branch: Branch | None) -> None:
    """Fills the form in: on the first visit, by a link, and with the run that is gone on from."""
    _begin()
    came_from = branch.place if branch else None
    begins = came_from != st.session_state.get(_FROM)
    st.session_state[_FROM] = came_from
    base = branch.config if branch else None
    asked = address.take_all("train_form", but=_OTHERS)
    if not asked and not (begins and base is not None):
        return
    corpora = offered()
    usual = usual_corpus()
    found = settings_asked(
        {name: text for name, text in asked.items() if _is_free(name, base)},
        corpora,
        otherwise=usual,
        base=base,
    )
    _fill(found.config, found.preset)
    st.session_state[_PROBLEMS] = found.problems


def _is_free(name: str, base: RunConfig | None) -> bool:
    name = RENAMED.get(name, name)
    return base is None or name not in SETTINGS or may_change(name)


def _as_parameters(config: RunConfig, branch: Branch | None) -> dict[str, str]:
    if branch is not None:
        return differences(config, branch.config)
    return train_parameters(config, st.session_state[PRESET])


def write_link(config: RunConfig, branch: Branch | None) -> None:
    """Puts the form's settings into the URL."""
    values = _as_parameters(config, branch)
    if values != st.session_state.get(_SAID_FOR, values):
        st.session_state.pop(_PROBLEMS, None)
    st.session_state[_SAID_FOR] = values
    for name, text in values.items():
        address.write(name, text)
