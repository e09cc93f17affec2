"""What stands in a run's JSON files. Strictly validated: damaged files are refused."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_serializer,
    model_serializer,
    model_validator,
)

from namerec.core.corpus.protocols import StoredProtocol
from namerec.core.training.config import RunConfig
from namerec.text import shortened

#: States a run is stored in. *interrupted* is not among them: it is what a run is found to be that
#: says it is running while nobody holds its lock.
StoredState = Literal["queued", "running", "paused", "finished", "stopped", "failed", "diverged"]
RunState = StoredState | Literal["interrupted"]

#: Runs in these states have somebody working on them, or are interrupted.
ACTIVE_STATES: frozenset[RunState] = frozenset({"queued", "running", "paused"})
#: Runs in these states can be gone on with.
RESUMABLE_STATES: frozenset[RunState] = frozenset({"interrupted", "stopped", "failed"})

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")
_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]", re.IGNORECASE)
RunId = Annotated[str, Field(pattern=f"^{_ID.pattern}$")]
Share = Annotated[float, Field(ge=0, le=1)]
#: Whole numbers that a float holds exactly; nothing here comes near.
Count = Annotated[int, Field(ge=0, le=2**53)]
#: Seconds, or names per second: a billion is 30 years, and more than any computer reads.
Duration = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
#: A gradient may overflow, and earlier versions stored an epoch whose last step ruined the network:
#: lines with such numbers are read, or all that is behind them would be lost.
Overflowing = Annotated[float, Field(allow_inf_nan=True)]
#: Longest message kept, in code points; what is longer is cut where it is stored.
MAX_MESSAGE = 16_384


def is_run_id(text: str) -> bool:
    """Whether a text can be a run's id, and so the name of its folder: never a path."""
    return _ID.fullmatch(text) is not None


def is_device(identity: str) -> bool:
    """Whether Windows keeps a run's id for a device, so that no folder can have it there."""
    return _DEVICE.fullmatch(identity) is not None


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DatasetInfo(_Record):
    """Which names a run was trained on."""

    title: Annotated[str, Field(max_length=4096)]
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    names: Annotated[int, Field(ge=2, le=2**53)]
    categories: Annotated[tuple[str, ...], Field(min_length=2, max_length=200)]


class BranchPoint(_Record):
    """Where a run goes on from another one: it begins with that one's weights after an epoch.

    Attributes:
        run: The other run's id; it may be gone by now.
        epoch: After which epoch, counted from the beginning of the first run of the lineage.
        step: After which step, counted likewise.
        seconds: Of training until then, likewise.
        state_kept: Whether the optimizer's state was taken over too.
    """

    run: RunId
    epoch: Annotated[int, Field(ge=1, le=2**53)]
    step: Annotated[int, Field(ge=1, le=2**53)]
    seconds: Duration
    state_kept: bool


class Trial(_Record):
    """Which point of which sweep a run is.

    Attributes:
        sweep: The sweep's name.
        number: Counted from 0, in the order in which they were drawn.
    """

    sweep: RunId
    number: Count


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
        processes: How many train it together; each draws its own dropout.
        branch_points: Where it, and what it goes on from, go on from other runs, the oldest first;
            none for a run that begins with weights of its own.
        race: What it shares with the runs that were started in one race with it; empty for none.
        trial: Of a sweep, None for most. Such a run is scored on its test names only when it is
            resumed after its last epoch, which a sweep does for its winner alone.
    """

    id: RunId
    created: AwareDatetime
    config: RunConfig
    dataset: DatasetInfo
    parameters: Count
    versions: dict[str, str]
    threads: Annotated[int, Field(ge=1, le=1024)]
    processes: Annotated[int, Field(ge=1, le=65_536)] = 1
    branch_points: Annotated[tuple[BranchPoint, ...], Field(max_length=1000)] = ()
    race: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{0,40}$")] = ""
    trial: Trial | None = None

    @model_serializer(mode="wrap")
    def _as_before(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what most runs have not: versions that do not know of it read those."""
        values: dict[str, Any] = fields(self)
        if self.trial is None:
            del values["trial"]
        if self.processes == 1:
            del values["processes"]
        return values

    @model_validator(mode="before")
    @classmethod
    def _names_now(cls, values: Any) -> Any:
        if isinstance(values, dict) and "joints" in values:  # as earlier versions stored it
            values = {**values, "branch_points": values["joints"]}
            del values["joints"]
        return values


class PartScores(_Record):
    """Scores on one part of the split, as in `core.results.Scores`."""

    part: Literal["train", "validation", "test"]
    protocol: StoredProtocol
    names: Count
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
    epoch: Count = 0
    epochs: Count = 0
    step: Count = 0
    steps: Count = 0
    best_epoch: Count = 0
    validation_accuracy: Share | None = None
    seconds: Duration = 0.0
    names_per_second: Duration = 0.0
    scores: dict[Literal["train", "validation", "test"], PartScores] = {}
    message: Annotated[str, Field(max_length=MAX_MESSAGE)] = ""

    @field_serializer("message")
    def _not_longer_than_is_read(self, message: str) -> str:
        return shortened(message, MAX_MESSAGE)


class _Line(BaseModel):
    """What a program of ours wrote: as strict as can be.

    Fields of a newer version are passed over: a line is never changed, only moved.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


class StepLine(_Line):
    """A `core.results.StepRecord` in `metrics.jsonl`."""

    kind: Literal["step"]
    step: Count
    epoch: float
    loss: float
    gradient_norm: Overflowing
    learning_rate: float


class EpochLine(_Line):
    """A `core.results.EpochRecord` in `metrics.jsonl`."""

    kind: Literal["epoch"]
    epoch: Count
    step: Count
    train_loss: float
    train_accuracy: Share
    validation_loss: Overflowing
    validation_accuracy: Share
    validation_macro_recall: Share
    validation_confusion: tuple[tuple[Count, ...], ...]
    seconds: Duration
    names_per_second: Duration
    best: bool

    @model_validator(mode="after")
    def _confusion_is_square(self) -> EpochLine:
        if any(len(row) != len(self.validation_confusion) for row in self.validation_confusion):
            raise ValueError("validation_confusion has as many columns as rows")
        return self


class GapLine(_Line):
    """In place of lines in `metrics.jsonl` that could not be read any more."""

    kind: Literal["gap"]
    lines: Annotated[int, Field(ge=1, le=2**53)]


class ProgressText(_Line):
    """A `core.training.Progress` in the metadata of `last.safetensors`."""

    model_config = ConfigDict(extra="forbid")

    epoch: Annotated[int, Field(ge=1, le=2**53)]
    step: Annotated[int, Field(ge=1, le=2**53)]
    best_epoch: Annotated[int, Field(ge=1, le=2**53)]
    best_score: tuple[float, float]
    seconds: Duration
    training_seconds: Duration
