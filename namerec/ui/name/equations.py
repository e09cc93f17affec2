r"""One unit's step as equations in LaTeX, with digits enough for a reader to do the sums again.

Every number is rounded by itself, never computed from rounded ones. So that the printed numbers
still give the printed results to within their last digit, what goes into a result has more digits
than the result: half a unit of the last digit is left for the result's own rounding, and half for
what it is computed from.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from namerec.core.inside.unit_step import UnitStep, WeightedSum
from namerec.core.networks.kinds import KINDS, Factor, Symbol

#: Decimals that the heatmaps tell of `c` and `h`, and that a step ends in.
HEATMAP_DIGITS = 2
#: Decimals of a state that another one is computed from, as `c` and tanh `c`: `h` is at most as
#: sensitive to each of them as they are large.
_INNER_DIGITS = 3
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
    """Decimals of the gates, the candidate, the old states and the sums."""
    needed = [
        operand_digits(_digits_of(symbol.name, step), _sensitivity(symbol, step))
        for symbol in _computed(step)
    ]
    return max([_LEAST_DIGITS, *needed])


def _computed(step: UnitStep) -> list[Symbol]:
    return [symbol for symbol in KINDS[step.kind].symbols if symbol.terms]


def _digits_of(symbol: str, step: UnitStep) -> int:
    """Decimals of a state."""
    factors = [factor for one in _computed(step) for term in one.terms for factor in term]
    goes_on = any(factor.symbol == symbol and factor.form != "before" for factor in factors)
    return _INNER_DIGITS if goes_on else HEATMAP_DIGITS


def _sensitivity(symbol: Symbol, step: UnitStep) -> float:
    """The sum of the sizes of a state's derivatives by what it is computed from."""
    return sum(
        abs(math.prod(step.factor(other) for other in term if other is not factor))
        for term in symbol.terms
        for factor in term
    )


def sum_lines(step: UnitStep) -> str:
    """The gates and the candidate, or a new state: what is summed, the sum, the value."""
    digits = gate_digits(step)
    lines = " \\\\\n".join(_sum_line(one, digits) for one in step.sums)
    return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"


def state_lines(step: UnitStep) -> str:
    """The new states that are computed from gates; nothing for a network without."""
    lines = [_state_line(symbol, step) for symbol in _computed(step)]
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}" if lines else ""


def _state_line(symbol: Symbol, step: UnitStep) -> str:
    digits = gate_digits(step)
    names = r" + ".join(r"\,".join(map(_named, term)) for term in symbol.terms)
    values = _sum_of_products(symbol, lambda factor: _written(factor, step, digits))
    worked_out = _sum_of_products(symbol, lambda factor: _worked_out(factor, step, digits))
    between = f"{values} = {worked_out}" if worked_out != values else values
    result = _number(step.values[symbol.name], _digits_of(symbol.name, step))
    return f"{symbol.name} &= {names} &&= {between} &&= {result}"


def _sum_of_products(symbol: Symbol, write: Callable[[Factor], str]) -> str:
    return " + ".join(r" \cdot ".join(map(write, term)) for term in symbol.terms)


def _named(factor: Factor) -> str:
    if factor.form == "tanh":
        return rf"\tanh({factor.symbol})"
    if factor.form == "rest":
        return f"(1 - {factor.symbol})"
    return f"{factor.symbol}'" if factor.form == "before" else factor.symbol


def _written(factor: Factor, step: UnitStep, digits: int) -> str:
    """A factor's value; of a tanh and of a rest what it is of."""
    if factor.form == "tanh":
        value = step.values[factor.symbol]
        return rf"\tanh({_number(value, _digits_of(factor.symbol, step))})"
    if factor.form == "rest":
        return f"(1 - {_number(step.values[factor.symbol], digits)})"
    return _inner(step.factor(factor), digits)


def _worked_out(factor: Factor, step: UnitStep, digits: int) -> str:
    # Gates of 4 decimals and a tanh of 3 are more than h, with 2, is sensitive to.
    decimals = _INNER_DIGITS if factor.form == "tanh" else digits
    return _inner(step.factor(factor), decimals)


def _sum_line(one: WeightedSum, digits: int) -> str:
    if one.passed is None:
        terms = operand_digits(digits, 3)  # three terms, each of which counts as it is
        arriving = _signed(one.before, terms)
    else:  # two more, and the gate, which counts as what it is multiplied with
        gate, gate_bias = one.passed.value, one.passed.bias
        terms = operand_digits(digits, 4 + abs(one.before + gate_bias))
        inside = f"{_number(one.before, terms)}{_signed(gate_bias, terms)}"
        arriving = rf" + {_number(gate, terms)} \cdot ({inside})"
    added = f"{_number(one.below, terms)}{arriving}{_signed(one.bias, terms)}"
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
