"""Ways to look at a confusion matrix: normalised, put in an order, compared, written as CSV.

Rows are true categories, columns predicted ones, here as everywhere. No torch in here.
"""

import csv
import io
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from namerec.core.evaluation.leaf_order import shortest_turn
from namerec.core.evaluation.results import ConfusionMatrix
from namerec.errors import NamerecError

#: What a cell's value is: names, share of its row's names, share of its column's names.
Normalisation = Literal["counts", "recall", "precision"]
#: What decides which category stands beside which.
Order = Literal["name", "support", "similarity"]

# What a spreadsheet takes for the beginning of a formula, the full-width signs included.
_FORMULA_SIGNS = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Digits after the point of a share in a CSV file: one name of a million is still told.
_SHARE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class MatrixView:
    """How a confusion matrix is looked at.

    Attributes:
        normalisation: What a cell's value is.
        order: Of rows and columns; both always have the same.
        hide_diagonal: Whether the right answers are left out, so that errors carry the colour.
            Shares stay shares of all names of the row or column.
    """

    normalisation: Normalisation = "recall"
    order: Order = "name"
    hide_diagonal: bool = False


class ViewedMatrix(NamedTuple):
    """A confusion matrix as a view shows it.

    Attributes:
        order: Which category stands at each position, int64, (categories,).
        categories: Their names, in this order.
        values: Names or shares 0..1, float64, (categories, categories), rows true; a hidden
            diagonal is nan.
    """

    order: np.ndarray
    categories: tuple[str, ...]
    values: np.ndarray


def viewed(
    matrix: ConfusionMatrix, view: MatrixView, order: np.ndarray | None = None
) -> ViewedMatrix:
    """A matrix as a view shows it.

    Args:
        matrix: The counts.
        view: How they are looked at.
        order: Which category stands at each position, (categories,), in place of the view's own
            order: that of `shared_order` where two matrices are shown.
    """
    if order is None:
        order = category_order(matrix, view.order)
    values = normalised(matrix, view.normalisation)[np.ix_(order, order)]
    if view.hide_diagonal:
        np.fill_diagonal(values, np.nan)
    return ViewedMatrix(order, tuple(matrix.categories[index] for index in order), values)


def normalised(matrix: ConfusionMatrix, normalisation: Normalisation) -> np.ndarray:
    """Counts as a normalisation gives them, float64, (categories, categories).

    `recall` are shares of each row (the diagonal is the recall), `precision` of each column (the
    diagonal is the precision), both 0..1, and 0 where there is nothing to share.
    """
    if normalisation == "recall":
        return matrix.row_normalised()
    if normalisation == "precision":
        return replace(matrix, counts=matrix.counts.T).row_normalised().T
    return matrix.counts.astype(np.float64)


def category_order(matrix: ConfusionMatrix, order: Order) -> np.ndarray:
    """Which category stands at each position, int64, (categories,).

    `name` is alphabetical, whatever the case; `support` has the most frequent first; in
    `similarity` categories that are taken for each other stand together. What is equal stands in
    alphabetical order, so the same counts give the same order however they were put in.
    """
    names = [(name.casefold(), name) for name in matrix.categories]
    by_name = np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)
    if order == "support":
        return np.asarray(by_name[np.argsort(-matrix.support[by_name], kind="stable")])
    if order == "similarity":
        shares = matrix.row_normalised()[np.ix_(by_name, by_name)]
        return np.asarray(by_name[_by_similarity(shares)])
    return by_name


def shared_order(matrices: tuple[ConfusionMatrix, ...], order: Order) -> np.ndarray:
    """One order for matrices of the same categories, that of all their names together.

    Raises:
        NamerecError: If they do not have the same categories.
    """
    first = matrices[0]
    for other in matrices[1:]:
        _same_categories(first.categories, other.categories)
    together = np.sum([matrix.counts for matrix in matrices], axis=0)
    return category_order(ConfusionMatrix(together, first.categories), order)


def difference(a: ConfusionMatrix, b: ConfusionMatrix, view: MatrixView) -> ViewedMatrix:
    """What b has more than a in each cell: names, or share points as fractions -1..1.

    Raises:
        NamerecError: If they do not have the same categories, or were not counted on the same
            part of the same split protocol.
    """
    order = shared_order((a, b), view.order)
    if (a.part, a.protocol) != (b.part, b.protocol):
        raise NamerecError(
            f"One matrix was counted on {a.part} names of the {a.protocol or 'unnamed'} split, the "
            f"other on {b.part} names of the {b.protocol or 'unnamed'} split. A difference needs "
            "the same part and protocol: choose two runs with the same split."
        )
    before, after = viewed(a, view, order), viewed(b, view, order)
    return after._replace(values=after.values - before.values)


def matrix_csv(matrix: ConfusionMatrix, view: MatrixView | None = None) -> str:
    """A matrix as CSV text: a line for each true category, a column for each predicted one.

    Args:
        matrix: The counts.
        view: How they are looked at; without one counts in alphabetical order. A hidden diagonal
            is empty.

    Returns:
        The first line has the predicted categories, the first column the true ones. No category
        begins a formula when a spreadsheet opens it.
    """
    chosen = view or MatrixView("counts")
    shown = viewed(matrix, chosen)
    text = io.StringIO()
    # Quoted, a name that holds another country's separator stays in its cell.
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    heads = [as_cell_text(category) for category in shown.categories]
    writer.writerow(["true \\ predicted", *heads])
    for head, values in zip(heads, shown.values.tolist(), strict=True):
        writer.writerow([head, *(_as_number(value, chosen) for value in values)])
    return text.getvalue()


def as_cell_text(text: str) -> str:
    """Text that a spreadsheet shows and never runs: an apostrophe goes before a formula's sign.

    Source: OWASP, "CSV Injection" (signs, tabulator and line ends at the beginning of a cell).
    """
    risky = text[:1].isspace() or not text[:1].isprintable()
    return f"'{text}" if risky or text.startswith(_FORMULA_SIGNS) else text


def _as_number(value: float, view: MatrixView) -> int | float | str:
    if np.isnan(value):
        return ""
    return int(value) if view.normalisation == "counts" else round(value, _SHARE_DIGITS)


def _same_categories(a: tuple[str, ...], b: tuple[str, ...]) -> None:
    if a == b:
        return
    unshared = sorted(set(a) ^ set(b))
    differing = f" (not in both: {', '.join(unshared[:5])})" if unshared else " in another order"
    raise NamerecError(
        f"One matrix has {len(a)} categories, the other {len(b)}{differing}. Only matrices of the "
        "same categories can be compared: choose two runs on the same names."
    )


def _by_similarity(shares: np.ndarray) -> np.ndarray:
    """Rows of row-normalised shares in an order that puts together who is taken for whom.

    Average linkage on 1 minus the mean of the two shares of names taken for the other, leaves
    ordered so that neighbours are as similar as the tree allows. Categories that are mixed up
    with no other have no place in the tree and stand at the end.

    Source: Bar-Joseph, Gifford and Jaakkola, "Fast optimal leaf ordering for hierarchical
    clustering", Bioinformatics 17 (2001).
    """
    from scipy.cluster.hierarchy import linkage  # 0.3 s that pages need not wait for
    from scipy.spatial.distance import squareform

    likeness = (shares + shares.T) / 2
    np.fill_diagonal(likeness, 0)
    mixed = likeness.any(axis=1)
    inside, outside = np.flatnonzero(mixed), np.flatnonzero(~mixed)
    if len(inside) == 0:
        return outside
    distance = 1 - likeness[np.ix_(inside, inside)]
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    leaves = inside[shortest_turn(tree, distance)]
    # A tree can be read from either end: from the one that is first in the alphabet.
    leaves = leaves if leaves[0] < leaves[-1] else leaves[::-1]
    return np.concatenate([leaves, outside])
