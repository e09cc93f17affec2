"""What pages ask for: corpora, runs, networks and their answers. Cached; torch is imported late."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.alphabet import NormalisedName
from namerec.core.config import ModelConfig, Protocol, TrainConfig
from namerec.core.results import (
    ConfusionMatrix,
    GateTrace,
    Part,
    PredictedNames,
    Prediction,
    Scores,
)
from namerec.errors import DataError, NamerecError, RunError
from namerec.ui.server import manager, yardstick_keeper

if TYPE_CHECKING:
    from namerec.core.dataset import Dataset
    from namerec.core.splits import Split
    from namerec.jobs.yardsticks import Yardsticks
    from namerec.runs.networks import TrainedNetwork
    from namerec.runs.store import RunSummary

#: Networks, datasets and answers kept in memory at a time.
_KEPT = 8


def given_corpus() -> str | None:
    """The corpus named on the command line: `streamlit run dashboard.py -- --dataset PATH`."""
    arguments = sys.argv[1:]
    for place, argument in enumerate(arguments):
        if argument == "--dataset" and place + 1 < len(arguments):
            return arguments[place + 1]
        if argument.startswith("--dataset="):
            return argument.partition("=")[2]
    return None


def dataset(reference: str) -> Dataset:
    """The corpus a reference stands for, encoded.

    Raises:
        DataError: If it is not there or cannot be read.
    """
    from namerec.data import catalogue

    return _dataset(reference, catalogue.stamp(reference))


@st.cache_resource(max_entries=_KEPT, show_spinner="Reading names…")
def _dataset(reference: str, stamp: str) -> Dataset:  # noqa: ARG001 - the stamp ages the cache
    from namerec.data import catalogue

    return catalogue.load(reference)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _split(fingerprint: str, reference: str, protocol: Protocol, seed: int) -> Split:  # noqa: ARG001
    from namerec.core.splits import make_split

    return make_split(dataset(reference), protocol, seed)


def network(run_id: str) -> TrainedNetwork:
    """A run's network at its best epoch.

    Raises:
        RunError: If the run is not there or damaged.
    """
    folder = manager().store.open(run_id)
    weights = folder.path / "best.safetensors"
    stamp = weights.stat().st_mtime_ns if weights.exists() else 0
    return _network(run_id, stamp)


@st.cache_resource(max_entries=_KEPT, show_spinner="Loading the network…")
def _network(run_id: str, stamp: int) -> TrainedNetwork:  # noqa: ARG001 - the stamp ages the cache
    from namerec.runs.networks import load_network

    return load_network(manager().store.open(run_id))


def run_dataset(run: RunSummary) -> tuple[Dataset, Split]:
    """The names a run was trained on, and how they were split.

    Raises:
        DataError: If those names are no longer there.
    """
    training = run.info.config.training
    names = dataset(training.dataset)
    if names.fingerprint != run.info.dataset.fingerprint:
        raise DataError(
            f"The corpus of this run, “{run.info.dataset.title}”, has changed since it was "
            "trained, so its names cannot be listed. Put the old files back, or train again."
        )
    return names, _split(
        names.fingerprint, training.dataset, training.protocol, training.split_draw
    )


def yardsticks(training: TrainConfig, *, compute: bool) -> Yardsticks | None:
    """What is known of the yardsticks of a run's names and split; None if those are not there.

    Args:
        training: The run's settings.
        compute: Whether what is missing is to be computed in the background.
    """
    try:
        names = dataset(training.dataset)
        keeper = yardstick_keeper()
        if compute:
            draw = training.split_draw
            keeper.ask(names, _split(names.fingerprint, training.dataset, training.protocol, draw))
    except NamerecError:
        return None
    return keeper.known(names, training.protocol, training.split_draw)


def answers(run: RunSummary, part: Part) -> PredictedNames:
    """A run's answers on a part of its split: the stored ones, or asked of the network now.

    Raises:
        NamerecError: If network or names are not there.
    """
    return _answers(run.id, part, run.status.best_epoch, run.state)


@st.cache_resource(max_entries=_KEPT, show_spinner="Asking the network…")
def _answers(run_id: str, part: Part, best_epoch: int, state: str) -> PredictedNames:  # noqa: ARG001
    from namerec.core.evaluation import predict_names
    from namerec.runs.store import DamagedRun

    store = manager().store
    if state == "finished":
        stored = store.open(run_id).predictions().get(part)
        if stored is not None:
            return stored
    summary = store.summary(store.open(run_id))
    if isinstance(summary, DamagedRun):
        raise RunError(summary.reason)
    names, split = run_dataset(summary)
    return predict_names(network(run_id).model, names, split.part(part))


def evaluation(run: RunSummary, part: Part) -> tuple[ConfusionMatrix, Scores, str]:
    """A run's confusion matrix and scores on a part, and in words what they were measured on.

    Raises:
        NamerecError: If network or names are not there.
    """
    from namerec.core.evaluation import confusion_matrix, score

    names, split = run_dataset(run)
    given = answers(run, part)
    return (
        confusion_matrix(given, names, split, part),
        score(given, split, part),
        split.words(part),
    )


def predict(run_id: str, name: NormalisedName) -> Prediction:
    """Ranks the languages for one readable name."""
    from namerec.core.prediction import predict as rank

    asked = network(run_id)
    return next(iter(rank(asked.model, asked.categories, [name])))


def gate_trace(run_id: str, letters: str) -> GateTrace:
    """Replays a run's network on one normalised name."""
    from namerec.core.traces import trace

    asked = network(run_id)
    return trace(asked.model, asked.categories, letters)


@st.cache_data(max_entries=64, show_spinner=False)
def structure(model: ModelConfig, categories: int) -> str:
    """The printed structure of a network that has not been made yet."""
    from namerec.core.models import describe

    return describe(model, categories)
