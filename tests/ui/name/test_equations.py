"""The printed numbers are read back and the sums done again, as a reader would."""

import math
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.inside.traces import trace
from namerec.core.inside.unit_step import UnitStep, WeightedSum, unit_step
from namerec.ui.name.equations import operand_digits, state_lines, sum_lines
from tests.core.references import network

FUNCTIONS: dict[str, Callable[[float], float]] = {
    r"\sigma": lambda z: 1 / (1 + math.exp(-z)),
    r"\tanh": math.tanh,
}
numbers = st.floats(-6, 6)


def worked_out(text: str) -> float:
    """An expression in LaTeX, as printed, worked out."""
    code = text.replace(r"\cdot", "*").replace(r"\tanh", "math.tanh")
    assert re.fullmatch(r"[-+*. ()\dmathn]+", code)
    return float(eval(code, {"math": math}))


def agrees(given: str, printed: str) -> bool:
    """Whether an expression gives a printed number to within its last digit."""
    last = float(Decimal(1).scaleb(int(Decimal(printed).as_tuple().exponent)))
    return abs(worked_out(given) - float(printed)) <= last * (1 + 1e-9)


def check_sums(latex: str) -> dict[str, str]:
    """Does every sum again; gives the printed values by symbol."""
    printed = {}
    for line in latex.split("\n")[1:-1]:
        symbol, *steps = (part.strip(" &\\") for part in re.split(r"&+=", line))
        if len(steps) == 2:
            assert agrees(*steps)
            printed[symbol] = steps[1]
            continue
        added, total, value = steps
        function, inside = re.fullmatch(r"(\\?\w+)\((.*)\)", "\\" + added).groups()  # type: ignore[union-attr]
        total = total.removeprefix(function.removeprefix("\\")).strip("()")
        assert agrees(inside, total)
        last = 10.0 ** -len(value.partition(".")[2])
        assert abs(FUNCTIONS[function](float(total)) - float(value)) <= last * (1 + 1e-9)
        printed[symbol] = value
    return printed


def check_states(latex: str, gates: dict[str, str]) -> tuple[str, str]:
    """Does the states again; gives c and h as printed."""
    cell, hidden = (re.split(r"&+=|(?<=\)) = ", line) for line in latex.split("\n")[1:-1])
    numbers_in_cell = re.findall(r"-?\d+\.\d+", cell[2])
    assert [numbers_in_cell[k] for k in (0, 2, 3)] == [gates["f"], gates["i"], gates["g"]]
    c, h = cell[-1].strip(" \\"), hidden[-1].strip(" \\")
    assert agrees(cell[2], c)
    with_tanh, with_number = hidden[2], hidden[3]
    assert f"\\tanh({c})" in with_tanh
    assert re.findall(r"\d+\.\d+", with_number)[0] == gates["o"]
    assert agrees(with_tanh, h)
    assert agrees(with_number, h)
    return c, h


def check_mixture(latex: str, gates: dict[str, str]) -> str:
    """Does a GRU's state again; gives h as printed."""
    _, _, values, h = (part.strip(" &\\") for part in re.split(r"&+=", latex.split("\n")[1]))
    written, worked = values.split(" = ")
    assert re.findall(r"-?\d+\.\d+", written)[:3] == [gates["z"], gates["n"], gates["z"]]
    assert agrees(written, h)
    assert agrees(worked, h)
    return h


def step_of(totals: list[tuple[float, float, float]], c_before: float) -> UnitStep:
    """A step of an LSTM from what the letter, the hidden state and the bias add to each sum."""
    sums = []
    for symbol, terms in zip("ifgo", totals, strict=True):
        total = sum(terms)
        kind = "tanh" if symbol == "g" else "sigmoid"
        value = math.tanh(total) if kind == "tanh" else 1 / (1 + math.exp(-total))
        sums.append(WeightedSum(symbol, kind, *terms, total, value, ()))
    i, f, g, o = (one.value for one in sums)
    c = f * c_before + i * g
    values = {one.symbol: one.value for one in sums} | {"c": c, "h": o * math.tanh(c)}
    return UnitStep("a", False, True, "lstm", tuple(sums), {"h": 0.1, "c": c_before}, values)


@given(
    st.lists(st.tuples(numbers, numbers, numbers), min_size=4, max_size=4),
    st.floats(-64, 64),
)
def test_a_reader_who_does_the_sums_again_gets_the_printed_results(totals, c_before):
    step = step_of(totals, c_before)
    gates = check_sums(sum_lines(step))
    assert list(gates) == ["i", "f", "g", "o"]
    c, h = check_states(state_lines(step), gates)
    assert float(c) == pytest.approx(step.values["c"], abs=0.0005001)
    assert float(h) == pytest.approx(step.values["h"], abs=0.005001)


@pytest.mark.parametrize(
    "shape",
    [
        {"kind": "rnn"},
        {"kind": "rnn", "nonlinearity": "tanh"},
        {"kind": "lstm", "num_layers": 2},
        {"kind": "custom_lstm", "direction": "both"},
        {"kind": "gru", "direction": "both"},
    ],
    ids=str,
)
def test_what_is_printed_is_what_the_heatmaps_tell(shape):
    model = network(**shape)
    traced = trace(model, tuple("ABCD"), "O'Neill")
    for layer in range(traced.layers):
        for place in (0, 3, 6):
            step = unit_step(model, traced, layer, place, 2)
            printed = check_sums(sum_lines(step))
            if "c" in traced.values:
                printed["c"], printed["h"] = check_states(state_lines(step), printed)
            elif "z" in traced.values:
                printed["h"] = check_mixture(state_lines(step), printed)
            else:
                assert state_lines(step) == ""
            assert set(printed) == set(traced.values)
            for symbol, text in printed.items():
                heatmap = float(traced.values[symbol][place, layer, 2])
                half = 0.5 * 10.0 ** -len(text.partition(".")[2])
                assert abs(float(text) - heatmap) <= half + 1e-6


def test_nothing_is_printed_as_minus_zero():
    step = step_of([(-1e-9, -1e-9, -1e-9)] * 4, -1e-9)
    text = sum_lines(step) + state_lines(step)
    assert "-0.0000" not in text
    assert "- 0.0000" not in text


@given(st.integers(1, 5), st.floats(1e-3, 1e5))
def test_operands_are_rounded_finely_enough_and_no_finer(digits, sensitivity):
    operands = operand_digits(digits, sensitivity)
    half, moved = 0.5 * 10.0**-digits, 0.5 * 10.0**-operands * sensitivity
    assert moved <= half * (1 + 1e-9)
    assert operands == digits or 10 * moved > half * (1 - 1e-9)
