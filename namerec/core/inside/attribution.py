"""What each letter of a name contributes to the log-probability of a category.

A letter is made to fade: its presence is a number from 0, no letter at all, which is what a network
meets in training where letter dropout leaves one out, to 1, the letter itself. The answer is then a
differentiable function of T presences, and contributions are read off its gradients.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from namerec.core.corpus.alphabet import encode
from namerec.core.corpus.packing import pack_names
from namerec.core.inside.effort import effort
from namerec.core.inside.integration import (
    ENOUGH_POINTS,
    LEAST_POINTS,
    MOST_AT_ONCE,
    Following,
    allowed_miss,
    gradient_times_input,
    integrated_gradients,
)
from namerec.core.inside.reading import one_hot_text, read
from namerec.core.networks.name_model import NameModel
from namerec.core.networks.ngrams import ngrams_of

Method = Literal["integrated gradients", "gradient times input"]
METHODS: tuple[Method, ...] = ("integrated gradients", "gradient times input")
#: Multiplications after which the way is not followed any finer: about four seconds on one core.
MOST_WORK = 2 * 10**10
#: Numbers kept of the points followed at once, and so often again for their gradients: 48 MB.
MOST_VALUES = 2**22


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
        """Whether the sum explains the change within 1 %, or within `MOST_MISSED_NATS`."""
        return self.missed <= allowed_miss(self.change)

    @property
    def failed(self) -> bool:
        """Whether integrated gradients miss more than all there is to explain.

        The way then turns too sharply to be followed, and the contributions say nothing. The
        gradient times input does not claim to sum to anything.
        """
        integrated = self.method == "integrated gradients"
        # Written so that a sum that is no number fails, too.
        return integrated and not self.complete and not self.missed <= abs(self.change)


class FadingName:
    """A network's answer on one name as a function of how present each of its letters is.

    The logits of an n-gram count with the product of the presences of the letters in it; a
    name's beginning and end are always present. At all ones this is the network's own answer.

    Args:
        model: Any network; it is put into evaluation mode.
        letters: A normalised name of one letter or more.
    """

    def __init__(self, model: NameModel, letters: str) -> None:
        self._model = model.eval()
        self._letters = one_hot_text(model, [letters])  # (T, 1, 57)
        self._ngram_logits: Tensor | None = None
        if model.ngrams is not None:
            name = pack_names([encode(letters)]).to(self._letters.device)
            rows, _ = ngrams_of(name, model.ngrams.longest)
            self._ngram_logits = F.embedding(
                rows, model.ngrams.logits
            ).detach()  # (n-grams, categories)

    @property
    def all_present(self) -> Tensor:
        """Every letter wholly there: ones, (T,), of the network's type and on its device."""
        return torch.ones_like(self._letters[:, 0, 0])

    def outputs(self, presence: Tensor) -> Tensor:
        """The answer before the softmax, (B, categories), at presences (B, T), each 0..1."""
        output = read(self._model, self._letters * presence.T[:, :, None]).output
        if self._model.ngrams is None or self._ngram_logits is None:
            return output
        return (
            output
            + self._presence_of_ngrams(presence, self._model.ngrams.longest) @ self._ngram_logits
        )

    def log_probabilities(self, presence: Tensor) -> Tensor:
        """Log-probabilities of the categories, nats, (B, categories), at presences (B, T)."""
        return self.outputs(presence).log_softmax(dim=1)

    @staticmethod
    def _presence_of_ngrams(presence: Tensor, longest: int) -> Tensor:
        """Products over each n-gram's letters, (B, n-grams), in the order of `ngrams_of`."""
        marked = F.pad(presence, (1, 1), value=1.0)  # the beginning and the end
        lengths = range(2, min(longest, marked.shape[1]) + 1)
        return torch.cat([marked.unfold(1, n, 1).prod(dim=2) for n in lengths], dim=1)


def attribute(
    model: NameModel, categories: tuple[str, ...], letters: str, category: int, method: Method
) -> Attribution:
    """Attributes the log-probability of one category to the letters of a name.

    Args:
        model: Any network; it is put into evaluation mode.
        categories: Names of its outputs.
        letters: A normalised name of one letter or more.
        category: Index of the category.
        method: How; see `integration`.
    """
    name = FadingName(model, letters)
    present, following = name.all_present, following_of(model, letters)

    def score(presence: Tensor) -> Tensor:
        return name.log_probabilities(presence)[:, category]

    with torch.no_grad():
        with_none, with_all = score(torch.stack([0 * present, present])).tolist()
    if method == "integrated gradients":
        contributions, points = integrated_gradients(score, present, following)
    else:
        contributions, points = gradient_times_input(score, present), 1
    return Attribution(
        letters, categories[category], method, contributions, with_none, with_all, points
    )


def least_work(model: NameModel, letters: str) -> int:
    """Multiplications that the integrated gradients of a name take at least.

    Beyond `MOST_WORK` that is more than a few seconds.
    """
    return LEAST_POINTS * len(letters) * effort(model).weights


def following_of(model: NameModel, letters: str) -> Following:
    """How far the way to a name is followed in a network, so that time and memory are bounded.

    Args:
        model: Any network.
        letters: A normalised name of one letter or more.
    """
    asked = effort(model)
    affordable = MOST_WORK // (len(letters) * asked.weights)
    enough = max(LEAST_POINTS, min(ENOUGH_POINTS, affordable))
    return Following(min(MOST_AT_ONCE, asked.at_once(len(letters), MOST_VALUES)), enough)
