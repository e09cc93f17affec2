"""The split protocols: which names are trained on, which choose the epoch, which are the test.

Each is seeded: the same dataset, protocol and seed give the same split. `SPLITTERS` is the one
table of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import Part, Protocol, part_words
from namerec.errors import DataError

#: Share of the names held out for the test, as in the baselines this project is measured by.
TEST_SHARE = 1 / 7
#: Share of the names that choose the epoch.
VALIDATION_SHARE = 1 / 14
#: Names drawn for a score under the course protocol, and for each look on the way.
COURSE_DRAWS = {"test": 10_000, "validation": 2_000}


@dataclass(frozen=True, eq=False)
class Split:
    """Indices into a dataset, int64; under the course protocol the parts overlap by design."""

    protocol: Protocol
    seed: int
    train: np.ndarray = field(repr=False)
    validation: np.ndarray = field(repr=False)
    test: np.ndarray = field(repr=False)

    def part(self, part: Part) -> np.ndarray:
        """The indices of one part."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[part]

    def words(self, part: Part) -> str:
        """What a number measured on this part was measured on, for screens."""
        return part_words(self.protocol, part)


def make_split(dataset: Dataset, protocol: Protocol, seed: int) -> Split:
    """Splits a dataset.

    Args:
        dataset: The names.
        protocol: How; see `config.PROTOCOL_WORDS`.
        seed: Of the draw.

    Raises:
        DataError: If the dataset is too small, or brings no split of its own where that is asked.
    """
    generator = np.random.default_rng([seed, 0x5B117])
    train, validation, test = SPLITTERS[protocol](dataset, generator)
    for name, part in (("training", train), ("validation", validation), ("test", test)):
        if len(part) == 0:
            raise DataError(
                f"“{dataset.title}” has {len(dataset):,} names, too few for the {name} part of the "
                f"{protocol} split. Give more names of each category."
            )
    return Split(protocol, seed, train, validation, test)


_Parts = tuple[np.ndarray, np.ndarray, np.ndarray]


def _leak_free(dataset: Dataset, generator: np.random.Generator) -> _Parts:
    """Distinct pairs only; all pairs of one name (case-insensitively) go to the same part."""
    pair = _numbered(dataset.spellings()) * len(dataset.categories) + dataset.labels
    pairs = np.sort(np.unique(pair, return_index=True)[1])  # the first line of each
    groups = _numbered(dataset.keys())[pairs]
    # A name in several categories counts for the rarest of them when the parts are balanced.
    rarity = dataset.support(pairs)[dataset.labels[pairs]]
    by_rarity = np.lexsort((dataset.labels[pairs], rarity))
    group_names, first = np.unique(groups[by_rarity], return_index=True)
    strata = dataset.labels[pairs][by_rarity][first]
    part_of_group = _deal(strata, generator)
    part = part_of_group[np.searchsorted(group_names, groups)]
    return pairs[part == 0], pairs[part == 1], pairs[part == 2]


def _raw(dataset: Dataset, generator: np.random.Generator) -> _Parts:
    """Every line, dealt out at random within its category, whatever stands in other lines."""
    part = _deal(dataset.labels, generator)
    return np.flatnonzero(part == 0), np.flatnonzero(part == 1), np.flatnonzero(part == 2)


def _course(dataset: Dataset, generator: np.random.Generator) -> _Parts:
    """Train on every line; score on lines drawn from the same, categories drawn uniformly."""
    everything = np.arange(len(dataset))
    weights = 1 / dataset.support()[dataset.labels]
    weights /= weights.sum()
    validation, test = (
        generator.choice(everything, size=COURSE_DRAWS[part], p=weights)
        for part in ("validation", "test")
    )
    return everything, validation, test


def _given(dataset: Dataset, generator: np.random.Generator) -> _Parts:
    """The corpus's own parts; without a validation part, one is dealt from the training part."""
    parts = dataset.given_parts
    if parts is None:
        raise DataError(
            f"“{dataset.title}” has no split of its own. Choose the leak-free, raw or course "
            "protocol, or give a CSV with a split column (train, validation, test)."
        )
    train, validation, test = (np.flatnonzero(parts == part) for part in range(3))
    if len(validation) == 0 and len(train):
        share = VALIDATION_SHARE / (1 - TEST_SHARE)
        groups, group = np.unique(dataset.keys()[train], return_inverse=True)
        strata = np.empty(len(groups), dtype=np.int64)
        strata[group] = dataset.labels[train]
        dealt = _deal(strata, generator, validation_share=share, test_share=0)[group]
        train, validation = train[dealt == 0], train[dealt == 1]
    return train, validation, test


SPLITTERS: dict[Protocol, Callable[[Dataset, np.random.Generator], _Parts]] = {
    "leak-free": _leak_free,
    "raw": _raw,
    "course": _course,
    "given": _given,
}


def _numbered(names: np.ndarray) -> np.ndarray:
    """A number for each name, equal for equal names and in their order, (names,)."""
    # Bytes in eights are numbers, in the same order: those are sorted ten times as fast as texts.
    width = names.dtype.itemsize
    padded = np.zeros((len(names), -(-width // 8) * 8), dtype=np.uint8)
    padded[:, :width] = names.view(np.uint8).reshape(-1, width)
    words = padded.view(">u8").astype(np.uint64)
    order = np.lexsort(words.T[::-1])
    words = words[order]
    number = np.empty(len(names), dtype=np.int64)
    number[order] = np.append(0, (words[1:] != words[:-1]).any(axis=1)).cumsum()
    return number


def _deal(
    strata: np.ndarray,
    generator: np.random.Generator,
    *,
    validation_share: float = VALIDATION_SHARE,
    test_share: float = TEST_SHARE,
) -> np.ndarray:
    """Deals items to parts 0 (train), 1 (validation), 2 (test), stratum by stratum.

    Every stratum of three or more is in every part that has a share; a stratum of two is in train
    and test. Rounding leftovers are carried from stratum to stratum so that the totals fit too.

    Args:
        strata: The stratum of each item, (items,).
        generator: Of the shuffle.
        validation_share: Of all items, 0..1.
        test_share: Of all items, 0..1.

    Returns:
        The part of each item, int64, (items,).
    """
    part = np.zeros(len(strata), dtype=np.int64)
    owed = {1: 0.0, 2: 0.0}
    for stratum in np.unique(strata):
        members = generator.permutation(np.flatnonzero(strata == stratum))
        taken = 0
        for which, share in ((2, test_share), (1, validation_share)):
            if share == 0:
                continue
            owed[which] += share * len(members)
            wanted = max(round(owed[which]), 1)
            wanted = min(wanted, len(members) - 1 - taken)
            owed[which] = min(max(owed[which] - wanted, -0.5), 0.5)
            part[members[taken : taken + wanted]] = which
            taken += wanted
    return part
