"""The top of the Evaluate page: what is looked at, and the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.core.corpus.protocols import PROTOCOL_WORDS, Part, holds_out
from namerec.core.evaluation.results import ConfusionMatrix, Scores
from namerec.text import count, percent
from namerec.ui.frame.controls import segments
from namerec.ui.shared.tables import share_column

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

_PART = "part"


def pick_part(run: RunSummary) -> Part:
    """The part of the split that is looked at, also in the URL."""
    protocol = run.info.config.training.protocol
    words = {"train": "Training names", "validation": "Validation", "test": "Test"}
    if not holds_out(protocol):
        words |= {"test": "Drawn training names", "validation": "Drawn during training"}
    parts: tuple[Part, ...] = ("test", "validation", "train")
    return segments(
        "Measured on",
        parts,
        _PART,
        always=True,
        format_func=words.__getitem__,
        help=f"{PROTOCOL_WORDS[protocol].capitalize()}. Validation names chose the best epoch. "
        "Scores on training names look too good, because the network has learned from them.",
    )


def score_cards(run: RunSummary, scores: Scores, measured_on: str) -> None:
    """Accuracy, macro recall, macro F1, top-3 and loss, and what they were measured on."""
    one, several = run.noun, run.nouns
    st.caption(f"Measured on {count(scores.names)} {measured_on}.")
    with st.grid(5, min_column_width=150):
        st.metric("Accuracy", percent(scores.accuracy), border=True, help="Share of right answers.")
        st.metric(
            "Macro recall",
            percent(scores.macro_recall),
            border=True,
            help=f"Mean of the recalls of the {several}: small ones count as much as large ones.",
        )
        st.metric(
            "Macro F1",
            percent(scores.macro_f1),
            border=True,
            help=f"Mean of the harmonic means of precision and recall of the {several}.",
        )
        st.metric(
            "Top 3",
            percent(scores.top3),
            border=True,
            help=f"Share of names whose {one} is among the three most probable.",
        )
        st.metric(
            "Loss",
            f"{scores.loss:.3f}",
            border=True,
            help=f"Mean negative log-probability of the right {one}, nats.",
        )


def category_table(matrix: ConfusionMatrix, word: str) -> pd.DataFrame:
    """Draws precision, recall, F1 and support of every category, and returns them."""
    st.subheader(f"Each {word}")
    rows = [
        (score.category, score.support, score.recall, score.precision, score.f1)
        for score in matrix.per_category()
    ]
    table = pd.DataFrame(rows, columns=[word, "support", "recall", "precision", "F1"])
    st.dataframe(
        table,
        hide_index=True,
        height=35 * (len(table) + 1) + 3 if len(table) <= 20 else 560,
        alt=f"Recall, precision and F1 of every {word}",
        column_config={
            word: st.column_config.TextColumn(word.capitalize()),
            "support": st.column_config.NumberColumn(
                "Support", help="How many names of it there are."
            ),
            "recall": share_column("Recall", help="Share of its names that are recognised."),
            "precision": share_column(
                "Precision", help="Share of right answers among the names taken for it."
            ),
            "F1": share_column("F1", help="Harmonic mean of precision and recall."),
        },
    )
    return table
