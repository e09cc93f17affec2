"""Which names a measurement looks at, and how many of them are read at once.

Work and memory grow with names, letters and the size of the network. Few networks are so large
that not all names of a part can be looked at; those that are get fewer, evenly spaced through it.
"""

from collections.abc import Iterator

import numpy as np

from namerec.core.corpus.dataset import Dataset
from namerec.core.inside.effort import effort
from namerec.core.inside.reading import by_length
from namerec.core.networks.name_model import NameModel

#: Most names that are measured on, with a network of any size.
MOST_NAMES = 4096
#: So many are measured on if there are as many, however large the network is.
LEAST_NAMES = 512
#: Weights up to which `MOST_NAMES` are measured on, in about half a second; above, names times
#: weights stay the same. A usual network of 128 units has 98,000.
_WEIGHTS_AT_EASE = 100_000
#: Most numbers that one group of names may leave while it is read, over letters, layers and
#: symbols (64 MB).
MOST_VALUES = 16_000_000
#: What automatic differentiation keeps besides, as a multiple: products, and gradients.
_GRAPH = 3


def spread_over(indices: np.ndarray, most: int) -> np.ndarray:
    """At most so many of some names, evenly spaced: the same ones every time."""
    if len(indices) <= most:
        return indices
    places = np.linspace(0, len(indices) - 1, most).round().astype(np.int64)
    return np.asarray(indices[places])


def sample(model: NameModel, part: np.ndarray) -> np.ndarray:
    """The names of a part to measure a network on: all, or fewer if it is large.

    Args:
        model: Whose recurrent weights decide how many.
        part: The names to choose from, int64, (names,).
    """
    layers = (*model.layer_weights(), *model.backward_weights())
    weights = sum(weight.numel() for weight, _ in layers)
    most = MOST_NAMES * _WEIGHTS_AT_EASE // max(weights, 1)
    return spread_over(part, max(LEAST_NAMES, min(MOST_NAMES, most)))


def batches(
    model: NameModel, dataset: Dataset, indices: np.ndarray, *, graph: bool
) -> Iterator[np.ndarray]:
    """Groups names by length, as many as leave at most `MOST_VALUES` numbers while they are read.

    Args:
        model: Whose size decides how many.
        dataset: The names.
        indices: Which of them, int64, (names,).
        graph: Whether the reading is to be differentiated.

    Yields:
        Places in `indices` of names of one length, int64, one or more.
    """
    a_letter = effort(model).values
    if graph:
        a_letter *= _GRAPH
    for places in by_length(dataset, indices, max(len(indices), 1)):
        letters = int(dataset.lengths[indices[places[0]]])
        most = max(1, MOST_VALUES // (a_letter * letters))
        for begin in range(0, len(places), most):
            yield places[begin : begin + most]
