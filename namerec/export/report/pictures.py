"""Pictures of one run in a report: loss, accuracy, and the confusion matrix with its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from namerec.core.evaluation.matrices import MatrixView
from namerec.core.evaluation.results import ConfusionMatrix
from namerec.export.report.document import Block, Paragraph, Picture, Points, Table
from namerec.figures.base.theme import LIGHT, alt_text
from namerec.figures.confusion.matrix import confusion_figure
from namerec.figures.confusion.words import cell_words
from namerec.figures.stills.report import accuracy_still, loss_still, matrix_still
from namerec.figures.training.curves import accuracy_figure, loss_figure
from namerec.text import count, counted, percent

if TYPE_CHECKING:
    from namerec.export.report.facts import RunFacts

#: Confusions that are told in words.
MOST_PAIRS = 5
_VIEW = MatrixView()


def curve_pictures(facts: RunFacts, beginning: str = "") -> list[Picture]:
    """Loss and accuracy in training.

    Args:
        facts: The run.
        beginning: Of the pictures' file names.
    """
    history = facts.history
    loss, accuracy = f"{facts.name}: loss in training", f"{facts.name}: accuracy in training"
    told = ", ".join(f"{name} {percent(share)}" for name, share in history.baselines)
    baselines = (
        " Dotted: accuracies on the same names without a recurrent network, and the label "
        f"ceiling: {told}."
    )
    return [
        Picture(
            f"{beginning}loss", loss, alt_text(loss_figure(history, LIGHT)),
            lambda theme: loss_figure(history, theme),
            lambda theme, form: loss_still(history, theme, loss, form),
        ),
        Picture(
            f"{beginning}accuracy", accuracy,
            alt_text(accuracy_figure(history, LIGHT)) + baselines * bool(told),
            lambda theme: accuracy_figure(history, theme),
            lambda theme, form: accuracy_still(history, theme, accuracy, form),
        ),
    ]  # fmt: skip


def matrix_picture(facts: RunFacts, beginning: str = "") -> Picture | None:
    """The confusion matrix; None if nothing was counted yet."""
    matrix = facts.matrices.get(facts.part)
    if matrix is None:
        return None
    noun, title = facts.run.noun, f"{facts.name}: confusion matrix"
    return Picture(
        f"{beginning}matrix",
        title,
        f"Rows are true {facts.run.nouns}, columns predicted ones. A cell is a percentage of its "
        "row, so the diagonal is the recall. Numbers at the edges count names. "
        f"Counted on {counted(int(matrix.counts.sum()), 'name')}: {facts.on(matrix.part)}, at "
        f"epoch {facts.best_epoch}; {percent(matrix.accuracy)} of them are on the diagonal.",
        lambda theme: confusion_figure(matrix, theme, view=_VIEW, noun=noun),
        lambda theme, form: matrix_still(matrix, theme, title, form, view=_VIEW, noun=noun),
        square=True,
    )


def matrix_blocks(facts: RunFacts, beginning: str) -> list[Block]:
    """The confusion matrix, the most frequent confusions, and the scores of each category."""
    picture, matrix = matrix_picture(facts, beginning), facts.matrices.get(facts.part)
    if picture is None or matrix is None:
        return [Paragraph("There is no confusion matrix until an epoch has finished.", "warning")]
    blocks: list[Block] = [picture]
    if pairs := _most_confused(matrix):
        blocks.append(Paragraph(f"Most often confused ({facts.on(matrix.part)}):"))
        blocks.append(Points(pairs))
    return [*blocks, _each_category(facts, matrix)]


def _most_confused(matrix: ConfusionMatrix) -> tuple[str, ...]:
    """The most frequent confusions as sentences, the most frequent first."""
    errors = matrix.counts.copy()
    np.fill_diagonal(errors, 0)
    order = np.argsort(-errors, axis=None, kind="stable")[:MOST_PAIRS]
    places = [divmod(int(cell), len(errors)) for cell in order if errors.flat[cell] > 0]
    return tuple(f"{cell_words(matrix, row, column)}." for row, column in places)


def _each_category(facts: RunFacts, matrix: ConfusionMatrix) -> Table:
    hits = np.diag(matrix.counts).tolist()
    rows = tuple(
        (
            scores.category, count(scores.support), count(hit), percent(scores.recall),
            percent(scores.precision), percent(scores.f1),
        )
        for scores, hit in zip(matrix.per_category(), hits, strict=True)
    )  # fmt: skip
    return Table(
        f"Scores of each {facts.run.noun}, on {facts.on(matrix.part)}.",
        (facts.run.noun, "names", "recognised", "recall", "precision", "F1"),
        rows,
        numbers=5,
    )
