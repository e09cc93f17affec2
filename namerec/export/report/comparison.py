"""What a report says of its runs beside each other: one table, curves overlaid, differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from namerec.core.corpus.protocols import holds_out
from namerec.core.evaluation.contrast import contrast_words
from namerec.export.about import branch_words
from namerec.export.report.document import Block, Paragraph, Picture, Points, Section, Table
from namerec.export.report.facts import Absent
from namerec.export.report.run import origin_words
from namerec.figures.stills.report import overlay_still
from namerec.figures.training.overlay import (
    OverlaidRun,
    Quantity,
    View,
    overlaid_lines,
    overlay_figure,
)
from namerec.text import count, counted, duration, percent

if TYPE_CHECKING:
    from namerec.export.report.facts import Pair, ReportFacts, RunFacts

#: Epochs are what runs with other batch sizes have in common; nothing is smoothed.
_BY_EPOCH = View(along="epoch", smoothing=0)


def results_table(facts: ReportFacts) -> Table:
    """One row a run: what it came to, and on what that was measured."""
    measured = {_measured(run) for run in facts.runs}
    same = len(measured) == 1
    joined = [run for run in facts.runs if run.branch_point]
    training = "training, earlier runs included" if joined else "training"
    head = ("network", "accuracy", "macro recall", "macro F1", "top 3", "parameters", training)
    rows = []
    for run in facts.runs:
        cells = _row(run)
        rows.append(cells if same else (cells[0], _measured(run), *cells[1:]))
    if not same:
        head = (head[0], "measured on", *head[1:])  # type: ignore[assignment]
    said_once = [f"Measured on {measured.pop()}."] if same else []
    said_once += [_branch_words(run) for run in joined]
    caption = " ".join(["Results.", *said_once])
    return Table(caption, head, tuple(rows), numbers=6)


def _branch_words(run: RunFacts) -> str:
    """What a run's row holds of earlier runs, and how good it was where it began."""
    return (
        f"{run.name} {branch_words(run.run.info)}; {duration(run.earlier_seconds, 1)} of its "
        f"training were before that. {origin_words(run)}"
    ).rstrip()


def _measured(run: RunFacts) -> str:
    if run.part in run.scores:
        return f"{counted(run.scores[run.part].names, 'name')}: {run.on(run.part)}"
    if not run.best_epoch:
        return "nothing yet"
    matrix = run.matrices.get(run.part)
    names = f"{counted(int(matrix.counts.sum()), 'name')}: " if matrix else ""
    return f"{names}{run.on(run.part)} (not finished)"


def _row(run: RunFacts) -> tuple[str, ...]:
    scores = run.scores.get(run.part)
    if scores is not None:
        shares = (scores.accuracy, scores.macro_recall, scores.macro_f1, scores.top3)
        told = [percent(share) for share in shares]
    else:
        best = run.best
        told = [
            percent(best.validation_accuracy if best else None),
            percent(best.validation_macro_recall if best else None), "–", "–",
        ]  # fmt: skip
    return (run.name, *told, count(run.run.info.parameters), duration(run.seconds, 1))


def comparison_section(facts: ReportFacts) -> Section:
    """Curves of all runs overlaid, and the difference of each two."""
    blocks: list[Block] = [
        _overlaid(facts, "validation_loss", "Loss"),
        _overlaid(facts, "validation_accuracy", "Accuracy"),
    ]
    if len({run.asked for run in facts.runs}) > 1:
        blocks.append(
            Paragraph(
                "These curves were not all measured on the same names, so their heights "
                "cannot be compared with each other.",
                "warning",
            )
        )
    blocks.append(Paragraph("The networks compared in pairs:"))
    blocks.append(Points(tuple(_pair_words(facts, pair) for pair in facts.pairs)))
    blocks.append(
        Paragraph(
            f"{_single_words(facts)} McNemar’s test accounts for the choice of names, but not for "
            "the choice of the seed. It counts each distinct name once.",
            "quiet",
        )
    )
    return Section("The networks compared", tuple(blocks))


def _single_words(facts: ReportFacts) -> str:
    """What a difference is one of; runs that share some training are not two single trainings."""
    shared = [bool(_shared_words(facts, pair)) for pair in facts.pairs]
    share = (
        "one run continues from the other, or both continue from a third, they share the training "
        "up to that point: the difference comes from the training after it."
    )
    if all(shared):
        return f"Where {share}"
    single = "Each network was trained once: another seed gives other numbers."
    return f"{single} Where {share}" if any(shared) else single


def _shared_words(facts: ReportFacts, pair: Pair) -> str:
    """Which of two runs goes on from the other, or what both go on from; nothing if neither."""
    a, b = facts.runs[pair.a], facts.runs[pair.b]
    for later, earlier in ((b, a), (a, b)):
        for point in later.lineage.branch_points:
            if point.run == earlier.run.id:
                return f"{later.name} continues from {earlier.name} after epoch {point.epoch}."
    of_b = {point.run for point in b.lineage.branch_points}
    runs_of_a = [point.run for point in reversed(a.lineage.branch_points)]
    third = next((run for run in runs_of_a if run in of_b), None)
    return f"Both continue from run {third}." if third else ""


def _overlaid(facts: ReportFacts, quantity: Quantity, what: str) -> Picture:
    runs = [
        OverlaidRun(run.name, run.curves, run.history.held_out, run.history.branch_points)
        for run in facts.runs
    ]
    on_training = [not holds_out(run.history.protocol) for run in facts.runs]
    names = {(True, True): "training", (False, False): "held-out"}.get(
        (all(on_training), any(on_training)), "held-out or training"
    )
    title = f"{what} on {names} names"
    return Picture(
        f"all-{what.lower()}",
        title,
        _overlaid_words(runs, quantity, title),
        lambda theme: overlay_figure(runs, [quantity], theme, _BY_EPOCH),
        lambda theme, form: overlay_still(runs, quantity, theme, title, form, _BY_EPOCH),
    )


def _overlaid_words(runs: Sequence[OverlaidRun], quantity: Quantity, title: str) -> str:
    """Where each line ends, and what it was measured on."""
    ends = []
    for line in overlaid_lines(runs, [quantity], _BY_EPOCH):
        run, last = runs[line.run], float(line.y[-1])
        value = f"{last:.3f} nats" if quantity == "validation_loss" else percent(last / 100)
        ends.append(f"{run.name}: {value} after epoch {line.x[-1]:g}, on {run.held_out}")
    return f"{title}, by epoch. {'; '.join(ends) or 'Nothing measured yet'}."


def _pair_words(facts: ReportFacts, pair: Pair) -> str:
    a, b = facts.runs[pair.a], facts.runs[pair.b]
    shared = f" {words}" if (words := _shared_words(facts, pair)) else ""
    if isinstance(pair.contrast, Absent):
        return f"{a.name} and {b.name} cannot be compared. {pair.contrast.reason}{shared}"
    accuracy_a, accuracy_b = a.scores["test"].accuracy, b.scores["test"].accuracy
    points = f"{100 * (accuracy_b - accuracy_a):+.1f}".replace("-", "−")
    return (
        f"{b.name} against {a.name}: {points} percentage points of accuracy, {percent(accuracy_b)} "
        f"against {percent(accuracy_a)} on {a.on('test')}.{shared} "
        f"{contrast_words(pair.contrast, a.name, b.name)}"
    )
