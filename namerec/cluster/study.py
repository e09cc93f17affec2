"""Optuna's side of a sweep: the storage, the sampler, the pruner, and trials as plain values.

The journal is a file of JSON lines. Optuna pickles snapshots for storages that keep some; this one
keeps none, so nothing pickled is written or read.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from namerec.cluster.folder import SweepFolder
from namerec.core.tasks.sweep import Range, SweepPlan, Value
from namerec.errors import RunError

optuna.logging.set_verbosity(optuna.logging.ERROR)

#: Trials that are drawn at random before the sampler follows what it has seen, and those that the
#: median needs before it ends any.
_AT_RANDOM, _BEFORE_PRUNING = 10, 5
#: Epochs of a trial in which the median ends none: a rate that rises first looks bad in them.
_WARM_UP = 3
#: How Hyperband divides: a third goes on at each rung, the first after so many epochs.
_FIRST_RUNG, _REDUCTION = 3, 3
#: User attributes: seconds of the study so far; of a trial, its runs, their scores, why it failed.
SECONDS, RUNS, SCORES, REASON = "seconds", "runs", "scores", "reason"


def storage_of(folder: SweepFolder) -> JournalStorage:
    """The sweep's storage.

    Raises:
        RunError: If its file is damaged or cannot be written.
    """
    with _sentences(folder):
        return JournalStorage(JournalFileBackend(str(folder.journal)))


def study_of(folder: SweepFolder, plan: SweepPlan) -> optuna.Study:
    """The sweep's study, made if there is none yet.

    Raises:
        RunError: As `storage_of`.
    """
    storage = storage_of(folder)
    with _sentences(folder):
        study = optuna.create_study(
            study_name=folder.name, storage=storage, direction="maximize", load_if_exists=True
        )
        done = len(study.get_trials(deepcopy=False))
        # A sampler that begins anew would draw its first trials again.
        study.sampler = optuna.samplers.TPESampler(
            seed=(plan.base.training.seed + done) % 2**32, n_startup_trials=_AT_RANDOM
        )
        study.pruner = _pruner(plan)
        start = plan.start()
        if not done and start is not None:
            study.enqueue_trial(start, skip_if_exists=True)
        return study


def _pruner(plan: SweepPlan) -> optuna.pruners.BasePruner:
    if plan.prune == "median":
        return optuna.pruners.MedianPruner(_BEFORE_PRUNING, n_warmup_steps=_WARM_UP)
    if plan.prune == "hyperband":
        return optuna.pruners.HyperbandPruner(
            min_resource=min(_FIRST_RUNG, plan.most_epochs),
            max_resource=plan.most_epochs,
            reduction_factor=_REDUCTION,
        )
    return optuna.pruners.NopPruner()


def drawn(trial: Trial, plan: SweepPlan) -> dict[str, Value]:
    """A trial's settings; what a killed sweep had drawn of them already stays."""
    values: dict[str, Value] = {}
    for name, searched in plan.space.items():
        if not isinstance(searched, Range):
            values[name] = cast("Value", trial.suggest_categorical(name, searched.values))
        elif searched.whole:
            low, high = int(searched.low), int(searched.high)
            values[name] = trial.suggest_int(name, low, high, log=searched.log)
        else:
            values[name] = trial.suggest_float(name, searched.low, searched.high, log=searched.log)
    return values


def begun(study: optuna.Study) -> list[tuple[Trial, int]]:
    """Trials that a sweep which has ended had begun, and the epochs that were reported of each."""
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    return [(Trial(study, trial._trial_id), trial.last_step or 0) for trial in running]


@dataclass(frozen=True, slots=True)
class TrialResult:
    """A trial as pages and commands show it.

    Attributes:
        number: Counted from 0.
        state: *running*, *complete*, *pruned*, *failed* or *waiting*.
        values: What was drawn, by setting.
        score: Mean validation accuracy over its seeds, 0..1; of a pruned one that at its last
            common epoch; None before the first.
        epochs: Mean validation accuracy after each epoch that all of its seeds have reached.
        runs: Ids of its runs, a seed each.
        scores: Best validation accuracies of a complete trial's runs, 0..1, in their order.
        reason: Why it failed.
        seconds: From its beginning to its end, or until now; None if it has not begun.
    """

    number: int
    state: str
    values: dict[str, Value]
    score: float | None
    epochs: tuple[float, ...]
    runs: tuple[str, ...]
    scores: tuple[float, ...]
    reason: str
    seconds: float | None


_STATES = {
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.WAITING: "waiting",
}


def results(folder: SweepFolder) -> tuple[list[TrialResult], float]:
    """All trials of a sweep, in the order in which they were drawn, and its seconds so far.

    Raises:
        RunError: If the journal is damaged.
    """
    if not folder.journal.exists():
        return [], 0.0
    storage = storage_of(folder)
    with _sentences(folder):
        if folder.name not in [study.study_name for study in storage.get_all_studies()]:
            return [], 0.0
        study = optuna.load_study(study_name=folder.name, storage=storage)
        trials = study.get_trials(deepcopy=False)
        return [_result(trial) for trial in trials], float(study.user_attrs.get(SECONDS, 0.0))


def _result(trial: FrozenTrial) -> TrialResult:
    steps = trial.intermediate_values
    epochs = tuple(steps[step] for step in sorted(steps))
    score = trial.value if trial.value is not None else (epochs[-1] if epochs else None)
    return TrialResult(
        number=trial.number,
        state=_STATES[trial.state],
        values=dict(trial.params),
        score=score if score is None or math.isfinite(score) else None,
        epochs=epochs,
        runs=tuple(trial.user_attrs.get(RUNS, ())),
        scores=tuple(trial.user_attrs.get(SCORES, ())),
        reason=str(trial.user_attrs.get(REASON, "")),
        seconds=trial.duration.total_seconds() if trial.duration else None,
    )


def importances(folder: SweepFolder) -> dict[str, float]:
    """How much of the differences between scores each setting explains, as Optuna tells it.

    Returns:
        Shares that add up to 1, the largest first; empty while there are too few trials to tell.

    Raises:
        RunError: If the journal is damaged.
    """
    storage = storage_of(folder)
    with _sentences(folder):
        study = optuna.load_study(study_name=folder.name, storage=storage)
        complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        scores = {trial.value for trial in complete}
        if len(complete) < _BEFORE_PRUNING or len(scores) < 2:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # experimental, or told again for each setting
            found = optuna.importance.get_param_importances(study)
    return {name: float(share) for name, share in found.items() if math.isfinite(share)}


@contextmanager
def _sentences(folder: SweepFolder) -> Iterator[None]:
    """Turns what Optuna raises over its file into a sentence."""
    words = f"The journal of sweep {folder.name}, {folder.journal},"
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{words} cannot be read or written: {error.strerror or error}. Check the disk."
        ) from None
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise RunError(
            f"{words} is damaged ({type(error).__name__}). Put it back from a copy, or start a new "
            "sweep; its runs are kept."
        ) from None


def mean_by_epoch(histories: Sequence[Sequence[Any]]) -> list[tuple[int, float]]:
    """The mean validation accuracy of several runs after each epoch that all have reached."""
    return [
        (records[0].epoch, sum(record.validation_accuracy for record in records) / len(records))
        for records in zip(*histories, strict=False)
    ]
