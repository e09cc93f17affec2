"""Training as a generator of records: to stop is not to ask for the next one.

    for record in train(config, dataset, split):
        ...

yields, in this order: `StepRecord`s at a bounded rate; after every epoch one `Checkpoint` (what
must be stored before the epoch may be reported) and then its `EpochRecord`; at the end one
`FinalRecord`. Nothing here knows files, threads or screens. The same configuration and dataset give
the same numbers, and a run resumed from a checkpoint goes on bit for bit as if never interrupted.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import Part
from namerec.core.corpus.splits import Split
from namerec.core.evaluation.results import PredictedNames, Scores
from namerec.core.evaluation.scores import confusion, predict_names, score
from namerec.core.networks.models import build
from namerec.core.networks.name_model import NameModel
from namerec.core.training.batches import Batches
from namerec.core.training.config import EVALUATIONS_PER_RUN, OptimizerKind, RunConfig, TrainConfig
from namerec.core.training.peers import Alone
from namerec.core.training.records import EpochRecord, FinalRecord, StepRecord
from namerec.core.training.schedules import learning_rate
from namerec.errors import ConfigError, DivergedError

#: Step records a run gives at most, besides one for its first step and one an epoch.
STEP_RECORDS = 2000


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands at the end of an epoch; plain values, stored as JSON."""

    epoch: int = 0
    step: int = 0
    best_epoch: int = 0
    best_score: tuple[float, float] = (-1.0, -math.inf)
    seconds: float = 0.0
    training_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What resuming needs, at the end of an epoch.

    Attributes:
        progress: Where training stands.
        weights: The network's, by name.
        resume: Optimizer state and random state, by name.
        best: Whether these weights are the best so far.
    """

    progress: Progress
    weights: dict[str, Tensor] = field(repr=False)
    resume: dict[str, Tensor] = field(repr=False)
    best: bool


@dataclass(frozen=True, slots=True)
class Resumed:
    """A checkpoint to go on from, with the best weights up to it."""

    checkpoint: Checkpoint
    best_weights: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class InitialWeights:
    """What a training begins with in place of weights of its own.

    Attributes:
        weights: The network's, by name.
        moments: The optimizer's state, by name as in a checkpoint; empty for a fresh one.
    """

    weights: dict[str, Tensor]
    moments: dict[str, Tensor]


Record = StepRecord | Checkpoint | EpochRecord | FinalRecord

OPTIMIZERS: dict[OptimizerKind, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How many steps each epoch takes.

    Attributes:
        ends: The step at which each epoch ends, (epochs,).
    """

    ends: tuple[int, ...]

    @property
    def epochs(self) -> int:
        """Number of epochs."""
        return len(self.ends)

    @property
    def steps(self) -> int:
        """Number of optimizer steps in all."""
        return self.ends[-1]

    @property
    def record_every(self) -> int:
        """Steps between two step records."""
        return max(1, math.ceil(self.steps / STEP_RECORDS))


def plan(training: TrainConfig, names: int) -> Plan:
    """Lays a run out in epochs.

    Args:
        training: Its settings.
        names: Names in the training part.
    """
    if training.steps is None:
        per_epoch = math.ceil(names / training.batch_size)
        return Plan(tuple(per_epoch * (epoch + 1) for epoch in range(training.epochs)))
    epochs = min(EVALUATIONS_PER_RUN, training.steps)
    return Plan(tuple(round(training.steps * (epoch + 1) / epochs) for epoch in range(epochs)))


def train(
    config: RunConfig,
    dataset: Dataset,
    split: Split,
    resumed: Resumed | None = None,
    initial: InitialWeights | None = None,
    peers: Alone | None = None,
) -> Generator[Record]:
    """Trains a network; see the module's text for what is yielded.

    Args:
        config: Network and settings.
        dataset: The names.
        split: Of the same dataset.
        resumed: Where to go on from; None to begin.
        initial: What to begin with; None for weights drawn from the seed.
        peers: Other processes that are given the same, and share the work; None for nobody.

    Raises:
        DivergedError: If the loss is no longer finite.
        ConfigError: If the device asked for is not there.
    """
    run = _Training(config, dataset, split, peers or Alone())
    if resumed is not None:
        run.restore(resumed)
    elif initial is not None:
        run.begin_with(initial)
    return run.records()


class _Clock:
    """Seconds spent working; it stands still while the reader has the record."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since: float | None = None

    def go(self) -> None:
        self._since = time.perf_counter()

    def halt(self) -> None:
        if self._since is not None:
            self.seconds += time.perf_counter() - self._since
            self._since = None


class _Training:
    """One run in progress."""

    def __init__(self, config: RunConfig, dataset: Dataset, split: Split, peers: Alone) -> None:
        self.config, self.dataset, self.split, self.peers = config, dataset, split, peers
        self.device = resolve_device(config.training.device)
        self.plan = plan(config.training, len(split.train))
        self.generator = torch.Generator().manual_seed(config.training.seed)
        self.batches = Batches(config.training, dataset, split.train, self.generator)
        self.model: NameModel = build(
            config.model, len(dataset.categories), config.training.seed
        ).to(self.device)
        self.network = peers.network(self.model)
        self.parameters = list(self.model.parameters())
        self.optimizer = _optimizer(config.training, self.parameters)
        self.progress = Progress()
        self.best_weights = _copied(self.model.state_dict())
        self.work, self.stepping = _Clock(), _Clock()

    def begin_with(self, initial: InitialWeights) -> None:
        """Takes over another training's weights, and its optimizer's state if that was kept."""
        self.model.load_state_dict(initial.weights)
        self._take_moments(initial.moments)
        self.best_weights = _copied(self.model.state_dict())

    def _take_moments(self, moments: dict[str, Tensor]) -> None:
        state = self.optimizer.state_dict()
        for name, tensor in moments.items():
            index, key = name.split(".", 1)
            state["state"].setdefault(int(index), {})[key] = tensor.clone()
        self.optimizer.load_state_dict(state)

    def restore(self, resumed: Resumed) -> None:
        """Takes up a checkpoint."""
        checkpoint = resumed.checkpoint
        self.model.load_state_dict(checkpoint.weights)
        moments = dict(checkpoint.resume)
        self.generator.set_state(moments.pop("generator"))
        self._take_moments(moments)
        self.progress = checkpoint.progress
        self.best_weights = _copied(resumed.best_weights)
        self.work.seconds = checkpoint.progress.seconds
        self.stepping.seconds = checkpoint.progress.training_seconds

    def records(self) -> Generator[Record]:
        """All records from here to the end."""
        if not self._patience_ended():
            for record in self._epochs():
                self.work.halt()
                yield record
                if isinstance(record, EpochRecord) and self._patience_ended():
                    break
        self.work.go()
        final = self._final()
        yield final

    def _patience_ended(self) -> bool:
        patience = self.config.training.patience
        return bool(patience) and self.progress.epoch - self.progress.best_epoch >= patience

    def _epochs(self) -> Iterator[Record]:
        for epoch in range(self.progress.epoch, self.plan.epochs):
            self.work.go()
            stepping_before = self.stepping.seconds
            losses, hits, seen = 0.0, 0, 0
            for record, loss, right, names in self._steps(epoch):
                losses, hits, seen = losses + loss * names, hits + right, seen + names
                if record is not None:
                    yield record
                    self.work.go()
            answers = self._answers(self.split.validation)
            scores = score(answers, self.split, "validation")
            self._ensure_finite(scores.loss, self.plan.ends[epoch])
            better = (scores.accuracy, -scores.loss) > self.progress.best_score
            if better:
                self.best_weights = _copied(self.model.state_dict())
            self.work.halt()
            self.progress = Progress(
                epoch=epoch + 1,
                step=self.plan.ends[epoch],
                best_epoch=epoch + 1 if better else self.progress.best_epoch,
                best_score=(scores.accuracy, -scores.loss) if better else self.progress.best_score,
                seconds=self.work.seconds,
                training_seconds=self.stepping.seconds,
            )
            self.work.go()
            yield self._checkpoint(better)
            stepped = self.stepping.seconds - stepping_before
            counts = confusion(answers, self.dataset.categories)
            yield EpochRecord(
                epoch=epoch + 1,
                step=self.plan.ends[epoch],
                train_loss=losses / seen,
                train_accuracy=hits / seen,
                validation_loss=scores.loss,
                validation_accuracy=scores.accuracy,
                validation_macro_recall=scores.macro_recall,
                validation_confusion=tuple(tuple(row) for row in counts.tolist()),
                seconds=self.progress.seconds,
                names_per_second=seen / max(stepped, 1e-9),
                best=better,
            )

    def _steps(self, epoch: int) -> Iterator[tuple[StepRecord | None, float, int, int]]:
        """One epoch's steps: (record or None, loss, right answers, names) each."""
        first = self.plan.ends[epoch - 1] if epoch else 0
        last = self.plan.ends[epoch]
        loss_sum, norm_sum, count = 0.0, 0.0, 0
        noise = self.peers.noise(self.generator, self.config.training.seed, epoch)
        self.model.generator = noise
        self.model.train()
        self.stepping.go()
        for step, indices in enumerate(self.batches.of_epoch(last - first), first + 1):
            rate = learning_rate(self.config.training, (step - 1) / self.plan.steps)
            loss, norm, right = self._step(indices, rate, noise)
            self._ensure_finite(loss, step)
            loss_sum, norm_sum, count = loss_sum + loss, norm_sum + norm, count + 1
            record = None
            if step % self.plan.record_every == 0 or step in (1, last):
                within = (step - first) / (last - first)
                record = StepRecord(step, epoch + within, loss_sum / count, norm_sum / count, rate)
                loss_sum, norm_sum, count = 0.0, 0.0, 0
                self.stepping.halt()
            yield record, loss, right, len(indices)
            if record is not None:
                self.stepping.go()
        self.stepping.halt()

    def _ensure_finite(self, loss: float, step: int) -> None:
        if not math.isfinite(loss):
            raise DivergedError(
                f"The loss is {loss} at step {step:,}: training has diverged. Lower the "
                f"learning rate (now {self.config.training.learning_rate:g}) or clip the "
                "gradient (for example at 1), and start again."
            )

    def _step(
        self, indices: np.ndarray, rate: float, noise: torch.Generator
    ) -> tuple[float, float, int]:
        """One optimizer step: loss, gradient norm before clipping, right answers."""
        mine, weight = self.peers.share(indices)
        names, labels = self.dataset.batch(mine)
        names = self.batches.with_dropped_letters(names, noise).to(self.device)
        labels = labels.to(self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        answers = self.network(names)
        loss = F.nll_loss(answers, labels)
        # What is summed up is divided by the number of processes.
        (loss * (weight * self.peers.world)).backward()
        limit = self.config.training.clip_norm or math.inf
        norm = nn.utils.clip_grad_norm_(self.parameters, limit)
        self.optimizer.step()
        right = int((answers.detach().argmax(1) == labels).sum()) if weight else 0
        whole_loss, all_right = self.peers.total(loss.item() * weight, right)
        return whole_loss, float(norm), int(all_right)

    def _answers(self, indices: np.ndarray) -> PredictedNames:
        mine = predict_names(self.model, self.dataset, self.peers.part(indices))
        return PredictedNames(
            indices=np.asarray(indices, dtype=np.int64),
            labels=self.dataset.labels[indices],
            log_probabilities=self.peers.gathered(mine.log_probabilities, len(indices)),
        )

    def _checkpoint(self, best: bool) -> Checkpoint:
        resume = {"generator": self.generator.get_state()}
        for index, state in self.optimizer.state_dict()["state"].items():
            for key, value in state.items():
                if isinstance(value, Tensor):
                    resume[f"{index}.{key}"] = value
        return Checkpoint(
            progress=self.progress,
            weights=_copied(self.model.state_dict()),
            resume=_copied(resume),
            best=best,
        )

    def _final(self) -> FinalRecord:
        self.model.load_state_dict(self.best_weights)
        predictions: dict[Part, PredictedNames] = {}
        scores: dict[Part, Scores] = {}
        parts: tuple[Part, ...] = ("validation", "test")
        for part in parts:
            answers = self._answers(self.split.part(part))
            predictions[part] = answers
            scores[part] = score(answers, self.split, part)
        self.work.halt()
        return FinalRecord(
            scores=scores,
            predictions=predictions,
            best_epoch=self.progress.best_epoch,
            seconds=self.work.seconds,
            names_per_second=self._names_trained() / max(self.stepping.seconds, 1e-9),
        )

    def _names_trained(self) -> int:
        if self.config.training.steps is not None:
            return self.progress.step * self.config.training.batch_size
        return self.progress.epoch * len(self.split.train)


def _optimizer(training: TrainConfig, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    return OPTIMIZERS[training.optimizer](
        parameters, lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
    )


def resolve_device(wanted: str) -> torch.device:
    """The device a setting means.

    Raises:
        ConfigError: If a GPU is asked for and there is none.
    """
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "device is “cuda”, but PyTorch finds no GPU on this machine. Use “cpu” or “auto”."
        )
    return torch.device(wanted)


def _copied(tensors: dict[str, Any]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}
