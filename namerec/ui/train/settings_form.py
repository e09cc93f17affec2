"""The form of the Train page: the table of settings as widgets, read back as a RunConfig.

All of it is in the URL, as told from the preset (see `links`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.corpus.protocols import PROTOCOLS
from namerec.core.networks.kinds import KINDS, has_setting
from namerec.core.training.config import PresetName, RunConfig
from namerec.text import plain
from namerec.ui.frame import hidden
from namerec.ui.frame.links import train_parameters
from namerec.ui.frame.settings_table import (
    ADVANCED,
    BASIC,
    OWN,
    SETTINGS,
    Choice,
    Number,
    bounds,
    key,
    setting_words,
    value_of,
)
from namerec.ui.shared.corpus_choice import CORPUS, DATASET, corpus_title, offered
from namerec.ui.shared.corpus_download import download_button
from namerec.ui.shared.run_words import _IN_SUMMARY, summary_words
from namerec.ui.train.branch import Branch, say_branch, take_branch
from namerec.ui.train.own_presets import choose_own_preset
from namerec.ui.train.settings_state import (
    KIND,
    PRESET,
    PROTOCOL,
    apply_preset,
    may_change,
    problems,
    read_back,
    take_link,
    usual_corpus,
    write_link,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

PRESET_WORDS: dict[PresetName, str] = {
    "fast": "A good network in well under a minute.",
    "best": "The most accurate settings we know. Takes a little longer.",
    "course": (
        "The course report's recipe: one name at a time, 100 000 steps of plain SGD (at ten times "
        "the rate for networks with gates), scored on training names. Takes minutes."
    ),
}
PROTOCOL_HELP = (
    "How names are divided into training, validation and test. **leak-free**: no name is in two "
    "parts. **raw**: a plain random split that keeps duplicates. **course**: trains on everything "
    "and scores on the training names. **given**: the corpus's own split column."
)


def settings_form() -> tuple[RunConfig, Branch | None]:
    """Draws the form where it is called.

    Returns:
        The settings as they stand, and the run that the next one goes on from, if any.

    Raises:
        ConfigError: If they cannot be trained with.
    """
    branch = take_branch()
    take_link(branch)
    if said := problems():
        st.warning("\n\n".join(map(plain, said)), icon=":material/link_off:")
    if branch is not None:
        say_branch(branch)
    if not hidden.hidden(hidden.FORM):
        _controls(branch)
    config = read_back(branch)
    write_link(config, branch)
    _say_hidden(config)
    if branch is None and not hidden.hidden(hidden.FORM):
        st.page_link(
            "pages/sweep.py",
            label="Search over ranges of these settings",
            icon=":material/query_stats:",
            query_params=train_parameters(config, st.session_state[PRESET]),
        )
    return config, branch


def _controls(branch: Branch | None) -> None:
    if branch is None:
        _network_and_names()
    columns = st.columns(2)
    for place, setting in enumerate(_shown(BASIC, branch)):
        with columns[place % 2]:
            _draw(setting)
    more = [*_shown(OWN, branch), *_shown(ADVANCED, branch)]
    if more and not hidden.hidden(hidden.MORE):
        with st.expander("More settings", icon=":material/tune:"):
            for setting in more:
                _draw(setting)


def _shown(settings: Iterable[Number | Choice], branch: Branch | None) -> list[Number | Choice]:
    """Those that this network has, that can be changed and that are not hidden."""
    return [
        setting
        for setting in settings
        if has_setting(st.session_state[KIND], setting.name)
        and not hidden.hidden_setting(setting.name)
        and (branch is None or may_change(setting.name))
    ]


def _network_and_names() -> None:
    if not hidden.hidden(hidden.NETWORK):
        st.segmented_control(
            "Network",
            list(KINDS),
            key=KIND,
            format_func=lambda kind: KINDS[kind].button,
            required=True,
            on_change=apply_preset,
            persist_state="session",
            width="stretch",
            help="\n\n".join(f"**{kind.button}**: {kind.meaning}" for kind in KINDS.values()),
        )
    if not hidden.hidden(hidden.PRESET):
        st.segmented_control(
            "Preset",
            ("fast", "best", "course"),
            key=PRESET,
            format_func=str.capitalize,
            required=True,
            on_change=apply_preset,
            persist_state="session",
            width="stretch",
        )
        st.caption(PRESET_WORDS[st.session_state[PRESET]])
        choose_own_preset()
    _corpus_choice()
    if not hidden.hidden(hidden.SPLIT):
        st.selectbox("Split", PROTOCOLS, key=PROTOCOL, persist_state="session", help=PROTOCOL_HELP)


def _corpus_choice() -> None:
    corpora = offered()
    if st.session_state[DATASET] not in corpora:  # removed on the Dataset page, or elsewhere
        st.session_state[DATASET] = usual_corpus()
    if hidden.hidden(hidden.NAMES):
        return
    st.selectbox(
        "Names",
        list(corpora),
        key=DATASET,
        format_func=lambda reference: corpus_title(corpora[reference]),
        persist_state="session",
        help="The corpus to train on.",
    )
    if not corpora[st.session_state[DATASET]].installed:
        download_button("train_download")
    st.page_link(
        "pages/dataset.py",
        label="See them, or bring your own",
        icon=":material/dataset:",
        query_params={CORPUS: st.session_state[DATASET]},
    )


def _draw(setting: Number | Choice) -> None:
    if isinstance(setting, Choice):
        st.selectbox(
            setting.label,
            setting.options,
            key=key(setting.name),
            persist_state="session",
            help=setting.help,
        )
        return
    least, most = bounds(setting.name)
    kind = float if setting.format else int
    value = st.session_state[key(setting.name)]
    if value is not None:
        st.session_state[key(setting.name)] = kind(value)
    draw = partial(
        st.number_input,
        setting.label,
        min_value=kind(least),
        max_value=kind(most),
        step=kind(setting.step),
        format=setting.format,
        key=key(setting.name),
        persist_state="session",
        help=setting.help,
    )
    if setting.optional:
        draw(value=None, placeholder="same as the seed")
    else:
        draw()


def _say_hidden(config: RunConfig) -> None:
    """What is in force though it is hidden, so that nobody is misled; 0 stands for off."""
    parts = {hidden.NETWORK, hidden.PRESET, hidden.NAMES, hidden.SPLIT, hidden.MORE, hidden.FORM}
    left_out = [name for name in SETTINGS if _left_out(name)]
    if not left_out and not parts & hidden.words():
        return
    told = [
        setting_words(config, name)
        for name in left_out
        if name not in _IN_SUMMARY
        and has_setting(config.model.kind, name)
        and value_of(config, name)
    ]
    corpora = offered()
    reference = config.training.dataset
    names = corpora[reference].title if reference in corpora else "the names of its run"
    st.caption(plain(f"Settings in use: {' · '.join([summary_words(config), names, *told])}."))


def _left_out(name: str) -> bool:
    basic = {setting.name for setting in BASIC}
    return hidden.hidden_setting(name) or (hidden.hidden(hidden.MORE) and name not in basic)
