import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from namerec.core.inside.gradient_steps import FLOOR, ByStep, by_step
from namerec.core.inside.gradients import GradientNorms


def made_up(norms: list[list[float]]) -> GradientNorms:
    table = np.array(norms)
    lengths = np.isfinite(table).sum(axis=1)
    return GradientNorms(lengths, {"h": table[None]}, (), both_directions=False)


NAN = float("nan")


@pytest.mark.parametrize("relative", [True, False])
def test_steps_are_summed_up_as_a_plain_loop_does(relative):
    generator = np.random.default_rng(2)
    table = 10 ** generator.normal(-3, 2, (40, 6))
    for row, length in zip(table, generator.integers(1, 7, 40), strict=True):
        row[length:] = NAN
    summed = by_step(made_up(table.tolist()), "h", 0, relative=relative, least=5)
    for place, step in enumerate(summed.steps):
        logs = [
            np.log10(row[step] / (row[0] if relative else 1))
            for row in table
            if np.isfinite(row[step])
        ]
        assert summed.names[place] == len(logs) >= 5
        assert summed.mean[place] == pytest.approx(10 ** (sum(logs) / len(logs)))
        assert summed.low[place] == pytest.approx(10 ** np.percentile(logs, 10))
        assert summed.high[place] == pytest.approx(10 ** np.percentile(logs, 90))
    first, last = summed.mean[0], summed.mean[-1]
    assert summed.per_letter is not None
    assert summed.per_letter ** (len(summed.steps) - 1) == pytest.approx(last / first)


def test_steps_too_few_names_reach_are_left_out_but_never_all_of_them():
    table = [[1.0, 0.5, NAN], [1.0, 0.5, 0.25], [2.0, NAN, NAN]]
    assert by_step(made_up(table), "h", 0, relative=True, least=2).steps.tolist() == [0, 1]
    assert by_step(made_up(table), "h", 0, relative=True, least=9).steps.tolist() == [0]
    assert by_step(made_up(table), "h", 0, relative=False).steps.tolist() == [0, 1, 2]


def test_a_gradient_that_is_zero_counts_as_the_floor_and_a_name_without_any_has_no_share():
    table = [[1.0, 0.0], [0.0, 0.0], [4.0, 0.04]]
    shares = by_step(made_up(table), "h", 0, relative=True)
    assert (shares.names.tolist(), shares.floored) == ([2, 2], 1)
    np.testing.assert_allclose(shares.mean, [1, (FLOOR * 0.01) ** 0.5])
    assert by_step(made_up(table), "h", 0, relative=False).floored == 3


def test_nothing_is_an_empty_sum():
    assert len(ByStep.empty().steps) == 0
    assert ByStep.empty().per_letter is None


def test_an_interval_is_students_of_the_logarithms():
    generator = np.random.default_rng(5)
    table = 10 ** generator.normal(-1, 0.5, (12, 2))
    summed = by_step(made_up(table.tolist()), "h", 0, relative=True)
    logs = np.log10(table[:, 1] / table[:, 0])
    expected = stats.t.interval(0.95, 11, logs.mean(), stats.sem(logs))
    assert summed.interval(1) == pytest.approx(tuple(10**end for end in expected))
    assert summed.interval(0) == (1, 1)  # every share of the end is 1 there


def test_one_name_has_no_interval():
    summed = by_step(made_up([[1.0, 0.5], [1.0, NAN]]), "h", 0, relative=True)
    assert (summed.interval(0), summed.interval(1)) == ((1, 1), None)


@given(st.integers(0, 99))
def test_nine_of_ten_intervals_or_more_hold_the_true_mean(seed):
    generator = np.random.default_rng([7, seed])
    tables = 10 ** generator.normal(0, 1, (40, 8, 1))
    sums = [by_step(made_up(table.tolist()), "h", 0, relative=False) for table in tables]
    ends = [summed.interval(0) or (0, 0) for summed in sums]
    assert sum(low < 1 < high for low, high in ends) >= 32


def test_names_left_out_are_counted_and_no_other_name_suffers():
    """Zero at the end: no share of it. Infinite anywhere: left out at every step alike."""
    inf = float("inf")
    table = [[1.0, 0.5, NAN], [0.0, 0.5, 0.5], [2.0, 1.0, 1.0], [4.0, 2.0, inf], [NAN, NAN, NAN]]
    shares = by_step(made_up(table), "h", 0, relative=True)
    assert (shares.vanished, shares.overflowed) == (1, 1)
    assert shares.names.tolist() == [2, 2, 1]
    np.testing.assert_allclose(shares.mean, [1, 0.5, 0.5])
    norms = by_step(made_up(table), "h", 0, relative=False)
    assert (norms.vanished, norms.overflowed) == (0, 1)
    assert norms.names.tolist() == [3, 3, 2]


def test_steps_are_counted_after_names_are_left_out():
    table = [[1.0, 0.5, NAN], [0.0, 0.5, 0.5], [1.0, 0.5, 0.5]]
    assert by_step(made_up(table), "h", 0, relative=True, least=2).steps.tolist() == [0, 1]


@pytest.mark.parametrize("value", [0.0, float("inf")])
def test_where_every_name_is_left_out_nothing_is_summed_up(value):
    summed = by_step(made_up([[value, 1.0], [value, 2.0]]), "h", 0, relative=True, least=2)
    assert len(summed.steps) == 0
    assert summed.vanished + summed.overflowed == 2
