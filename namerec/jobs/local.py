"""The job manager as this machine runs it: local executor, local corpora, local data folder."""

from __future__ import annotations

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.splits import make_split
from namerec.core.networks.config import ModelConfig
from namerec.core.training.config import RunConfig, TrainConfig
from namerec.core.training.loop import train
from namerec.data import catalogue
from namerec.jobs.baselines import BaselineKeeper
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.manager import JobManager
from namerec.runs.store import RunStore
from namerec.settings import home


def local_baselines() -> BaselineKeeper:
    """The baselines, kept in the user's data folder."""
    return BaselineKeeper(home() / "baselines")


def local_manager() -> JobManager:
    """A manager over the user's data folder, which trains in this process."""
    return JobManager(RunStore(), LocalExecutor(catalogue.load))


def rehearse() -> None:
    """Trains one step on six letters, so that the first real run starts at once.

    PyTorch imports its compiler, 800 modules, when the first optimizer is made.
    """
    names = Dataset.build("rehearsal", (LabelledName(name, name.upper()) for name in "aabbcc"))
    config = RunConfig(
        model=ModelConfig(hidden_size=1), training=TrainConfig(protocol="course", epochs=1)
    )
    next(iter(train(config, names, make_split(names, "course", seed=0))))
