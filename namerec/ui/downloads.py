"""What can be taken away as CSV, and tables that are safe to be taken away from the screen."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from namerec.core.matrices import as_cell_text, matrix_csv
from namerec.core.results import Part
from namerec.ui import services

if TYPE_CHECKING:
    from namerec.runs.store import RunSummary


def download_menu(
    run: RunSummary, part: Part, seen: services.Evaluation, table: pd.DataFrame
) -> None:
    """Buttons for everything the section shows; a file is made when its button is pressed."""
    stem = f"{run.id}-{part}"

    with st.popover("Take away", icon=":material/download:"):
        for label, content, name in (
            ("Matrix, counts (CSV)", lambda: matrix_csv(seen.matrix), "matrix.csv"),
            ("Table (CSV)", lambda: as_csv(table), "table.csv"),
            (
                "All answers (CSV)",
                lambda: as_csv(answers_table(run, seen)),
                "answers.csv",
            ),
        ):
            st.download_button(
                label, content, file_name=f"{stem}-{name}", mime="text/csv", on_click="ignore",
                width="stretch",
            )  # fmt: skip
        st.caption(f"Measured on {seen.measured_on}. Figures are taken away where they stand.")


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


def csv_button(label: str, table: pd.DataFrame, file_name: str, key: str, help: str = "") -> None:
    """A button that saves a table, made when it is pressed."""
    st.download_button(
        label,
        lambda: as_csv(table),
        file_name=file_name,
        mime="text/csv",
        key=key,
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        help=help or None,
    )


def as_shown(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts no spreadsheet takes for formulas.

    Tables with people's texts are drawn like this: what a table's own toolbar saves is what is
    drawn.
    """
    texts = table.select_dtypes(exclude="number").map(as_cell_text)
    return table.assign(**texts)


def as_csv(table: pd.DataFrame) -> str:
    """A table as CSV whose texts no spreadsheet takes for formulas."""
    # Every text in quotes: unquoted, a lone line end or semicolon in a name would begin a cell.
    return str(
        as_shown(table)
        .rename(columns=as_cell_text)
        .to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    )
