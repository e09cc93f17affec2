"""The card on what the lab is not, with a run's own mistakes as evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.text import count, percent, plain, plural
from namerec.ui.server.manager import manager
from namerec.ui.shared import corpus_facts, services
from namerec.ui.shared.run_picker import run_words
from namerec.ui.shared.tables import share_column

if TYPE_CHECKING:
    from namerec.core.corpus.dataset import Dataset
    from namerec.runs.summary import RunSummary

#: Protocols whose test names are held out, the strictest first.
_HELD_OUT = ("leak-free", "given", "raw")
_SEEN_ROWS = 9


def limits_card(dataset: Dataset, noun: str) -> None:
    """What a spelling cannot tell, and the evidence."""
    with st.container(border=True):
        st.subheader("What this is not")
        grid = st.grid(2, min_column_width=320)
        with grid.cell():
            st.markdown(
                "**Spelling is not nationality.** The network sees letters, and answers in which "
                "list such letters are common. It knows nothing about a person: not where "
                "somebody was born, what they speak, or who they are.\n\n"
                "- Names travel: by migration, marriage, translation and clerical spelling. Many "
                "are in several lists at once; the audit counts them.\n"
                "- Somebody chose these lists, and the network answers the largest one most "
                "often.\n"
                "- The network must always choose one: a name from anywhere else also gets one of "
                f"these {count(len(dataset.categories))} {plural(noun)}.\n\n"
                "Use it to see how a recurrent network works. Never use it to sort people."
            )
        with grid.cell():
            _evidence(dataset, noun)


def _evidence(dataset: Dataset, noun: str) -> None:
    from namerec.core.evaluation.scores import confusion_matrix

    run = best_run(manager().store.trained(), dataset.fingerprint)
    if run is None:
        st.info(
            "There is no finished run on this corpus yet. Train one to see here how many names of "
            f"each {noun} it gets wrong.",
            icon=":material/model_training:",
        )
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
        return
    training = run.info.config.training
    split = corpus_facts.split(dataset, training.protocol, training.split_draw)
    matrix = confusion_matrix(services.answers(run, "test"), dataset, split, "test")
    scores = [score for score in matrix.per_category() if score.support]
    scores.sort(key=lambda score: score.recall)
    worst = scores[0]
    missed = round((1 - worst.recall) * worst.support)
    st.markdown(
        f"**Even the best run here fails.** It misses {percent(1 - matrix.accuracy)} of all test "
        f"names, and {count(missed)} of the {count(worst.support)} in “{plain(worst.category)}”."
    )
    st.dataframe(
        pd.DataFrame([(score.category, score.support, score.recall) for score in scores],
                     columns=["category", "support", "recall"]),
        hide_index=True,
        height=35 * (min(len(scores), _SEEN_ROWS) + 1) + 3,
        alt=f"Recall of every {noun}, lowest first",
        column_config={
            "category": st.column_config.TextColumn(noun.capitalize()),
            "support": st.column_config.NumberColumn("Test names", width="small"),
            "recall": share_column(
                "Recall", help="Share of its test names that are answered correctly."
            ),
        },
    )  # fmt: skip
    st.caption(
        f"Measured on {count(int(matrix.counts.sum()))} {split.words(matrix.part)}. "
        f"Run {plain(run.id)}: {plain(run_words(run))}."
    )
    st.page_link(
        "pages/evaluate.py",
        label="Confusion matrix",
        icon=":material/grid_on:",
        query_params={"run": run.id},
    )


def best_run(runs: list[RunSummary], fingerprint: str) -> RunSummary | None:
    """The best finished run on a corpus; one with a stricter split comes first.

    Args:
        runs: The best first, as `RunStore.trained` gives them.
        fingerprint: Of the corpus.
    """
    on_corpus = [
        run
        for run in runs
        if run.info.dataset.fingerprint == fingerprint
        and run.state == "finished"
        and run.info.config.training.protocol in _HELD_OUT
    ]
    return min(
        on_corpus,
        key=lambda run: _HELD_OUT.index(run.info.config.training.protocol),
        default=None,
    )
