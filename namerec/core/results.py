"""Frozen records of what training and looking into a network give. No torch in here.

Every record with a score says on which part of which split it was measured; percentages are
fractions 0..1 until a screen writes them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

import numpy as np

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")

_EPSILON = 1e-12


@dataclass(frozen=True, slots=True)
class StepRecord:
    """The mean over the optimizer steps since the last such record.

    Attributes:
        step: Steps done, 1..total.
        epoch: Epochs done, 0..total, as a fraction: 1.5 is the middle of the second.
        loss: Mean training loss in nats, with dropout on.
        gradient_norm: Mean Euclidean norm of the gradient before clipping.
        learning_rate: The rate of the last step.
    """

    step: int
    epoch: float
    loss: float
    gradient_norm: float
    learning_rate: float


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One pass over the training part, and what it came to.

    Attributes:
        epoch: Epochs done, 1..total.
        step: Steps done.
        train_loss: Mean loss in nats over the epoch's own steps, dropout on.
        train_accuracy: Share of right answers over the epoch's own steps, dropout on, 0..1.
        validation_loss: Mean loss in nats on the validation part, dropout off.
        validation_accuracy: Share of right answers on the validation part, 0..1.
        validation_macro_recall: Mean of the categories' recalls on the validation part, 0..1.
        validation_confusion: Counts on the validation part; rows true, columns predicted.
        seconds: Seconds of training so far, evaluation included, pauses left out.
        names_per_second: Training names per second over this epoch, evaluation left out.
        best: Whether no epoch before it had a better validation score.
    """

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    validation_macro_recall: float
    validation_confusion: tuple[tuple[int, ...], ...]
    seconds: float
    names_per_second: float
    best: bool


@dataclass(frozen=True, slots=True)
class Scores:
    """How good a network's answers are on one part of a split. All 0..1 but `loss` and `names`."""

    part: Part
    protocol: str
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


@dataclass(frozen=True, slots=True)
class GateTrace:
    """Everything a network computed while reading one name.

    Attributes:
        letters: The name as read; its length is the number of time steps.
        values: By symbol, float32, (length, layers, units): `h` for every network, and for the
            LSTMs also `i f o` (0..1), `g` (-1..1) and `c`.
        probabilities: After each letter, float32, (length, categories).
        categories: Names of the last axis of `probabilities`.
        directions: 2 if every layer reads from the end, too, and is two on the second axis of
            `values`; what reads from the end stands at the letter that it has just read.
    """

    letters: str
    values: dict[str, np.ndarray] = field(repr=False)
    probabilities: np.ndarray = field(repr=False)
    categories: tuple[str, ...] = field(repr=False)
    directions: int = 1

    @property
    def layers(self) -> int:
        """Number of layers, each direction counted."""
        return int(self.values["h"].shape[1])

    def prediction(self, name: str) -> Prediction:
        """The ranking after the last letter.

        Args:
            name: The text as given.
        """
        return Prediction.of(name, self.letters, self.probabilities[-1], self.categories)

    def layer_name(self, layer: int) -> str:
        """What a place on the second axis of `values` is called: layer 2, or layer 2 ←."""
        number, direction = divmod(layer, self.directions)
        arrow = f" {'→←'[direction]}" if self.directions == 2 else ""
        return f"layer {number + 1}{arrow}"


@dataclass(frozen=True, slots=True)
class FinalRecord:
    """The last record of a run: the best epoch's network, scored once on the held-out part.

    Attributes:
        scores: By part: always `validation` and `test`.
        predictions: The answers behind the scores, by part.
        best_epoch: The epoch whose weights were scored.
        seconds: Seconds of training, pauses left out.
        names_per_second: Training names per second over the whole run, evaluation left out.
    """

    scores: dict[Part, Scores]
    predictions: dict[Part, PredictedNames] = field(repr=False)
    best_epoch: int
    seconds: float
    names_per_second: float
