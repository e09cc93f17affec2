"""Ranked categories for typed names, after the last letter and after every letter."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch

from namerec.core.corpus.alphabet import NormalisedName, encode
from namerec.core.corpus.packing import pack_names
from namerec.core.evaluation.results import Prediction
from namerec.core.networks.name_model import NameModel

#: Names answered at once.
PREDICTION_BATCH = 1024


@torch.no_grad()
def probabilities(model: NameModel, letters: list[str]) -> np.ndarray:
    """Probabilities of the categories for normalised, non-empty names, (names, categories)."""
    model.eval()
    device = next(model.parameters()).device
    names = pack_names([encode(name) for name in letters]).to(device)
    return np.asarray(model(names).exp().cpu().numpy())


def after_every_letter(model: NameModel, letters: str) -> np.ndarray:
    """What the network would answer after each letter, (length, categories).

    Every beginning of the name is read as a name of its own, in one batch.
    """
    return probabilities(model, [letters[: end + 1] for end in range(len(letters))])


def predict(
    model: NameModel, categories: tuple[str, ...], names: Iterable[NormalisedName]
) -> Iterator[Prediction]:
    """Ranks the categories for each of some readable names, lazily and in order."""
    waiting: list[NormalisedName] = []
    for name in names:
        waiting.append(name)
        if len(waiting) == PREDICTION_BATCH:
            yield from _predict_batch(model, categories, waiting)
            waiting = []
    if waiting:
        yield from _predict_batch(model, categories, waiting)


def _predict_batch(
    model: NameModel, categories: tuple[str, ...], names: list[NormalisedName]
) -> Iterator[Prediction]:
    for name, row in zip(names, probabilities(model, [n.letters for n in names]), strict=True):
        yield Prediction.of(name.original, name.letters, row, categories)
