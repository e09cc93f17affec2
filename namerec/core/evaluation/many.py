"""Many names at once: which can be read, which cannot and why, and the two best answers."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from namerec.core.corpus.alphabet import MAX_LETTERS, NormalisedName, readable
from namerec.core.evaluation.prediction import PREDICTION_BATCH, probabilities
from namerec.core.evaluation.results import PredictedNames
from namerec.core.networks.name_model import NameModel
from namerec.errors import NameInputError

#: Most names asked at once; a few seconds, and a table that a browser still scrolls.
MOST_NAMES = 10_000
#: Most characters of one list: a hundred for each name.
MOST_CHARACTERS = 1_000_000

#: Answers with other priors assumed.
Reweight = Callable[[PredictedNames], PredictedNames]


class Line(NamedTuple):
    """A name of a list, where it stands there (from 1), and how it is read."""

    number: int
    name: NormalisedName


class UnreadableLine(NamedTuple):
    """A line that no name could be read from, where it stands (from 1), and why, in a sentence."""

    number: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class NameList:
    """A list of names.

    Attributes:
        lines: Those that can be read, in the list's order.
        unreadable: The others, likewise; blank lines are in neither.
    """

    lines: tuple[Line, ...] = field(repr=False)
    unreadable: tuple[UnreadableLine, ...] = field(repr=False)

    def shortened(self) -> int:
        """How many names have more letters than a network reads."""
        return sum(line.name.letters_cut > 0 for line in self.lines)


@dataclass(frozen=True, eq=False)
class TopTwo:
    """The two most probable categories of each of some names.

    Attributes:
        categories: Their indices, the most probable first, int64, (names, 2).
        probabilities: Theirs, 0..1, float32, (names, 2).
    """

    categories: np.ndarray
    probabilities: np.ndarray


def name_list(
    texts: Iterable[tuple[int, str]], unreadable: Iterable[UnreadableLine] = ()
) -> NameList:
    """Reads the names of a list.

    Args:
        texts: The number of each line, and the name in it; blank ones are passed over.
        unreadable: Lines that are known already to hold no name.

    Raises:
        NameInputError: If there is no line at all, or more than `MOST_NAMES`.
    """
    given = [(number, text) for number, text in texts if text.strip()]
    lines: list[Line] = []
    failed = list(unreadable)
    check_number(len(given) + len(failed))
    for number, text in given:
        try:
            lines.append(Line(number, readable(text)))
        except NameInputError:
            failed.append(UnreadableLine(number, text, "No letter in it can be read."))
    return NameList(tuple(lines), tuple(sorted(failed)))


def lines_of(text: str) -> NameList:
    """Reads a pasted list, one name a line.

    Raises:
        NameInputError: If it has no name, too many, or too many characters.
    """
    if len(text) > MOST_CHARACTERS:
        raise NameInputError(
            f"The list has {len(text):,} characters; at most {MOST_CHARACTERS:,} are allowed. "
            "Give it in smaller parts, one name a line."
        )
    return name_list(numbered(text))


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text, which may end in LF, CRLF or CR, and their numbers from 1."""
    lines = io.StringIO(text, newline=None)
    yield from enumerate((line.rstrip("\n") for line in lines), start=1)


def check_number(names: int) -> None:
    """Lets lists of 1 to `MOST_NAMES` names pass.

    Raises:
        NameInputError: If there is none, or more.
    """
    if names == 0:
        raise NameInputError("No name was given. Give one name a line.")
    if names > MOST_NAMES:
        raise NameInputError(
            f"{names:,} names were given; at most {MOST_NAMES:,} are answered at once. Give the "
            "list in smaller parts."
        )


def cut_words(names: NameList) -> str:
    """Says how many names were cut; empty if none was."""
    cut = names.shortened()
    if not cut:
        return ""
    one = cut == 1
    return (
        f"{cut:,} {'name has' if one else 'names have'} more than {MAX_LETTERS} letters; the "
        f"network read the first {MAX_LETTERS}."
    )


def answer(
    model: NameModel, names: Sequence[NormalisedName], reweight: Reweight | None = None
) -> Iterator[TopTwo]:
    """The two most probable categories of each name, lazily, a batch at a time and in order.

    Args:
        model: A network; it is put into evaluation mode.
        names: Readable ones.
        reweight: Assumes other priors; None for those of the network's training.
    """
    tiniest = np.finfo(np.float32).tiny
    for begin in range(0, len(names), PREDICTION_BATCH):
        letters = [name.letters for name in names[begin : begin + PREDICTION_BATCH]]
        shares = probabilities(model, letters)
        if reweight is not None:
            nobody = np.zeros(len(letters), dtype=np.int64)  # priors ask for no labels
            logs = np.log(np.maximum(shares, tiniest))  # what underflowed has some logarithm, too
            shares = np.exp(reweight(PredictedNames(nobody, nobody, logs)).log_probabilities)
        yield _top_two(shares)


def _top_two(shares: np.ndarray) -> TopTwo:
    order = np.argsort(-shares, axis=1, kind="stable")[:, :2]
    return TopTwo(order, np.take_along_axis(shares, order, axis=1))


def joined(batches: Sequence[TopTwo]) -> TopTwo:
    """Batches one after the other; of none, an empty one."""
    return TopTwo(
        np.concatenate([np.empty((0, 2), np.int64), *(batch.categories for batch in batches)]),
        np.concatenate([np.empty((0, 2), np.float32), *(batch.probabilities for batch in batches)]),
    )
