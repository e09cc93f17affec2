"""What narrows the table of all runs down: words, network, corpus and state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from namerec.core.networks.kinds import MODEL_KINDS, MODEL_TITLES
from namerec.text import counted
from namerec.ui.shared.run_words import run_title

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

_WORDS, _NETWORK, _CORPUS, _STATE = "runs_words", "runs_network", "runs_corpus", "runs_state"
_EXPERIMENTS, _TRIALS = "runs_experiments", "runs_trials"


class Filter(NamedTuple):
    """What a run must have to stand in the table; empty for anything.

    Attributes:
        words: All of them stand in its title, note, id, settings or corpus, however written.
        networks: Kinds.
        corpora: Their titles.
        states: As the table says.
    """

    words: str = ""
    networks: Sequence[str] = ()
    corpora: Sequence[str] = ()
    states: Sequence[str] = ()

    def lets(self, run: RunSummary) -> bool:
        """Whether a run stands in the table."""
        config = run.info.config
        if self.networks and config.model.kind not in self.networks:
            return False
        if self.corpora and run.info.dataset.title not in self.corpora:
            return False
        if self.states and run.state not in self.states:
            return False
        if not self.words:
            return True
        texts = (
            run_title(run), run.label.note, run.id, config.model.title, config.preset,
            config.training.protocol, run.info.dataset.title, run.state,
            "pretrained" if run.pretrained else "",
        )  # fmt: skip
        text = "\n".join(texts).casefold()
        return all(word in text for word in self.words.casefold().split())


def find(runs: list[RunSummary]) -> list[RunSummary]:
    """Draws what narrows the table down, and returns the runs left."""
    if any(run.experiment for run in runs) and not st.toggle(
        "Also show runs of the memory task",
        key=_EXPERIMENTS,
        persist_state="session",
        help="They were trained on made-up sequences for the Memory page and cannot read names.",
    ):
        runs = [run for run in runs if not run.experiment]
    trials = sum(run.unscored_trial for run in runs)
    if trials and not st.toggle(
        f"Also show {counted(trials, 'run')} of sweeps",
        key=_TRIALS,
        persist_state="session",
        help="Trials that were pruned or beaten. The Sweep page shows each sweep's by themselves; "
        "its winner is listed here.",
    ):
        runs = [run for run in runs if not run.unscored_trial]
    with st.grid(4, min_column_width=190):
        words = st.text_input(
            "Find",
            key=_WORDS,
            placeholder="title, note, id …",
            max_chars=200,
            persist_state="session",
            help="Finds runs that have all these words in their title, note, id, settings or "
            "corpus. Upper and lower case are treated alike.",
        )
        networks = _several(
            "Network", _NETWORK, [k for k in MODEL_KINDS if _has(runs, k)], MODEL_TITLES
        )
        corpora = _several("Corpus", _CORPUS, sorted({run.info.dataset.title for run in runs}))
        states = _several("State", _STATE, sorted({run.state for run in runs}))
    wanted = Filter(words or "", networks, corpora, states)
    return [run for run in runs if wanted.lets(run)]


def _has(runs: list[RunSummary], kind: str) -> bool:
    return any(run.info.config.model.kind == kind for run in runs)


def _several(
    label: str, key: str, options: Sequence[str], titles: dict[Any, str] | None = None
) -> list[str]:
    kept = [option for option in st.session_state.get(key, []) if option in options]
    st.session_state[key] = kept
    return st.multiselect(
        label,
        options,
        key=key,
        format_func=lambda option: (titles or {}).get(option, option),
        placeholder="Any",
        persist_state="session",
    )
