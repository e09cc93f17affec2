"""What stands in a run's JSON files. Strictly validated: damaged files are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from namerec.core.config import RunConfig

#: States a run is stored in. *interrupted* is not among them: it is what a run is found to be that
#: says it is running while nobody holds its lock.
StoredState = Literal["queued", "running", "paused", "finished", "stopped", "failed"]
RunState = StoredState | Literal["interrupted"]

#: Runs in these states have somebody working on them, or are interrupted.
ACTIVE_STATES: frozenset[RunState] = frozenset({"queued", "running", "paused"})
#: Runs in these states can be gone on with.
RESUMABLE_STATES: frozenset[RunState] = frozenset({"interrupted", "stopped", "failed"})

Share = Annotated[float, Field(ge=0, le=1)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatasetInfo(_Record):
    """Which names a run was trained on."""

    title: Annotated[str, Field(max_length=4096)]
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    names: Annotated[int, Field(ge=2)]
    categories: Annotated[tuple[str, ...], Field(min_length=2, max_length=200)]


class RunInfo(_Record):
    """`config.json`: written once, when a run is made.

    Attributes:
        id: The run's folder name.
        created: When, with time zone.
        config: All that decides its numbers.
        dataset: The names.
        parameters: Trainable numbers in the network.
        versions: Of what was installed, by package.
        threads: PyTorch's threads; sums in another order can differ in the last digit.
    """

    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$")]
    created: datetime
    config: RunConfig
    dataset: DatasetInfo
    parameters: int
    versions: dict[str, str]
    threads: int


class PartScores(_Record):
    """Scores on one part of the split, as in `core.results.Scores`."""

    part: Literal["train", "validation", "test"]
    protocol: str
    names: int
    loss: float
    accuracy: Share
    macro_recall: Share
    macro_f1: Share
    top3: Share


class RunStatus(_Record):
    """`status.json`: how far a run has come; replaced whole.

    Attributes:
        state: As stored; see `StoredState`.
        epoch: Epochs done, of `epochs`.
        step: Optimizer steps done, of `steps`.
        best_epoch: The epoch with the best validation score so far, 0 for none.
        validation_accuracy: Of that epoch, on the validation part.
        seconds: Of training, pauses left out.
        names_per_second: Training names per second.
        scores: By part, once the run is finished.
        message: Why it failed, in a sentence.
    """

    state: StoredState
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    best_epoch: int = 0
    validation_accuracy: Share | None = None
    seconds: float = 0.0
    names_per_second: float = 0.0
    scores: dict[Literal["train", "validation", "test"], PartScores] = {}
    message: str = ""
