"""Buttons for what can be downloaded as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.core.corpus.protocols import Part
from namerec.core.evaluation.matrices import matrix_csv
from namerec.export import spreadsheet
from namerec.export.spreadsheet import as_csv
from namerec.ui.shared import services

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary


def download_menu(
    run: RunSummary, part: Part, seen: services.Evaluation, table: pd.DataFrame
) -> None:
    """Buttons for everything the section shows; a file is made when its button is pressed."""
    stem = f"{run.id}-{part}"

    with st.popover("Download", icon=":material/download:"):
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
        st.caption(f"Measured on {seen.measured_on}. Each figure has a download button below it.")


def answers_table(run: RunSummary, seen: services.Evaluation) -> pd.DataFrame:
    """A row a name: as written, as read, true and answered category, every probability."""
    dataset, _ = services.run_dataset(run)
    return spreadsheet.answers_table(dataset, seen.answers)


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
