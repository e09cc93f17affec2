"""All runs: those of this data folder, and the pretrained ones that ship with the project."""

from __future__ import annotations

import os
import platform
import re
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import namerec
from namerec.core.config import RunConfig
from namerec.core.dataset import Dataset
from namerec.core.recall import is_recall
from namerec.disk import UNFINISHED, home, open_regular, write_whole
from namerec.errors import RunError
from namerec.runs.folder import RunFolder, milestone_file
from namerec.runs.lineage import BEFORE, FIRST, Begun, write_begun
from namerec.runs.machine import thread_count
from namerec.runs.records import (
    ACTIVE_STATES,
    RESUMABLE_STATES,
    DatasetInfo,
    RunInfo,
    RunState,
    RunStatus,
)

#: Finished runs that ship with the project, so that the first launch has something to look into.
PRETRAINED = Path(namerec.__file__).resolve().parent.parent / "assets" / "pretrained"

#: The files of a finished run that looking into it needs, besides its milestones.
LOOKED_INTO = (
    "config.json",
    "status.json",
    "metrics.jsonl",
    "best.safetensors",
    "predictions.safetensors",
)

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")
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
    """

    id: str
    info: RunInfo
    status: RunStatus
    state: RunState
    pretrained: bool

    @property
    def has_network(self) -> bool:
        """Whether there is a trained network to look into."""
        return self.status.best_epoch > 0

    @property
    def experiment(self) -> bool:
        """Whether it was trained on a made-up task, and is no reader of names to choose from."""
        return is_recall(self.info.config.training.dataset)


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

    def create(
        self, config: RunConfig, dataset: Dataset, begun: Begun | None = None, race: str = ""
    ) -> RunFolder:
        """Makes a new run's folder, *queued*.

        Args:
            config: All that decides its numbers.
            dataset: The names it is about.
            begun: Where it begins in another run; None to begin anew.
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
            threads=thread_count(),
            joints=begun.joints if begun else (),
            race=race,
        )
        try:
            folder.path.mkdir(parents=True)
            if begun is not None:
                write_begun(folder, begun)
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
            if not (self.root / identity).exists():
                return identity

    def open(self, identity: str) -> RunFolder:
        """Finds a run by its id.

        Raises:
            RunError: If there is none.
        """
        if _ID.fullmatch(identity):
            for root in self._roots():
                if (root / identity / "config.json").is_file():
                    return RunFolder(root / identity)
        shown = identity[:100].encode(errors="replace").decode()
        raise RunError(
            f"There is no run “{shown}”. `python -m namerec runs list` and the run "
            "pickers show what there is."
        )

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

    def remove(self, identity: str) -> None:
        """Removes a run of this data folder that has ended, whole or not at all.

        Raises:
            RunError: If there is no such run, it waits for its turn or is worked on, it ships with
                the project, or the folder cannot be changed; then nothing is removed.
        """
        folder = self.open(identity)
        if folder.path.parent != self.root:
            raise RunError(f"Run {identity} ships with the project, so it is not removed.")
        try:
            with folder.lock():
                if (state := folder.status().state) in ACTIVE_STATES:
                    raise RunError(
                        f"Run {identity} is {state}; only runs that have ended are removed."
                    )
                # Aside first: killed in the middle of it, no half of a run is ever listed.
                folder.path.rename(self.root / f".{identity}{UNFINISHED}")
        except OSError as error:
            raise RunError(
                f"Run {identity} cannot be removed from {self.root}: {error.strerror}. Make that "
                "folder writable, or delete the run's own folder."
            ) from None
        for aside in self.root.glob(f".*{UNFINISHED}"):  # and what was left of one that was killed
            shutil.rmtree(aside, ignore_errors=True)

    def entries(self) -> list[RunSummary | DamagedRun]:
        """All runs, newest first and damaged ones behind them; the pretrained ones last."""
        result: list[RunSummary | DamagedRun] = []
        for root in self._roots():
            if not root.is_dir():
                continue
            names = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
            runs = [self.summary(RunFolder(root / name)) for name in names if _ID.fullmatch(name)]
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
        return RunSummary(folder.id, info, status, state, pretrained)

    def copy_finished(self, identity: str, folder: Path) -> Path:
        """Copies a finished run, without what only going on with it needs.

        Returns:
            The copy's own folder inside of `folder`.

        Raises:
            RunError: If the run is not finished, or the copy cannot be written.
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
            taken_over = (FIRST, BEFORE) if run.info().joints else ()
            for name in (*LOOKED_INTO, *taken_over, *map(milestone_file, run.milestones())):
                with open_regular(run.path / name) as file:
                    write_whole(target / name, file.read())
        except OSError as error:
            raise RunError(f"The copy cannot be written to {target}: {error.strerror}.") from None
        return target

    def _roots(self) -> list[Path]:
        return [self.root] if self.pretrained is None else [self.root, self.pretrained]


def _merit(run: RunSummary) -> tuple[bool, float]:
    scores = run.status.scores.get("test")
    accuracy = scores.accuracy if scores else run.status.validation_accuracy or 0.0
    return run.info.config.training.protocol != "report", accuracy
