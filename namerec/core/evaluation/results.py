"""Frozen records of what training and looking into a network give. No torch in here.

Every record with a score says on which part of which split it was measured; percentages are
fractions 0..1 until a screen writes them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from namerec.core.corpus.protocols import Part, Protocol

_EPSILON = 1e-12


@dataclass(frozen=True, slots=True)
class Scores:
    """How good a network's answers are on one part of a split. All 0..1 but `loss` and `names`."""

    part: Part
    protocol: Protocol
    names: int
    loss: float
    accuracy: float
    macro_recall: float
    macro_f1: float
    top3: float

    def as_dict(self) -> dict[str, Any]:
        """The scores as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Who is taken for whom. Rows are true categories, columns predicted ones.

    Attributes:
        counts: Number of names, int64, (categories, categories); `counts[i, j]` names of true
            category i were answered with category j.
        categories: Their names, in the order of rows and columns.
        part: The part of the split it was counted on.
        protocol: The split protocol.
    """

    counts: np.ndarray
    categories: tuple[str, ...]
    part: Part = "validation"
    protocol: str = ""

    @property
    def support(self) -> np.ndarray:
        """Number of true names of each category, (categories,)."""
        return np.asarray(self.counts.sum(axis=1))

    def row_normalised(self) -> np.ndarray:
        """Shares of each true category's names, 0..1; rows without names are 0.

        The diagonal is the recall.
        """
        return np.asarray(self.counts / np.maximum(self.support[:, None], 1))

    @property
    def accuracy(self) -> float:
        """Share of all names on the diagonal, 0..1 (0 without names)."""
        return float(np.trace(self.counts) / max(int(self.counts.sum()), 1))

    def per_category(self) -> list[CategoryScores]:
        """Precision, recall, F1 and support of each category, in the order of the rows."""
        hits = np.diag(self.counts).astype(float)
        recall = hits / np.maximum(self.support, 1)
        precision = hits / np.maximum(self.counts.sum(axis=0), 1)
        f1 = 2 * precision * recall / np.maximum(precision + recall, _EPSILON)
        return [
            CategoryScores(category, float(p), float(r), float(f), int(s))
            for category, p, r, f, s in zip(
                self.categories, precision, recall, f1, self.support, strict=True
            )
        ]


@dataclass(frozen=True, slots=True)
class CategoryScores:
    """One category's precision, recall and F1 (0..1) and its number of true names."""

    category: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """Ranked categories for one name.

    Attributes:
        name: The text as given.
        letters: The name as the network read it.
        ranked: Categories with probabilities (0..1, summing to 1), most probable first.
    """

    name: str
    letters: str
    ranked: tuple[tuple[str, float], ...]

    @classmethod
    def of(
        cls, name: str, letters: str, probabilities: np.ndarray, categories: tuple[str, ...]
    ) -> Self:
        """Ranks the categories by their probabilities, (categories,)."""
        order = np.argsort(-probabilities, kind="stable").tolist()
        ranked = tuple((categories[index], float(probabilities[index])) for index in order)
        return cls(name, letters, ranked)

    def top(self, count: int) -> tuple[tuple[str, float], ...]:
        """The `count` most probable categories."""
        return self.ranked[:count]


@dataclass(frozen=True, slots=True)
class PredictedNames:
    """A network's answers on a set of names.

    Attributes:
        indices: Which names of the dataset, int64, (names,).
        labels: Their true categories, int64, (names,).
        log_probabilities: Natural logarithms, float32, (names, categories).
    """

    indices: np.ndarray
    labels: np.ndarray
    log_probabilities: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """The most probable category of each name, int64, (names,)."""
        return np.asarray(self.log_probabilities.argmax(axis=1))
