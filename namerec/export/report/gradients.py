"""What a report says of memory: gradients through time, where a run began and at its best epoch.

The course report explains the LSTMs' lead by gates that keep gradients alive. Whether that shows on
the names at hand is decided by numbers here, and said either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from namerec.core.inside.gradient_steps import FLOOR, ByStep, by_step
from namerec.core.networks.kinds import SYMBOL_TITLES
from namerec.export.report.document import (
    Block,
    Paragraph,
    Picture,
    Section,
    Table,
    said,
)
from namerec.export.report.facts import Absent, Gradients
from namerec.figures.base.theme import LIGHT, Theme, alt_text
from namerec.figures.memory.gradient_words import (
    ENOUGH_NAMES,
    Curve,
    because_words,
    factor_words,
    finding_words,
    power_words,
)
from namerec.figures.memory.gradients import gradient_figure
from namerec.text import count, counted

if TYPE_CHECKING:
    from namerec.export.report.facts import ReportFacts, RunFacts
    from namerec.figures.stills.frame import StillForm

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
            else "These networks were not all measured on the same names, so whether gates make "
            "the difference cannot be told from their lines."
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


_TITLE = "The explanation, measured: gradients through time"
_HOW_MEASURED = (
    "The course report explains the lead of the LSTMs by gates that keep gradients alive, so that "
    "training can learn from letters far back. Measured here is the gradient of each name’s loss "
    "(−log of the probability of its true category) by the state that the network’s top layer "
    "held k letters before the end, as a share of that at the end. Lines are geometric means over "
    "names, bands hold the middle 80 % of names; dashed is what the recurrence alone would give "
    "from the first point on, a rough guide but for a linear RNN. Steps back that fewer than "
    f"{LEAST_NAMES} names reach are left out."
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
    return f"where it goes on (after epoch {run.branch_point.epoch} of its lineage)"


def _began(measured: Sequence[_Measured]) -> str:
    """The same of all runs, as a title; which of them is which stands in the table of factors."""
    places = {_where(run) for run, _ in measured}
    if len(places) == 1:
        place = places.pop()
        return place[0].upper() + place[1:]
    apart = "before training" in places
    return "Before training, or where a run goes on" if apart else "Where each run goes on"


def claim_words(have_gates: Sequence[bool], curves: Sequence[Curve]) -> str:
    """Whether curves show that more gradient arrives in networks with gates than in those without.

    They are compared at the farthest step back that enough names reach in all of them; a difference
    counts where the 95 % intervals of the means are apart.

    Args:
        have_gates: Which curves are of networks with gates.
        curves: By the hidden state, relative to the end, after training.
    """
    if len(set(have_gates)) < 2:
        return (
            "Whether gates make the difference cannot be told from this report: for that it would "
            "have to hold a network with gates and one without."
        )
    reached = [
        set(curve.measured.steps[1:][curve.measured.names[1:] >= ENOUGH_NAMES].tolist())
        for curve in curves
    ]
    common = set.intersection(*reached)
    if not common:
        return (
            f"Whether gates make the difference cannot be told here: fewer than {ENOUGH_NAMES} "
            "names are long enough in all networks."
        )
    step = max(common)
    ends = [_interval(curve.measured, step) for curve in curves]
    with_gates = [end for end, has in zip(ends, have_gates, strict=True) if has]
    without = [end for end, has in zip(ends, have_gates, strict=True) if not has]
    back = f"{counted(step, 'letter')} back"
    if min(low for low, _ in with_gates) > max(high for _, high in without):
        return (
            f"On these names the measurement agrees with that: {back}, a larger share of the "
            "gradient is left in every network with gates than in any without, and the 95 % "
            "intervals are apart. It shows that more gradient arrives, not that the accuracy comes "
            "of it."
        )
    if max(high for _, high in with_gates) < min(low for low, _ in without):
        return (
            f"On these names the measurement does not show that, but the contrary: {back}, a "
            "smaller share of the gradient is left in every network with gates than in any "
            "without, and the 95 % intervals are apart. Where such a network is more accurate, "
            "this is not why."
        )
    return (
        f"On these names the measurement does not show that: {back}, the shares left in networks "
        "with gates are not all above those in networks without, or their 95 % intervals overlap. "
        "Where a network with gates is more accurate, this alone does not explain it."
    )


def _interval(measured: ByStep, step: int) -> tuple[float, float]:
    place = measured.steps.tolist().index(step)
    ends = measured.interval(place)
    mean = float(measured.mean[place])
    return ends if ends is not None else (mean, mean)


def _picture(slug: str, when: str, curves: Sequence[Curve], symbol: str) -> Picture:
    state = SYMBOL_TITLES[symbol]
    title = f"{when}: gradient by the {state}, by letters back"

    def drawn(theme: Theme, form: StillForm) -> bytes:
        from namerec.figures.stills.memory import gradient_still

        return gradient_still(curves, theme, title, form, state=state)

    figure = gradient_figure(curves, LIGHT, symbol=symbol, relative=True)
    return Picture(
        slug,
        title,
        f"{when}. {alt_text(figure)}",
        lambda theme: gradient_figure(curves, theme, symbol=symbol, relative=True),
        drawn,
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
        "By what the mean gradient by the hidden state is multiplied for each letter back, from "
        f"the first to the last point of its lineage. {_measured_on(measured)}",
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
        "An RNN multiplies the gradient by its recurrent weights at every letter back: over many "
        "steps by ρ, their largest absolute eigenvalue, with tanh damped by its slope besides "
        "(Pascanu, Mikolov and Bengio, ICML 2013). An LSTM’s cell passes it on times the forget "
        "gate (Gers, Schmidhuber and Cummins, 2000); the mean gate is a rough guide, since units "
        "differ and other paths come on top."
    ]
    if any(one.run.run.info.config.model.network.reads_before for one in measured):
        remarks.append(
            "An RNN’s answer reads the state before its last letter, so its line begins one letter "
            "back."
        )
    if any(found.after.both_directions for _, found in measured):
        remarks.append(
            "Of networks that read in both directions, only the cells that read forward are shown: "
            "those that read backward meet the beginning last, so the answer does not depend on "
            "the forward ones to carry it."
        )
    for curve in curves:
        left_out = curve.measured.vanished + curve.measured.overflowed
        if left_out:
            remarks.append(
                f"{curve.name}: {counted(left_out, 'name')} left out, because the gradient at the "
                "end is zero or a gradient is too large for the network’s numbers."
            )
        if curve.measured.floored:
            remarks.append(
                f"{curve.name}: {count(curve.measured.floored)} gradients are smaller than "
                f"{power_words(FLOOR)}, and count as it."
            )
    corpora = {one.run.run.info.dataset.fingerprint: one for one in measured}
    for run, found in corpora.values():
        remarks.append(
            f"The names of “{said(run.run.info.dataset.title)}” have {found.mean_length:.1f} "
            f"letters on average and {found.most_length} at most: few steps for a gradient to fade "
            "on."
        )
    return remarks
