"""The baselines: what is reached without a recurrent network, and what nobody can exceed.

Each is a scikit-learn pipeline on the letters of a name between a mark for its beginning and one
for its end, fitted on the training part alone. `BASELINES` is the one table of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from namerec.core.corpus.dataset import Dataset
from namerec.core.evaluation.results import PredictedNames

BaselineKind = Literal["majority", "naive_bayes", "regression", "balanced_regression"]

BASELINE_KINDS: tuple[BaselineKind, ...] = get_args(BaselineKind)

#: What each is called on a screen.
BASELINE_TITLES: dict[BaselineKind, str] = {
    "majority": "Always the commonest",
    "naive_bayes": "Character n-grams, naive Bayes",
    "regression": "Character n-grams, logistic regression",
    "balanced_regression": "Character n-grams, balanced regression",
}

#: Changes whenever the baselines, or the splits they are fitted on, do: kept scores are then old.
RECIPE = "1"
#: Letters in the n-grams that are counted, fewest and most.
NGRAM_LENGTHS = (1, 4)
#: Added to each count of naive Bayes; of 0.1, 0.5 and 1 the best on validation names.
SMOOTHING = 0.1
#: Inverse strength of the regression's penalty; of 1, 10 and 30 the best balance of accuracy and
#: macro recall on validation names.
REGRESSION_STRENGTH = 30.0
#: Steps of the regression's solver; it needs about 200.
REGRESSION_STEPS = 1000
#: Probability of a category that has no training name, so that its logarithm is finite.
UNHEARD_OF = 1e-12


def _char_ngrams(vectoriser: str, **settings: Any) -> Any:
    from sklearn.feature_extraction import text

    return getattr(text, vectoriser)(
        analyzer="char", lowercase=False, ngram_range=NGRAM_LENGTHS, **settings
    )


def _majority() -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def _naive_bayes() -> Any:
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    return make_pipeline(_char_ngrams("CountVectorizer"), MultinomialNB(alpha=SMOOTHING))


def _regression(class_weight: str | None = None) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    regression = LogisticRegression(
        C=REGRESSION_STRENGTH, class_weight=class_weight, max_iter=REGRESSION_STEPS
    )
    return make_pipeline(_char_ngrams("TfidfVectorizer", sublinear_tf=True), regression)


BASELINES: dict[BaselineKind, Callable[[], Any]] = {
    "majority": _majority,
    "naive_bayes": _naive_bayes,
    "regression": _regression,
    "balanced_regression": lambda: _regression("balanced"),
}


@dataclass(frozen=True, eq=False)
class Baseline:
    """A fitted baseline.

    Attributes:
        kind: Which.
        dataset: Whose names it was fitted on and answers about.
    """

    kind: BaselineKind
    dataset: Dataset
    _pipeline: Any

    def answers(self, indices: np.ndarray) -> PredictedNames:
        """Its answers on some names of the dataset; `indices` int64, (names,)."""
        categories = len(self.dataset.categories)
        probabilities = np.full((len(indices), categories), UNHEARD_OF)
        known = self._pipeline[-1].classes_ if self.kind != "majority" else self._pipeline.classes_
        probabilities[:, known] += self._pipeline.predict_proba(_texts(self.dataset, indices))
        return PredictedNames(
            indices=np.asarray(indices, dtype=np.int64),
            labels=self.dataset.labels[indices],
            log_probabilities=np.log(probabilities / probabilities.sum(1, keepdims=True)).astype(
                np.float32
            ),
        )


def fit(kind: BaselineKind, dataset: Dataset, train: np.ndarray) -> Baseline:
    """Fits a baseline.

    Takes about 10 s for a regression on 15,000 names, well under a second for the others.

    Args:
        kind: Which.
        dataset: The names.
        train: Indices of the training part, int64, (names,).
    """
    if len(np.unique(dataset.labels[train])) == 1:
        kind = "majority"  # with one category to choose from, every classifier says the same
    pipeline = BASELINES[kind]()
    pipeline.fit(_texts(dataset, train), dataset.labels[train])
    return Baseline(kind, dataset, pipeline)


def label_ceiling(dataset: Dataset, indices: np.ndarray) -> float:
    """The accuracy that nobody can exceed who answers the same name always alike, 0..1.

    A name that stands in several categories can be right for one of them only: at best for the one
    it stands in most often. Names are equal that have the same letters, upper and lower case told
    apart as the networks tell them.

    Args:
        dataset: The names.
        indices: Of the names that are scored, int64, (names,).
    """
    if len(indices) == 0:
        return 1.0
    names = np.unique(dataset.spellings()[indices], return_inverse=True)[1]
    pairs, counts = np.unique(
        np.stack([names, dataset.labels[indices]], axis=1), axis=0, return_counts=True
    )
    most = np.zeros(int(names.max()) + 1, dtype=np.int64)
    np.maximum.at(most, pairs[:, 0], counts)
    return float(most.sum() / len(indices))


def _texts(dataset: Dataset, indices: np.ndarray) -> list[str]:
    return [f"^{dataset.normalised(index)}$" for index in indices]
