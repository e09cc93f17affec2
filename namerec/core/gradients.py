"""Gradients through time: how strongly what a network held many letters ago moves its loss.

The loss of each name (the negative log-probability of its true category) is differentiated by the
hidden state, and by an LSTM's cell state, after every letter. Each gradient is the total
derivative: along every path by which that state acts on the answer. Where gradients fade from step
to step, training cannot learn from the letters far back (Bengio, Simard and Frasconi, "Learning
long-term dependencies with gradient descent is difficult", IEEE Transactions on Neural Networks
5(2), 1994).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from namerec.core.dataset import Dataset
from namerec.core.models import NameModel
from namerec.core.reading import Step, by_length, letters_of, one_hot, read

#: Most names that gradients are measured on: enough for a steady mean, few enough for a moment.
MOST_NAMES = 512
#: Names read at once, at most; bounds the memory for the graph of the longest names to some 60 MB.
_AT_ONCE = 256
#: Logarithms are taken of no norm, or share of one, below this: gradients can underflow to zero.
FLOOR = 1e-30


@dataclass(frozen=True, slots=True)
class Recurrence:
    """What decides how much of a gradient one layer passes from a letter to the one before.

    Attributes:
        radius: Spectral radius of an RNN's recurrent weights W, their largest absolute eigenvalue.
        stretch: Their largest singular value: the most that one step lengthens any gradient by.
        slope: Mean derivative of the RNN's nonlinearity, tanh' = 1 - h², over all units and all
            letters but the first; 1 without one.
        forget: An LSTM's mean forget gate over the same, which is the mean derivative of the cell
            state by the one before along the cell itself.

    An RNN has the first three, an LSTM the last; what a layer does not have is None, and so are
    means where no name has a second letter.
    """

    radius: float | None = None
    stretch: float | None = None
    slope: float | None = None
    forget: float | None = None

    @property
    def per_letter(self) -> float | None:
        """By what a gradient is expected to be multiplied for each letter back.

        Of a linear RNN exactly so in the long run, since the norm of the k-th power of W tends to
        radius to the k; with tanh its mean slope stands for slopes that differ from unit to unit;
        for an LSTM the path through the gates is left out. The last two are rough guides.

        Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural
        networks", ICML 2013, section 2.1; Gers, Schmidhuber and Cummins, "Learning to forget",
        Neural Computation 12(10), 2000, for the forget gate.
        """
        if self.forget is not None:
            return self.forget
        if self.radius is None or self.slope is None:
            return None
        return self.radius * self.slope


@dataclass(frozen=True, eq=False)
class GradientNorms:
    """Norms of the gradients of N names of at most T letters, measured one by one.

    Attributes:
        lengths: Letters of each name, int64, (N,).
        norms: By symbol, `h` and for LSTMs `c`: float64, (layers, N, T), the last axis counting
            letters back from the end, 0 for the last one. Not a number where a name is not that
            long, or where its answer does not read that state. Of a network that reads in both
            directions, the layers that read forward.
        recurrence: Of each layer.
        both_directions: Whether there are layers besides that read from the end.
    """

    lengths: np.ndarray = field(repr=False)
    norms: dict[str, np.ndarray] = field(repr=False)
    recurrence: tuple[Recurrence, ...]
    both_directions: bool


@dataclass(frozen=True, eq=False)
class ByStep:
    """How large gradients are at K steps back; the means are geometric.

    Attributes:
        steps: Letters back from the end, int64, (K,).
        names: Names with a gradient there, int64, (K,).
        mean: Geometric mean of their norms, (K,); of their shares of the norm at the first of
            `steps` if relative.
        low: 10th percentile, (K,).
        high: 90th percentile, (K,).
        floored: How many norms count as `FLOOR` because they are below.
    """

    steps: np.ndarray
    names: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    floored: int

    @classmethod
    def empty(cls) -> ByStep:
        """Of a network that has no such gradient."""
        nothing = np.empty(0)
        none = np.empty(0, dtype=np.int64)
        return cls(none, none, nothing, nothing, nothing, 0)

    @property
    def per_letter(self) -> float | None:
        """By what the mean is multiplied per letter back, from the first to the last of `steps`."""
        if len(self.steps) < 2:
            return None
        letters = int(self.steps[-1] - self.steps[0])
        return float((self.mean[-1] / self.mean[0]) ** (1 / letters))


def spread_over(indices: np.ndarray, most: int = MOST_NAMES) -> np.ndarray:
    """At most so many of some names, evenly spaced: the same ones every time."""
    if len(indices) <= most:
        return indices
    places = np.linspace(0, len(indices) - 1, most).round().astype(np.int64)
    return np.asarray(indices[places])


def gradient_norms(model: NameModel, dataset: Dataset, indices: np.ndarray) -> GradientNorms:
    """Measures the gradients of names' losses by what the network held after each letter.

    Args:
        model: Any of the three networks; it is put into evaluation mode, so nothing is dropped.
        dataset: Whose categories the network was built for.
        indices: Which names, int64, (names,), one or more.
    """
    model.eval()
    directions = 2 if model.backward_weights() else 1
    lengths = dataset.lengths[indices].astype(np.int64)
    shape = (model.config.num_layers, len(indices), int(lengths.max()))
    norms = {symbol: np.full(shape, np.nan) for symbol in ("hc" if model.gated else "h")}
    slopes = _Means(model.config.num_layers)
    for places in by_length(dataset, indices, _AT_ONCE):
        layers, loss = _loss(model, dataset, indices[places], directions)
        for symbol, of_symbol in norms.items():
            states = [step[symbol] for steps in layers for step in reversed(steps)]
            gradients = iter(
                torch.autograd.grad(loss, states, retain_graph=True, allow_unused=True)
            )
            for layer, steps in enumerate(layers):
                for back in range(len(steps)):
                    gradient = next(gradients)
                    if gradient is not None:
                        norm = gradient.double().norm(dim=1)  # (B,)
                        of_symbol[layer, places, back] = norm.cpu().numpy()
        slopes.add(layers, _slope_of(model))
    return GradientNorms(lengths, norms, _recurrences(model, slopes.means()), directions == 2)


def _loss(
    model: NameModel, dataset: Dataset, indices: np.ndarray, directions: int
) -> tuple[list[list[Step]], Tensor]:
    """The forward layers' steps on names of one length, and the sum of the names' losses.

    Names share no value, so that the sum's gradient in a name's row is that of its own loss.
    """
    with torch.enable_grad():
        reading = read(model, one_hot(model, letters_of(dataset, indices)))
        names, labels = dataset.batch(indices)
        device = reading.output.device
        output = model.with_votes(reading.output, names.to(device))
        # In double precision: a sure network's 1 - p would round to no gradient at all.
        loss = F.nll_loss(output.double().log_softmax(1), labels.to(device), reduction="sum")
    return reading.steps[::directions], loss


def _slope_of(model: NameModel) -> Callable[[Step], Tensor] | None:
    if model.gated:
        return lambda step: step["f"]
    if model.config.nonlinearity == "tanh":
        return lambda step: 1 - step["h"] ** 2
    return None


class _Means:
    """Means over all names, units and letters but the first, by layer."""

    def __init__(self, layers: int) -> None:
        self._sums, self._counts = [0.0] * layers, [0] * layers

    def add(self, layers: list[list[Step]], value: Callable[[Step], Tensor] | None) -> None:
        for layer, steps in enumerate(layers):
            for step in steps[1:]:
                values = torch.ones(1) if value is None else value(step).detach()
                self._sums[layer] += float(values.double().sum())
                self._counts[layer] += values.numel()

    def means(self) -> list[float | None]:
        pairs = zip(self._sums, self._counts, strict=True)
        return [total / count if count else None for total, count in pairs]


def _recurrences(model: NameModel, means: list[float | None]) -> tuple[Recurrence, ...]:
    if model.gated:
        return tuple(Recurrence(forget=mean) for mean in means)
    result = []
    for (weight, _), mean in zip(model.layer_weights(), means, strict=True):
        recurrent = weight.detach()[:, -model.config.hidden_size :].double().cpu()  # W, (H, H)
        result.append(
            Recurrence(
                radius=float(torch.linalg.eigvals(recurrent).abs().max()),
                stretch=float(torch.linalg.matrix_norm(recurrent, 2)),
                slope=mean,
            )
        )
    return tuple(result)


def by_step(
    measured: GradientNorms, symbol: str, layer: int, *, relative: bool, least: int = 1
) -> ByStep:
    """Sums up one layer's norms by how far back they are.

    Args:
        measured: Of at least one name.
        symbol: One of `measured.norms`.
        layer: Which layer, 0 for the one that reads the letters.
        relative: Whether each name's norms are divided by its first one, at the end of the name;
            a name whose first norm is zero has no share to count and is left out.
        least: Steps that fewer names than this have are left out, since a mean of them says
            little.
    """
    norms = measured.norms[symbol][layer]  # (N, T)
    present = np.isfinite(norms)
    counts = present.sum(axis=0)
    steps = np.flatnonzero(counts >= min(least, max(int(counts.max()), 1)))
    norms = norms[:, steps]
    if relative and len(steps):
        first = norms[:, 0]
        norms = norms[first > 0] / first[first > 0, None]
    columns = [column[np.isfinite(column)] for column in norms.T]
    kept = [place for place, column in enumerate(columns) if len(column)]
    logs = [np.log10(np.maximum(columns[place], FLOOR)) for place in kept]
    low, mean, high = (
        np.array([10 ** float(of(log)) for log in logs])
        for of in (_percentile(10), np.mean, _percentile(90))
    )
    return ByStep(
        steps=steps[kept],
        names=np.array([len(log) for log in logs], dtype=np.int64),
        mean=mean,
        low=low,
        high=high,
        floored=sum(int((columns[place] < FLOOR).sum()) for place in kept),
    )


def _percentile(rank: float) -> Callable[[np.ndarray], float]:
    return lambda values: float(np.percentile(values, rank))
