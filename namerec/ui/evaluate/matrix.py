"""The confusion matrix of the Evaluate page, and the names behind what is selected in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from namerec.core.corpus.protocols import Part
from namerec.core.evaluation.matrices import MatrixView, Normalisation, Order
from namerec.core.evaluation.results import ConfusionMatrix, PredictedNames
from namerec.figures.base import theme
from namerec.figures.confusion import matrix as confusion
from namerec.figures.confusion import words as confusion_words
from namerec.figures.confusion.selection import Selection, selection_from
from namerec.text import count, plain
from namerec.ui.frame import address
from namerec.ui.frame.controls import segments
from namerec.ui.shared import services
from namerec.ui.shared.charts import figure_download
from namerec.ui.shared.tables import share_column

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

_TRUE, _TAKEN = "true", "taken"
_SHOWS, _ORDER, _DIAGONAL = "cells", "order", "diagonal"
_SHOWS_WORDS: dict[Normalisation, str] = {
    "recall": "share of the row",
    "precision": "share of the column",
    "counts": "counts",
}
#: Names listed at once: all of nearly every cell, and what 100 ms of looking for neighbours allow.
MOST_LISTED = 300
#: Training names shown beside a name.
NEIGHBOURS = 3


def view_controls() -> MatrixView:
    """What the cells show, in which order, and whether with the diagonal; all in the URL."""
    shows: tuple[Normalisation, ...] = ("recall", "precision", "counts")
    orders: tuple[Order, ...] = ("name", "support", "similarity")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        normalisation = segments(
            "Cells show",
            shows,
            _SHOWS,
            always=True,
            format_func=_SHOWS_WORDS.__getitem__,
            help="With the share of the row, the diagonal is recall. With the share of the column, "
            "it is precision.",
        )
        order = segments(
            "Ordered by",
            orders,
            _ORDER,
            always=True,
            help="similarity puts side by side what is often confused.",
        )
        diagonal = segments(
            "Diagonal",
            ("shown", "hidden"),
            _DIAGONAL,
            always=True,
            help="With the diagonal hidden, the colours show the errors only.",
        )
    return MatrixView(normalisation, order, hide_diagonal=diagonal == "hidden")


def matrix_panel(run: RunSummary, part: Part, seen: services.Evaluation) -> None:
    """The matrix on the left; the names of what is selected in it on the right."""
    matrix = seen.matrix
    view = view_controls()
    selected = _selected(matrix)
    grid = st.grid(5, min_column_width=150)
    with grid.cell(column_span=3), st.container(border=True):
        st.subheader("Confusion matrix")
        figure = confusion.confusion_figure(
            matrix,
            theme.theme_for(st.context.theme.type),
            view=view,
            selected=selected,
            noun=run.noun,
        )
        key = f"matrix_{run.id}_{part}"
        st.plotly_chart(
            figure,
            key=key,
            on_select=lambda: _take_click(key, matrix),
            selection_mode="points",
            config=theme.CAMERA_CONFIG,
            theme=None,
            alt=theme.alt_text(figure),
        )
        st.caption("Click a cell, or the head of a row or column, to see its names.")
        figure_download(figure, "matrix", f"{run.id}-{part}")
    with grid.cell(column_span=2), st.container(border=True):
        _selection_panel(run, seen, selected, view)


def _selected(matrix: ConfusionMatrix) -> Selection:
    """What is selected; at first the cell with most mistakes."""
    category = address.one_of(("", *matrix.categories))
    true, taken = (address.keep(key, "", category) for key in (_TRUE, _TAKEN))
    if not true and not taken:
        mistakes = matrix.counts.copy()
        np.fill_diagonal(mistakes, 0)
        row, column = divmod(int(mistakes.argmax()), len(matrix.categories))
        true, taken = matrix.categories[row], matrix.categories[column]
        st.session_state[_TRUE], st.session_state[_TAKEN] = true, taken
    address.write(_TRUE, true)
    address.write(_TAKEN, taken)
    return Selection(true or None, taken or None)


def _take_click(key: str, matrix: ConfusionMatrix) -> None:
    selection = selection_from(st.session_state[key].selection.points, matrix.categories)
    if selection is not None:
        for place, category in ((_TRUE, selection.row), (_TAKEN, selection.column)):
            st.session_state[place] = category or ""


def _selection_panel(
    run: RunSummary, seen: services.Evaluation, selected: Selection, view: MatrixView
) -> None:
    matrix, word = seen.matrix, run.noun
    options = ["", *matrix.categories]
    with st.container(horizontal=True):
        for key, label in ((_TRUE, f"True {word}"), (_TAKEN, "Taken for")):
            st.selectbox(
                label,
                options,
                key=key,
                format_func=lambda category: category or "any",
                persist_state="session",
            )
    row, column = (
        None if category is None else matrix.categories.index(category)
        for category in (selected.row, selected.column)
    )
    st.markdown(plain(_words(matrix, row, column, view)))
    inside = selected_rows(seen.answers, row, column)
    if len(inside) == 0:
        st.caption("No names here.")
        return
    _names_table(run, seen.answers, inside, row, column)
    if row is not None and column is not None and row != column:
        _say_unwinnable(run, seen.answers, inside, (row, column), matrix.categories)


def _words(matrix: ConfusionMatrix, row: int | None, column: int | None, view: MatrixView) -> str:
    if row is not None and column is not None:
        return confusion_words.cell_words(matrix, row, column, view.normalisation)
    if row is not None:
        return confusion_words.row_words(matrix, row)
    return confusion_words.column_words(matrix, column or 0)


def selected_rows(answers: PredictedNames, row: int | None, column: int | None) -> np.ndarray:
    """Which answers a cell, row or column holds, int64, (names,), the surest first."""
    inside = np.ones(len(answers.labels), dtype=bool)
    if row is not None:
        inside &= answers.labels == row
    if column is not None:
        inside &= answers.predicted == column
    found = np.flatnonzero(inside)
    return np.asarray(found[np.argsort(-answers.log_probabilities[found].max(1), kind="stable")])


def _names_table(
    run: RunSummary,
    answers: PredictedNames,
    inside: np.ndarray,
    row: int | None,
    column: int | None,
) -> None:
    shown = inside[:MOST_LISTED]
    table = names_table(run, answers, shown, both=row is None or column is None)
    columns = {
        "name": st.column_config.TextColumn("Name"),
        "said": st.column_config.TextColumn("Taken for"),
        "true": st.column_config.TextColumn("True"),
        "p_said": share_column(
            "Confidence", help="The probability that the network gave its answer."
        ),
        "p_true": share_column("P(true)", help="The probability that it gave the true one."),
        "nearest": st.column_config.TextColumn(
            "Nearest training names",
            help=f"The most similar training names by edit distance, with their {run.noun} in "
            "brackets.",
        ),
    }
    st.dataframe(
        table,
        hide_index=True,
        height=min(35 * (len(table) + 1) + 3, 440),
        alt="The names in the selection",
        column_config={name: columns[name] for name in table.columns},
    )
    if len(inside) > len(shown):
        st.caption(
            f"The {count(len(shown))} of {count(len(inside))} names that it is surest about."
        )


def names_table(
    run: RunSummary, answers: PredictedNames, rows: np.ndarray, *, both: bool
) -> pd.DataFrame:
    """Names with what they were taken for, how surely, and their nearest training names.

    Args:
        run: Whose answers.
        answers: On a part of its split.
        rows: Which of the answers, int64, (names,).
        both: Whether true and answered category have columns of their own.

    Returns:
        Columns `name`, `true` and `said` if wanted, `p_said`, `p_true`, `nearest`.
    """
    dataset, _ = services.run_dataset(run)
    indices, labels, said = answers.indices[rows], answers.labels[rows], answers.predicted[rows]
    probabilities = np.exp(answers.log_probabilities[rows])
    names = [dataset.names[index] for index in indices.tolist()]
    each = np.arange(len(rows))
    table = {"name": names}
    if both:
        table["true"] = [dataset.categories[label] for label in labels.tolist()]
        table["said"] = [dataset.categories[label] for label in said.tolist()]
    table |= {"p_said": probabilities[each, said], "p_true": probabilities[each, labels]}
    table["nearest"] = [
        ", ".join(
            f"{neighbour.name} ({'/'.join(neighbour.categories)})" for neighbour in neighbours
        )
        for neighbours in services.training_names(run).nearest(names, NEIGHBOURS)
    ]
    return pd.DataFrame(table)


def _say_unwinnable(
    run: RunSummary,
    answers: PredictedNames,
    inside: np.ndarray,
    cell: tuple[int, int],
    categories: tuple[str, ...],
) -> None:
    from namerec.core.inside.neighbours import under_both

    dataset, _ = services.run_dataset(run)
    shared = int(under_both(dataset, answers.indices[inside], *cell).sum())
    if shared:
        both = f"{categories[cell[0]]} and {categories[cell[1]]}"
        st.info(
            plain(
                f"{count(shared)} of these {count(len(inside))} names are listed under both "
                f"{both} in the corpus: whatever the network answers, one of the two counts as "
                "wrong."
            ),
            icon=":material/call_split:",
        )
