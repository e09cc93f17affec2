"""Single units: an order to show them in, and what each did at every letter of many names."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch

from namerec.core.corpus.dataset import Dataset
from namerec.core.evaluation.leaf_order import alike
from namerec.core.inside.effort import effort
from namerec.core.inside.reading import by_length, letters_of, one_hot, read
from namerec.core.inside.trace import GateTrace
from namerec.core.networks.name_model import NameModel

UnitOrder = Literal["number", "activity", "alike"]

#: Most letters of a part that are read for a look at single units: far more than enough for a
#: correlation to be steady, and their states are 20 MB for 128 units.
MOST_LETTERS = 20_000
#: Most numbers kept of one state, whatever the number of units.
MOST_VALUES = 128 * MOST_LETTERS
#: Most numbers that one group of names may leave while it is read, over layers and symbols (32 MB).
_MOST_AT_ONCE = 8_000_000
#: Seed of the draw of names, where a part has more letters than are read.
_SEED = 0x1E77E5


class Spread(NamedTuple):
    """One gate or state over the units of a layer, after each letter, (length,) each.

    Attributes:
        mean: Over units.
        low: The value that 10 % of the units stay below.
        high: The value that 10 % of the units go beyond.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def spread(trace: GateTrace, symbol: str, layer: int) -> Spread:
    """Mean, and 10th and 90th percentile (interpolated), over the units of a layer."""
    values = trace.values[symbol][:, layer].astype(np.float64)
    low, high = np.quantile(values, [0.1, 0.9], axis=1)
    return Spread(values.mean(axis=1), low, high)


@dataclass(frozen=True, eq=False)
class PartStates:
    """What one layer's units held after every letter of many names.

    Attributes:
        rows: The names read, as indices of the dataset, int64, (names,).
        available: How many names there were to choose from.
        name: Place in `rows` of the name of each letter read, int64, (letters,); each name's
            letters are neighbours, from first to last.
        place: Which letter of its name it is, 0 the first, int64, (letters,).
        values: By symbol, the network's states, `h` the first, float32, (letters, units).
    """

    rows: np.ndarray = field(repr=False)
    available: int
    name: np.ndarray = field(repr=False)
    place: np.ndarray = field(repr=False)
    values: dict[str, np.ndarray] = field(repr=False)


@torch.no_grad()
def part_states(
    model: NameModel, dataset: Dataset, indices: np.ndarray, layer: int, most: int = MOST_LETTERS
) -> PartStates:
    """Reads names and keeps the states of one layer after every letter.

    Args:
        model: Any network; it is put into evaluation mode.
        dataset: The names.
        indices: Which of them, int64, (names,), 1 or more.
        layer: As in `GateTrace.values`, each direction counted.
        most: Letters at most (fewer where a layer has more than 128 units). If the names have
            more, whole names are drawn from them, always the same ones.
    """
    model.eval()
    size = model.config.hidden_size
    drawn = _drawn(dataset, indices, min(most, MOST_VALUES // size))
    symbols, longest = model.kind.states, int(dataset.lengths[drawn].max())
    rows: list[np.ndarray] = []
    values: dict[str, list[np.ndarray]] = {symbol: [] for symbol in symbols}
    for group in by_length(dataset, drawn, effort(model).at_once(longest, _MOST_AT_ONCE)):
        chosen = drawn[group]
        rows.append(chosen)
        steps = read(model, one_hot(model, letters_of(dataset, chosen))).steps[layer]
        for symbol in symbols:
            of_names = torch.stack([step[symbol] for step in steps], dim=1)  # (B, T, H)
            values[symbol].append(of_names.flatten(0, 1).float().cpu().numpy())
    read_names = np.concatenate(rows)
    lengths = dataset.lengths[read_names].astype(np.int64)
    name = np.repeat(np.arange(len(read_names)), lengths)
    begins = np.cumsum(lengths) - lengths
    return PartStates(
        rows=read_names,
        available=len(indices),
        name=name,
        place=np.arange(len(name)) - begins[name],
        values={symbol: np.concatenate(blocks) for symbol, blocks in values.items()},
    )


def _drawn(dataset: Dataset, indices: np.ndarray, most: int) -> np.ndarray:
    """All of the names, or as many at random as have at most so many letters; one at least."""
    if int(dataset.lengths[indices].sum(dtype=np.int64)) <= most:
        return indices
    shuffled = np.random.default_rng(_SEED).permutation(indices)
    letters = np.cumsum(dataset.lengths[shuffled], dtype=np.int64)
    return shuffled[: max(1, int(np.searchsorted(letters, most, side="right")))]


class Driven(NamedTuple):
    """Where in a name a unit went furthest.

    Attributes:
        letters: The name as read.
        place: The letter after which it did, 0 the first.
        value: What it held then.
        label: Index of the name's category.
    """

    letters: str
    place: int
    value: float
    label: int


def extremes(
    states: PartStates, dataset: Dataset, symbol: str, unit: int, most: int
) -> tuple[list[Driven], list[Driven]]:
    """The names that drive a unit highest, and those that drive it lowest, furthest first.

    Every spelling is listed once, at the first letter at which it goes furthest.

    Args:
        states: Of its layer.
        dataset: The names.
        symbol: `h` or `c`.
        unit: Of the layer, 0 the first.
        most: Names in each list.
    """
    values = states.values[symbol][:, unit]
    return (
        _furthest(states, dataset, values, 1, most),
        _furthest(states, dataset, values, -1, most),
    )


def _furthest(
    states: PartStates, dataset: Dataset, values: np.ndarray, sign: int, most: int
) -> list[Driven]:
    found: dict[str, Driven] = {}
    for letter in np.argsort(-sign * values, kind="stable").tolist():
        row = int(states.rows[states.name[letter]])
        text = dataset.normalised(row)
        if text not in found:
            place, value = int(states.place[letter]), float(values[letter])
            found[text] = Driven(text, place, value, int(dataset.labels[row]))
        if len(found) == most:
            break
    return list(found.values())


def unit_order(order: UnitOrder, trace: GateTrace, layer: int) -> np.ndarray:
    """The units of a layer in an order to show them in.

    Args:
        order: By number; by activity, the mean size of `h` over the letters of this name, largest
            first; or alike beside alike, by `h` at the letters of this name.
        trace: This name.
        layer: Which.

    Returns:
        Units, int64, (units,).
    """
    values = trace.values["h"][:, layer].astype(np.float64)  # (letters, units)
    if order == "activity":
        return np.argsort(-np.abs(values).mean(axis=0), kind="stable")
    return alike(values) if order == "alike" else np.arange(values.shape[1])
