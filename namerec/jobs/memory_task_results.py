"""The memory task's settings, its trainings, and the JSON file their results stand in."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from namerec import formats
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.kinds import KINDS, VARIANTS, MemoryNetwork, has_setting
from namerec.core.tasks.memory_curves import (
    DISTANCES,
    MEMORY_NETWORKS,
    MemoryPoint,
)
from namerec.core.tasks.memory_task import NOISE_BOUNDS, reference
from namerec.core.training.config import RunConfig, TrainConfig
from namerec.disk import alone, write_whole
from namerec.files import ASSETS
from namerec.settings import home

_LOG = logging.getLogger(__name__)

#: The result that ships with the project, made by `python -m namerec memory-task`.
BUNDLED = ASSETS / "memory_task.json"

#: Optimizer steps of every training: all distances take two to three minutes on one processor core.
STEPS = 500
#: Sequences a step looks at.
BATCH = 64
#: Of AdamW with a one-cycle schedule, the same for all networks. In pilot trainings of 200 steps at
#: a constant rate, 0.003 took all of them about twice the steps over 5 letters; over 20 letters
#: none of 0.003, 0.01 and 0.03 was best for all.
LEARNING_RATE = 0.01
#: Rises when task or training change: results under another number are of another experiment.
RECIPE = 1
#: Most entries read from a file, far more than an experiment of every setting leaves.
_MOST_ENTRIES = 5000

_Noise = Annotated[int, Field(ge=NOISE_BOUNDS[0], le=NOISE_BOUNDS[1])]
_Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MemorySettings(_Record):
    """What can be set of the experiment; the same for all networks.

    Attributes:
        hidden_size: Hidden units of every network.
        forget_bias: Added to the LSTMs' forget-gate biases before training.
        clip_norm: Longest gradient a step may follow, 0 for any.
    """

    hidden_size: Annotated[int, Field(ge=1, le=256)] = 32
    forget_bias: Annotated[float, Field(ge=-10, le=10)] = 3.0
    clip_norm: Annotated[float, Field(ge=0, le=1000)] = 1.0


class MemoryCell(_Record):
    """One training of the experiment."""

    network: MemoryNetwork
    noise: _Noise
    seed: _Seed
    settings: MemorySettings

    @property
    def config(self) -> RunConfig:
        """All that decides the training's numbers."""
        kind, variant = VARIANTS[self.network]
        own: dict[str, Any] = {**variant.settings}
        if has_setting(kind, "forget_bias"):
            own["forget_bias"] = self.settings.forget_bias
        return RunConfig(
            model=ModelConfig(
                kind=kind,
                hidden_size=self.settings.hidden_size,
                **own,
            ),
            training=TrainConfig(
                dataset=reference(self.noise),
                seed=self.seed,
                split_seed=0,
                optimizer="adamw",
                learning_rate=LEARNING_RATE,
                schedule="one-cycle",
                batch_size=BATCH,
                steps=STEPS,
                clip_norm=self.settings.clip_norm,
                weight_decay=0.0,
            ),
        )

    @property
    def weight(self) -> float:
        """About how long it takes, in steps of an RNN through one letter."""
        kind, _ = VARIANTS[self.network]
        gates = 2.0 if KINDS[kind].gates else 1.0
        return gates * (self.noise + 1) + 30


class MemoryEntry(_Record):
    """What one training came to.

    Attributes:
        cell: Which training. An RNN has no forget gate: its result holds at every forget bias.
        accuracy: On the test sequences, leak-free split, 0..1; None if the training failed.
        sequences: Test sequences.
        seconds: Of training.
        message: Why it failed, in a sentence.
        recipe: See `RECIPE`.
    """

    cell: MemoryCell
    accuracy: Annotated[float, Field(ge=0, le=1)] | None
    sequences: Annotated[int, Field(ge=0, le=2**53)]
    seconds: Annotated[float, Field(ge=0)]
    message: Annotated[str, Field(max_length=1000)] = ""
    recipe: int = RECIPE


class MemoryPlan(_Record):
    """An experiment: every network at every distance with every seed."""

    settings: MemorySettings = MemorySettings()
    seeds: Annotated[tuple[_Seed, ...], Field(min_length=1, max_length=20)] = (0,)
    networks: Annotated[tuple[MemoryNetwork, ...], Field(min_length=1)] = MEMORY_NETWORKS
    distances: Annotated[tuple[_Noise, ...], Field(min_length=1)] = DISTANCES

    def cells(self) -> list[MemoryCell]:
        """Its trainings, short distances first, so that the chart fills from the left."""
        return [
            MemoryCell(network=network, noise=noise, seed=seed, settings=self.settings)
            for seed in self.seeds
            for noise in self.distances
            for network in self.networks
        ]


class MemoryFile(_Record):
    """What stands in the JSON file.

    Attributes:
        entries: Results, in the order they were measured in.
        asked: The experiment that was begun last and is not complete.
        outdated: Its trainings that are to be measured anew, though there is a result: that stays
            until the next one is there.
    """

    entries: Annotated[tuple[MemoryEntry, ...], Field(max_length=_MOST_ENTRIES)] = ()
    asked: MemoryPlan | None = None
    outdated: Annotated[tuple[MemoryCell, ...], Field(max_length=_MOST_ENTRIES)] = ()

    def matching(self, settings: MemorySettings) -> list[MemoryEntry]:
        """The entries that hold for some settings."""
        return [
            entry
            for entry in self.entries
            if entry.recipe == RECIPE and entry.cell.config == _under(entry.cell, settings)
        ]

    def entry(self, cell: MemoryCell) -> MemoryEntry | None:
        """The result of a training, if it is there."""
        known = (entry for entry in self.entries if entry.cell.config == cell.config)
        return next((entry for entry in known if entry.recipe == RECIPE), None)

    def missing(self, plan: MemoryPlan) -> list[MemoryCell]:
        """The trainings of an experiment that are not there, or to be measured anew."""
        known = [entry.cell.config for entry in self.entries if entry.recipe == RECIPE]
        outdated = [cell.config for cell in self.outdated]
        return [
            cell
            for cell in plan.cells()
            if (config := cell.config) not in known or config in outdated
        ]

    def asked_anew(self, plan: MemoryPlan) -> MemoryFile:
        """The same with an experiment begun that measures also what is there already."""
        outdated = tuple(cell for cell in plan.cells() if self.entry(cell) is not None)
        return self.model_copy(update={"asked": plan, "outdated": outdated})

    def without(self, cells: Sequence[MemoryCell]) -> MemoryFile:
        """The same without the results of some trainings, and of other recipes.

        Nor are those trainings outdated any more.
        """
        gone = [cell.config for cell in cells]
        kept = (entry for entry in self.entries if entry.cell.config not in gone)
        entries = tuple(entry for entry in kept if entry.recipe == RECIPE)
        outdated = tuple(cell for cell in self.outdated if cell.config not in gone)
        return self.model_copy(update={"entries": entries, "outdated": outdated})

    def joined(self, stored: MemoryFile) -> MemoryFile:
        """The same with the results that only a stored file has: another namerec's.

        Of the same training ours stay, and so does the experiment that was begun here.
        """
        ours = {entry.cell.config for entry in self.entries}
        more = [entry for entry in stored.entries if entry.cell.config not in ours]
        return self.model_copy(update={"entries": (*self.entries, *more)})

    def with_entry(self, entry: MemoryEntry) -> MemoryFile:
        """The same with one more result, in place of an older one of the same training."""
        cleared = self.without([entry.cell])
        return cleared.model_copy(update={"entries": (*cleared.entries, entry)})


def _under(cell: MemoryCell, settings: MemorySettings) -> RunConfig:
    return cell.model_copy(update={"settings": settings}).config


def points(entries: Iterable[MemoryEntry]) -> list[MemoryPoint]:
    """The results that have an accuracy, as figures take them."""
    return [
        MemoryPoint(
            entry.cell.network, entry.cell.noise, entry.cell.seed, entry.accuracy, entry.sequences
        )
        for entry in entries
        if entry.accuracy is not None
    ]


def read_results(path: Path) -> MemoryFile:
    """What a file holds; nothing, and a line in the log, if it cannot be read."""
    try:
        return formats.parsed(path.read_bytes(), MemoryFile)
    except FileNotFoundError:
        return MemoryFile()
    except (OSError, ValueError):
        _LOG.exception(
            "The results of the memory task in %s cannot be read; they are left out", path
        )
        return MemoryFile()


def keep_results(path: Path, results: MemoryFile) -> MemoryFile:
    """Stores results beside those that another namerec has stored in the same file meanwhile.

    A file that cannot be read is put aside first, as `….unread`.

    Returns:
        All that the file holds now.

    Raises:
        OSError: If it cannot be written.
    """
    with alone(home() / "memory_task.lock"):
        try:
            stored = formats.parsed(path.read_bytes(), MemoryFile)
        except FileNotFoundError:
            stored = MemoryFile()
        except ValueError:  # damaged, or of a newer version
            path.replace(path.with_name(f"{path.name}.{time.time_ns()}.unread"))
            stored = MemoryFile()
        joined = results.joined(stored)
        write_results(path, joined)
    return joined


def write_results(path: Path, results: MemoryFile) -> None:
    """Replaces a file's content.

    Raises:
        OSError: If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = formats.content(results, indent=None).decode()
    # One entry a line: short enough to keep, plain enough to compare.
    write_whole(path, text.replace('{"cell":', '\n{"cell":').encode())
