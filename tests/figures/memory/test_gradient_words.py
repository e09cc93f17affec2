import numpy as np
import pytest

from namerec.core.inside.gradient_steps import ByStep
from namerec.figures.memory.gradient_words import Curve, finding_words, power_words, share_words


def curve(
    name: str, means: list[float], names: list[int], error: float = 0.01, start: int = 0
) -> Curve:
    """Measured on so many names a step, all means with the same standard error but the first."""
    mean, steps = np.array(means), np.arange(start, start + len(means))
    errors = np.where(steps > start, error, 0)
    return Curve(name, ByStep(steps, np.array(names), mean, mean / 2, mean * 2, errors), None)


MANY = [400, 300, 200]
RNN = curve("RNN (linear)", [1, 0.5, 0.2], MANY, start=1)
LSTM = curve("LSTM <b>", [1, 0.9, 0.8, 0.6, 0.3], [400, 400, 300, 200, 100])
NONE = Curve("none", ByStep.empty(), None)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, "100 %"), (1.27, "127 %"), (2.04, "2.0 times"), (3456.7, "3\u202f457 times"),
        (0.147, "15 %"), (0.0063, "0.63 %"), (0.00006, "0.006 %"), (3.1e-7, "3·10⁻⁷"),
        (9.9e-8, "10⁻⁷"),
    ],
)  # fmt: skip
def test_shares_are_told_in_percent_in_times_or_as_powers_of_ten(share, words):
    assert share_words(share) == words


def test_powers_of_ten_are_written_as_such():
    assert (power_words(1e-30), power_words(1000.0)) == ("10⁻³⁰", "10³")


def test_the_finding_compares_all_networks_at_the_farthest_step_that_all_have():
    before = curve("LSTM <b>", [1, 0.1, 0.01, 0.001], [400, 400, 300, 200])
    found = finding_words([RNN, LSTM], "hidden state", [before])
    assert found == (
        "3 letters back, the gradient with respect to the hidden state, compared with the end of "
        "the name, is 20 % (19 % to 21 %) in RNN (linear), 60 % (57 % to 63 %) in LSTM <b> "
        "(geometric means over the 200 names that are long enough, with their 95 % intervals). "
        "The largest share arrives in LSTM <b>, the smallest in RNN (linear): their intervals "
        "overlap with no other. Before training it was 0.1 % (0.096 % to 0.1 %) in LSTM <b>. For "
        "RNN (linear) the end is the state before the last letter, the last one that the answer "
        "reads."
    )


def ranked(*means: float, error: float = 0.02) -> str:
    """The finding about networks with such shares one letter back, named A, B, C ..."""
    curves = [
        curve(letter, [1, mean], [100, 100], error)
        for letter, mean in zip("ABCD", means, strict=False)
    ]
    return finding_words(curves, "hidden state")


@pytest.mark.parametrize(
    ("means", "said"),
    [
        # 0.02 is an interval of about a tenth to each side.
        ((0.5, 0.8, 0.3), "The largest share arrives in B, the smallest in C: their intervals"),
        ((0.5, 0.8, 0.31, 0.3), "The largest share arrives in B; which is the smallest is within"),
        ((0.79, 0.8, 0.3), "The smallest share arrives in C; which is the largest is within"),
        ((0.79, 0.8, 0.3, 0.31), "A larger share arrives in B than in C; which is the largest of"),
        ((0.8, 0.79, 0.77), "These differences are within chance on 100 names: the intervals of"),
        ((0.8, 0.79), "These differences are within chance on 100 names"),
    ],
)
def test_networks_are_ranked_only_where_their_intervals_are_apart(means, said):
    found = ranked(*means)
    assert said in found
    endings = ("The largest share", "The smallest share", "A larger share", "These differences")
    assert sum(found.count(ending) for ending in endings) == 1


def test_the_same_means_are_within_chance_where_they_are_less_sure():
    assert "The largest share arrives in A" in ranked(0.5, 0.3)
    assert "within chance on 100 names" in ranked(0.5, 0.3, error=0.1)


def test_networks_are_compared_no_farther_back_than_enough_names_reach():
    long = curve("A", [1, 0.9, 0.8, 0.7], [400, 300, 50, 49])
    assert finding_words([long], "hidden state").startswith("2 letters back")
    few = curve("A", [1, 0.9, 0.8, 0.7], [30, 30, 15, 14])  # half of those who look back at all
    assert finding_words([few], "hidden state").startswith("2 letters back")


def test_the_finding_is_about_one_network_if_there_is_one():
    found = finding_words([curve("LSTM", [1, 2.5], [19, 19]), NONE], "cell state")
    assert found.startswith("1 letter back, the gradient with respect to the cell state, compared")
    assert "2.5 times (2.4 times to 2.6 times) in LSTM (geometric means over the 19 names" in found
    assert "largest" not in found


def test_of_one_name_no_interval_is_told_and_nothing_is_ranked():
    found = finding_words(
        [curve("A", [1, 0.5], [1, 1]), curve("B", [1, 0.1], [1, 1])], "hidden state"
    )
    assert "50 % in A, 10 % in B" in found
    assert "within chance" in found


@pytest.mark.parametrize("curves", [[], [NONE], [curve("short", [1], [9])]])
def test_names_too_short_to_look_back_are_told(curves):
    assert finding_words(curves, "hidden state") == "These names are too short to look back."
