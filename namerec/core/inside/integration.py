"""Contributions of inputs to a number, read off its gradients.

What is explained is any differentiable function of T presences, each from 0, nothing there, to 1.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

#: What is explained: presences (B, T), each 0..1, to a number for each row, (B,).
Score = Callable[[Tensor], Tensor]

#: Contributions count as complete if their sum misses what they explain by at most this share of it
#: or, where next to nothing is to be explained, by so many nats: float32 gives no more.
MOST_MISSED_SHARE = 0.01
MOST_MISSED_NATS = 1e-4
#: The way from no letter to all letters is taken in pieces, at first in so many, each with so many
#: points; and no piece is halved any more after so many points in all, to bound the time.
_FIRST_PIECES, _POINTS_PER_PIECE, ENOUGH_POINTS = 4, 8, 2048
#: Points that are looked at however large the network is.
LEAST_POINTS = _FIRST_PIECES * _POINTS_PER_PIECE
#: Points that halving a piece takes.
_HALVED = 2 * _POINTS_PER_PIECE
#: Points looked at together, at most: more are no faster.
MOST_AT_ONCE = 64


class Following(NamedTuple):
    """How far the way from no letter to all letters is followed.

    Attributes:
        at_once: Points looked at together, 1 or more.
        enough: Points in all, after which no piece of the way is halved any more.
    """

    at_once: int = MOST_AT_ONCE
    enough: int = ENOUGH_POINTS


#: For what costs next to nothing.
ALL_THE_WAY = Following()


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
    return np.asarray(_gradients(score, present[None], 1)[0])


def integrated_gradients(
    score: Score, present: Tensor, following: Following = ALL_THE_WAY
) -> tuple[np.ndarray, int]:
    """Gradients averaged over the straight way from no letter to all letters.

    The integral is taken by Gauss-Legendre quadrature, piece by piece: on every piece the
    contributions should sum to how much the score rises there, and where they do not, because
    recurrent networks turn sharply at some presence, the piece is halved.

    Args:
        score: What is explained.
        present: The presences of the letters that are there, ones, (T,).
        following: How far.

    Returns:
        A contribution for each letter, in the score's unit, float64, (T,), and how many points of
        the way were looked at.

    Source: Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML 2017,
    equation 1; completeness, on every piece of the way, is their proposition 1.
    """
    at_once = following.at_once
    edges = np.linspace(0, 1, _FIRST_PIECES + 1)
    pieces = np.stack([edges[:-1], edges[1:]], axis=1)  # begins and ends
    allowed = allowed_miss(float(_rises(score, present, np.array([[0.0, 1.0]]), at_once)[0]))
    contributions, missed = _over_pieces(score, present, pieces, at_once)
    points = len(pieces) * _POINTS_PER_PIECE
    while missed.sum() > allowed:
        # Those that miss most come first: there may not be points enough for all.
        worst = np.argsort(-missed, kind="stable")[: (following.enough - points) // _HALVED]
        coarse = np.zeros(len(missed), dtype=bool)
        coarse[worst] = missed[worst] > allowed / len(missed)
        if not coarse.any():
            break
        begins, ends = pieces[coarse].T
        middles = (begins + ends) / 2
        halves = np.stack([np.r_[begins, middles], np.r_[middles, ends]], axis=1)
        finer, missed_there = _over_pieces(score, present, halves, at_once)
        pieces = np.concatenate([pieces[~coarse], halves])
        contributions = np.concatenate([contributions[~coarse], finer])
        missed = np.concatenate([missed[~coarse], missed_there])
        points += len(halves) * _POINTS_PER_PIECE
    return np.asarray(contributions.sum(axis=0)), points


def _over_pieces(
    score: Score, present: Tensor, pieces: np.ndarray, at_once: int
) -> tuple[np.ndarray, np.ndarray]:
    """The letters' contributions on pieces of the way, and by how much each piece's sum misses.

    (pieces, 2) -> float64, (pieces, T) and (pieces,).
    """
    places, weights = np.polynomial.legendre.leggauss(_POINTS_PER_PIECE)  # on -1..1
    halves = np.diff(pieces, axis=1) / 2
    alphas = torch.as_tensor(pieces.mean(axis=1, keepdims=True) + halves * places).to(present)
    gradients = _gradients(score, alphas.reshape(-1, 1) * present, at_once)
    by_piece = gradients.reshape(len(pieces), _POINTS_PER_PIECE, len(present))
    contributions = halves * np.einsum("p,npt->nt", weights, by_piece)
    missed = np.abs(contributions.sum(axis=1) - _rises(score, present, pieces, at_once))
    return np.asarray(contributions), np.asarray(missed)


def _rises(score: Score, present: Tensor, pieces: np.ndarray, at_once: int) -> np.ndarray:
    """How much the score rises on pieces of the way, (pieces, 2) -> float64, (pieces,)."""
    with torch.no_grad():
        alphas = torch.as_tensor(pieces.reshape(-1, 1)).to(present)
        scores = torch.cat([score(part * present) for part in alphas.split(at_once)])
    return np.diff(scores.double().cpu().numpy().reshape(-1, 2), axis=1)[:, 0]


def _gradients(score: Score, presence: Tensor, at_once: int) -> np.ndarray:
    """Of the score at each row of presences, float64, (B, T)."""
    gradients = []
    for chunk in presence.detach().split(at_once):
        chunk = chunk.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(score(chunk).sum(), chunk)
        gradients.append(gradient)
    return np.asarray(torch.cat(gradients).double().cpu().numpy())


def allowed_miss(change: float) -> float:
    """How far a sum may be from the change that it explains, nats."""
    return max(MOST_MISSED_SHARE * abs(change), MOST_MISSED_NATS)
