"""Answers made of other answers, without training anything: averages, and other priors."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import logsumexp

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import Sampling
from namerec.core.evaluation.results import PredictedNames

#: Share of a name that a category without any is counted with, so that its prior is not 0.
UNSEEN = 0.5

#: To which power a category's support decides how often its names are drawn in training.
DRAWN_BY: dict[Sampling, float] = {"natural": 1.0, "square root": 0.5, "balanced": 0.0}


def averaged(answers: Sequence[PredictedNames]) -> PredictedNames:
    """The mean of several classifiers' probabilities for the same names.

    Args:
        answers: One or more, all about the same names in the same order.

    Raises:
        ValueError: If they are about different names.
    """
    first = answers[0]
    if any(not np.array_equal(first.indices, other.indices) for other in answers[1:]):
        raise ValueError("answers about different names cannot be averaged")
    stacked = np.stack([answer.log_probabilities for answer in answers]).astype(np.float64)
    mean = logsumexp(stacked, axis=0) - np.log(len(answers))
    return replace(first, log_probabilities=mean.astype(np.float32))


def learned_prior(dataset: Dataset, train: np.ndarray, sampling: Sampling) -> np.ndarray:
    """How often a network met each category in training, (categories,), summing to 1.

    Args:
        dataset: The names.
        train: Indices of the training part.
        sampling: How names were drawn from it.
    """
    support = np.maximum(dataset.support(train), UNSEEN).astype(np.float64) ** DRAWN_BY[sampling]
    return np.asarray(support / support.sum())


def reweighted(answers: PredictedNames, prior: np.ndarray, prior_strength: float) -> PredictedNames:
    """The same answers if languages were more evenly frequent than in training.

    By Bayes' rule with the likelihoods kept: p'(y|x) ~ p(y|x) q(y) / p(y), where the assumed prior
    q is proportional to p(y) to the power of `prior_strength`.

    Source: Saerens, Latinne and Decaestecker, "Adjusting the outputs of a classifier to new a
    priori probabilities", Neural Computation 14(1), 2002, equation 2.4.

    Args:
        answers: A classifier's.
        prior: p(y), which it learned, (categories,), every one above 0.
        prior_strength: 1 leaves the answers as they are, 0 makes every category equally likely.
    """
    logits = answers.log_probabilities.astype(np.float64) + (prior_strength - 1) * np.log(prior)
    logits -= logsumexp(logits, axis=1, keepdims=True)
    return replace(answers, log_probabilities=logits.astype(np.float32))
