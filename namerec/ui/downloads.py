"""What can be taken away from the Evaluate page: tables as CSV, the matrix as a page of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from namerec.core.matrices import MatrixView, as_cell_text, matrix_csv
from namerec.core.results import Part
from namerec.figures import confusion, theme
from namerec.ui import services
from namerec.ui.run_picker import noun

if TYPE_CHECKING:
    from namerec.runs.store import RunSummary


def download_menu(
    run: RunSummary, part: Part, seen: services.Evaluation, table: pd.DataFrame
) -> None:
    """Buttons for everything the section shows; a file is made when its button is pressed."""
    stem = f"{run.id}-{part}"
    look = theme.theme_for(st.context.theme.type)
    word = noun(run)

    def matrix_page() -> str:
        figure = confusion.confusion_figure(seen.matrix, look, view=MatrixView(), noun=word)
        return theme.as_page(figure)

    with st.popover("Take away", icon=":material/download:"):
        for label, content, name, kind in (
            ("Matrix, counts (CSV)", lambda: matrix_csv(seen.matrix), "matrix.csv", "text/csv"),
            ("Table (CSV)", lambda: as_csv(table), "table.csv", "text/csv"),
            (
                "All answers (CSV)",
                lambda: as_csv(answers_table(run, seen)),
                "answers.csv",
                "text/csv",
            ),
            ("Matrix, interactive (HTML)", matrix_page, "matrix.html", "text/html"),
        ):
            st.download_button(
                label, content, file_name=f"{stem}-{name}", mime=kind, on_click="ignore",
                width="stretch",
            )  # fmt: skip
        st.caption(
            "The interactive page has a camera that saves the picture as SVG. Measured on "
            f"{seen.measured_on}."
        )


def answers_table(run: RunSummary, seen: services.Evaluation) -> pd.DataFrame:
    """A row a name: as written, as read, true and answered category, every probability."""
    dataset, _ = services.run_dataset(run)
    answers, categories = seen.answers, seen.matrix.categories
    probabilities = np.exp(answers.log_probabilities)
    table = pd.DataFrame(
        {
            "name": [dataset.names[index] for index in answers.indices.tolist()],
            "read as": [dataset.normalised(index) for index in answers.indices.tolist()],
            "true": [categories[label] for label in answers.labels.tolist()],
            "answer": [categories[label] for label in answers.predicted.tolist()],
        }
    )
    shares = pd.DataFrame(probabilities.round(6), columns=[f"p {name}" for name in categories])
    return pd.concat([table, shares], axis=1)


def as_csv(table: pd.DataFrame) -> str:
    """A table as CSV whose texts no spreadsheet takes for formulas."""
    texts = table.select_dtypes(exclude="number").map(as_cell_text)
    return str(table.assign(**texts).rename(columns=as_cell_text).to_csv(index=False))
