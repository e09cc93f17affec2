"""What becomes of the scores if languages are more evenly frequent than in the training part.

Nothing is trained again: the answers are reweighted by Bayes' rule, see `combining.reweighted`.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from namerec.core.corpus.protocols import Sampling
from namerec.core.evaluation.combining import DRAWN_BY, reweighted
from namerec.core.evaluation.results import PredictedNames
from namerec.core.evaluation.scores import confusion, macro_recall

#: Strengths from 1 to 0 in steps of 0.05: fine enough for a smooth line and a slider's steps.
PRIOR_STRENGTHS = np.linspace(1, 0, 21)


class PriorSweep(NamedTuple):
    """Scores over assumed priors.

    Attributes:
        prior_strength: 1: categories are as frequent as in the training part; 0: all equally;
            (points,).
        accuracy: Share of right answers, 0..1, (points,).
        macro_recall: Mean of the categories' recalls, 0..1, (points,).
    """

    prior_strength: np.ndarray
    accuracy: np.ndarray
    macro_recall: np.ndarray


def strength_as_trained(sampling: Sampling) -> float:
    """The prior strength at which a network's answers stay as they are, 0..1.

    It is 1 for names drawn as they come, and 0 for a network that already met every category
    equally often.
    """
    return DRAWN_BY[sampling]


def assuming(
    answers: PredictedNames, prior: np.ndarray, sampling: Sampling, prior_strength: float
) -> PredictedNames:
    """The same answers if the categories were as frequent as in the training part, or more evenly.

    A network learned a prior proportional to n(y) to the power of s, where n(y) is how often the
    training part has category y, and s is 1 for natural, 1/2 for square root and 0 for balanced
    sampling. The assumed prior is proportional to n(y) to the power of `prior_strength`, so by
    Bayes' rule the answers are multiplied with n(y) to the power of `prior_strength` - s.

    Args:
        answers: A network's.
        prior: How frequent categories are in its training part, (categories,), every one above 0:
            `combining.learned_prior(dataset, train, "natural")`, however it was trained.
        sampling: How names were drawn in its training.
        prior_strength: 1 assumes `prior`, 0 assumes every category equally likely.
    """
    return reweighted(answers, prior, 1 + prior_strength - strength_as_trained(sampling))


def prior_sweep(
    answers: PredictedNames,
    prior: np.ndarray,
    sampling: Sampling = "natural",
    prior_strength: np.ndarray = PRIOR_STRENGTHS,
) -> PriorSweep:
    """Accuracy and macro recall for each assumed prior; arguments as in `assuming`.

    Without answers both are nan.
    """
    accuracy, recall = np.full((2, len(prior_strength)), np.nan)
    categories = tuple(map(str, range(len(prior))))
    learned, log_prior = answers.log_probabilities.astype(np.float64), np.log(prior)
    shifts = prior_strength - strength_as_trained(sampling)
    for point, shift in enumerate(shifts.tolist() if len(answers.labels) else []):
        # As `assuming`, but for the normalising, which takes ten times as long as all the rest
        # and changes no ranking.
        counts = confusion(
            replace(answers, log_probabilities=learned + shift * log_prior), categories
        )
        accuracy[point] = np.trace(counts) / len(answers.labels)
        recall[point] = macro_recall(counts)
    return PriorSweep(prior_strength, accuracy, recall)
