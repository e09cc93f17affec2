"""What pages ask for: corpora, runs, networks and their answers. Cached; torch is imported late."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from namerec.core.corpus.protocols import Part, Protocol
from namerec.core.evaluation.results import ConfusionMatrix, PredictedNames, Scores
from namerec.core.inside.trace import GateTrace
from namerec.core.networks.config import ModelConfig
from namerec.core.training.records import EpochRecord
from namerec.errors import NamerecError
from namerec.ui.server.manager import baseline_keeper, manager
from namerec.ui.shared.priors import prior_words

if TYPE_CHECKING:
    import numpy as np

    from namerec.core.corpus.dataset import Dataset
    from namerec.core.corpus.splits import Split
    from namerec.core.evaluation.priors import PriorSweep
    from namerec.core.inside.neighbours import TrainingNames
    from namerec.jobs.baselines import Baselines
    from namerec.runs.networks import TrainedNetwork
    from namerec.runs.records import RunInfo
    from namerec.runs.summary import RunSummary

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
    from namerec.core.corpus.splits import make_split

    return make_split(dataset(reference), protocol, seed)


def network(run_id: str) -> TrainedNetwork:
    """A run's network at its best epoch.

    Raises:
        RunError: If the run is not there or damaged.
    """
    from namerec.runs.networks import kept_network

    return kept_network(manager().store.open(run_id))


def run_dataset(run: RunSummary) -> tuple[Dataset, Split]:
    """The names a run was trained on, and how they were split.

    Raises:
        DataError: If those names are no longer there.
    """
    return _names_and_split(run.info)


def _names_and_split(info: RunInfo) -> tuple[Dataset, Split]:
    """The same from what the run is.

    Raises:
        DataError: If those names are no longer there.
    """
    reference, training = _corpus_of(info), info.config.training
    names = dataset(reference)
    return names, _split(names.fingerprint, reference, training.protocol, training.split_draw)


def corpus_of(run: RunSummary) -> str:
    """Where the names of a run are now.

    Raises:
        DataError: If they are gone, or other names are there.
    """
    return _corpus_of(run.info)


def _corpus_of(info: RunInfo) -> str:
    from namerec.jobs.corpora import corpus_of

    return corpus_of(info, dataset)


def baselines(run_id: str, *, compute: bool) -> Baselines | None:
    """What is known of the baselines of a run's names and split; None if those are not there.

    Args:
        run_id: Which run.
        compute: Whether what is missing is to be computed in the background.
    """
    try:
        names, split = _names_and_split(_info(run_id))
    except NamerecError:
        return None
    keeper = baseline_keeper()
    if compute:
        jobs = manager()
        keeper.ask(names, split, lambda: any(job.state == "running" for job in jobs.active()))
    return keeper.known(names, split.protocol, split.seed)


def baselines_underway(run_id: str) -> bool:
    """Whether the baselines of a run's names and split are being computed now."""
    try:
        names, split = _names_and_split(_info(run_id))
    except NamerecError:
        return False
    return baseline_keeper().underway(names, split.protocol, split.seed)


@st.cache_resource(max_entries=64, show_spinner=False)
def _info(run_id: str) -> RunInfo:
    """What a run is, which never changes."""
    return manager().store.open(run_id).info()


def answers(run: RunSummary, part: Part) -> PredictedNames:
    """A run's answers on a part of its split: the stored ones, or asked of the network now.

    Raises:
        NamerecError: If network or names are not there.
    """
    return _answers(run.id, part, run.status.best_epoch, run.state)


@st.cache_resource(max_entries=_KEPT, show_spinner="Running the network…")
def _answers(run_id: str, part: Part, best_epoch: int, state: str) -> PredictedNames:  # noqa: ARG001
    from namerec.core.evaluation.scores import predict_names

    store = manager().store
    if state == "finished":
        stored = store.open(run_id).predictions().get(part)
        if stored is not None:
            return stored
    names, split = run_dataset(store.readable(run_id))
    return predict_names(network(run_id).model, names, split.part(part))


class Evaluation(NamedTuple):
    """A run's answers on a part of its split, and what follows from them.

    Attributes:
        answers: With the priors assumed.
        matrix: Counted from them.
        scores: Measured on them.
        measured_on: In words, priors included.
    """

    answers: PredictedNames
    matrix: ConfusionMatrix
    scores: Scores
    measured_on: str


def evaluation(run: RunSummary, part: Part, prior_strength: float | None = None) -> Evaluation:
    """A run's answers on a part, scored.

    Args:
        run: Which.
        part: Of its split.
        prior_strength: That is assumed, 0..1; None for the one it was trained with.

    Raises:
        NamerecError: If network or names are not there.
    """
    from namerec.core.evaluation.priors import assuming, strength_as_trained
    from namerec.core.evaluation.scores import confusion_matrix, score

    names, split = run_dataset(run)
    given, measured_on = answers(run, part), split.words(part)
    sampling = run.info.config.training.sampling
    if prior_strength is not None and prior_strength != strength_as_trained(sampling):
        given = assuming(given, prior(run), sampling, prior_strength)
        measured_on += f", {prior_words(run, prior_strength)}"
    return Evaluation(
        given,
        confusion_matrix(given, names, split, part),
        score(given, split, part),
        measured_on,
    )


def prior(run: RunSummary) -> np.ndarray:
    """How frequent each category is in a run's training part, (categories,)."""
    from namerec.core.evaluation.combining import learned_prior

    names, split = run_dataset(run)
    return learned_prior(names, split.train, "natural")


def prior_sweep(run: RunSummary, part: Part) -> PriorSweep:
    """Accuracy and macro recall of a run for each assumed prior."""
    from namerec.core.evaluation.priors import prior_sweep as sweep

    return sweep(answers(run, part), prior(run), run.info.config.training.sampling)


def training_names(run: RunSummary) -> TrainingNames:
    """The distinct names of a run's training part, to look for neighbours among."""
    training = run.info.config.training
    return _training_names(
        run.info.dataset.fingerprint, training.protocol, training.split_draw, run
    )


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _training_names(
    fingerprint: str,  # noqa: ARG001 - these three decide the names
    protocol: Protocol,  # noqa: ARG001
    draw: int,  # noqa: ARG001
    _run: RunSummary,
) -> TrainingNames:
    from namerec.core.inside.neighbours import TrainingNames

    names, split = run_dataset(_run)
    return TrainingNames.of(names, split.train)


def temperature(run: RunSummary, prior_strength: float | None) -> float:
    """The temperature at which a run's validation answers are as sure as they should be.

    Args:
        run: Whose.
        prior_strength: That is assumed in the answers, as in `evaluation`.
    """
    return _temperature(run.id, run.status.best_epoch, prior_strength, run)


@st.cache_data(max_entries=64, show_spinner=False)
def _temperature(
    run_id: str,  # noqa: ARG001 - these decide the answers
    best_epoch: int,  # noqa: ARG001
    prior_strength: float | None,
    _run: RunSummary,
) -> float:
    from namerec.core.evaluation.calibration import fitted_temperature

    return fitted_temperature(evaluation(_run, "validation", prior_strength).answers)


def epochs(run_id: str) -> list[EpochRecord]:
    """A run's stored epochs, in order."""
    return manager().store.open(run_id).metrics()[1]


def gate_trace(run: RunSummary, letters: str, prior_strength: float | None) -> GateTrace:
    """Replays a run's network on one normalised name.

    Args:
        run: Whose network.
        letters: The name.
        prior_strength: That its probabilities assume, 0..1; None for the one of its training.

    Raises:
        NamerecError: If network, or with other priors the names, are not there.
    """
    from namerec.core.evaluation.priors import assuming
    from namerec.core.inside.traces import trace

    asked = network(run.id)
    traced = trace(asked.model, asked.categories, letters)
    if prior_strength is None:
        return traced
    import numpy as np

    rows = np.zeros(len(letters), dtype=np.int64)
    least = np.finfo(traced.probabilities.dtype).tiny  # what has underflowed has a logarithm, too
    answers = PredictedNames(rows, rows, np.log(np.maximum(traced.probabilities, least)))
    even = assuming(answers, prior(run), run.info.config.training.sampling, prior_strength)
    return replace(traced, probabilities=np.exp(even.log_probabilities))


@st.cache_data(max_entries=64, show_spinner=False)
def structure(model: ModelConfig, categories: int) -> str:
    """The printed structure of a network that has not been made yet."""
    from namerec.core.networks.models import describe

    return describe(model, categories)
