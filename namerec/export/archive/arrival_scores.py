"""Whether a run that arrives has earned the scores it claims."""

from __future__ import annotations

import math

import numpy as np

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import make_split
from namerec.core.evaluation.results import PredictedNames
from namerec.core.evaluation.scores import predict_names, scored
from namerec.core.inside.name_samples import spread_over
from namerec.errors import RunError
from namerec.runs.folder import RunFolder
from namerec.runs.networks import load_network
from namerec.runs.records import RunInfo, RunStatus

#: Largest difference of a share, and of a loss as a share of it, that other versions explain.
_ROUNDING = 1e-4
#: Names of each part on which the network itself is asked.
_ASKED = 200
#: Share of them whose stored answer must be the network's; on an unsteady network some are not.
_LEAST_SAME = 0.9
#: Largest difference of a probability of one that is.
_SAME = 0.01


def check_scores(folder: RunFolder, info: RunInfo, status: RunStatus) -> None:
    """Checks a finished run's scores against its stored answers.

    Raises:
        RunError: If they claim something else.
    """
    if status.state != "finished":
        return
    answers = folder.predictions()
    for part, claimed in status.scores.items():
        found = scored(answers[part], info.config.training.protocol, part)
        if (claimed.part, claimed.protocol, claimed.names) != (part, found.protocol, found.names):
            raise RunError(f"Its scores on {part} names say they were measured on others.")
        for name in ("accuracy", "macro_recall", "macro_f1", "top3", "loss"):
            wanted, given = getattr(found, name), getattr(claimed, name)
            if not math.isclose(wanted, given, rel_tol=_ROUNDING, abs_tol=_ROUNDING):
                raise RunError(
                    f"It claims a {name.replace('_', ' ')} of {given:.4g} on {part} names, and its "
                    f"answers give {wanted:.4g}."
                )


def check_answers(folder: RunFolder, dataset: Dataset) -> None:
    """Asks a finished run's network for some of the names that it has answers on.

    Raises:
        RunError: If the stored answers are about other names or not the network's.
    """
    info = folder.info()
    training = info.config.training
    split = make_split(dataset, training.protocol, training.split_draw)
    model = load_network(folder).model
    for part, stored in folder.predictions().items():
        expected = split.part(part)
        if not np.array_equal(stored.indices, expected):
            raise RunError(f"Its answers on {part} names are about others than its split has.")
        if not np.array_equal(stored.labels, dataset.labels[expected]):
            raise RunError(f"Its answers on {part} names say that other answers are right.")
        some = spread_over(np.arange(len(expected)), _ASKED)
        theirs = predict_names(model, dataset, expected[some])
        if _same(stored.log_probabilities[some], theirs) < _LEAST_SAME:
            raise RunError(f"Its answers on {part} names are not those of its network.")


def _same(stored: np.ndarray, asked: PredictedNames) -> float:
    """Share of the names, 0..1, that are answered alike."""
    apart = np.abs(np.exp(stored) - np.exp(asked.log_probabilities)).max(axis=1)
    return float((apart <= _SAME).mean())
