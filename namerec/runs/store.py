"""All runs: those of this data folder, and the pretrained ones that ship with the project."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Unpack

import namerec
from namerec.core.corpus.dataset import Dataset
from namerec.core.training.config import RunConfig
from namerec.errors import RunError
from namerec.files import ASSETS
from namerec.runs.folder import NewerRunError, RunFolder
from namerec.runs.labels import LabelChanges, RunLabel, change_label, read_label
from namerec.runs.lineage import Origin, write_origin
from namerec.runs.records import (
    RESUMABLE_STATES,
    DatasetInfo,
    RunInfo,
    RunStatus,
    Trial,
    is_run_id,
)
from namerec.runs.summary import DamagedRun, RunSummary
from namerec.runs.trash import Trash
from namerec.settings import home, settings
from namerec.text import shown

#: Finished runs that ship with the project, so that the first launch has something to look into.
PRETRAINED = ASSETS / "pretrained"

_RECORDED_PACKAGES = ("torch", "numpy", "safetensors")


class RunStore:
    """Makes, finds and lists runs."""

    def __init__(self, root: Path | None = None, pretrained: Path | None = PRETRAINED) -> None:
        self.root = root if root is not None else home() / "runs"
        self.pretrained = pretrained
        self.trash = Trash(self.root)

    def create(
        self,
        config: RunConfig,
        dataset: Dataset,
        origin: Origin | None = None,
        race: str = "",
        trial: Trial | None = None,
        processes: int = 1,
    ) -> RunFolder:
        """Makes a new run's folder, *queued*.

        Args:
            config: All that decides its numbers.
            dataset: The names it is about.
            origin: Where it begins in another run; None to begin anew.
            race: What it shares with others that are started together; empty for none.
            trial: Of a sweep; None for none.
            processes: How many will train it together.

        Raises:
            RunError: If the data folder cannot be written.
        """
        now = datetime.now(UTC).astimezone()
        try:
            folder = self._new_folder(f"{now:%Y%m%d-%H%M%S}-{config.model.kind}")
        except OSError as error:
            raise self._not_stored(error) from None
        info = RunInfo(
            id=folder.id,
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
            processes=processes,
            branch_points=origin.branch_points if origin else (),
            race=race,
            trial=trial,
        )
        try:
            if origin is not None:
                write_origin(folder, origin)
            folder.write_status(RunStatus(state="queued"))
            folder.write_info(info)  # last: with it the run is there
        except OSError as error:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise self._not_stored(error) from None
        return folder

    def _new_folder(self, beginning: str) -> RunFolder:
        while True:
            path = self.root / f"{beginning}-{secrets.token_hex(2)}"
            if self.taken(path.name):
                continue
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                if not path.exists():  # it is about the folder above
                    raise
                continue  # another process's, made at this moment
            return RunFolder(path)

    def _not_stored(self, error: OSError) -> RunError:
        return RunError(
            f"The run cannot be stored in {self.root}: {error.strerror}. Free some space, or "
            "set NAMEREC_HOME to a folder that can be written."
        )

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
            f"There is no run “{shown(identity)}”. `python -m namerec runs list` and the lists of "
            "runs on the pages show which runs there are."
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
        summary = self.readable(identity)
        if summary.newer:
            raise NewerRunError(summary.newer)
        if summary.pretrained or summary.state not in RESUMABLE_STATES:
            raise RunError(
                f"Run {identity} is {summary.state}; only interrupted, stopped and failed runs of "
                "your own can be resumed."
            )
        self.open(identity).ensure_resumable()
        return summary

    def set_label(
        self, identity: str, *, seen: RunLabel | None = None, **changes: Unpack[LabelChanges]
    ) -> RunLabel:
        """Changes what a run is called; at any time, also while it is trained.

        Args:
            identity: The run's id.
            seen: The label that the changes were typed over, as in `labels.change_label`.
            **changes: `title`, `note` and `pinned`; what is not given stays as it is.

        Returns:
            Its label now.

        Raises:
            LabelChangedError: If somebody else has changed the same field since it was `seen`.
            RunError: If there is no such run, it ships with the project, or the folder cannot be
                changed; then its label stays.
        """
        folder = self.own(identity, "its title, note and pin stay as they are")
        folder.info()  # of a run of another version nothing is changed
        try:
            return change_label(folder.path, changes, seen)
        except OSError as error:
            raise RunError(
                f"The title and note of run {identity} cannot be stored in {folder.path}: "
                f"{error.strerror}. Free some space, or make that folder writable."
            ) from None

    def taken(self, identity: str) -> bool:
        """Whether a run of that id is here, pretrained or in the trash."""
        there = (root / identity for root in self._roots())
        return identity in self.trash or any(path.exists() for path in there)

    def own(self, identity: str, stays: str) -> RunFolder:
        """A run of this data folder.

        Raises:
            RunError: If there is no such run, or it ships with the project.
        """
        folder = self.open(identity)
        if folder.path.parent != self.root:
            raise RunError(f"Run {identity} ships with the project, so {stays}.")
        return folder

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
        """All runs that have a network to look into, the best first; none that is set apart.

        Those scored on held-out names come before those scored on training names; among them the
        test accuracy decides, or for unfinished runs that on validation.
        """
        return sorted(
            (run for run in self.summaries() if run.has_network and not run.set_apart),
            key=lambda run: run.merit,
            reverse=True,
        )

    def summary(self, folder: RunFolder) -> RunSummary | DamagedRun:
        """One run as a list shows it."""
        try:
            info, status, newer = folder.listed()
        except RunError as error:
            return DamagedRun(folder.id, str(error), newer=isinstance(error, NewerRunError))
        pretrained = folder.path.parent == self.pretrained
        state = status.state if pretrained else folder.state(status)
        label = read_label(folder.path)
        return RunSummary(folder.id, info, status, state, pretrained, label, newer)

    def readable(self, identity: str) -> RunSummary:
        """One run by its id, as a list shows it.

        Raises:
            RunError: If there is none, or it is damaged.
        """
        summary = self.summary(self.open(identity))
        if isinstance(summary, DamagedRun):
            raise RunError(summary.reason)
        return summary

    def _roots(self) -> list[Path]:
        return [self.root] if self.pretrained is None else [self.root, self.pretrained]
