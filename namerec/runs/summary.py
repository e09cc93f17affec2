"""Runs as a list shows them."""

from __future__ import annotations

from dataclasses import dataclass

from namerec.core.corpus.protocols import holds_out, noun_of
from namerec.core.tasks.memory_task import is_memory_task
from namerec.runs.labels import NO_LABEL, RunLabel
from namerec.runs.records import RunInfo, RunState, RunStatus
from namerec.text import plural


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
        newer: Why it is only listed, in sentences, if another version has stored what is not known
            here; else empty.
    """

    id: str
    info: RunInfo
    status: RunStatus
    state: RunState
    pretrained: bool
    label: RunLabel = NO_LABEL
    newer: str = ""

    @property
    def has_network(self) -> bool:
        """Whether there is a trained network to look into here."""
        return self.status.best_epoch > 0 and not self.newer

    @property
    def noun(self) -> str:
        """What one of its categories is called."""
        return noun_of(self.info.config.training.dataset)

    @property
    def nouns(self) -> str:
        """What several of them are called."""
        return plural(self.noun)

    @property
    def merit(self) -> tuple[bool, float]:
        """How good it is: whether on held-out names, and the accuracy."""
        scores = self.status.scores.get("test")
        accuracy = scores.accuracy if scores else self.status.validation_accuracy or 0.0
        return holds_out(self.info.config.training.protocol), accuracy

    @property
    def experiment(self) -> bool:
        """Whether it was trained on a made-up task, and is no reader of names to choose from."""
        return is_memory_task(self.info.config.training.dataset)

    @property
    def unscored_trial(self) -> bool:
        """Whether it is a sweep's trial that was not scored on test names, as its winner is."""
        return self.info.trial is not None and self.status.state != "finished"

    @property
    def set_apart(self) -> bool:
        """Whether lists of networks to choose from leave it out."""
        return self.experiment or self.unscored_trial


@dataclass(frozen=True, slots=True)
class DamagedRun:
    """A run that cannot be read, and why; the others stay listed.

    Attributes:
        id: Its folder's name.
        reason: Why, in sentences.
        newer: Whether another version has made it, so that nothing says that it is damaged.
    """

    id: str
    reason: str
    newer: bool = False
