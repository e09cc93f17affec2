"""Carrying a sweep on: trials are asked for, trained by the job manager, followed, told.

One thread does it all. What has happened is read from the journal and from the runs' folders alone,
so it can be killed at any moment and carried on: a trial that was begun keeps its number, its
settings and its runs, which are resumed from their last stored epoch.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import optuna
from optuna.trial import Trial as Asked
from optuna.trial import TrialState

from namerec.cluster.folder import SweepFolder
from namerec.cluster.study import (
    REASON,
    RUNS,
    SCORES,
    SECONDS,
    begun,
    drawn,
    mean_by_epoch,
    study_of,
)
from namerec.core.corpus.dataset import Dataset
from namerec.core.tasks.sweep import SweepPlan
from namerec.core.training.config import RunConfig
from namerec.errors import ConfigError, JobError
from namerec.jobs.executors import settle
from namerec.jobs.manager import SHUTDOWN_SECONDS, JobManager
from namerec.jobs.owner import LAB, Owner
from namerec.jobs.snapshot import JobSnapshot
from namerec.runs.records import RESUMABLE_STATES, Trial
from namerec.runs.summary import RunSummary

#: Seconds between two looks at the trials that train.
_LOOK = 0.05
#: Seconds after which the time that the sweep has taken is stored again.
_STORE_TIME = 5.0


@dataclass(slots=True)
class _Training:
    """A trial whose runs train."""

    asked: Asked
    runs: tuple[str, ...]
    reported: int  # epochs


class Search:
    """Carries one sweep on."""

    def __init__(
        self,
        folder: SweepFolder,
        manager: JobManager,
        load: Callable[[str], Dataset],
        owner: Owner = LAB,
        said: Callable[[str], None] = lambda words: None,
    ) -> None:
        """Nothing happens yet.

        Args:
            folder: The sweep.
            manager: Who trains.
            load: Reads a corpus.
            owner: Who asks, as in `JobManager.start`.
            said: Takes a line for each trial that ends.
        """
        self._folder, self._manager, self._load = folder, manager, load
        self._owner, self._said = owner, said
        self._training: list[_Training] = []

    def run(self, stopping: threading.Event) -> None:
        """Carries the sweep on until it has its trials, its time is over, or it is to stop.

        What trains when the time is over is stopped, to be carried on if more is given. Then the
        best trial's runs are scored on their test names: the only ones, and never before.

        Args:
            stopping: Ends it, and its runs, at the next look.

        Raises:
            NamerecError: If somebody else carries it on, its names are gone or others by now, or
                this server's limits do not allow a trial.
        """
        with self._folder.hold():
            plan = self._folder.plan()
            study = study_of(self._folder, plan)
            clock = _Clock(study)
            try:
                self._search(study, plan, clock, stopping)
            finally:
                clock.store()
                for training in self._training:
                    self._stop(training)
                for training in self._training:  # who resumes it finds them stopped
                    self._wait_for_stop(training)
            if not stopping.is_set():
                self._score_winner(study, stopping)

    def _search(
        self, study: optuna.Study, plan: SweepPlan, clock: _Clock, stopping: threading.Event
    ) -> None:
        left = begun(study)
        self._settle({asked.number for asked, _ in left})
        if not left and _drawn(study) >= plan.trials:
            return
        names = self._load(plan.base.training.dataset)
        while not stopping.is_set() and clock.seconds() < (plan.budget or float("inf")):
            while len(self._training) < self._manager.most_running:
                if left:
                    self._begin(study, *left.pop(0), plan, names)
                elif _drawn(study) < plan.trials:
                    self._begin(study, study.ask(), 0, plan, names)
                else:
                    break
            if not self._training:
                return
            for training in tuple(self._training):
                if self._look(study, training, stopping):
                    self._training.remove(training)
                    clock.store()
            clock.store_now_and_then()
            stopping.wait(_LOOK)

    def _settle(self, going_on: set[int]) -> None:
        """Puts in order what a killed sweep left of runs that are not to be resumed."""
        for run in self._manager.store.summaries():
            trial = run.info.trial
            if trial is None or trial.sweep != self._folder.name or run.state != "interrupted":
                continue
            if trial.number not in going_on or _trained(self._manager.look(run.id)):
                with contextlib.suppress(OSError):  # who resumes it does it then
                    settle(self._manager.store.open(run.id))

    # -- a trial

    def _begin(
        self, study: optuna.Study, asked: Asked, reported: int, plan: SweepPlan, names: Dataset
    ) -> None:
        """Has a trial's runs trained: made anew, or those that a killed sweep made resumed."""
        values = drawn(asked, plan)
        try:
            runs = self._runs_begun(asked, plan.configs(values), names)
        except ConfigError as error:  # they do not go together, or are too much for this server
            self._fail(study, asked, str(error))
            return
        asked.set_user_attr(RUNS, runs)
        self._training.append(_Training(asked, runs, reported))

    def _runs_begun(
        self, asked: Asked, configs: list[RunConfig], names: Dataset
    ) -> tuple[str, ...]:
        """Ids of a trial's runs, all of which train or are trained."""
        mark = Trial(sweep=self._folder.name, number=asked.number)
        there = {run.info.config.training.seed: run for run in self._runs_of(mark)}
        for run in there.values():
            if run.state in RESUMABLE_STATES and not _trained(self._manager.look(run.id)):
                self._manager.resume(run.id, self._owner)
        missing = [config for config in configs if config.training.seed not in there]
        made = self._manager.start_trial(missing, names, mark, self._owner) if missing else []
        return (*(run.id for run in there.values()), *made)

    def _runs_of(self, mark: Trial) -> list[RunSummary]:
        return [run for run in self._manager.store.summaries() if run.info.trial == mark]

    def _look(self, study: optuna.Study, training: _Training, stopping: threading.Event) -> bool:
        """Reports what a trial has come to; whether it has ended."""
        asked = training.asked
        jobs = [self._manager.look(run) for run in training.runs]
        if stopping.is_set():  # who stops the sweep may have stopped its runs already
            return False
        trained = all(_trained(job) for job in jobs)
        for epoch, accuracy in mean_by_epoch([job.history for job in jobs]):
            if epoch > training.reported:
                asked.report(accuracy, epoch)
                training.reported = epoch
                if not trained and asked.should_prune():
                    self._stop(training)
                    study.tell(asked, state=TrialState.PRUNED)
                    self._say(asked, f"pruned at {100 * accuracy:.2f} % after epoch {epoch}")
                    return True
        if trained:
            best = [max(record.validation_accuracy for record in job.history) for job in jobs]
            asked.set_user_attr(SCORES, best)
            study.tell(asked, sum(best) / len(best))
            self._say(asked, f"{100 * sum(best) / len(best):.2f} % of the validation names")
            return True
        ended = [job for job in jobs if job.ended and not _trained(job)]
        if ended:
            self._stop(training)
            self._fail(study, asked, ended[0].message or f"Its run was {ended[0].state}.")
        return bool(ended)

    def _fail(self, study: optuna.Study, asked: Asked, reason: str) -> None:
        asked.set_user_attr(REASON, reason)
        study.tell(asked, state=TrialState.FAIL)
        self._say(asked, f"failed: {reason}")

    def _say(self, asked: Asked, words: str) -> None:
        values = ", ".join(
            f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in asked.params.items()
        )
        self._said(f"trial {asked.number}: {words} ({values})")

    def _stop(self, training: _Training) -> None:
        for run in training.runs:
            with contextlib.suppress(JobError):  # it has ended
                self._manager.stop(run)

    def _wait_for_stop(self, training: _Training) -> None:
        for run in training.runs:
            with contextlib.suppress(JobError):
                self._manager.wait(run, SHUTDOWN_SECONDS)

    # -- the end

    def _score_winner(self, study: optuna.Study, stopping: threading.Event) -> None:
        """Has the best trial's runs scored on their test names, if there is one."""
        complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if not complete:
            return
        runs = study.best_trial.user_attrs[RUNS]
        for run in runs:
            if self._manager.look(run).state != "finished":
                self._wait(run, stopping)  # a moment, after its last epoch
                self._manager.resume(run, self._owner)
        for run in runs:
            self._wait(run, stopping)

    def _wait(self, run: str, stopping: threading.Event) -> None:
        while not (stopping.is_set() or self._manager.look(run).ended):
            stopping.wait(_LOOK)


class _Clock:
    """Seconds that a sweep has taken, all its sittings together; stored as it goes."""

    def __init__(self, study: optuna.Study) -> None:
        self._study = study
        self._before = float(study.user_attrs.get(SECONDS, 0.0))
        self._begun = self._stored = time.monotonic()

    def seconds(self) -> float:
        """Until now."""
        return self._before + time.monotonic() - self._begun

    def store(self) -> None:
        """Stores them."""
        self._study.set_user_attr(SECONDS, round(self.seconds(), 3))
        self._stored = time.monotonic()

    def store_now_and_then(self) -> None:
        """Stores them if that was some seconds ago."""
        if time.monotonic() - self._stored > _STORE_TIME:
            self.store()


def _trained(job: JobSnapshot) -> bool:
    """Whether a run has had all of its epochs, scored on its test names or not."""
    return job.state == "finished" or 0 < job.epochs <= job.epoch


def _drawn(study: optuna.Study) -> int:
    """How many trials have been drawn."""
    trials = study.get_trials(deepcopy=False)
    return sum(trial.state != TrialState.WAITING for trial in trials)
