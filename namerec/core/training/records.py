"""What a training yields: frozen records, no torch in here."""

from dataclasses import dataclass, field

from namerec.core.corpus.protocols import Part
from namerec.core.evaluation.results import PredictedNames, Scores


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
