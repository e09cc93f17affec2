"""What becomes of the scores if languages are more evenly frequent than in the training part.

Nothing is trained again: the answers are reweighted by Bayes' rule, see `combining.reweighted`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from namerec.core.corpus.protocols import Sampling
from namerec.core.evaluation.combining import DRAWN_BY, reweighted
from namerec.core.evaluation.results import PredictedNames
from namerec.core.evaluation.scores import confusion, macro_recall

#: Evenness from 0 to 1 in steps of 0.05: fine enough for a smooth line and a slider's steps.
EVENNESS = np.linspace(0, 1, 21)


class PriorSweep(NamedTuple):
    """Scores over assumed priors.

    Attributes:
        evenness: 0: categories are as frequent as in the training part; 1: all equally; (points,).
        accuracy: Share of right answers, 0..1, (points,).
        macro_recall: Mean of the categories' recalls, 0..1, (points,).
    """

    evenness: np.ndarray
    accuracy: np.ndarray
    macro_recall: np.ndarray


def evenness_as_trained(sampling: Sampling) -> float:
    """The evenness at which a network's answers stay as they are, 0..1.

    It is 0 for names drawn as they come, and 1 for a network that already met every category
    equally often.
    """
    return 1 - DRAWN_BY[sampling]


def assuming(
    answers: PredictedNames, prior: np.ndarray, sampling: Sampling, evenness: float
) -> PredictedNames:
    """The same answers if the categories were as frequent as in the training part, or more evenly.

    A network learned a prior proportional to n(y) to the power of s, where n(y) is how often the
    training part has category y, and s is 1 for natural, 1/2 for square root and 0 for balanced
    sampling. The assumed prior is proportional to n(y) to the power of 1 - evenness, so by Bayes'
    rule the answers are multiplied with n(y) to the power of 1 - evenness - s.

    Args:
        answers: A network's.
        prior: How frequent categories are in its training part, (categories,), every one above 0:
            `combining.learned_prior(dataset, train, "natural")`, however it was trained.
        sampling: How names were drawn in its training.
        evenness: 0 assumes `prior`, 1 assumes every category equally likely.
    """
    return reweighted(answers, prior, evenness - evenness_as_trained(sampling))


def prior_sweep(
    answers: PredictedNames,
    prior: np.ndarray,
    sampling: Sampling = "natural",
    evenness: np.ndarray = EVENNESS,
) -> PriorSweep:
    """Accuracy and macro recall for each assumed prior; arguments as in `assuming`.

    Without answers both are nan.
    """
    accuracy, recall = np.full((2, len(evenness)), np.nan)
    categories = tuple(map(str, range(len(prior))))
    learned, log_prior = answers.log_probabilities.astype(np.float64), np.log(prior)
    shifts = evenness - evenness_as_trained(sampling)
    for point, shift in enumerate(shifts.tolist() if len(answers.labels) else []):
        # As `assuming`, but for the normalising, which takes ten times as long as all the rest
        # and changes no ranking.
        counts = confusion(
            replace(answers, log_probabilities=learned - shift * log_prior), categories
        )
        accuracy[point] = np.trace(counts) / len(answers.labels)
        recall[point] = macro_recall(counts)
    return PriorSweep(evenness, accuracy, recall)
