"""The names.

`names.csv` holds the names as the run had them: each as it was written and as a network reads it,
in 57 letters, its category, and its part of the split. The network learns from the training part,
the validation part chooses the best epoch, and the test part is used once, at the end.
"""

import csv
from functools import cache
from pathlib import Path
from string import ascii_letters
from typing import NamedTuple

import torch
from torch import Tensor

#: if script
FOLDER = Path(__file__).resolve().parent
#: else
FOLDER = Path()  # the notebook's own
#: end
LETTERS = ascii_letters + " .,;'"


class Name(NamedTuple):
    """A name, and which category it belongs to."""

    text: str
    label: int  # index into CATEGORIES


with (FOLDER / "names.csv").open(encoding="utf-8", newline="") as file:
    TABLE = list(csv.DictReader(file))
BY_LABEL = {int(row["label"]): row["category"] for row in TABLE}
CATEGORIES = [BY_LABEL[label] for label in sorted(BY_LABEL)]


def names_of(part: str) -> list[Name]:
    """The names of one part of the split."""
    #: if course
    # Under the course protocol the network is trained on all names and scored on names drawn from
    # the same, categories drawn uniformly: the table says how often each was drawn.
    times = [int(row[part]) for row in TABLE]
    #: else
    # A name without a part was left out, such as one that stands in the corpus twice.
    times = [int(row["part"] == part) for row in TABLE]
    #: end
    return [
        Name(row["read"], int(row["label"]))
        for row, count in zip(TABLE, times, strict=True)
        for _ in range(count)
    ]


TRAIN, VALIDATION, TEST = names_of("train"), names_of("validation"), names_of("test")


@cache
def letters_of(text: str) -> Tensor:
    """A name in numbers: indices into LETTERS, (length,)."""
    return torch.tensor([LETTERS.index(letter) for letter in text])


print(f"{len(CATEGORIES)} categories; names to train on: {len(TRAIN):,}")
print(f"Scored on: {len(VALIDATION):,} for validation, {len(TEST):,} for the test")
