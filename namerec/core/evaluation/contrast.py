"""Two networks on the same names: who gets which right, and whether that could be chance."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.stats import binomtest, chi2

from namerec.core.corpus.protocols import Part, Protocol
from namerec.core.evaluation.results import PredictedNames
from namerec.errors import NamerecError
from namerec.text import count, counted

#: Fewest names that only one of the two gets right for the chi-square approximation to hold;
#: below, the exact test is used.
FEWEST_FOR_CHI_SQUARE = 25

# Below this share a chance is told as "fewer than", not in digits.
_LEAST_TOLD = 0.0001


@dataclass(frozen=True, slots=True)
class AskedNames:
    """Which names a network was asked. Only answers to the same can be compared.

    Attributes:
        fingerprint: Of the dataset.
        protocol: Of the split.
        seed: Of the split's draw.
        part: Of the split.
    """

    fingerprint: str
    protocol: Protocol
    seed: int
    part: Part

    def __str__(self) -> str:
        return (
            f"{self.part} names, {self.protocol} split drawn with {self.seed}, "
            f"dataset {self.fingerprint[:8]}"
        )


@dataclass(frozen=True, slots=True)
class McNemar:
    """McNemar's test on names that only one of two networks gets right.

    Attributes:
        statistic: The smaller of the two numbers (exact), or chi-square with one degree of
            freedom.
        p_value: Chance of a difference at least this large between equally good networks, 0..1.
        method: Which of the two tests was used.
    """

    statistic: float
    p_value: float
    method: Literal["exact", "chi-square"]


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Two networks' answers to the same names. Indices are of the dataset, int64, ascending.

    Attributes:
        only_a: Names that a gets right and b wrong.
        only_b: Names that b gets right and a wrong.
        both: Names that both get right.
        neither: Names that both get wrong.
        left_out: Names that only one of the two was asked.
        test: Whether `only_a` and `only_b` differ by more than chance.
    """

    only_a: np.ndarray = field(repr=False)
    only_b: np.ndarray = field(repr=False)
    both: np.ndarray = field(repr=False)
    neither: np.ndarray = field(repr=False)
    left_out: int
    test: McNemar

    @property
    def names(self) -> int:
        """Number of distinct names that both were asked."""
        return len(self.only_a) + len(self.only_b) + len(self.both) + len(self.neither)


def contrast(
    a: PredictedNames,
    asked_a: AskedNames,
    b: PredictedNames,
    asked_b: AskedNames,
    *,
    spellings: np.ndarray | None = None,
) -> Contrast:
    """Compares two networks' answers, name by name.

    A name that was drawn several times (report protocol), or stands in several lines of one
    category (raw split), counts once: the answers are the same, and the test needs names that are
    independent.

    Args:
        a: One network's answers.
        asked_a: What they are answers to.
        b: The other's.
        asked_b: What those are answers to.
        spellings: Of all names of the dataset (`Dataset.spellings`), to tell which lines are the
            same name; None if no name stands in it twice.

    Raises:
        NamerecError: If they are not answers to the same part of the same split, disagree about
            a name's category, or have no name in common.
    """
    if asked_a != asked_b:
        raise NamerecError(
            f"One network was asked {asked_a}; the other {asked_b}. Only answers to the same names "
            "can be compared: choose two runs on the same dataset with the same split."
        )
    indices_a, first_a = np.unique(a.indices, return_index=True)
    indices_b, first_b = np.unique(b.indices, return_index=True)
    common, in_a, in_b = np.intersect1d(
        indices_a, indices_b, assume_unique=True, return_indices=True
    )
    if len(common) == 0:
        raise NamerecError(
            f"The two networks were asked {len(indices_a):,} and {len(indices_b):,} names and have "
            "none in common. Choose two runs on the same dataset with the same split."
        )
    rows_a, rows_b = first_a[in_a], first_b[in_b]
    labels = a.labels[rows_a]
    if (
        a.log_probabilities.shape[1] != b.log_probabilities.shape[1]
        or (labels != b.labels[rows_b]).any()
    ):
        raise NamerecError(
            "The two networks disagree about the categories of the same names, so the stored "
            "predictions of one are for another dataset. Train or evaluate both runs again."
        )
    if spellings is not None:
        names = np.unique(spellings[common], return_inverse=True)[1]
        once = np.sort(np.unique(np.stack([names, labels]), axis=1, return_index=True)[1])
        common, rows_a, rows_b, labels = common[once], rows_a[once], rows_b[once], labels[once]
    right_a = a.predicted[rows_a] == labels
    right_b = b.predicted[rows_b] == labels
    only_a, only_b = common[right_a & ~right_b], common[~right_a & right_b]
    return Contrast(
        only_a=only_a,
        only_b=only_b,
        both=common[right_a & right_b],
        neither=common[~right_a & ~right_b],
        left_out=len(indices_a) + len(indices_b) - 2 * len(in_a),
        test=mcnemar(len(only_a), len(only_b)),
    )


def mcnemar(only_a: int, only_b: int) -> McNemar:
    """McNemar's test, two-sided: the names that both get right or wrong say nothing.

    Args:
        only_a: Number of names that only a gets right.
        only_b: Number of names that only b gets right.

    Source: McNemar, "Note on the sampling error of the difference between correlated proportions
    or percentages", Psychometrika 12 (1947), with the continuity correction of Edwards,
    Psychometrika 13 (1948): (|a - b| - 1)² / (a + b). Below `FEWEST_FOR_CHI_SQUARE` such names
    the exact binomial test of a against a + b tosses of a fair coin.
    """
    discordant = only_a + only_b
    if discordant < FEWEST_FOR_CHI_SQUARE:
        fewer = min(only_a, only_b)
        chance = float(binomtest(fewer, discordant).pvalue) if discordant else 1.0
        return McNemar(float(fewer), chance, "exact")
    statistic = max(abs(only_a - only_b) - 1, 0) ** 2 / discordant
    return McNemar(statistic, float(chi2.sf(statistic, df=1)), "chi-square")


def contrast_words(result: Contrast, name_a: str, name_b: str) -> str:
    """What a contrast says, in a plain sentence; the names of the two go in as they are."""
    on_a, on_b = len(result.only_a), len(result.only_b)
    right = (
        f"{name_b} is right on {counted(on_b, 'name')} that {name_a} gets wrong, and {name_a} on "
        f"{count(on_a)} that {name_b} gets wrong"
    )
    asked = f"Of {counted(result.names, 'name')} that both were asked,"
    if on_a + on_b == 0:
        return f"{asked} {name_a} and {name_b} get the same ones right."
    if on_a == on_b:
        return f"{asked} {right}: no difference (McNemar's test)."
    return (
        f"{asked} {right}. Between equally good networks, a difference this large happens by "
        f"chance in {_chance(result.test.p_value)} of cases (McNemar's test)."
    )


def _chance(share: float) -> str:
    if share < _LEAST_TOLD:
        return "fewer than 0.01 %"
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
