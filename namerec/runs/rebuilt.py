"""How far a run has come, told by its other files: for one whose `status.json` is missing."""

from __future__ import annotations

from collections.abc import Sequence

from namerec.core.corpus.protocols import Part
from namerec.core.evaluation.results import PredictedNames
from namerec.core.evaluation.scores import scored
from namerec.core.training.config import EVALUATIONS_PER_RUN
from namerec.core.training.loop import Progress
from namerec.core.training.records import EpochRecord
from namerec.runs.records import PartScores, RunInfo, RunStatus


def rebuilt_status(
    info: RunInfo,
    progress: Progress,
    best_epoch: int,
    epochs: Sequence[EpochRecord],
    answers: dict[Part, PredictedNames],
) -> RunStatus:
    """The status that a run's other files imply.

    Args:
        info: What the run is.
        progress: Where its checkpoint stands; at the very beginning if there is none.
        best_epoch: Whose weights are stored as the best, 0 for none.
        epochs: Its records.
        answers: Those that a finished run has stored.

    Returns:
        A status without what nothing else tells: why a run failed, and that it was stopped. Such a
        run is *interrupted*, and is gone on with as one that failed or was stopped.
    """
    training = info.config.training
    last = epochs[-1] if epochs else None
    epoch = progress.epoch or (last.epoch if last else best_epoch)
    step = progress.step or (last.step if last else 0)
    steps = training.steps
    planned = min(EVALUATIONS_PER_RUN, steps) if steps else training.epochs
    best = progress.best_epoch or best_epoch
    scores = {
        part: PartScores(**scored(given, training.protocol, part).as_dict())
        for part, given in answers.items()
    }
    accuracy = progress.best_score[0] if progress.epoch else None
    if accuracy is None and "validation" in scores:
        accuracy = scores["validation"].accuracy
    if accuracy is None:
        accuracies = (record.validation_accuracy for record in epochs if record.epoch == best)
        accuracy = next(accuracies, None)
    return RunStatus(
        state="finished" if answers else "running",
        epoch=epoch,
        epochs=planned,
        step=step,
        steps=steps or (round(step / epoch * planned) if epoch else 0),
        best_epoch=best,
        validation_accuracy=accuracy if best else None,
        seconds=progress.seconds or (last.seconds if last else 0.0),
        names_per_second=last.names_per_second if last else 0.0,
        scores=scores,
    )
