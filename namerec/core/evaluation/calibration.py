"""How far a network's confidence can be trusted, and what is gained where it may stay silent.

The confidence of an answer is the probability of its most probable category. Nothing in here is
about a network: it takes the answers alone.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from namerec.core.evaluation.results import PredictedNames

#: Bins of confidence, all equally wide, as in Guo et al. (2017), section 4: so the calibration
#: error can be compared with published ones, and a bin stands for the same confidences before and
#: after the temperature. Bins of equally many names would do neither, and most names are so sure
#: that nearly all of those bins would lie above 90 %. The price: some bins have few names, so
#: their number is always shown.
BINS = 15
#: Lowest and highest temperature looked at. Networks that are as sure as they should be have 1;
#: beyond these bounds an answer is all but certain, or all but uniform.
TEMPERATURE_BOUNDS = (0.05, 20.0)
#: How exactly the logarithm of the temperature is found.
_LOG_TEMPERATURE_TOLERANCE = 1e-5
#: Nats by which the loss has to fall; less is rounding.
_LEAST_GAIN = 1e-9


class Reliability(NamedTuple):
    """How often answers of about the same confidence are right.

    Attributes:
        edges: Confidences between which the bins lie, 0..1, (bins + 1,). A bin has its upper edge,
            but not its lower one.
        names: Number of answers in each bin, int64, (bins,).
        confidence: Mean confidence of a bin's answers, 0..1, nan in an empty bin, (bins,).
        accuracy: Share of a bin's answers that are right, 0..1, nan in an empty bin, (bins,).
    """

    edges: np.ndarray
    names: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def calibration_error(self) -> float:
        """Expected calibration error, 0..1; nan without answers.

        The mean over all answers of the gap between their bin's accuracy and its mean confidence:
        ECE = sum over bins b of |b| / n * |accuracy(b) - confidence(b)|.

        Source: Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using
        Bayesian binning", AAAI 2015; Guo, Pleiss, Sun and Weinberger, "On calibration of modern
        neural networks", ICML 2017, equation 3.
        """
        return self._mean(np.abs(self.accuracy - self.confidence))

    @property
    def mean_confidence(self) -> float:
        """Mean confidence of all answers, 0..1; nan without answers."""
        return self._mean(self.confidence)

    @property
    def mean_accuracy(self) -> float:
        """Share of all answers that are right, 0..1; nan without answers."""
        return self._mean(self.accuracy)

    def _mean(self, of_bins: np.ndarray) -> float:
        filled = self.names > 0
        total = int(self.names.sum())
        return float((self.names * of_bins)[filled].sum() / total) if total else float("nan")


class RiskCoverage(NamedTuple):
    """What accuracy is reached when only the surest answers are given.

    Attributes:
        coverage: Share of the names that are answered, 1/n, 2/n, .. 1, (names,).
        accuracy: Share of right answers among those given, 0..1, (names,). Risk is the rest to 1.
        confidence: Least confidence of an answer that is given, 0..1, falling, (names,).
    """

    coverage: np.ndarray
    accuracy: np.ndarray
    confidence: np.ndarray


class Selection(NamedTuple):
    """What comes of answering the surest names only, in the numbers a sentence needs.

    Attributes:
        names: All names, 1 or more.
        answered: How many of them are answered, 1..names.
        accuracy: Share of right answers among those given, 0..1.
        accuracy_of_rest: Share of right answers among those held back, 0..1; nan if there are none.
        accuracy_of_all: Share of right answers if every name is answered, 0..1.
        confidence: Least confidence of an answer that is given, 0..1.
    """

    names: int
    answered: int
    accuracy: float
    accuracy_of_rest: float
    accuracy_of_all: float
    confidence: float

    @property
    def coverage(self) -> float:
        """Share of the names that are answered, above 0, at most 1."""
        return self.answered / self.names


def confidences(answers: PredictedNames) -> np.ndarray:
    """The probability of each name's most probable category, 0..1, float64, (names,)."""
    highest = answers.log_probabilities.max(axis=1).astype(np.float64)
    return np.asarray(np.exp(np.minimum(highest, 0.0)))  # rounding leaves some a hair above 0


def reliability(answers: PredictedNames, bins: int = BINS) -> Reliability:
    """Sorts answers into equally wide bins of confidence and counts the right ones in each.

    Args:
        answers: A classifier's; their number may be 0.
        bins: How many, 1 or more; see `BINS` for why they are equally wide.
    """
    edges = np.linspace(0, 1, bins + 1)
    sure = confidences(answers)
    bin_of = np.searchsorted(edges[1:-1], sure)
    names = np.bincount(bin_of, minlength=bins)
    right = np.bincount(bin_of, weights=answers.predicted == answers.labels, minlength=bins)
    summed = np.bincount(bin_of, weights=sure, minlength=bins)
    some = np.where(names > 0, names, np.nan)
    return Reliability(edges, names, summed / some, right / some)


def risk_coverage(answers: PredictedNames) -> RiskCoverage:
    """The accuracy on the surest names, for any number of them.

    Answers of equal confidence cannot be told apart by it, so among them right answers count as
    spread evenly: the mean over all orders. The curve does not depend on the order of the names.

    Source: Geifman and El-Yaniv, "Selective classification for deep neural networks", NeurIPS
    2017, section 2, with the confidence as the selection function.

    Args:
        answers: A classifier's; their number may be 0.
    """
    count = len(answers.labels)
    sure = confidences(answers)
    surest_first = np.argsort(-sure, kind="stable")
    sure = sure[surest_first]
    right = (answers.predicted == answers.labels)[surest_first]
    answered = np.arange(1, count + 1)
    last_of_equals = np.flatnonzero(np.append(sure[1:] != sure[:-1], True)[:count])
    hits = np.interp(
        answered,
        np.concatenate([[0], answered[last_of_equals]]),
        np.concatenate([[0], np.cumsum(right)[last_of_equals]]),
    )
    return RiskCoverage(answered / max(count, 1), hits / answered, sure)


def at_coverage(curve: RiskCoverage, coverage: float) -> Selection:
    """What comes of answering a share of the names, the surest ones.

    Args:
        curve: Of one name or more.
        coverage: 0..1; rounded to whole names, and to one where it would be none.

    Raises:
        ValueError: If the curve is of no names.
    """
    names = len(curve.coverage)
    if names == 0:
        raise ValueError("a curve of no names has no coverage")
    answered = min(max(round(coverage * names), 1), names)
    accuracy, of_all = float(curve.accuracy[answered - 1]), float(curve.accuracy[-1])
    rest = names - answered
    of_rest = (of_all * names - accuracy * answered) / rest if rest else float("nan")
    return Selection(
        names=names,
        answered=answered,
        accuracy=accuracy,
        accuracy_of_rest=min(max(of_rest, 0.0), 1.0) if rest else of_rest,
        accuracy_of_all=of_all,
        confidence=float(curve.confidence[answered - 1]),
    )


def with_temperature(answers: PredictedNames, temperature: float) -> PredictedNames:
    """The same answers, less sure of themselves (temperature above 1) or surer (below 1).

    The order of a name's categories stays exactly as it was, so accuracy does too. For that the
    new log-probabilities are float64: in float32 some that differed would become equal.

    Source: Guo, Pleiss, Sun and Weinberger, ICML 2017, equation 9; log-probabilities stand for
    the logits, from which they differ by a constant that cancels.

    Args:
        answers: A classifier's.
        temperature: Above 0; 1 changes nothing.

    Raises:
        ValueError: If the temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"a temperature is above 0; {temperature} was given")
    scaled = answers.log_probabilities.astype(np.float64) / temperature
    scaled -= logsumexp(scaled, axis=1, keepdims=True)
    return replace(answers, log_probabilities=scaled)


def fitted_temperature(validation: PredictedNames) -> float:
    """The temperature with the least mean negative log-likelihood, within `TEMPERATURE_BOUNDS`.

    It is 1 where no other is better, and for no names.

    Source: Guo, Pleiss, Sun and Weinberger, ICML 2017, section 4.2. The likelihood has one peak
    over the temperature, so a search in one dimension finds it.

    Args:
        validation: Answers on names that the temperature will not be measured on.
    """
    from scipy.optimize import minimize_scalar  # takes a third of a second to import

    if len(validation.labels) == 0:
        return 1.0
    log_probabilities = validation.log_probabilities.astype(np.float64)
    of_label = log_probabilities[np.arange(len(validation.labels)), validation.labels]

    def loss(log_temperature: float) -> float:
        inverse = np.exp(-log_temperature)
        return float((logsumexp(log_probabilities * inverse, axis=1) - of_label * inverse).mean())

    found = minimize_scalar(
        loss,
        bounds=np.log(TEMPERATURE_BOUNDS),
        method="bounded",
        options={"xatol": _LOG_TEMPERATURE_TOLERANCE},
    )
    return float(np.exp(found.x)) if found.fun < loss(0.0) - _LEAST_GAIN else 1.0
