"""What a report says of memory: gradients through time, where a run began and at its best epoch.

The course report explains the LSTMs' lead by gates that keep gradients alive. Whether that shows on
the names at hand is decided by numbers here, and said either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from namerec.core.inside.gradient_steps import FLOOR, by_step
from namerec.core.networks.kinds import SYMBOL_TITLES
from namerec.export.report.document import Block, Paragraph, Picture, Section, Table, said
from namerec.export.report.facts import Absent, Gradients
from namerec.export.report.gradient_claim import claim_words
from namerec.figures.base.theme import LIGHT, alt_text
from namerec.figures.memory.gradient_words import (
    Curve,
    because_words,
    factor_words,
    finding_words,
    power_words,
)
from namerec.figures.memory.gradients import gradient_figure
from namerec.figures.stills.memory import gradient_still
from namerec.text import count, counted

if TYPE_CHECKING:
    from namerec.export.report.facts import ReportFacts, RunFacts

#: Steps back that fewer names reach are not drawn: a mean of them says little.
LEAST_NAMES = 10


def gradient_section(facts: ReportFacts) -> Section:
    """How much of the gradient of the loss is left at each letter back, and what that shows."""
    measured = [
        _Measured(run, run.gradients) for run in facts.runs if isinstance(run.gradients, Gradients)
    ]
    blocks: list[Block] = [
        Paragraph(
            f"{run.name} is left out: its gradients could not be measured. {run.gradients.reason}",
            "warning",
        )
        for run in facts.runs
        if isinstance(run.gradients, Absent)
    ]
    if not measured:
        return Section(_TITLE, tuple(blocks))
    blocks.insert(0, Paragraph(f"{_HOW_MEASURED} {_measured_on(measured)}"))
    before, after = _curves(measured, "h", trained=False), _curves(measured, "h", trained=True)
    same = len({one.run.asked for one in measured}) == 1
    blocks.append(
        Paragraph(
            claim_words(_have_gates(measured), after)
            if same
            else "These networks were not all measured on the same names, so their lines cannot "
            "show whether gates make the difference."
        )
    )
    blocks.append(_picture("gradients-before", _began(measured), before, "h"))
    blocks.append(_picture("gradients-after", "At the best epoch", after, "h"))
    blocks += _findings(measured, "h", same=same)
    with_cells = [one for one in measured if "c" in one.found.after.norms]
    if with_cells:
        cells = _curves(with_cells, "c", trained=True)
        blocks.append(_picture("gradients-cell", "At the best epoch", cells, "c"))
        blocks += _findings(with_cells, "c", same=same)
    blocks.append(_factors(measured, before, after))
    blocks += [Paragraph(words, "quiet") for words in _remarks(measured, [*before, *after])]
    return Section(_TITLE, tuple(blocks))


_TITLE = "Gradients through time"
_HOW_MEASURED = (
    "The course report explains the lead of the LSTMs by gates that keep gradients alive, so that "
    "training can learn from letters far back. Here this is measured. For each name it is the "
    "gradient of the loss (−log of the probability of the true category) with respect to the state "
    "of the top layer k letters before the end, as a share of the gradient at the end. Lines are "
    "geometric means over names, and bands hold the middle 80 % of names. A dashed line is what "
    "the recurrence alone would give from the first point on: a rough guide, except for a linear "
    "RNN. "
    f"Steps back that fewer than {LEAST_NAMES} names reach are left out."
)


class _Measured(NamedTuple):
    """A run whose gradients were measured, and what was found."""

    run: RunFacts
    found: Gradients


def _curves(measured: Sequence[_Measured], symbol: str, *, trained: bool) -> list[Curve]:
    """Shares of the gradient at the end, in the top layer, of networks that have such a state."""
    curves = []
    for run, found in measured:
        norms = found.after if trained else found.before
        summed = by_step(norms, symbol, -1, relative=True, least=LEAST_NAMES)
        curves.append(Curve(run.name, summed, norms.recurrence[-1].per_letter))
    return curves


def _have_gates(measured: Sequence[_Measured]) -> list[bool]:
    return [bool(one.run.run.info.config.model.network.gates) for one in measured]


def _findings(measured: Sequence[_Measured], symbol: str, *, same: bool) -> list[Block]:
    """What lines say, beside each other if they were measured on the same names."""
    told: list[Block] = []
    for group in [measured] if same else [[one] for one in measured]:
        untrained = _curves(
            [one for one in group if not one.run.branch_point], symbol, trained=False
        )
        after = _curves(group, symbol, trained=True)
        told.append(Paragraph(finding_words(after, SYMBOL_TITLES[symbol], untrained)))
        if joined := [one for one in group if one.run.branch_point]:
            before = _curves(joined, symbol, trained=False)
            there = "; ".join(f"{one.run.name} {_where(one.run)}" for one in joined)
            told.append(Paragraph(f"Taken {there}: {finding_words(before, SYMBOL_TITLES[symbol])}"))
    return told


def _where(run: RunFacts) -> str:
    """Which weights a run began with."""
    if run.branch_point is None:
        return "before training"
    return f"at the start of this run (after epoch {run.branch_point.epoch})"


def _began(measured: Sequence[_Measured]) -> str:
    """The same of all runs, as a title; which of them is which stands in the table of factors."""
    places = {_where(run) for run, _ in measured}
    if len(places) == 1:
        place = places.pop()
        return place[0].upper() + place[1:]
    apart = "before training" in places
    return (
        "Before training, or at the start of a continued run"
        if apart
        else "At the start of each run"
    )


def _picture(slug: str, when: str, curves: Sequence[Curve], symbol: str) -> Picture:
    state = SYMBOL_TITLES[symbol]
    title = f"{when}: gradient with respect to the {state}, by letters back"
    figure = gradient_figure(curves, LIGHT, symbol=symbol, relative=True)
    return Picture(
        slug,
        title,
        f"{when}. {alt_text(figure)}",
        lambda theme: gradient_figure(curves, theme, symbol=symbol, relative=True),
        lambda theme, form: gradient_still(curves, theme, title, form, state=state),
    )


def _factors(
    measured: Sequence[_Measured], before: Sequence[Curve], after: Sequence[Curve]
) -> Table:
    rows = []
    for (run, found), first, last in zip(measured, before, after, strict=True):
        for when, curve, norms in (
            (_where(run), first, found.before),
            (
                f"epoch {run.best_epoch} ({'best since' if run.branch_point else 'best'})",
                last,
                found.after,
            ),
        ):
            because = because_words(norms.recurrence[-1])
            factors = (factor_words(curve.measured.per_letter), factor_words(curve.expected))
            rows.append((run.name, when, because, *factors))
    return Table(
        "By what factor the mean gradient with respect to the hidden state changes for each letter "
        f"back, from the first to the last point of its line. {_measured_on(measured)}",
        ("network", "when", "expected from", "measured", "expected"),
        tuple(rows),
        numbers=2,
    )


def _measured_on(measured: Sequence[_Measured]) -> str:
    told: dict[str, list[str]] = {}
    for run, found in measured:
        spaced = "" if found.names == found.available else ", evenly spaced"
        of_all = "" if found.names == found.available else f" of {count(found.available)}"
        corpus = said(run.run.info.dataset.title)
        words = f"{count(found.names)}{of_all} {run.on('validation')} of “{corpus}”{spaced}"
        told.setdefault(words, []).append(run.name)
    if len(told) == 1:
        return f"Measured on {next(iter(told))}."
    return " ".join(f"{', '.join(names)}: measured on {words}." for words, names in told.items())


def _remarks(measured: Sequence[_Measured], curves: Sequence[Curve]) -> list[str]:
    """What the lines leave out, where the expected factors come from, and how short names are."""
    remarks = [
        "At every letter back, an RNN multiplies the gradient by its recurrent weights: over many "
        "steps that is a factor of ρ, their largest absolute eigenvalue. With tanh, its slope "
        "makes the factor smaller (Pascanu, Mikolov and Bengio, ICML 2013). The cell of an LSTM "
        "multiplies it by the forget gate (Gers, Schmidhuber and Cummins, 2000). The mean gate is "
        "a rough guide: units differ, and the gradient has other paths too."
    ]
    if any(one.run.run.info.config.model.network.reads_before for one in measured):
        remarks.append(
            "An RNN’s answer reads the state before its last letter, so its line begins one letter "
            "back."
        )
    if any(found.after.both_directions for _, found in measured):
        remarks.append(
            "Of networks that read in both directions, only the cells that read forward are "
            "shown: the backward cells read the beginning of the name last, so the answer can get "
            "it from them and does not need the forward cells to remember it."
        )
    for curve in curves:
        left_out = curve.measured.vanished + curve.measured.overflowed
        if left_out:
            remarks.append(
                f"{curve.name}: {counted(left_out, 'name')} left out, because the gradient at the "
                "end is zero or a gradient is too large for the network’s number format."
            )
        if curve.measured.floored:
            remarks.append(
                f"{curve.name}: {count(curve.measured.floored)} gradients are smaller than "
                f"{power_words(FLOOR)}, and are counted as this value."
            )
    corpora = {one.run.run.info.dataset.fingerprint: one for one in measured}
    for run, found in corpora.values():
        remarks.append(
            f"The names of “{said(run.run.info.dataset.title)}” have {found.mean_length:.1f} "
            f"letters on average and {found.most_length} at most, so a gradient has few steps in "
            "which it can vanish."
        )
    return remarks
