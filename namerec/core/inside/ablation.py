"""Ablation: what a trained network answers with a gate held fast or with units silenced.

An ablation, see `ablations`, alters values on the way through `reading.read`, so the whole
network goes on from what was put in: later letters, higher layers and the output all see it. The
logits of character n-grams are added unchanged.
"""

import numpy as np
import torch
from torch import Tensor

from namerec.core.corpus.alphabet import encode
from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.packing import pack_names
from namerec.core.evaluation.results import PredictedNames
from namerec.core.inside.ablations import AblatedUnits, Ablation, HeldGate
from namerec.core.inside.effort import effort
from namerec.core.inside.reading import (
    AlterLayer,
    by_length,
    letters_of,
    one_hot,
    one_hot_text,
    read,
)
from namerec.core.networks.kinds import SYMBOL_TITLES
from namerec.core.networks.name_model import NameModel
from namerec.errors import ConfigError

#: Values that a reading may keep at a time: 64 MB of float32, whatever the network's size.
MOST_VALUES = 2**24


def alteration(
    ablation: Ablation, model: NameModel, means: dict[str, np.ndarray] | None = None
) -> AlterLayer:
    """An ablation of a network, as `reading.read` takes it.

    Args:
        ablation: What is held or silenced.
        model: The network that it is made on.
        means: By gate, (layers, H), see `mean_gates`; needed if `ablation.needs_means`.

    Raises:
        ConfigError: If the network has no such gate, layer or unit, or if means are missing.
    """
    _check(ablation, model)
    if ablation.needs_means and means is None:
        raise ConfigError(
            "A gate is to be held at its mean, but no means are given. Measure the means first."
        )
    parameter = next(model.parameters())
    held: dict[tuple[int, str], Tensor] = {}  # (H,), put in for a gate
    ablated: dict[tuple[int, str], Tensor] = {}  # (H,), where a state is 0
    for part in ablation.parts:
        if isinstance(part, HeldGate):
            level = means[part.gate][part.layer] if means and part.level == "mean" else part.level
            row = np.full(model.config.hidden_size, level, dtype=np.float64)
            held[part.layer, part.gate] = torch.from_numpy(row).to(parameter)
            continue
        off = torch.zeros(model.config.hidden_size, dtype=torch.bool, device=parameter.device)
        off[list(part.units) if isinstance(part, AblatedUnits) else slice(None)] = True
        for symbol in model.kind.states:
            ablated[part.layer, symbol] = off | ablated.get((part.layer, symbol), off)

    def alter(layer: int, symbol: str, value: Tensor) -> Tensor:
        if (layer, symbol) in held:
            return held[layer, symbol].expand_as(value)
        if (layer, symbol) in ablated:
            return value.masked_fill(ablated[layer, symbol], 0)
        return value

    return alter


def _check(ablation: Ablation, model: NameModel) -> None:
    layers = model.config.num_layers * model.directions
    units = model.config.hidden_size
    for part in ablation.parts:
        if isinstance(part, HeldGate) and part.gate not in model.kind.gates:
            gate = SYMBOL_TITLES[part.gate]
            raise ConfigError(
                f"The {gate} cannot be held: {model.kind.noun} has no "
                f"{gate if model.kind.gates else 'gates'}. Silence units of it instead, or choose "
                "a network that has one."
            )
        if part.layer >= layers:
            raise ConfigError(
                f"There is no layer {part.layer}: this network has layers 0 to {layers - 1}. "
                "Choose one of these."
            )
        if isinstance(part, AblatedUnits) and max(part.units, default=0) >= units:
            raise ConfigError(
                f"There is no unit {max(part.units)}: this network has units 0 to {units - 1}. "
                "Choose among these."
            )


@torch.no_grad()
def mean_gates(model: NameModel, dataset: Dataset, indices: np.ndarray) -> dict[str, np.ndarray]:
    """Every unit's mean of every gate over all letters of some names, in the network as it is.

    Args:
        model: One with gates; it is put into evaluation mode.
        dataset: The names.
        indices: Which of them, one or more; duplicates count as often as they stand there.

    Returns:
        By gate, float64, (layers, H).
    """
    model.eval()
    sums = dict.fromkeys(model.kind.gates, torch.zeros((), dtype=torch.float64))
    for places in by_length(dataset, indices, _at_once(model, dataset, indices)):
        reading = read(model, one_hot(model, letters_of(dataset, indices[places])))
        for gate in sums:
            sums[gate] = sums[gate] + reading.stacked(gate).double().sum(dim=(0, 2)).cpu()
    letters = int(dataset.lengths[indices].sum())
    return {gate: np.asarray(total.numpy() / letters) for gate, total in sums.items()}


@torch.no_grad()
def after_every_letter(
    model: NameModel, letters: str, ablation: Ablation, means: dict[str, np.ndarray] | None = None
) -> np.ndarray:
    """Log-probabilities of a network under an ablation after each letter, (length, categories).

    As in `prediction.after_every_letter`, each beginning of the name is read as a name of its own.

    Args:
        model: Any network; it is put into evaluation mode.
        letters: A normalised name of one letter or more.
        ablation: What is held or silenced.
        means: See `alteration`.

    Raises:
        ConfigError: If the ablation does not fit the network.
    """
    model.eval()
    alter = alteration(ablation, model, means)
    beginnings = [letters[: end + 1] for end in range(len(letters))]
    output = torch.cat(
        [read(model, one_hot_text(model, [name]), alter).output for name in beginnings]
    )
    names = pack_names([encode(name) for name in beginnings]).to(output.device)
    answers = model.with_ngram_logits(output, names).log_softmax(dim=1)
    return np.asarray(answers.cpu().numpy())


@torch.no_grad()
def ablated_answers(
    model: NameModel,
    dataset: Dataset,
    indices: np.ndarray,
    ablation: Ablation,
    means: dict[str, np.ndarray] | None = None,
) -> PredictedNames:
    """A network's answers under an ablation on some names of a dataset.

    Args:
        model: Any network; it is put into evaluation mode.
        dataset: Whose categories the network was built for.
        indices: Which names, int64, (names,), duplicates allowed.
        ablation: What is held or silenced.
        means: See `alteration`.

    Raises:
        ConfigError: If the ablation does not fit the network.
    """
    model.eval()
    alter = alteration(ablation, model, means)
    distinct, inverse = np.unique(indices, return_inverse=True)
    answers = np.empty((len(distinct), model.categories), dtype=np.float32)
    for places in by_length(dataset, distinct, _at_once(model, dataset, distinct)):
        chosen = distinct[places]
        output = read(model, one_hot(model, letters_of(dataset, chosen)), alter).output
        names = dataset.batch(chosen)[0].to(output.device)
        answers[places] = model.with_ngram_logits(output, names).log_softmax(dim=1).cpu().numpy()
    return PredictedNames(
        indices=np.asarray(indices, dtype=np.int64),
        labels=dataset.labels[indices],
        log_probabilities=answers[inverse],
    )


def _at_once(model: NameModel, dataset: Dataset, indices: np.ndarray) -> int:
    """How many names may be read at once, so that a reading keeps at most `MOST_VALUES`."""
    longest = int(dataset.lengths[indices].max(initial=1))
    return effort(model).at_once(longest, MOST_VALUES)
