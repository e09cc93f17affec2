"""All runs: those of this data folder, and the pretrained ones that ship with the project."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import namerec
from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import holds_out, noun_of
from namerec.core.tasks.memory_task import is_memory_task
from namerec.core.training.config import RunConfig
from namerec.disk import UNFINISHED, open_regular, write_whole
from namerec.errors import RunError
from namerec.files import ASSETS
from namerec.runs.folder import RunFolder, milestone_file
from namerec.runs.labels import NO_LABEL, RunLabel, read_label, write_label
from namerec.runs.lineage import BEFORE, FIRST, Origin, write_origin
from namerec.runs.records import (
    ACTIVE_STATES,
    RESUMABLE_STATES,
    DatasetInfo,
    RunInfo,
    RunState,
    RunStatus,
    is_run_id,
)
from namerec.runs.trash import DAYS, Trash
from namerec.settings import home, settings
from namerec.text import plural, shown

#: Finished runs that ship with the project, so that the first launch has something to look into.
PRETRAINED = ASSETS / "pretrained"

#: The files of a finished run that looking into it needs, besides its milestones.
LOOKED_INTO = (
    "config.json",
    "status.json",
    "metrics.jsonl",
    "best.safetensors",
    "predictions.safetensors",
)

_RECORDED_PACKAGES = ("torch", "numpy", "safetensors")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in a list.

    Attributes:
        id: Its folder's name.
        info: What it is.
        status: How far it has come.
        state: Its state now, *interrupted* included.
        pretrained: Whether it ships with the project.
        label: What a person calls it.
    """

    id: str
    info: RunInfo
    status: RunStatus
    state: RunState
    pretrained: bool
    label: RunLabel = NO_LABEL

    @property
    def has_network(self) -> bool:
        """Whether there is a trained network to look into."""
        return self.status.best_epoch > 0

    @property
    def noun(self) -> str:
        """What one of its categories is called."""
        return noun_of(self.info.config.training.dataset)

    @property
    def nouns(self) -> str:
        """What several of them are called."""
        return plural(self.noun)

    @property
    def experiment(self) -> bool:
        """Whether it was trained on a made-up task, and is no reader of names to choose from."""
        return is_memory_task(self.info.config.training.dataset)


@dataclass(frozen=True, slots=True)
class DamagedRun:
    """A run that cannot be read, and why; the others stay listed."""

    id: str
    reason: str


class RunStore:
    """Makes, finds and lists runs."""

    def __init__(self, root: Path | None = None, pretrained: Path | None = PRETRAINED) -> None:
        self.root = root if root is not None else home() / "runs"
        self.pretrained = pretrained
        self._trash = Trash(self.root)

    def create(
        self, config: RunConfig, dataset: Dataset, origin: Origin | None = None, race: str = ""
    ) -> RunFolder:
        """Makes a new run's folder, *queued*.

        Args:
            config: All that decides its numbers.
            dataset: The names it is about.
            origin: Where it begins in another run; None to begin anew.
            race: What it shares with others that are started together; empty for none.

        Raises:
            RunError: If the data folder cannot be written.
        """
        now = datetime.now(UTC).astimezone()
        stamp = now.strftime("%Y%m%d-%H%M%S")
        identity = self._unused(f"{stamp}-{config.model.kind}")
        folder = RunFolder(self.root / identity)
        info = RunInfo(
            id=identity,
            created=now,
            config=config,
            dataset=DatasetInfo(
                title=dataset.title,
                fingerprint=dataset.fingerprint,
                names=len(dataset),
                categories=dataset.categories,
            ),
            parameters=config.model.parameter_count(len(dataset.categories)),
            versions={
                "namerec": namerec.__version__,
                "python": platform.python_version(),
                **{package: version(package) for package in _RECORDED_PACKAGES},
            },
            threads=settings().threads,
            branch_points=origin.branch_points if origin else (),
            race=race,
        )
        try:
            folder.path.mkdir(parents=True)
            if origin is not None:
                write_origin(folder, origin)
            folder.write_info(info)
            folder.write_status(RunStatus(state="queued"))
        except OSError as error:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise RunError(
                f"The run cannot be stored in {self.root}: {error.strerror}. Free some space, or "
                "set NAMEREC_HOME to a folder that can be written."
            ) from None
        return folder

    def _unused(self, beginning: str) -> str:
        while True:
            identity = f"{beginning}-{secrets.token_hex(2)}"
            if not self.taken(identity):
                return identity

    def open(self, identity: str) -> RunFolder:
        """Finds a run by its id.

        Raises:
            RunError: If there is none.
        """
        if is_run_id(identity):
            for root in self._roots():
                if (root / identity / "config.json").is_file():
                    return RunFolder(root / identity)
        raise RunError(
            f"There is no run “{shown(identity)}”. `python -m namerec runs list` and the run "
            "pickers show what there is."
        )

    def open_or_best(self, identity: str | None) -> RunFolder:
        """Finds a run by its id, or the best that has a network if none is named.

        Raises:
            RunError: If there is none.
        """
        if identity is None:
            trained = self.trained()
            if not trained:
                raise RunError(
                    "There is no trained run yet. Train one on the Train page, or with: "
                    "python -m namerec train"
                )
            identity = trained[0].id
        return self.open(identity)

    def resumable(self, identity: str) -> RunSummary:
        """A run that can be gone on with, by its id.

        Raises:
            RunError: If there is no such run, it is damaged, or it cannot be gone on with.
        """
        summary = self.summary(self.open(identity))
        if isinstance(summary, DamagedRun):
            raise RunError(summary.reason)
        if summary.pretrained or summary.state not in RESUMABLE_STATES:
            raise RunError(
                f"Run {identity} is {summary.state}; only interrupted, stopped and failed runs of "
                "your own can be gone on with."
            )
        return summary

    def set_label(self, identity: str, label: RunLabel) -> None:
        """Says what a run is called; at any time, also while it is trained.

        Raises:
            RunError: If there is no such run, it ships with the project, or the folder cannot be
                changed; then its label stays.
        """
        folder = self._own(identity, "its title, note and pin stay as they are")
        try:
            write_label(folder.path, label)
        except OSError as error:
            raise RunError(
                f"What run {identity} is called cannot be stored in {folder.path}: "
                f"{error.strerror}. Free some space, or make that folder writable."
            ) from None

    def remove(self, identity: str) -> None:
        """Removes a run of this data folder that has ended, whole or not at all, and for good.

        Raises:
            RunError: If there is no such run, it waits for its turn or is worked on, it ships with
                the project, or the folder cannot be changed; then nothing is removed.
        """
        # Aside first: killed in the middle of it, no half of a run is ever listed.
        with self._ended(identity) as folder:
            folder.path.rename(self.root / f".{identity}{UNFINISHED}")
        for aside in self.root.glob(f".*{UNFINISHED}"):  # and what was left of one that was killed
            shutil.rmtree(aside, ignore_errors=True)

    def discard(self, identity: str) -> None:
        """Deletes a run as `remove` does, but so that it can be brought back.

        Interrupted and damaged runs are deleted as well.

        It counts for the data folder's size until the trash is emptied. What was deleted more than
        `trash.DAYS` days ago goes for good now.

        Raises:
            RunError: As `remove`, or if a run of that id was deleted before.
        """
        if identity in self._trash:
            raise RunError(
                f"Another run {identity} is in the trash already. Empty the trash first, or give "
                "one of the two folders another name."
            )
        # Whoever worked on it would hold it now: one that says so was interrupted.
        with self._ended(identity, frozenset({"queued"})) as folder:
            self._trash.put(folder.path)
        with contextlib.suppress(OSError):  # this run is deleted, whatever becomes of the older
            self._trash.empty(days=DAYS)

    def restore(self, identity: str) -> None:
        """Brings a deleted run back, as it was.

        Raises:
            RunError: If it is not in the trash, its id is another run's by now, or the folder
                cannot be changed; then the trash stays as it is.
        """
        if identity not in self._trash:
            raise RunError(
                f"There is no run “{shown(identity)}” in the trash. Deleted runs stay there for "
                f"{DAYS} days, or until it is emptied."
            )
        try:
            self._trash.where(identity).rename(self.root / identity)
        except FileNotFoundError:  # brought back or emptied by somebody else at this moment
            raise RunError(
                f"Run {identity} is no longer in the trash. The list of runs shows what there is."
            ) from None
        except OSError as error:
            raise RunError(
                f"Run {identity} cannot be brought back to {self.root}: {error.strerror}. Make "
                "that folder writable, or give a run that has its name there another one."
            ) from None

    def discarded(self) -> list[RunSummary]:
        """The deleted runs that can be brought back, the most recently deleted first."""
        runs = (self.summary(RunFolder(self._trash.where(name))) for name in self._trash.ids())
        return [run for run in runs if isinstance(run, RunSummary)]

    def empty_trash(self) -> None:
        """Removes all deleted runs for good.

        Raises:
            RunError: If the folder cannot be changed.
        """
        try:
            self._trash.empty()
        except OSError as error:
            raise RunError(
                f"The deleted runs cannot be removed from {self._trash.path}: {error.strerror}. "
                "Make that folder writable, or delete it."
            ) from None

    def taken(self, identity: str) -> bool:
        """Whether a run of that id is here, pretrained or in the trash."""
        there = (root / identity for root in self._roots())
        return identity in self._trash or any(path.exists() for path in there)

    def _own(self, identity: str, stays: str) -> RunFolder:
        """A run of this data folder.

        Raises:
            RunError: If there is no such run, or it ships with the project.
        """
        folder = self.open(identity)
        if folder.path.parent != self.root:
            raise RunError(f"Run {identity} ships with the project, so {stays}.")
        return folder

    @contextlib.contextmanager
    def _ended(
        self, identity: str, busy: frozenset[RunState] = ACTIVE_STATES
    ) -> Iterator[RunFolder]:
        """Holds a run that is in none of the `busy` states, to be moved out of the list."""
        folder = self._own(identity, "it is not removed")
        try:
            with folder.lock():
                if (state := self._stored_state(folder)) in busy:
                    raise RunError(
                        f"Run {identity} is {state}; only runs that have ended are removed."
                    )
                yield folder
        except OSError as error:
            raise RunError(
                f"Run {identity} cannot be removed from {self.root}: {error.strerror}. Make that "
                "folder writable, or delete the run's own folder."
            ) from None

    @staticmethod
    def _stored_state(folder: RunFolder) -> RunState | None:
        try:
            return folder.status().state
        except RunError:  # damaged: nobody goes on with it
            return None

    def entries(self) -> list[RunSummary | DamagedRun]:
        """All runs, newest first and damaged ones behind them; the pretrained ones last."""
        result: list[RunSummary | DamagedRun] = []
        for root in self._roots():
            if not root.is_dir():
                continue
            names = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
            runs = [self.summary(RunFolder(root / name)) for name in names if is_run_id(name)]
            readable = [run for run in runs if isinstance(run, RunSummary)]
            readable.sort(key=lambda run: run.info.created, reverse=True)
            result += readable
            result += [run for run in runs if isinstance(run, DamagedRun)]
        return result

    def summaries(self) -> list[RunSummary]:
        """All runs that can be read, newest first, the pretrained ones last."""
        return [run for run in self.entries() if isinstance(run, RunSummary)]

    def trained(self) -> list[RunSummary]:
        """All runs that have a network to look into, experiments left out, the best first.

        Those scored on held-out names come before those scored on training names; among them the
        test accuracy decides, or for unfinished runs that on validation.
        """
        return sorted(
            (run for run in self.summaries() if run.has_network and not run.experiment),
            key=_merit,
            reverse=True,
        )

    def summary(self, folder: RunFolder) -> RunSummary | DamagedRun:
        """One run as a list shows it."""
        try:
            info, status = folder.info(), folder.status()
        except RunError as error:
            return DamagedRun(folder.id, str(error))
        pretrained = folder.path.parent == self.pretrained
        state = status.state if pretrained else folder.state(status)
        return RunSummary(folder.id, info, status, state, pretrained, read_label(folder.path))

    def copy_finished(self, identity: str, folder: Path) -> Path:
        """Copies a finished run, without what only going on with it needs.

        Returns:
            The copy's own folder inside of `folder`.

        Raises:
            RunError: If the run is not finished, the folder has it already, or the copy cannot be
                written.
        """
        run = self.open(identity)
        status = run.status()
        if status.state != "finished":
            raise RunError(
                f"Run {identity} is {run.state(status)}; only finished runs are copied. "
                f"Go on with it first: python -m namerec train --resume {identity}"
            )
        target = folder / identity
        try:
            target.mkdir(parents=True)
            taken_over = (FIRST, BEFORE) if run.info().branch_points else ()
            for name in (*LOOKED_INTO, *taken_over, *map(milestone_file, run.milestones())):
                with open_regular(run.path / name) as file:
                    write_whole(target / name, file.read())
        except FileExistsError as error:
            raise RunError(
                f"Run {identity} is not copied: {error.filename} is there already. Delete it, or "
                "give another folder to copy to."
            ) from None
        except OSError as error:
            raise RunError(f"The copy cannot be written to {target}: {error.strerror}.") from None
        return target

    def _roots(self) -> list[Path]:
        return [self.root] if self.pretrained is None else [self.root, self.pretrained]


def _merit(run: RunSummary) -> tuple[bool, float]:
    scores = run.status.scores.get("test")
    accuracy = scores.accuracy if scores else run.status.validation_accuracy or 0.0
    return holds_out(run.info.config.training.protocol), accuracy
