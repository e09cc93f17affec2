"""The panels of the Evaluate page: scores, confusion matrix, the names in a cell, the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from namerec.core.config import PROTOCOL_WORDS
from namerec.core.results import ConfusionMatrix, Part, Scores
from namerec.figures import confusion, theme
from namerec.ui import services
from namerec.ui.run_picker import noun
from namerec.ui.words import count, percent, plain

if TYPE_CHECKING:
    from namerec.runs.store import RunSummary

_PART, _VIEW, _TRUE, _TAKEN = "part", "matrix_view", "true_category", "taken_for"
_VIEWS = {"share": "share of the row", "counts": "counts"}


def pick_part(run: RunSummary) -> Part:
    """The part of the split that is looked at."""
    protocol = run.info.config.training.protocol
    words = {"train": "Training names", "validation": "Validation", "test": "Test"}
    if protocol == "report":
        words |= {"test": "Drawn training names", "validation": "Drawn during training"}
    return st.segmented_control(
        "Measured on",
        ("test", "validation", "train"),
        key=_PART,
        format_func=words.__getitem__,
        default="test",
        required=True,
        persist_state="session",
        help=f"{PROTOCOL_WORDS[protocol].capitalize()}. Validation chose the epoch; training names "
        "flatter.",
    )


def score_cards(scores: Scores, measured_on: str) -> None:
    """Accuracy, macro recall, macro F1, top-3 and loss, and what they were measured on."""
    st.caption(f"All numbers on this page: {count(scores.names)} {measured_on}.")
    with st.grid(5, min_column_width=150):
        st.metric("Accuracy", percent(scores.accuracy), border=True, help="Share of right answers.")
        st.metric(
            "Macro recall",
            percent(scores.macro_recall),
            border=True,
            help="Mean of the languages' recalls: small ones count as much as large ones.",
        )
        st.metric(
            "Macro F1",
            percent(scores.macro_f1),
            border=True,
            help="Mean of the languages' harmonic means of precision and recall.",
        )
        st.metric(
            "Top 3",
            percent(scores.top3),
            border=True,
            help="Share of names whose language is among the three most probable.",
        )
        st.metric(
            "Loss",
            f"{scores.loss:.3f}",
            border=True,
            help="Mean negative log-probability of the right language, nats.",
        )


def matrix_panel(run: RunSummary, part: Part, matrix: ConfusionMatrix) -> None:
    """The matrix on the left; the names of the selected cell on the right."""
    row, column = _selected(matrix)
    grid = st.grid(5, min_column_width=150)
    with grid.cell(column_span=3), st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader("Who is taken for whom", width="stretch")
            view = st.segmented_control(
                "Cells show",
                tuple(_VIEWS),
                key=_VIEW,
                format_func=_VIEWS.__getitem__,
                default="share",
                required=True,
                persist_state="session",
                label_visibility="collapsed",
            )
        figure = confusion.confusion_figure(
            matrix,
            theme.theme_for(st.context.theme.type),
            normalised=view == "share",
            selected=(row, column),
            noun=noun(run),
        )
        key = f"matrix_{run.id}_{part}"
        st.plotly_chart(
            figure,
            key=key,
            on_select=lambda: _take_click(key, matrix),
            selection_mode="points",
            config=theme.STILL_CONFIG,
            theme=None,
            alt=theme.alt_text(figure),
        )
        st.caption("Click a cell to see its names, or choose one beside the matrix.")
    with grid.cell(column_span=2), st.container(border=True):
        _cell_panel(run, part, matrix, row, column)


def _selected(matrix: ConfusionMatrix) -> tuple[int, int]:
    """The cell that is selected; at first the one with most mistakes."""
    categories = matrix.categories
    true, taken = st.session_state.get(_TRUE), st.session_state.get(_TAKEN)
    if true in categories and taken in categories:
        return categories.index(true), categories.index(taken)
    mistakes = matrix.counts.copy()
    np.fill_diagonal(mistakes, 0)
    row, column = divmod(int(mistakes.argmax()), len(categories))
    st.session_state[_TRUE], st.session_state[_TAKEN] = categories[row], categories[column]
    return row, column


def _take_click(key: str, matrix: ConfusionMatrix) -> None:
    points = st.session_state[key].selection.points
    if points:
        row, column = points[0]["customdata"]
        st.session_state[_TRUE] = matrix.categories[int(row)]
        st.session_state[_TAKEN] = matrix.categories[int(column)]


def _cell_panel(
    run: RunSummary, part: Part, matrix: ConfusionMatrix, row: int, column: int
) -> None:
    word = noun(run)
    with st.container(horizontal=True):
        st.selectbox(f"True {word}", matrix.categories, key=_TRUE, persist_state="session")
        st.selectbox("Taken for", matrix.categories, key=_TAKEN, persist_state="session")
    st.markdown(plain(confusion.cell_words(matrix, row, column)))
    names = cell_names(run, part, row, column)
    if names.empty:
        st.caption("No names here.")
        return
    st.dataframe(
        names,
        hide_index=True,
        height=min(35 * (len(names) + 1) + 3, 440),
        alt="The names in the selected cell",
        column_config={
            "name": st.column_config.TextColumn("Name"),
            "p_taken": _share_column(_short(matrix.categories[column])),
            "p_true": _share_column(_short(matrix.categories[row])),
        },
    )
    st.caption("Bars: the network's probability for each of the two.")


def cell_names(run: RunSummary, part: Part, row: int, column: int) -> pd.DataFrame:
    """The names of one cell with the probabilities of both its categories, surest first.

    Returns:
        Columns `name`, `p_taken` and, off the diagonal, `p_true`; probabilities 0..1.
    """
    dataset, _ = services.run_dataset(run)
    given = services.answers(run, part)
    inside = np.flatnonzero((given.labels == row) & (given.predicted == column))
    probabilities = np.exp(given.log_probabilities[inside])
    table = pd.DataFrame(
        {
            "name": [dataset.names[index] for index in given.indices[inside]],
            "p_taken": probabilities[:, column],
        }
    )
    if row != column:
        table["p_true"] = probabilities[:, row]
    return table.sort_values("p_taken", ascending=False, kind="stable")


def category_table(matrix: ConfusionMatrix, word: str) -> None:
    """Precision, recall, F1 and support of every category."""
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
            "support": st.column_config.NumberColumn("Support", help="Number of true names of it."),
            "recall": _share_column("Recall", help="Share of its names that are recognised."),
            "precision": _share_column(
                "Precision", help="Share of the names taken for it that are its own."
            ),
            "F1": _share_column("F1", help="Harmonic mean of precision and recall."),
        },
    )


def _share_column(title: str, *, help: str | None = None) -> Any:
    """A column of shares 0..1 as bars, narrow enough for a small window."""
    return st.column_config.ProgressColumn(
        title, help=help, width="small", format="percent", min_value=0, max_value=1
    )


def _short(category: str) -> str:
    return category if len(category) <= 14 else f"{category[:13]}…"
