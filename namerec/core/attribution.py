"""What each letter of a name contributes to the log-probability of a category.

A letter is made to fade: its presence is a number from 0, no letter at all, which is what a network
meets in training where letter dropout leaves one out, to 1, the letter itself. The answer is then a
differentiable function of T presences, and contributions are read off its gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from namerec.core.alphabet import encode
from namerec.core.groups import groups_of
from namerec.core.models import NameModel
from namerec.core.packing import pack_names
from namerec.core.reading import one_hot_text, read

Method = Literal["integrated gradients", "gradient times input"]
METHODS: tuple[Method, ...] = ("integrated gradients", "gradient times input")

#: What is explained: presences (B, T), each 0..1, to a number for each row, (B,).
Score = Callable[[Tensor], Tensor]

#: Contributions count as complete if their sum misses what they explain by at most this share of it
#: or, where next to nothing is to be explained, by so many nats: float32 gives no more.
MOST_MISSED_SHARE = 0.01
MOST_MISSED_NATS = 1e-4
#: The way from no letter to all letters is taken in pieces, at first in so many, each with so many
#: points; and no piece is halved any more after so many points in all, to bound the time.
_FIRST_PIECES, _POINTS_PER_PIECE, _ENOUGH_POINTS = 4, 8, 2048
#: Points followed at once: bounds the memory for long names in large networks.
_POINTS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Attribution:
    """What the letters of one name contribute to the log-probability of one category.

    Attributes:
        letters: The name as read.
        category: Whose log-probability is explained.
        method: How.
        contributions: Nats, signed, float64, (length,).
        with_none: Log-probability with no letter present, nats.
        with_all: Log-probability of the name itself, nats.
        points: How many points of the way from none to all were looked at.
    """

    letters: str
    category: str
    method: Method
    contributions: np.ndarray = field(repr=False)
    with_none: float
    with_all: float
    points: int

    @property
    def total(self) -> float:
        """The sum of the contributions, nats."""
        return float(self.contributions.sum())

    @property
    def change(self) -> float:
        """What the contributions are to explain: from no letter to all letters, nats."""
        return self.with_all - self.with_none

    @property
    def missed(self) -> float:
        """By how much the sum misses that, nats, 0 or more."""
        return abs(self.total - self.change)

    @property
    def complete(self) -> bool:
        """Whether the sum explains the change within 1 % (or within `MOST_MISSED_NATS`)."""
        return self.missed <= _allowed(self.change)


class FadingName:
    """A network's answer on one name as a function of how present each of its letters is.

    The vote of a letter group counts with the product of the presences of the letters in it; a
    name's beginning and end are always present. At all ones this is the network's own answer.

    Args:
        model: Any of the three networks; it is put into evaluation mode.
        letters: A normalised name of one letter or more.
    """

    def __init__(self, model: NameModel, letters: str) -> None:
        self._model = model.eval()
        self._letters = one_hot_text(model, [letters])  # (T, 1, 57)
        self._votes: Tensor | None = None
        if model.groups is not None:
            name = pack_names([encode(letters)]).to(self._letters.device)
            rows, _ = groups_of(name, model.groups.longest)
            self._votes = F.embedding(rows, model.groups.votes).detach()  # (groups, categories)

    @property
    def all_present(self) -> Tensor:
        """Every letter wholly there: ones, (T,), of the network's type and on its device."""
        return torch.ones_like(self._letters[:, 0, 0])

    def outputs(self, presence: Tensor) -> Tensor:
        """The answer before the softmax, (B, categories), at presences (B, T), each 0..1."""
        output = read(self._model, self._letters * presence.T[:, :, None]).output
        if self._model.groups is None or self._votes is None:
            return output
        return output + self._presence_of_groups(presence, self._model.groups.longest) @ self._votes

    def log_probabilities(self, presence: Tensor) -> Tensor:
        """Log-probabilities of the categories, nats, (B, categories), at presences (B, T)."""
        return self.outputs(presence).log_softmax(dim=1)

    @staticmethod
    def _presence_of_groups(presence: Tensor, longest: int) -> Tensor:
        """Products over each group's letters, (B, groups), in the order of `groups_of`."""
        marked = F.pad(presence, (1, 1), value=1.0)  # the beginning and the end
        lengths = range(2, min(longest, marked.shape[1]) + 1)
        return torch.cat([marked.unfold(1, n, 1).prod(dim=2) for n in lengths], dim=1)


def attribute(
    model: NameModel, categories: tuple[str, ...], letters: str, category: int, method: Method
) -> Attribution:
    """Attributes the log-probability of one category to the letters of a name.

    Args:
        model: Any of the three networks; it is put into evaluation mode.
        categories: Names of its outputs.
        letters: A normalised name of one letter or more.
        category: Index of the category.
        method: How; see `integrated_gradients` and `gradient_times_input`.
    """
    name = FadingName(model, letters)
    present = name.all_present

    def score(presence: Tensor) -> Tensor:
        return name.log_probabilities(presence)[:, category]

    with torch.no_grad():
        with_none, with_all = score(torch.stack([0 * present, present])).tolist()
    if method == "integrated gradients":
        contributions, points = integrated_gradients(score, present)
    else:
        contributions, points = gradient_times_input(score, present), 1
    return Attribution(
        letters, categories[category], method, contributions, with_none, with_all, points
    )


def gradient_times_input(score: Score, present: Tensor) -> np.ndarray:
    """The gradient where all letters are present, times their presence, which is 1.

    How the score would begin to change if a letter faded a little. The sum is the change from no
    letter to all letters only where the score is linear on the way.

    Args:
        score: What is explained.
        present: The presences of the letters that are there, ones, (T,).

    Returns:
        A contribution for each letter, in the score's unit, float64, (T,).

    Source: Shrikumar, Greenside and Kundaje, "Learning important features through propagating
    activation differences", ICML 2017, section 2.
    """
    return np.asarray(_gradients(score, present[None])[0])


def integrated_gradients(score: Score, present: Tensor) -> tuple[np.ndarray, int]:
    """Gradients averaged over the straight way from no letter to all letters.

    The integral is taken by Gauss-Legendre quadrature, piece by piece: on every piece the
    contributions should sum to how much the score rises there, and where they do not, because
    recurrent networks turn sharply at some presence, the piece is halved.

    Args:
        score: What is explained.
        present: The presences of the letters that are there, ones, (T,).

    Returns:
        A contribution for each letter, in the score's unit, float64, (T,), and how many points of
        the way were looked at.

    Source: Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML 2017,
    equation 1; completeness, on every piece of the way, is their proposition 1.
    """
    edges = np.linspace(0, 1, _FIRST_PIECES + 1)
    pieces = np.stack([edges[:-1], edges[1:]], axis=1)  # begins and ends
    allowed = _allowed(float(_rises(score, present, np.array([[0.0, 1.0]]))[0]))
    contributions = _over_pieces(score, present, pieces)
    missed = np.abs(contributions.sum(axis=1) - _rises(score, present, pieces))
    points = len(pieces) * _POINTS_PER_PIECE
    while missed.sum() > allowed and points < _ENOUGH_POINTS:
        coarse = missed > allowed / len(missed)
        begins, ends = pieces[coarse].T
        middles = (begins + ends) / 2
        halves = np.stack([np.r_[begins, middles], np.r_[middles, ends]], axis=1)
        finer = _over_pieces(score, present, halves)
        missed_there = np.abs(finer.sum(axis=1) - _rises(score, present, halves))
        pieces = np.concatenate([pieces[~coarse], halves])
        contributions = np.concatenate([contributions[~coarse], finer])
        missed = np.concatenate([missed[~coarse], missed_there])
        points += len(halves) * _POINTS_PER_PIECE
    return np.asarray(contributions.sum(axis=0)), points


def _over_pieces(score: Score, present: Tensor, pieces: np.ndarray) -> np.ndarray:
    """The letters' contributions on pieces of the way, (pieces, 2) -> float64, (pieces, T)."""
    places, weights = np.polynomial.legendre.leggauss(_POINTS_PER_PIECE)  # on -1..1
    halves = np.diff(pieces, axis=1) / 2
    alphas = torch.as_tensor(pieces.mean(axis=1, keepdims=True) + halves * places).to(present)
    gradients = _gradients(score, alphas.reshape(-1, 1) * present)
    by_piece = gradients.reshape(len(pieces), _POINTS_PER_PIECE, len(present))
    return np.asarray(halves * np.einsum("p,npt->nt", weights, by_piece))


def _rises(score: Score, present: Tensor, pieces: np.ndarray) -> np.ndarray:
    """How much the score rises on pieces of the way, (pieces, 2) -> float64, (pieces,)."""
    with torch.no_grad():
        alphas = torch.as_tensor(pieces.reshape(-1, 1)).to(present)
        scores = torch.cat([score(part * present) for part in alphas.split(_POINTS_AT_ONCE)])
    return np.diff(scores.double().cpu().numpy().reshape(-1, 2), axis=1)[:, 0]


def _gradients(score: Score, presence: Tensor) -> np.ndarray:
    """Of the score at each row of presences, float64, (B, T)."""
    gradients = []
    for chunk in presence.detach().split(_POINTS_AT_ONCE):
        chunk = chunk.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(score(chunk).sum(), chunk)
        gradients.append(gradient)
    return np.asarray(torch.cat(gradients).double().cpu().numpy())


def _allowed(change: float) -> float:
    """How far a sum may be from the change that it explains, nats."""
    return max(MOST_MISSED_SHARE * abs(change), MOST_MISSED_NATS)
