"""The winner of a sweep: its scores, its runs, and its settings to go on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.corpus.protocols import part_words
from namerec.errors import NamerecError
from namerec.runs.own_presets import LONGEST_TITLE, keep_preset
from namerec.text import count, plain
from namerec.ui.frame.links import train_parameters
from namerec.ui.frame.settings_table import setting_words

if TYPE_CHECKING:
    from namerec.cluster.outcome import Outcome, OverSeeds, Winner
    from namerec.core.training.config import RunConfig

_TITLE, _SAID = "sweep_preset_title", "sweep_preset_said"


def winner_panel(found: Outcome) -> None:
    """Draws it, if there is one."""
    best = found.winner
    if best is None:
        return
    config = found.plan.configs(best.trial.values)[0]
    st.subheader("The winner")
    with st.container(border=True):
        settings = " · ".join(setting_words(config, name) for name in best.trial.values)
        st.markdown(f"**Trial {best.trial.number}**: {plain(settings)}")
        st.markdown(_scores(best, config))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            _links(best, config)
        _keep(found, config)


def _scores(best: Winner, config: RunConfig) -> str:
    protocol = config.training.protocol
    sentences = [
        f"{_over_seeds(best.validation)} accuracy on {part_words(protocol, 'validation')}."
    ]
    if best.test is not None and best.test_recall is not None:
        sentences.append(
            f"**{_over_seeds(best.test)}** accuracy and {_over_seeds(best.test_recall)} macro "
            f"recall on {count(best.names)} {part_words(protocol, 'test')}, measured "
            "once, after the search."
        )
    else:
        sentences.append("Its test names are asked when the sweep has ended.")
    return " ".join(sentences)


def _over_seeds(score: OverSeeds) -> str:
    if score.spread is None:
        return f"{100 * score.mean:.1f} % (one seed)"
    return f"{100 * score.mean:.1f} ± {100 * score.spread:.1f} % ({len(score.values)} seeds)"


def _links(best: Winner, config: RunConfig) -> None:
    st.page_link(
        "pages/train.py", label="Open these settings in Train", icon=":material/model_training:",
        query_params=train_parameters(config),
    )  # fmt: skip
    if best.test is not None:
        st.page_link(
            "pages/evaluate.py", label="Evaluate its best run", icon=":material/grid_on:",
            query_params={"run": best.run},
        )  # fmt: skip


def _keep(found: Outcome, config: RunConfig) -> None:
    """The settings as a preset of one's own, to choose on the Train page."""

    def obey() -> None:
        try:
            title = st.session_state[_TITLE]
            keep_preset(title, config)
            st.session_state[_SAID] = (True, f"Kept as “{title}”. It is on the Train page now.")
        except NamerecError as error:
            st.session_state[_SAID] = (False, str(error))

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state.setdefault(_TITLE, f"{found.name[:40]} winner")
        st.text_input(
            "Keep as a preset called", key=_TITLE, max_chars=LONGEST_TITLE, persist_state="session"
        )
        st.button("Keep", icon=":material/bookmark_add:", on_click=obey)
    kept, words = st.session_state.pop(_SAID, (True, ""))
    if words:
        (st.success if kept else st.error)(plain(words))
