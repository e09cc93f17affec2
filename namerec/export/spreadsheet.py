"""Tables as CSV whose texts no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from namerec.core.evaluation.matrices import as_cell_text
from namerec.core.evaluation.results import PredictedNames

if TYPE_CHECKING:
    from namerec.core.corpus.dataset import Dataset


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


def answers_table(dataset: Dataset, answers: PredictedNames) -> pd.DataFrame:
    """A row a name: as written, as read, true and answered category, every probability."""
    categories = dataset.categories
    table = pd.DataFrame(
        {
            "name": [dataset.names[index] for index in answers.indices.tolist()],
            "read as": [dataset.normalised(index) for index in answers.indices.tolist()],
            "true": [categories[label] for label in answers.labels.tolist()],
            "answer": [categories[label] for label in answers.predicted.tolist()],
        }
    )
    probabilities = np.exp(answers.log_probabilities).round(6)
    shares = pd.DataFrame(probabilities, columns=[f"p {name}" for name in categories])
    return pd.concat([table, shares], axis=1)
