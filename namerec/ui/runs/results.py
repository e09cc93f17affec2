"""Results side by side, on which names they were measured, and the matrices of two runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from namerec.core.corpus.protocols import part_words
from namerec.ui.shared.downloads import csv_button
from namerec.ui.shared.run_words import LETTERS, run_title, with_safe_texts

if TYPE_CHECKING:
    from namerec.jobs.snapshot import JobSnapshot
    from namerec.runs.summary import RunSummary

#: What decides on which names a run is scored: corpus, protocol, and the seed of the split.
_Names = tuple[str, str, int]
#: The columns of texts; all others are numbers.
_TEXTS = ("run", "state", "measured on", "corpus")


def asked_names(run: RunSummary) -> _Names:
    """Equal for runs that are scored on the same names."""
    training = run.info.config.training
    return run.info.dataset.fingerprint, training.protocol, training.split_draw


def not_the_same_names(runs: Sequence[RunSummary]) -> str:
    """A warning if accuracies are not on the same names; empty if they are."""
    groups: dict[_Names, list[str]] = defaultdict(list)
    first: dict[_Names, RunSummary] = {}
    for letter, run in zip(LETTERS, runs, strict=False):
        groups[asked_names(run)].append(letter)
        first.setdefault(asked_names(run), run)
    if len(groups) < 2:
        return ""
    told = "; ".join(
        f"{', '.join(letters)}: {first[names].info.dataset.title}, {names[1]} split with seed "
        f"{names[2]}"
        for names, letters in groups.items()
    )
    return (
        "These runs were not measured on the same names, so their accuracies, recalls and "
        f"validation losses do not show which network is better. {told}."
    )


def results(runs: Mapping[str, RunSummary], found: Mapping[str, JobSnapshot]) -> None:
    """Draws the results of runs side by side.

    Args:
        runs: By letter.
        found: What was recorded of those that can be read.
    """
    st.subheader("Results")
    table = results_table(runs, found)
    st.dataframe(
        with_safe_texts(table, *_TEXTS),
        hide_index=True,
        height="content",
        alt="Results side by side",
        placeholder="–",
        column_config=_COLUMNS,
    )
    early = [letter for letter, snapshot in found.items() if not snapshot.scores]
    words = "Test scores are measured with the weights of the best validation epoch."
    if early:
        words += (
            f" {', '.join(early)} {'has' if len(early) == 1 else 'have'} no test score yet: the "
            "numbers are from the best epoch so far, on validation names."
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(words)
        csv_button("Results as CSV", table, "compared-results.csv", key="runs_results_csv")


def results_table(runs: Mapping[str, RunSummary], found: Mapping[str, JobSnapshot]) -> pd.DataFrame:
    """A row a run: the scores on the test names, or on validation as long as there are none."""
    rows = []
    for letter, run in runs.items():
        snapshot = found.get(letter)
        rows.append(
            {
                "run": f"{letter} · {run_title(run)}",
                "state": snapshot.state if snapshot else "?",
                "measured on": "",
            }
            | (_scores(snapshot) if snapshot else {})
            | {
                "parameters": run.info.parameters,
                "threads": run.info.threads,
                "corpus": run.info.dataset.title,
            }
        )
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    numbers = [column for column in _COLUMNS if column not in _TEXTS]
    return table.assign(**{column: pd.to_numeric(table[column]) for column in numbers})


def _scores(snapshot: JobSnapshot) -> dict[str, Any]:
    """What was measured, and on what."""
    protocol = snapshot.config.training.protocol
    times = {
        "seconds": snapshot.seconds,
        "names a second": snapshot.names_per_second or None,
        "epochs": snapshot.epoch,
    }
    test = next((scores for scores in snapshot.scores if scores.part == "test"), None)
    best = next((record for record in reversed(snapshot.history) if record.best), None)
    if test is not None:
        return times | {
            "measured on": f"{test.names:,} {part_words(protocol, 'test')}",
            "accuracy": test.accuracy,
            "macro recall": test.macro_recall,
            "macro F1": test.macro_f1,
            "top 3": test.top3,
            "loss": test.loss,
            "best epoch": best.epoch if best else None,
        }
    if best is None:
        return times
    return times | {
        "measured on": part_words(protocol, "validation"),
        "accuracy": best.validation_accuracy,
        "macro recall": best.validation_macro_recall,
        "loss": best.validation_loss,
        "best epoch": best.epoch,
    }


def _share(title: str, help: str) -> Any:
    return st.column_config.NumberColumn(title, format="percent", width=85, help=help)


_COLUMNS: dict[str, Any] = {
    "run": st.column_config.TextColumn("Run", width=190, pinned=True),
    "state": st.column_config.TextColumn("State", width=80),
    "measured on": st.column_config.TextColumn("Measured on", width=215),
    "accuracy": _share("Accuracy", "Share of right answers."),
    "macro recall": _share("Macro recall", "Mean of the recalls of all categories."),
    "macro F1": _share("Macro F1", "Mean of the harmonic means of precision and recall."),
    "top 3": _share("Top 3", "Share of names whose category is among the three most probable."),
    "loss": st.column_config.NumberColumn(
        "Loss", format="%.3f", width=65, help="Mean negative log-probability, nats."
    ),
    "best epoch": st.column_config.NumberColumn(
        "Best epoch",
        width=80,
        help="Of the run's own epochs, the one with the best validation score.",
    ),
    "epochs": st.column_config.NumberColumn(
        "Epochs", width=65, help="Finished epochs of the run itself."
    ),
    "seconds": st.column_config.NumberColumn(
        "Seconds", format="%.1f", width=70, help="The run's own training, without pauses."
    ),
    "names a second": st.column_config.NumberColumn(
        "Names per second",
        format="localized",
        width=110,
        help="Training names per second, without the time for evaluation: over the whole of a "
        "finished run, or the last epoch of one in progress. Other programs may have slowed it "
        "down.",
    ),
    "parameters": st.column_config.NumberColumn("Parameters", format="localized", width=90),
    "threads": st.column_config.NumberColumn(
        "Threads", width=65, help="PyTorch threads used in training."
    ),
    "corpus": st.column_config.TextColumn("Corpus", width=130),
}


def matrices_links(runs: Sequence[RunSummary]) -> None:
    """Links to the Evaluate page, for the first run that has others on the same names."""
    ready = [
        (letter, run)
        for letter, run in zip(LETTERS, runs, strict=False)
        if run.has_network and not run.set_apart
    ]
    pairs = [
        (one, other)
        for place, one in enumerate(ready)
        for other in ready[place + 1 :]
        if asked_names(one[1]) == asked_names(other[1])
    ]
    st.subheader("Which languages they confuse")
    if not pairs:
        st.caption(
            "To compare confusion matrices, choose two runs on the same corpus and split, each "
            "with a finished epoch."
        )
        return
    st.caption(
        "The Evaluate page shows the difference of two confusion matrices, and the names that only "
        "one of the two runs gets right."
    )
    first = pairs[0][0][0]
    with st.container(horizontal=True):
        for (letter, run), (other_letter, other) in pairs:
            if letter == first or len(pairs) <= 6:
                st.page_link(
                    "pages/evaluate.py",
                    label=f"{letter} and {other_letter}",
                    icon=":material/grid_on:",
                    query_params={"run": run.id, "other": other.id, "section": "compare"},
                )
