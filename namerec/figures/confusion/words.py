"""What cells and heads of a confusion matrix say, in sentences of plain text."""

from dataclasses import replace

from namerec.core.evaluation.matrices import MatrixView, Normalisation
from namerec.core.evaluation.results import ConfusionMatrix
from namerec.figures.base.categories import MOST_WITH_LABELS
from namerec.figures.base.words import LONGEST_LABEL
from namerec.text import count, counted, part_of, roughly, shortened


def cell_words(
    matrix: ConfusionMatrix, row: int, column: int, normalisation: Normalisation = "recall"
) -> str:
    """What a cell of the matrix means.

    Args:
        matrix: The counts.
        row: Index of the true category.
        column: Index of the predicted category.
        normalisation: `precision` gives the share of the column, all else that of the row.
    """
    true, predicted = matrix.categories[row], matrix.categories[column]
    hits, support = int(matrix.counts[row, column]), int(matrix.support[row])
    if normalisation == "precision":
        taken = int(matrix.counts[:, column].sum())
        if taken == 0:
            return f"No name here was taken for {predicted}"
        verb = "is" if hits == 1 else "are"
        share = roughly(hits / taken)
        return (
            f"{count(hits)} of {count(taken)} names taken for {predicted} ({share}) {verb} {true}"
        )
    if support == 0:
        return f"There are no {true} names here"
    verb = "was" if hits == 1 else "were"
    fate = "recognised" if row == column else f"taken for {predicted}"
    share = roughly(hits / support)
    return f"{count(hits)} of {count(support)} {true} names ({share}) {verb} {fate}"


def row_words(matrix: ConfusionMatrix, row: int) -> str:
    """What the head of a row says: how many names there are, and how many were recognised."""
    support, hits = int(matrix.support[row]), int(matrix.counts[row, row])
    name = matrix.categories[row]
    if support == 0:
        return f"There are no {name} names here"
    verb = "was" if hits == 1 else "were"
    share = roughly(hits / support)
    return f"All {count(support)} {name} names: {count(hits)} ({share}) {verb} recognised"


def column_words(matrix: ConfusionMatrix, column: int) -> str:
    """What the head of a column says: how many names were taken for it, and how many rightly."""
    taken, hits = int(matrix.counts[:, column].sum()), int(matrix.counts[column, column])
    name = matrix.categories[column]
    if taken == 0:
        return f"No name here was taken for {name}"
    verb = "is" if hits == 1 else "are"
    share = roughly(hits / taken)
    return f"All {count(taken)} names taken for {name}: {count(hits)} ({share}) {verb} {name}"


def view_title(view: MatrixView, noun: str) -> str:
    """What the colours of a matrix are, for the title over the colour bar."""
    shown = {
        "counts": "names",
        "recall": f"share of the true {noun}’s names (recall)",
        "precision": f"share of the names taken for a {noun} (precision)",
    }[view.normalisation]
    return f"{shown}, errors only" if view.hide_diagonal else shown


def change_words(
    a: ConfusionMatrix,
    b: ConfusionMatrix,
    place: tuple[int, int],
    names: tuple[str, str],
    normalisation: Normalisation,
) -> str:
    """What a cell of the difference of two matrices means: a line each for both, and the change.

    Args:
        a: The one matrix.
        b: The other, of the same categories.
        place: Indices of the true and the predicted category.
        names: What the two are called.
        normalisation: What the change is counted in.
    """
    row, column = place
    count_a, count_b = int(a.counts[place]), int(b.counts[place])
    if normalisation == "precision":
        whole_a, whole_b = int(a.counts[:, column].sum()), int(b.counts[:, column].sum())
        what = f"names taken for {a.categories[column]} that are {a.categories[row]}"
    else:
        whole_a, whole_b = int(a.support[row]), int(b.support[row])
        fate = "recognised" if row == column else f"taken for {a.categories[column]}"
        what = f"{a.categories[row]} names {fate}"
    if normalisation == "counts":
        change = _signed(count_b - count_a)
    else:
        points = 100 * (count_b / max(whole_b, 1) - count_a / max(whole_a, 1))
        change = f"{points:+.1f} percentage points".replace("-", "−")
    return (
        f"{what}\n{names[0]}: {part_of(count_a, whole_a)}\n{names[1]}: {part_of(count_b, whole_b)}"
        f"\nchange: {change}"
    )


def head_change_words(
    a: ConfusionMatrix, b: ConfusionMatrix, index: int, names: tuple[str, str], *, row: bool
) -> str:
    """What the head of a row or column of a difference says: a line for each matrix."""
    words = row_words if row else column_words
    return f"{names[0]}: {words(a, index)}\n{names[1]}: {words(b, index)}"


def short_enough(matrix: ConfusionMatrix) -> ConfusionMatrix:
    """The matrix with names short enough for thousands of sentences, where it has so many."""
    if len(matrix.categories) <= MOST_WITH_LABELS:
        return matrix
    names = tuple(shortened(name, LONGEST_LABEL) for name in matrix.categories)
    return replace(matrix, categories=names)


def counted_names(matrix: ConfusionMatrix) -> str:
    """How many names a matrix counts, in words."""
    return counted(int(matrix.counts.sum()), "name")


def _signed(value: int) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{counted(abs(value), 'name')}"
