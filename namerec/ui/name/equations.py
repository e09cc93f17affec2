r"""One unit's step as equations in LaTeX, with digits enough for a reader to do the sums again.

Every number is rounded by itself, never computed from rounded ones. So that the printed numbers
still give the printed results to within their last digit, what goes into a result has more digits
than the result: half a unit of the last digit is left for the result's own rounding, and half for
what it is computed from.
"""

from __future__ import annotations

import math

from namerec.core.inside.unit_step import UnitStep, WeightedSum

#: Decimals that the heatmaps tell of `c` and `h`, and that a step ends in.
HEATMAP_DIGITS = 2
#: Decimals of `c` and tanh `c`: `h` is at most as sensitive to each of them as they are large.
_CELL_DIGITS = 3
#: Decimals of gates and sums at least.
_LEAST_DIGITS = 4
_FUNCTIONS = {"sigmoid": r"\sigma", "tanh": r"\tanh", "none": ""}


def operand_digits(result_digits: int, sensitivity: float) -> int:
    """Decimals that operands need for a result with so many decimals.

    Args:
        result_digits: Decimals of the result.
        sensitivity: By how much the result changes at most if every operand changes by 1: the sum
            of the sizes of its partial derivatives.

    Returns:
        The fewest with which rounding all operands moves the result by half a unit of its last
        digit at most.
    """
    return result_digits + max(0, math.ceil(math.log10(max(sensitivity, 1e-9))))


def gate_digits(step: UnitStep) -> int:
    """Decimals of the gates, the candidate, the old cell state and the sums."""
    if step.c_before is None:
        return _LEAST_DIGITS
    i, f, g, _ = (abs(one.value) for one in step.sums)
    return max(_LEAST_DIGITS, operand_digits(_CELL_DIGITS, abs(step.c_before) + i + f + g))


def sum_lines(step: UnitStep) -> str:
    """The gates and the candidate, or an RNN's new state: what is summed, the sum, the value."""
    digits = gate_digits(step)
    lines = " \\\\\n".join(_sum_line(one, digits) for one in step.sums)
    return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"


def state_lines(step: UnitStep) -> str:
    """The new cell state and hidden state of an LSTM; nothing for an RNN."""
    if step.c_before is None or step.c is None:
        return ""
    digits = gate_digits(step)
    i, f, g, o = (_inner(one.value, digits) for one in step.sums)
    tanh_c = math.tanh(step.c)
    cell = _number(step.c, _CELL_DIGITS)
    # An o of 4 decimals and a tanh c of 3 are more than h, with 2, is sensitive to.
    lines = [
        rf"c &= f\,c' + i\,g &&= {f} \cdot {_inner(step.c_before, digits)} + {i} \cdot "
        rf"{g} &&= {cell}",
        rf"h &= o\,\tanh(c) &&= {o} \cdot \tanh({cell}) = {o} \cdot "
        rf"{_inner(tanh_c, _CELL_DIGITS)} &&= {_number(step.h, HEATMAP_DIGITS)}",
    ]
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _sum_line(one: WeightedSum, digits: int) -> str:
    terms = operand_digits(digits, 3)  # three terms, each of which counts as it is
    added = f"{_number(one.below, terms)}{_signed(one.before, terms)}{_signed(one.bias, terms)}"
    function, value = _FUNCTIONS[one.activation], _number(one.value, digits)
    if not function:
        return f"{one.symbol} &= {added} &&= {value}"
    total = _number(one.total, digits)
    return f"{one.symbol} &= {function}({added}) &&= {function}({total}) &&= {value}"


def _number(value: float, digits: int) -> str:
    """A number with so many decimals; none is written −0."""
    written = f"{value:.{digits}f}"
    return written.removeprefix("-") if float(written) == 0 else written


def _signed(value: float, digits: int) -> str:
    """A number that is added: with a plus, or a minus, before it."""
    written = _number(value, digits)
    return f" - {written[1:]}" if written.startswith("-") else f" + {written}"


def _inner(value: float, digits: int) -> str:
    """A factor: in brackets if it is negative."""
    written = _number(value, digits)
    return f"({written})" if written.startswith("-") else written
