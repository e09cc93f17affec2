"""Gradients through time: how strongly what a network held many letters ago moves its loss.

The loss of each name (the negative log-probability of its true category) is differentiated by the
states that the network hands on after every letter. Each gradient is the total
derivative: along every path by which that state acts on the answer. Where gradients fade from step
to step, training cannot learn from the letters far back (Bengio, Simard and Frasconi, "Learning
long-term dependencies with gradient descent is difficult", IEEE Transactions on Neural Networks
5(2), 1994).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from namerec.core.corpus.dataset import Dataset
from namerec.core.inside.name_samples import batches
from namerec.core.inside.reading import letters_of, one_hot, read
from namerec.core.networks.name_model import NameModel, Step


@dataclass(frozen=True, slots=True)
class Recurrence:
    """What decides how much of a gradient one layer passes from a letter to the one before.

    Attributes:
        radius: Spectral radius of an RNN's recurrent weights W, their largest absolute eigenvalue.
        stretch: Their largest singular value: the most that one step lengthens any gradient by.
        slope: Mean derivative of the RNN's nonlinearity, tanh' = 1 - h², over all units and all
            letters but the first; 1 without one.
        kept: Mean over the same of the gate that a state is multiplied by, such as an LSTM's
            forget gate, which is the mean derivative of the cell state by the one before along the
            cell itself.
        gate: That gate's symbol.

    An RNN has the first three, a network with such a gate the others; what a layer does not have is
    None, and so are means where no name has a second letter.
    """

    radius: float | None = None
    stretch: float | None = None
    slope: float | None = None
    kept: float | None = None
    gate: str | None = None

    @property
    def per_letter(self) -> float | None:
        """By what a gradient is expected to be multiplied for each letter back.

        Of a linear RNN exactly so in the long run, since the norm of the k-th power of W tends to
        radius to the k; with tanh its mean slope stands for slopes that differ from unit to unit;
        with gates the path through the gates is left out. The last two are rough guides.

        Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural
        networks", ICML 2013, section 2.1; Gers, Schmidhuber and Cummins, "Learning to forget",
        Neural Computation 12(10), 2000, for the forget gate.
        """
        if self.kept is not None:
            return self.kept
        if self.radius is None or self.slope is None:
            return None
        return self.radius * self.slope


@dataclass(frozen=True, eq=False)
class GradientNorms:
    """Norms of the gradients of N names of at most T letters, measured one by one.

    Attributes:
        lengths: Letters of each name, int64, (N,).
        norms: By symbol, the network's states: float64, (layers, N, T), the last axis counting
            letters back from the end, 0 for the last one. Not a number where a name is not that
            long, or where its answer does not read that state; infinite where a gradient, or
            what it is computed from, is too large for the network's numbers. Of a network that
            reads in both directions, the layers that read forward.
        recurrence: Of each layer.
        both_directions: Whether there are layers besides that read from the end.
    """

    lengths: np.ndarray = field(repr=False)
    norms: dict[str, np.ndarray] = field(repr=False)
    recurrence: tuple[Recurrence, ...]
    both_directions: bool


def gradient_norms(model: NameModel, dataset: Dataset, indices: np.ndarray) -> GradientNorms:
    """Measures the gradients of names' losses by what the network held after each letter.

    Args:
        model: Any network; it is put into evaluation mode, so nothing is dropped.
        dataset: Whose categories the network was built for.
        indices: Which names, int64, (names,), one or more.
    """
    model.eval()
    lengths = dataset.lengths[indices].astype(np.int64)
    shape = (model.config.num_layers, len(indices), int(lengths.max()))
    norms = {symbol: np.full(shape, np.nan) for symbol in model.kind.states}
    slopes = _Means(model.config.num_layers)
    for places in batches(model, dataset, indices, graph=True):
        layers, loss = _loss(model, dataset, indices[places])
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
                        norm = norm.nan_to_num(nan=torch.inf, posinf=torch.inf)
                        of_symbol[layer, places, back] = norm.cpu().numpy()
        slopes.add(layers, _slope_of(model))
    return GradientNorms(lengths, norms, _recurrences(model, slopes.means()), model.directions == 2)


def _loss(
    model: NameModel, dataset: Dataset, indices: np.ndarray
) -> tuple[list[list[Step]], Tensor]:
    """The forward layers' steps on names of one length, and the sum of the names' losses.

    Names share no value, so that the sum's gradient in a name's row is that of its own loss.
    """
    with torch.enable_grad():
        reading = read(model, one_hot(model, letters_of(dataset, indices)))
        names, labels = dataset.batch(indices)
        device = reading.output.device
        output = model.with_ngram_logits(reading.output, names.to(device))
        # In double precision: a sure network's 1 - p would round to no gradient at all.
        loss = F.nll_loss(output.double().log_softmax(1), labels.to(device), reduction="sum")
    return reading.steps[:: model.directions], loss


def _slope_of(model: NameModel) -> Callable[[Step], Tensor] | None:
    if (gate := model.kind.keeps) is not None:
        return lambda step: step[gate]
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
    if (gate := model.kind.keeps) is not None:
        return tuple(Recurrence(kept=mean, gate=gate) for mean in means)
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
