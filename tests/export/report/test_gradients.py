"""What the report makes of gradients: it says what they show, and what they do not."""

import numpy as np
import pytest

from namerec.core.inside.gradient_steps import ByStep
from namerec.export.report.gradient_claim import claim_words
from namerec.figures.memory.gradient_words import Curve


def curve(name: str, share: float, error: float = 0.01, names: int = 80) -> Curve:
    """A line whose share of the gradient three letters back is given."""
    steps = np.arange(4)
    mean = share ** (steps / 3)
    counts = np.full(4, names)
    return Curve(name, ByStep(steps, counts, mean, mean, mean, np.full(4, error)), None)


@pytest.mark.parametrize(
    ("rnn", "lstm", "error", "said"),
    [
        (0.1, 0.5, 0.01, "agrees with that: 3 letters back, a larger share"),
        (0.5, 0.1, 0.01, "shows the opposite: 3 letters back, a smaller share"),
        (0.1, 0.11, 0.5, "does not show that: 3 letters back, the shares left"),
    ],
)
def test_the_claim_stands_or_falls_with_the_intervals(rnn, lstm, error, said):
    words = claim_words([False, True], [curve("RNN", rnn, error), curve("LSTM", lstm, error)])
    assert said in words


def test_one_network_with_gates_that_does_not_lead_is_enough_against_the_claim():
    curves = [curve("RNN", 0.3), curve("LSTM", 0.9), curve("other LSTM", 0.3)]
    assert "does not show that: 3" in claim_words([False, True, True], curves)
    curves[2] = curve("other LSTM", 0.8)
    assert "agrees with that" in claim_words([False, True, True], curves)


def test_nothing_is_claimed_of_too_little():
    alone = claim_words([True, True], [curve("a", 0.5), curve("b", 0.1)])
    assert "it would need a network with gates and one without" in alone
    few = claim_words([False, True], [curve("RNN", 0.1, names=9), curve("LSTM", 0.5, names=9)])
    assert "fewer than 50 names are long enough" in few
