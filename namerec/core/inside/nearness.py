"""Is an answer memory? Where a name stands in a split, and which training names read like it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np
import torch

from namerec.core.corpus.alphabet import normalise
from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import PARTS, Part, holds_out
from namerec.core.corpus.splits import Split
from namerec.core.inside.effort import effort
from namerec.core.inside.neighbours import Neighbour, TrainingNames
from namerec.core.inside.reading import one_hot_text, read
from namerec.core.networks.name_model import NameModel
from namerec.text import listed

#: Numbers kept of one batch of readings, about 64 MB: every gate of every letter is among them.
MOST_READ = 16_000_000
#: Numbers in all states of a network's training names, 128 MB; of more names some are drawn.
MOST_KEPT = 32_000_000


class Standing(NamedTuple):
    """A part of a split in which a name stands, and all categories that it has there."""

    part: Part
    categories: tuple[str, ...]


class StateNeighbour(NamedTuple):
    """A training name that leaves a network in a state like another name's.

    Attributes:
        name: As the first training line with it has it, upper and lower case as one.
        categories: All categories in which the training part has it, in their order.
        similarity: Cosine of the angle between the two states, -1..1; 1 is the same direction.
    """

    name: str
    categories: tuple[str, ...]
    similarity: float


@dataclass(frozen=True, eq=False)
class TrainingStates:
    """Where a network is after the last letter of its training names.

    Attributes:
        names: As in `TrainingNames`, in the same order.
        categories: Those of each in the training part.
        directions: The hidden states, scaled to length 1, float32, (names, units); all zero where
            the state is.
        of: How many distinct training names there are; more than `names` if some were drawn.
    """

    names: tuple[str, ...] = field(repr=False)
    categories: tuple[tuple[str, ...], ...] = field(repr=False)
    directions: np.ndarray = field(repr=False)
    of: int

    @classmethod
    def read(cls, model: NameModel, training: TrainingNames, most: int = MOST_KEPT) -> Self:
        """Reads the distinct training names, each as its first line in the training part has it.

        Args:
            model: Any network.
            training: The names.
            most: Numbers kept; of more names, as many as fit are drawn, always the same.
        """
        rows = np.arange(len(training.names))
        units = model.config.hidden_size * (2 if model.backward_weights() else 1)
        if len(rows) > most // units:
            generator = np.random.default_rng(0)
            rows = np.sort(generator.choice(rows, max(1, most // units), replace=False))
        names = tuple(training.names[row] for row in rows.tolist())
        states = last_states(model, [normalise(name).letters for name in names])
        categories = tuple(training.categories[row] for row in rows.tolist())
        return cls(names, categories, _of_length_one(states), len(training.names))

    def nearest(self, state: np.ndarray, most: int = 10) -> list[StateNeighbour]:
        """The training names whose states point most nearly where another state points.

        Args:
            state: Of one name, (units,), as `last_states` gives it.
            most: How many, at most.
        """
        similarity = self.directions @ _of_length_one(state[None])[0]
        # Of equally near ones the first in the alphabet comes first.
        order = np.argsort(-similarity, kind="stable")[:most]
        return [
            StateNeighbour(self.names[row], self.categories[row], float(similarity[row]))
            for row in order.tolist()
        ]


@torch.no_grad()
def last_states(model: NameModel, names: Sequence[str]) -> np.ndarray:
    """The top layer's hidden state after the last letter of each name, float32, (names, units).

    The LSTMs' output layer reads this state and nothing else; of two directions it reads both, each
    after the letter that it read last, and both are here, (names, 2 x units). The RNN's reads the
    state before the last letter, and that letter, of which this state is made.

    Args:
        model: Any network.
        names: Normalised, of one letter or more.
    """
    of_length: defaultdict[int, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        of_length[len(name)].append(place)
    units = model.config.hidden_size * (2 if model.config.direction == "both" else 1)
    states = np.empty((len(names), units), dtype=np.float32)
    for length, places in of_length.items():
        batch = effort(model).at_once(length, MOST_READ)
        for begin in range(0, len(places), batch):
            some = places[begin : begin + batch]
            read_some = read(model, one_hot_text(model, [names[place] for place in some]))
            states[some] = read_some.after.float().cpu()
    return states


def _of_length_one(states: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(states, axis=1, keepdims=True)
    scaled: np.ndarray = np.divide(states, lengths, out=np.zeros_like(states), where=lengths > 0)
    return scaled


def standings(dataset: Dataset, split: Split, letters: str) -> tuple[Standing, ...]:
    """In which parts of a split a name stands, upper and lower case as one.

    Under the course protocol every name is a training name, and the other parts are drawn from
    these; they are not listed.

    Args:
        dataset: The names.
        split: How they are divided.
        letters: A normalised name.
    """
    lines = np.flatnonzero(dataset.keys() == letters.lower().encode("ascii"))
    parts: tuple[Part, ...] = PARTS if holds_out(split.protocol) else ("train",)
    found = []
    for part in parts:
        labels = np.unique(dataset.labels[np.intersect1d(lines, split.part(part))])
        if len(labels):
            names = tuple(dataset.categories[label] for label in labels.tolist())
            found.append(Standing(part, names))
    return tuple(found)


def share_with(neighbours: Iterable[Neighbour | StateNeighbour], category: str) -> float:
    """Share of some neighbours that have a category, among others perhaps, 0..1; nan of none."""
    have = [category in neighbour.categories for neighbour in neighbours]
    return sum(have) / len(have) if have else float("nan")


def verdict(found: Sequence[Standing], predicted: str) -> str:
    """What it means for the answer that a name stands where it does, in one sentence.

    Args:
        found: As `standings` gives them.
        predicted: The category that the network answers.
    """
    where = {standing.part: standing.categories for standing in found}
    if "train" in where:
        return _verdict_on_a_training_name(where, predicted)
    if not where:
        return (
            "This name is not in the corpus of this run. The network has never seen it, and the "
            f"lab does not know whether {predicted} is right."
        )
    categories = list(dict.fromkeys(one for several in where.values() for one in several))
    words = (
        f"This name was not in training. It is in the {' and the '.join(where)} part as "
        f"{listed(categories)}, so the answer, {predicted}, "
    )
    right = predicted in categories
    if "validation" not in where:
        return f"{words}is a fair test, and {'right' if right else 'wrong'}."
    # Wherever else it stands, it had its say in which epoch was kept.
    if right:
        return (
            f"{words}is right without memorising, but validation names were used to choose the "
            "epoch."
        )
    return f"{words}is wrong, although validation names were used to choose the epoch."


def _verdict_on_a_training_name(where: dict[Part, tuple[str, ...]], predicted: str) -> str:
    trained = where["train"]
    words = f"This name (upper and lower case as one) was in training as {listed(trained)}, "
    held_out = [part for part in ("validation", "test") if part in where]
    if held_out:
        words += f"and is in the {' and the '.join(held_out)} part as well, "
    if predicted in trained:
        return words + "so its answer is no test of what the network learned."
    return words + f"but the network answers {predicted}."
