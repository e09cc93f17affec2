"""The baselines of a dataset and split: computed once in the background, then kept on the disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import Part, Protocol
from namerec.core.corpus.splits import Split
from namerec.core.evaluation.baselines import (
    BASELINE_KINDS,
    RECIPE,
    BaselineKind,
    fit,
    label_ceiling,
)
from namerec.core.evaluation.scores import score
from namerec.disk import write_whole
from namerec.jobs.baseline_process import BaselineProcess

_LOG = logging.getLogger(__name__)

#: Parts of a split that baselines are scored on.
SCORED: tuple[Part, ...] = ("validation", "test")

_Share = Annotated[float, Field(ge=0, le=1)]


class BaselineScores(BaseModel):
    """One baseline's accuracy and macro recall, 0..1, by part of the split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accuracy: dict[Part, _Share]
    macro_recall: dict[Part, _Share]


class Baselines(BaseModel):
    """What is known of a split's baselines.

    Attributes:
        scores: By kind; while they are being computed, those that are there.
        ceiling: The accuracy nobody can exceed, by part.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scores: dict[BaselineKind, BaselineScores] = {}
    ceiling: dict[Part, _Share] = {}

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return len(self.scores) == len(BASELINE_KINDS) and len(self.ceiling) == len(SCORED)


@dataclass(frozen=True, slots=True)
class _Work:
    known: Baselines = field(default_factory=Baselines)
    underway: bool = False
    failed: bool = False


class BaselineKeeper:
    """Has baselines computed one split after the other, in a process of low priority.

    Args:
        folder: Where results are kept, one JSON file a split; made when needed.
        measure: Scores one baseline; the default has the process do it, which starts when it is
            first asked. Tests give a quick one.
    """

    def __init__(
        self,
        folder: Path,
        measure: Callable[[BaselineProcess, BaselineKind], BaselineScores] | None = None,
    ) -> None:
        self._folder = folder
        self._measure = measure or measured
        self._work: dict[str, _Work] = {}
        self._turn = threading.Lock()  # one split at a time
        self._changing = threading.Lock()

    def known(self, dataset: Dataset, protocol: Protocol, draw: int) -> Baselines:
        """What is known now, without computing anything; quick enough for every rerun."""
        name = _name(dataset, protocol, draw)
        with self._changing:
            work = self._work.get(name)
            if work is None:
                work = self._work[name] = _Work(self._read(name) or Baselines())
            return work.known

    def ask(self, dataset: Dataset, split: Split, busy: Callable[[], bool] = lambda: False) -> None:
        """Has what is missing computed in the background; does nothing if it is or was.

        Args:
            dataset: The names.
            split: Of these names.
            busy: Whether a training has better use for the processor: then the work is dropped,
                and begun again afterwards with the first baseline that is not there.
        """
        name = _name(dataset, split.protocol, split.seed)
        if self.known(dataset, split.protocol, split.seed).complete:
            return
        with self._changing:
            work = self._work[name]
            if work.failed or work.underway:
                return
            self._work[name] = replace(work, underway=True)
        worker = threading.Thread(
            target=self._compute,
            args=(name, dataset, split, busy),
            name=f"baselines {name}",
            daemon=True,
        )
        try:
            worker.start()
        except RuntimeError:  # the system gives no more threads
            _LOG.exception("The baselines %s could not be computed", name)
            self._change(name, failed=True, underway=False)

    def underway(self, dataset: Dataset, protocol: Protocol, draw: int) -> bool:
        """Whether they are being computed, or wait for others to be."""
        work = self._work.get(_name(dataset, protocol, draw))
        return work is not None and work.underway

    def _compute(self, name: str, dataset: Dataset, split: Split, busy: Callable[[], bool]) -> None:
        with self._turn:
            try:
                if len(self._work[name].known.ceiling) < len(SCORED):
                    ceiling = {part: label_ceiling(dataset, split.part(part)) for part in SCORED}
                    self._learn(name, ceiling=ceiling)
                with BaselineProcess(dataset, split, busy) as process:
                    for kind in BASELINE_KINDS:
                        if kind not in self._work[name].known.scores:
                            scores = self._measure(process, kind)
                            self._learn(
                                name, scores={**self._work[name].known.scores, kind: scores}
                            )
            except Exception:  # noqa: BLE001 - whatever it is, a dead thread must not look busy
                _LOG.exception("The baselines %s could not be computed", name)
                self._change(name, failed=True)
            finally:
                self._change(name, underway=False)

    def _keep(self, name: str) -> None:
        content = self._work[name].known.model_dump_json(indent=2).encode() + b"\n"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._folder / f"{name}.json", content)
        except OSError:
            _LOG.exception("The baselines %s could not be kept", name)

    def _learn(self, name: str, **more: Any) -> None:
        self._change(name, known=self._work[name].known.model_copy(update=more))
        self._keep(name)

    def _change(self, name: str, **more: Any) -> None:
        with self._changing:
            self._work[name] = replace(self._work[name], **more)

    def _read(self, name: str) -> Baselines | None:
        path = self._folder / f"{name}.json"
        try:
            return Baselines.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):  # not there, or damaged: it is computed again
            return None


def measured(process: BaselineProcess, kind: BaselineKind) -> BaselineScores:
    """Has a baseline fitted and scored by a process.

    Raises:
        JobError: If the process dies.
        OSError: If it cannot be started.
        ValidationError: If it answers anything but scores.
    """
    return BaselineScores.model_validate_json(process.ask(kind))


def scored(kind: BaselineKind, dataset: Dataset, split: Split) -> BaselineScores:
    """Fits a baseline on the training part and scores it on the others, here and now."""
    fitted = fit(kind, dataset, split.train)
    scores = {part: score(fitted.answers(split.part(part)), split, part) for part in SCORED}
    return BaselineScores(
        accuracy={part: scores[part].accuracy for part in SCORED},
        macro_recall={part: scores[part].macro_recall for part in SCORED},
    )


def _name(dataset: Dataset, protocol: Protocol, draw: int) -> str:
    return f"{dataset.fingerprint[:32]}-{protocol}-{draw}-{RECIPE}"
