"""What a corpus of your own must hold, and what is said of it: categories, blanks, duplicates."""

import numpy as np

from namerec.core.corpus.alphabet import normalise
from namerec.core.corpus.dataset import CATEGORY_BOUNDS, Dataset, LabelledName
from namerec.data.text import listed
from namerec.errors import DataError
from namerec.text import counted, shown

#: Distinct names a category needs: one to learn from and one to be tested on.
LEAST_NAMES = 2


def without_small_categories(
    lines: list[LabelledName], base: str, notices: list[str]
) -> list[LabelledName]:
    """Leaves out categories with fewer than `LEAST_NAMES` distinct names.

    Args:
        lines: What was read.
        base: The upload's name, for messages.
        notices: Where a sentence on them is added.

    Raises:
        DataError: If too few or too many categories are left.
    """
    if not lines:
        raise DataError(f"“{base}” contains no names. Give at least two categories of names.")
    keys: dict[str, set[str]] = {}
    for line in lines:
        known = keys.setdefault(line.category, set())
        if len(known) < LEAST_NAMES:
            letters = normalise(line.name).letters.lower()
            if any(map(str.isalpha, letters)):
                known.add(letters)
    small = sorted(category for category, names in keys.items() if len(names) < LEAST_NAMES)
    least, most = CATEGORY_BOUNDS
    found = len(keys) - len(small)
    if not least <= found <= most:
        besides = (
            f" with at least {LEAST_NAMES} distinct, readable names, and {len(small):,} without"
            if small
            else ""
        )
        raise DataError(
            f"“{base}” has {counted(found, 'category')}{besides}; {least} to {most} are allowed. "
            "Check which column or which files hold the categories."
        )
    if small:
        notices.append(
            f"Left out: {len(small):,} of {len(keys):,} categories, which have fewer than "
            f"{LEAST_NAMES} distinct, readable names: {listed(small)}."
        )
    left_out = set(small)
    return [line for line in lines if line.category not in left_out]


def remarks(dataset: Dataset) -> list[str]:
    """Sentences on lines that cannot be read and on names that stand there twice."""
    found = []
    if unreadable := dataset.unreadable:
        examples = listed([line.name or "(empty)" for line in unreadable], 3)
        found.append(
            f"Left out: {len(unreadable):,} lines that have no letter that can be read: {examples}."
        )
    numbers = np.unique(dataset.keys(), return_inverse=True)[1]
    pairs = numbers * len(dataset.categories) + dataset.labels
    distinct, first, counts = np.unique(pairs, return_index=True, return_counts=True)
    repeats = len(pairs) - len(distinct)
    if repeats:
        most = int(counts.argmax())
        line = int(first[most])
        found.append(
            f"Duplicates: {repeats:,} of {len(pairs):,} lines repeat a name of their own category, "
            f"“{shown(dataset.names[line])}” in “{dataset.categories[dataset.labels[line]]}” the "
            f"most ({counts[most]:,} lines). They are kept; the leak-free split uses each name "
            "once."
        )
    return found
