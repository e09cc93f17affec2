"""What would change a network's mind: small edits of a name, and what each does to the answer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from namerec.core.corpus.alphabet import MAX_LETTERS
from namerec.core.evaluation.prediction import PREDICTION_BATCH
from namerec.core.inside.edits import REPLACEMENTS, Edit, one_letter_edits
from namerec.core.inside.effort import Effort

#: Normalised names -> probabilities of the categories, (names, categories).
Ask = Callable[[list[str]], np.ndarray]

#: Where no letter alone changes the answer: how many of the one-letter edits that harm it most are
#: edited once more.
BEAM = 8
#: Most multiplications that a search may begin without being asked to, about three seconds on one
#: processor core; two letters are not searched beyond it, see `work_of_one_letter`.
MOST_WORK = 5 * 10**10
#: Numbers kept of one batch of names, about 64 MB.
MOST_VALUES = 2**24


@dataclass(frozen=True, slots=True)
class Variant:
    """A name that differs in an edit or two, and its answer.

    Attributes:
        edits: In the order in which they are made; places are those of the name at that time.
        letters: The name that results.
        answer: Index of its most probable category.
        probability: Of that category, 0..1.
        original: Probability of the category that was answered before the edits, 0..1.
        change: By how much that is more than before, -1..1.
    """

    edits: tuple[Edit, ...]
    letters: str
    answer: int
    probability: float
    original: float
    change: float


@dataclass(frozen=True, slots=True)
class Changes:
    """All one-letter edits of a name, and, where none changes the answer, some two-letter ones.

    Attributes:
        letters: The name as read.
        categories: Names of the categories.
        answer: Index of the category that is answered for it.
        probability: Of that category, 0..1.
        singles: Every one-letter edit; several may result in the same name.
        doubles: Two-letter edits, each resulting in a name of its own; empty where one letter
            changes the answer. Not all there are: see `two_letter_changes`.
        too_much: Whether two letters were not tried, though one is not enough, because that is more
            work than `MOST_WORK`.
    """

    letters: str
    categories: tuple[str, ...]
    answer: int
    probability: float
    singles: tuple[Variant, ...] = field(repr=False)
    doubles: tuple[Variant, ...] = field(repr=False)
    too_much: bool = False

    def flips(self) -> list[Variant]:
        """The smallest edits that change the answer, that of the surest new answer first.

        Each resulting name stands here once; with one edit if one is enough, else with two.
        """
        return self._flipping(self.singles) or self._flipping(self.doubles)

    def ranked(self) -> list[Variant]:
        """Each resulting name once: those with another answer, surest first, then most harmed."""
        variants = _once([*self.singles, *self.doubles])
        others = [variant for variant in variants if variant.answer == self.answer]
        return self._flipping(variants) + sorted(others, key=lambda variant: variant.original)

    def _flipping(self, variants: Sequence[Variant]) -> list[Variant]:
        flipped = [variant for variant in _once(variants) if variant.answer != self.answer]
        return sorted(flipped, key=lambda variant: (len(variant.edits), -variant.probability))


def work_of_one_letter(letters: str, effort: Effort) -> int:
    """How many multiplications the search of all one-letter edits of a name takes, at most.

    Args:
        letters: A normalised name of one letter or more.
        effort: Of the network that is asked.
    """
    length = len(letters)
    places = length if length == MAX_LETTERS else 2 * length + 1  # the gaps between letters, too
    longest = min(length + 1, MAX_LETTERS)
    return (places * len(REPLACEMENTS) + length) * longest * effort.weights


def changes(ask: Ask, categories: tuple[str, ...], letters: str, effort: Effort) -> Changes:
    """Asks about every one-letter change of a name, and about two letters where one is not enough.

    Two letters are searched only if all of it is less work than `MOST_WORK`; one letter always, so
    whoever asks looks at `work_of_one_letter` before.

    Args:
        ask: The network, such as `prediction.probabilities` of a model.
        categories: Names of the columns of its answers.
        letters: A normalised name of one letter or more.
        effort: Of the network.
    """
    edits = list(one_letter_edits(letters))
    # Two edits make a name at most two letters longer.
    batch = min(PREDICTION_BATCH, effort.at_once(len(letters) + 2, MOST_VALUES))
    rows = _asked(ask, [letters, *(name for _, name in edits)], batch)
    answer, probability = int(rows[0].argmax()), float(rows[0].max())

    def variant(made: tuple[Edit, ...], name: str, row: np.ndarray) -> Variant:
        best, original = int(row.argmax()), float(row[answer])
        return Variant(made, name, best, float(row[best]), original, original - probability)

    singles = tuple(
        variant((edit,), name, row) for (edit, name), row in zip(edits, rows[1:], strict=True)
    )
    if any(single.answer != answer for single in singles):
        return Changes(letters, categories, answer, probability, singles, ())
    if (1 + BEAM) * work_of_one_letter(letters, effort) > MOST_WORK:
        return Changes(letters, categories, answer, probability, singles, (), too_much=True)
    pairs = list(two_letter_changes(letters, singles))
    rows = _asked(ask, [name for _, name in pairs], batch)
    doubles = tuple(variant(made, name, row) for (made, name), row in zip(pairs, rows, strict=True))
    return Changes(letters, categories, answer, probability, singles, doubles)


def two_letter_changes(
    letters: str, singles: Iterable[Variant], beam: int = BEAM
) -> Iterator[tuple[tuple[Edit, ...], str]]:
    """One-letter edits of the names that are the most harmful one-letter edits of a name.

    A beam search, not exhaustive: two edits that do harm only together may be missed.

    Args:
        letters: The name.
        singles: Its one-letter edits.
        beam: How many of them are edited once more.

    Yields:
        The two edits and the name that results, each name once, and none that is one edit away.
    """
    distinct = _once(singles)
    seen = {letters} | {variant.letters for variant in distinct}
    for first in sorted(distinct, key=lambda variant: variant.original)[:beam]:
        for second, name in one_letter_edits(first.letters):
            if name not in seen:
                seen.add(name)
                yield (*first.edits, second), name


def _asked(ask: Ask, names: list[str], batch: int) -> np.ndarray:
    """Probabilities, (names, categories), each distinct name asked once, so many at a time."""
    distinct = list(dict.fromkeys(names))
    if not distinct:
        return np.empty((0, 0))
    begins = range(0, len(distinct), batch)
    rows = np.concatenate([ask(distinct[begin : begin + batch]) for begin in begins])
    number = {name: index for index, name in enumerate(distinct)}
    return np.asarray(rows[[number[name] for name in names]])


def _once(variants: Iterable[Variant]) -> list[Variant]:
    """The first variant of each resulting name."""
    by_name: dict[str, Variant] = {}
    for variant in variants:
        by_name.setdefault(variant.letters, variant)
    return list(by_name.values())
