"""Whether the measured gradients support the course report's explanation."""

from collections.abc import Sequence

from namerec.core.inside.gradient_steps import ByStep
from namerec.figures.memory.gradient_words import ENOUGH_NAMES, Curve
from namerec.text import counted


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
            "This report cannot show whether gates make the difference: it would need a network "
            "with gates and one without."
        )
    reached = [
        set(curve.measured.steps[1:][curve.measured.names[1:] >= ENOUGH_NAMES].tolist())
        for curve in curves
    ]
    common = set.intersection(*reached)
    if not common:
        return (
            f"Whether gates make the difference cannot be shown here: fewer than {ENOUGH_NAMES} "
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
            "intervals are apart. It shows that more gradient arrives, not that this makes them "
            "more accurate."
        )
    if max(high for _, high in with_gates) < min(low for low, _ in without):
        return (
            f"On these names the measurement shows the opposite: {back}, a smaller share of the "
            "gradient is left in every network with gates than in any without, and the 95 % "
            "intervals are apart. Where such a network is more accurate, this is not why."
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
