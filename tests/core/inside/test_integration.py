from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from namerec.core.inside.attribution import Attribution
from namerec.core.inside.integration import Following, integrated_gradients


def jumping(presence: Tensor) -> Tensor:
    """A step that no gradient shows."""
    return (presence[:, 0] > 0.3) + 1e-9 * presence[:, 1]


def test_sharp_turns_are_followed_and_it_is_said_where_they_cannot_be():
    present = torch.ones(2, dtype=torch.float64)

    def turning(rate: float) -> Callable[[Tensor], Tensor]:
        return lambda presence: torch.sigmoid(
            rate * (presence @ torch.tensor([1.0, 2.0]).double() - 0.61803)
        )

    contributions, points = integrated_gradients(turning(1e4), present)
    assert 32 < points < 1000
    np.testing.assert_allclose(contributions, [1 / 3, 2 / 3], rtol=0.01)
    contributions, points = integrated_gradients(jumping, present)
    assert 1900 < points <= 2048
    missed = Attribution("Bo", "Ab", "integrated gradients", contributions, -1.0, 0.0, points)
    assert not missed.complete
    assert missed.missed == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("enough", [32, 47, 48, 100])
def test_no_more_points_are_looked_at_than_are_enough(enough):
    asked = []

    def score(presence: Tensor) -> Tensor:
        if presence.requires_grad:
            asked.append(len(presence))
        return jumping(presence)

    present = torch.ones(2, dtype=torch.float64)
    _, points = integrated_gradients(score, present, Following(at_once=7, enough=enough))
    assert sum(asked) == points
    assert enough - 16 < points <= enough
    assert max(asked) == 7


def test_points_are_spent_where_most_is_missed():
    """Two turns, the sharper one in the last piece: with one halving, it is that piece's."""
    present = torch.ones(1, dtype=torch.float64)
    looked: list[float] = []

    def score(presence: Tensor) -> Tensor:
        if presence.requires_grad:
            looked.extend(presence[:, 0].tolist())
        return torch.sigmoid(60 * (presence[:, 0] - 0.1)) + 9 * torch.sigmoid(
            900 * (presence[:, 0] - 0.9)
        )

    integrated_gradients(score, present, Following(enough=48))
    assert len(looked) == 48
    assert min(looked[32:]) > 0.75
