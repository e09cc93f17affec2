"""What the leak is worth: one network under the raw and the leak-free split, found and compared."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from namerec.core.corpus.protocols import Protocol
from namerec.core.networks.kinds import USUAL_NETWORK
from namerec.core.training.config import RunConfig
from namerec.core.training.presets import preset
from namerec.text import count, percent
from namerec.ui.shared import corpus_facts, services

if TYPE_CHECKING:
    from namerec.core.corpus.dataset import Dataset
    from namerec.runs.summary import RunSummary

PROTOCOLS: tuple[Protocol, Protocol] = ("raw", "leak-free")
#: Of the experiment's split and network.
SEED = 0
#: Standard errors in the margin that is called chance: 95 % of draws lie within.
_MARGIN = 1.96


class Pair(NamedTuple):
    """Two finished runs that differ in nothing but the split."""

    raw: RunSummary
    leak_free: RunSummary


class RowGroup(NamedTuple):
    """Some rows of a test: how many, and the share that was answered right (nan of none)."""

    split: Protocol
    words: str
    rows: int
    accuracy: float


class Worth(NamedTuple):
    """What the leak is worth.

    Attributes:
        raw: All test rows of the raw split.
        leak_free: All test rows of the leak-free split.
        seen: Those of the raw split whose name is in training with the same label.
        mislabelled: Those whose name is in training with other labels only.
        unseen: Those whose name is not in training.
        margin: How far the accuracies of the two splits may be apart by the chance of which names
            are tested, 95 % of the time, 0..1; repeats of a name are one draw.
    """

    raw: RowGroup
    leak_free: RowGroup
    seen: RowGroup
    mislabelled: RowGroup
    unseen: RowGroup
    margin: float

    @property
    def points(self) -> float:
        """Percentage points that the raw split flatters by."""
        return 100 * (self.raw.accuracy - self.leak_free.accuracy)


def experiment(reference: str) -> dict[Protocol, RunConfig]:
    """The two runs that one click starts: all alike but for the split."""
    return {
        protocol: preset("fast", USUAL_NETWORK, dataset=reference, protocol=protocol, seed=SEED)
        for protocol in PROTOCOLS
    }


def newest_pair(runs: Iterable[RunSummary], fingerprint: str) -> Pair | None:
    """The newest two finished runs on a corpus that differ in nothing but the split."""
    found: dict[tuple[object, object], dict[Protocol, RunSummary]] = {}
    for run in runs:
        config = run.info.config
        if (
            run.info.dataset.fingerprint != fingerprint
            or run.state != "finished"
            or config.training.protocol not in PROTOCOLS
            or "test" not in run.status.scores
        ):
            continue
        alike = config.training.model_copy(update={"protocol": "raw", "dataset": ""})
        of_pair = found.setdefault((config.model, alike), {})
        of_pair.setdefault(config.training.protocol, run)
    pairs = [Pair(both["raw"], both["leak-free"]) for both in found.values() if len(both) == 2]
    return max(pairs, key=lambda pair: max(run.info.created for run in pair), default=None)


def last_attempt(
    runs: Iterable[RunSummary], fingerprint: str, wanted: dict[Protocol, RunConfig]
) -> list[RunSummary]:
    """The newest run of each half of an experiment, in whatever state.

    Args:
        runs: All runs, newest first.
        fingerprint: Of the corpus.
        wanted: The settings of both halves.
    """
    found: dict[Protocol, RunSummary] = {}
    for run in runs:
        config, protocol = run.info.config, run.info.config.training.protocol
        half = wanted.get(protocol)
        if (
            half is not None
            and protocol not in found
            and not run.pretrained
            and run.info.dataset.fingerprint == fingerprint
            and (config.model, config.training) == (half.model, half.training)
        ):
            found[protocol] = run
    return [found[protocol] for protocol in PROTOCOLS if protocol in found]


def worth(dataset: Dataset, pair: Pair) -> Worth:
    """What the leak is worth in accuracy, from the two runs' stored answers on their test names.

    Raises:
        NamerecError: If answers or splits are not there.
    """
    from namerec.data.audit import seen_in_training

    raw, free = (services.answers(run, "test") for run in pair)
    split = corpus_facts.split(dataset, "raw", pair.raw.info.config.training.split_draw)
    seen = seen_in_training(dataset, split, raw.indices)
    right, right_free = raw.predicted == raw.labels, free.predicted == free.labels
    keys = dataset.keys()
    variance = variance_over_names(right, keys[raw.indices])
    variance += variance_over_names(right_free, keys[free.indices])

    def group(words: str, rows: np.ndarray) -> RowGroup:
        return RowGroup("raw", words, int(rows.sum()), _share(right[rows]))

    return Worth(
        raw=group("all", np.ones_like(right)),
        leak_free=RowGroup("leak-free", "all: no name seen", len(right_free), _share(right_free)),
        seen=group("name seen, same label", seen.pairs),
        mislabelled=group("name seen, other labels only", seen.names & ~seen.pairs),
        unseen=group("name not seen", ~seen.names),
        margin=_MARGIN * math.sqrt(variance),
    )


def _share(right: np.ndarray) -> float:
    return float(right.mean()) if len(right) else math.nan


def variance_over_names(right: np.ndarray, keys: np.ndarray) -> float:
    """Variance of the share of right answers, by the chance of which names are tested.

    Rows of one name are answered alike, so they are no independent draws: residuals are summed
    for each name before they are squared. If no name repeats, this is share (1 - share) / rows.

    Source: the robust variance of Liang and Zeger, "Longitudinal data analysis using generalized
    linear models", Biometrika 73(1), 1986, for a mean with names as clusters and independence as
    working correlation.

    Args:
        right: Whether each row was answered right, booleans, (rows,).
        keys: The name of each, upper and lower case as one, (rows,).
    """
    of_row = np.unique(keys, return_inverse=True)[1]
    of_name = np.bincount(of_row, weights=right - _share(right))
    return float((of_name**2).sum()) / len(right) ** 2


def verdict(found: Worth) -> str:
    """What came out, in plain sentences."""
    seen = found.seen.rows + found.mislabelled.rows
    share = percent(seen / max(found.raw.rows, 1))
    words = f"{count(seen)} of the {count(found.raw.rows)} raw test rows ({share}) had their name "
    words += "in training. "
    if found.seen.rows and found.unseen.rows:
        words += (
            "Where it had the same label there, the network is right in "
            f"{percent(found.seen.accuracy)}; on names that it had not seen, in "
            f"{percent(found.unseen.accuracy)}. "
        )
    if abs(found.points) <= 100 * found.margin:
        return words + (
            f"Overall the two splits are {abs(found.points):.1f} points apart, **which chance can "
            "explain with so few test names**: this pair of runs alone does not show a difference."
        )
    if found.points < 0:
        return words + (
            f"The raw split nevertheless came out **{-found.points:.1f} points lower**: its test "
            "part has other names, including repeats, and these were harder."
        )
    return words + (
        f"**The raw split flatters this network by {found.points:.1f} points**: "
        f"{percent(found.raw.accuracy)} there, {percent(found.leak_free.accuracy)} on names it "
        "has never seen."
    )
