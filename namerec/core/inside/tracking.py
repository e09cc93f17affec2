"""What a unit seems to keep track of: its correlations with what can be said of letters and names.

A correlation is found over some names. It proves nothing of what the unit is for; and the strongest
of many that were tried is larger than one that was asked for beforehand.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from namerec.core.corpus.alphabet import LETTERS
from namerec.core.corpus.dataset import Dataset
from namerec.core.inside.units import PartStates

#: What a feature says something of, and so what it is counted over: every letter read, or every
#: name, once all of it has been read.
Over = Literal["letters", "names"]
#: A yes-or-no feature is tried if it is so, and is not so, this often at least: a unit that
#: happens to go far on two names would correlate strongly with them.
LEAST_CASES = 5
#: Endings tried of each of these lengths in letters: the most frequent ones.
ENDING_LENGTHS, ENDINGS = (2, 3), 12
_VOWELS = "aeiou"
_LOWER = np.frombuffer(LETTERS.lower().encode(), dtype="S1").astype(str)


class Feature(NamedTuple):
    """Something that is known of each letter, or of each name.

    Attributes:
        words: What, in words; those of a category end with its name.
        over: What it is counted over.
        cases: How often it is so; None for a number that is not yes or no.
        unread: Whether it depends on letters that the unit's layer may not have read yet, so that
            the network cannot know it, only guess.
        category: Index of the category, where the feature is that the name belongs to it.
    """

    words: str
    over: Over
    cases: int | None = None
    unread: bool = False
    category: int | None = None


@dataclass(frozen=True, eq=False)
class Tracking:
    """Pearson's correlations of the units of a layer with features.

    Attributes:
        features: All that were tried.
        r: -1..1, float64, (features, units); nan for a unit that does not change.
        letters: Letters that those of letters were computed on.
        names: Names that those of names were computed on.
    """

    features: tuple[Feature, ...]
    r: np.ndarray = field(repr=False)
    letters: int
    names: int

    def strongest(self, unit: int, most: int) -> list[tuple[Feature, float]]:
        """The features with the largest sizes of r for one unit, largest first."""
        r = self.r[:, unit]
        order = np.argsort(-np.abs(np.where(np.isnan(r), 0, r)), kind="stable")[:most]
        return [(self.features[i], float(r[i])) for i in order.tolist() if not np.isnan(r[i])]


def tracking(
    states: PartStates,
    dataset: Dataset,
    symbol: str,
    *,
    from_the_end: bool = False,
    sees_all: bool = False,
) -> Tracking:
    """Correlates one state of all units of a layer with all features at once.

    Args:
        states: Of the layer, for many names.
        dataset: The names.
        symbol: `h` or `c`.
        from_the_end: Whether the layer reads names from their end.
        sees_all: Whether it reads layers that have read the whole name already.
    """
    values = states.values[symbol]
    of_letters = _of_letters(states, dataset, from_the_end=from_the_end, sees_all=sees_all)
    of_names = _of_names(states, dataset)
    last_read = states.place == (0 if from_the_end else _lengths(states, dataset) - 1)
    return Tracking(
        features=tuple(feature for feature, _ in of_letters + of_names),
        r=np.concatenate(
            [
                pearson(np.stack([value for _, value in features], axis=1), at)
                for features, at in ((of_letters, values), (of_names, values[last_read]))
            ]
        ),
        letters=len(values),
        names=len(states.rows),
    )


def pearson(features: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Pearson's correlation coefficient of every feature with every unit.

    Args:
        features: (observations, features).
        units: (observations, units).

    Returns:
        -1..1, float64, (features, units); nan where either does not change.
    """
    a, b = _standardised(features), _standardised(units)
    return np.asarray(np.clip(a.T @ b, -1, 1))  # nan stays nan


def _standardised(values: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and length 1; those that do not change become nan."""
    exact = values.astype(np.float64)
    centred = exact - exact.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=0)
    # Of values that are all the same, rounding of the mean may leave a trace.
    still = (exact == exact[:1]).all(axis=0) | (lengths == 0)
    return np.asarray(centred / np.where(still, np.nan, lengths))


def _lengths(states: PartStates, dataset: Dataset) -> np.ndarray:
    """Length of the name of each letter read, int64, (letters,)."""
    return np.asarray(dataset.lengths[states.rows].astype(np.int64)[states.name])


def _of_letters(
    states: PartStates, dataset: Dataset, *, from_the_end: bool, sees_all: bool
) -> list[tuple[Feature, np.ndarray]]:
    """Features of letters, with their values, (letters,)."""
    lengths = _lengths(states, dataset)
    behind, ahead = states.place + 1, lengths - states.place - 1
    if from_the_end:
        behind, ahead = ahead + 1, behind - 1
    index = dataset.letters[states.rows[states.name], states.place]
    lower = _LOWER[index]
    whence = "from the end" if from_the_end else "from the beginning"
    found = [
        (Feature(f"letters read so far, counted {whence}", "letters"), behind),
        (Feature("letters still to come", "letters", unread=not sees_all), ahead),
    ]
    upper = np.array([letter.isupper() for letter in LETTERS])[index]
    yes_or_no = [
        ("the letter is a vowel (a, e, i, o, u)", np.isin(lower, list(_VOWELS))),
        ("the letter is upper case", upper),
        ("the letter is a space or an apostrophe", np.isin(lower, [" ", "'"])),
    ]
    yes_or_no += [(f"the letter is {letter}", lower == letter) for letter in LETTERS[:26]]
    return found + [
        (Feature(words, "letters", int(so.sum())), so)
        for words, so in yes_or_no
        if _often_enough(so)
    ]  # fmt: skip


def _of_names(states: PartStates, dataset: Dataset) -> list[tuple[Feature, np.ndarray]]:
    """Features of names, with their values, (names,)."""
    names = [dataset.normalised(row).lower() for row in states.rows.tolist()]
    labels = dataset.labels[states.rows]
    found = [(Feature("letters in the name", "names"), dataset.lengths[states.rows])]
    for size in ENDING_LENGTHS:
        # A name that is all ending has none.
        endings = np.array([name[-size:] if len(name) > size else "" for name in names])
        counted = Counter(ending for ending in endings.tolist() if ending)
        by_count = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        for ending, _ in by_count[:ENDINGS]:
            so = endings == ending
            if _often_enough(so):
                found.append((Feature(f"the name ends in -{ending}", "names", int(so.sum())), so))
    for label, category in enumerate(dataset.categories):
        so = labels == label
        if _often_enough(so):
            feature = Feature(f"the name is {category}", "names", int(so.sum()), category=label)
            found.append((feature, so))
    return found


def _often_enough(so: np.ndarray) -> bool:
    return LEAST_CASES <= int(so.sum()) <= len(so) - LEAST_CASES
