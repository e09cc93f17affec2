"""What the memory task showed: accuracy against distance, a line a network, and it in a sentence.

No torch in here: figures and pages read it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from namerec.core.networks.kinds import KINDS, VARIANTS, MemoryNetwork
from namerec.text import listed

MEMORY_NETWORKS: tuple[MemoryNetwork, ...] = tuple(VARIANTS)
MEMORY_TITLES: dict[MemoryNetwork, str] = {
    key: variant.title(KINDS[kind]) for key, (kind, variant) in VARIANTS.items()
}

#: Letters that a sequence may begin with, each in an eighth of the sequences.
FIRST_LETTERS = "abcdefgh"
#: Accuracy of guessing, 0..1.
CHANCE = 1 / len(FIRST_LETTERS)
#: Letters of noise between the first letter and the question.
DISTANCES = (5, 10, 20, 50, 100, 200)
#: Accuracy, 0..1, from which on a network is said to remember: nine of ten, far above guessing.
REMEMBERED = 0.9


@dataclass(frozen=True, slots=True)
class MemoryPoint:
    """One training's result.

    Attributes:
        network: Which.
        noise: Letters of noise it was trained and tested with.
        seed: Of its weights and batches.
        accuracy: Share of the test sequences whose first letter it told, 0..1.
        sequences: Test sequences.
    """

    network: MemoryNetwork
    noise: int
    seed: int
    accuracy: float
    sequences: int


@dataclass(frozen=True, slots=True)
class MemoryCurve:
    """One network's accuracies by distance; all tuples (distances,), distances rising.

    Attributes:
        network: Which.
        noise: Distances, in letters.
        mean: Means over the seeds, 0..1.
        low: The worst seed's.
        high: The best seed's.
        seeds: How many seeds each mean is of.
        remembered: In how many of them alone the accuracy is `REMEMBERED` or more.
        sequences: Test sequences of each training.
    """

    network: MemoryNetwork
    noise: tuple[int, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    seeds: tuple[int, ...]
    remembered: tuple[int, ...]
    sequences: tuple[int, ...]

    def remembers(self, distances: Collection[int] = DISTANCES) -> int:
        """The farthest distance up to which every mean is `REMEMBERED` or more; 0 for none.

        Args:
            distances: Those that count.
        """
        farthest = 0
        for noise, mean in zip(self.noise, self.mean, strict=True):
            if noise not in distances:
                continue
            if mean < REMEMBERED:
                break
            farthest = noise
        return farthest


def memory_curves(points: Iterable[MemoryPoint]) -> list[MemoryCurve]:
    """The curves of the networks that have points, in the order of `MEMORY_NETWORKS`."""
    by_cell: dict[MemoryNetwork, dict[int, list[MemoryPoint]]] = {}
    for point in points:
        by_cell.setdefault(point.network, {}).setdefault(point.noise, []).append(point)
    curves = []
    for network in MEMORY_NETWORKS:
        cells = sorted(by_cell.get(network, {}).items())
        if not cells:
            continue
        accuracies = [[point.accuracy for point in cell] for _, cell in cells]
        curves.append(
            MemoryCurve(
                network,
                noise=tuple(noise for noise, _ in cells),
                mean=tuple(sum(shares) / len(shares) for shares in accuracies),
                low=tuple(min(shares) for shares in accuracies),
                high=tuple(max(shares) for shares in accuracies),
                seeds=tuple(len(shares) for shares in accuracies),
                remembered=tuple(
                    sum(share >= REMEMBERED for share in shares) for shares in accuracies
                ),
                sequences=tuple(cell[0].sequences for _, cell in cells),
            )
        )
    return curves


def finding(curves: Sequence[MemoryCurve]) -> str:
    """What the curves show, in sentences made of their numbers.

    Only distances at which every curve has a point are compared; empty if there is none.
    """
    measured = set.intersection(*(set(curve.noise) for curve in curves)) if curves else set()
    if not measured:
        return ""
    reached: dict[int, list[str]] = {}
    for curve in curves:
        reached.setdefault(curve.remembers(measured), []).append(MEMORY_TITLES[curve.network])
    clauses = [
        f"{listed(names)} {'at no distance' if not noise else f'over {noise} letters'}"
        for noise, names in sorted(reached.items())
    ]
    seeds = [
        count
        for curve in curves
        for noise, count in zip(curve.noise, curve.seeds, strict=True)
        if noise in measured
    ]
    single = max(seeds) == 1
    mean = "" if single else ", on average over the trainings"
    return (
        f"The first letter is remembered in at least {100 * REMEMBERED:.0f} % of the test "
        f"sequences{mean}, at this and every shorter distance: by {'; by '.join(clauses)}. "
        f"{_single_trainings(curves, measured, seeds)} The longest distance measured is "
        f"{max(measured)} letters; guessing is right in {100 * CHANCE:.1f} %."
    )


def _single_trainings(
    curves: Sequence[MemoryCurve], measured: Collection[int], seeds: Sequence[int]
) -> str:
    """How many trainings a threshold hangs on, and how many of them passed it."""
    if max(seeds) == 1:
        return "This is from one training each; another seed can give another result."
    each = f"{min(seeds)} to {max(seeds)}" if min(seeds) < max(seeds) else f"{max(seeds)}"
    parts = []
    for curve in curves:
        at = {
            noise: f"{passed} of {count} over {noise}"
            for noise, passed, count in zip(curve.noise, curve.remembered, curve.seeds, strict=True)
            if noise in measured
        }
        farthest = curve.remembers(measured)
        beyond = min((noise for noise in at if noise > farthest), default=None)
        told = [at[noise] for noise in (farthest, beyond) if noise in at]
        parts.append(f"{MEMORY_TITLES[curve.network]} {', '.join(told)} letters")
    return (
        f"There are {each} trainings each, so a single training can decide. How many of them reach "
        f"{100 * REMEMBERED:.0f} % at that distance and at the next: {'; '.join(parts)}."
    )
