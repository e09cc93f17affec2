"""Independent references: the networks once more, slow and plain, and small things to test with."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence

from namerec.core.corpus.alphabet import ALPHABET_SIZE, encode
from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.packing import PackedNames, pack_names
from namerec.core.networks.by_hand import GRU, CustomLSTM
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.lstm import LSTM
from namerec.core.networks.models import build
from namerec.core.networks.name_model import NameModel
from namerec.core.networks.rnn import RNN
from namerec.core.training.config import RunConfig, validated
from namerec.core.training.loop import Checkpoint, Record
from namerec.core.training.records import EpochRecord, FinalRecord

NAMES = ("Okonkwo", "Li", "O'Neill", "Nguyen Thi", "Bo", "Schmidt", "X", "Dvorak", "Ng", "Garcia")


def one_hot(indices: Iterable[int], dtype: torch.dtype = torch.float64) -> Tensor:
    """Letters as rows of (length, 57); an index beyond the alphabet is a row of zeros."""
    indices = list(indices)
    rows = torch.zeros(len(indices), ALPHABET_SIZE, dtype=dtype)
    for row, index in zip(rows, indices, strict=True):
        if index < ALPHABET_SIZE:
            row[index] = 1
    return rows


def pack_text(*names: str) -> PackedNames:
    return pack_names([encode(name) for name in names])


def packed(rows: Sequence[Tensor], names: PackedNames) -> Tensor:
    """Rows of each name, (length, X) in the batch's order, laid out by PyTorch itself, (N, X)."""
    return pack_sequence([rows[index] for index in names.sorted_rows.tolist()]).data


def random_names(lengths: Sequence[int], seed: int = 0) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.integers(0, ALPHABET_SIZE, length).astype(np.uint8) for length in lengths]


def network(
    kind: str = "custom_lstm",
    *,
    categories: int = 4,
    seed: int = 3,
    dtype: torch.dtype = torch.float64,
    **shape: Any,
) -> NameModel:
    """A small network in evaluation mode, with weights large enough to matter."""
    config = ModelConfig.model_validate({"kind": kind, "hidden_size": 5, **shape})
    model = build(config, categories, seed).to(dtype)
    return model.eval()


def plain_answer(model: NameModel, indices: Iterable[int]) -> Tensor:
    """Log-probabilities of one name, (categories,): a loop over letters and over layers."""
    dtype = next(model.parameters()).dtype
    size, layers = model.config.hidden_size, model.config.num_layers
    h = [torch.zeros(1, size, dtype=dtype) for _ in range(layers)]
    c = [torch.zeros(1, size, dtype=dtype) for _ in range(layers)]
    output = torch.zeros(1, model.categories, dtype=dtype)
    for letter in one_hot(indices, dtype):
        x = letter[None]
        if isinstance(model, RNN):
            output = _rnn_letter(model, x, h)
        elif isinstance(model, LSTM):
            output = _built_in_letter(model, x, h, c)
        elif isinstance(model, CustomLSTM):
            output = _custom_letter(model, x, h, c)
        else:
            assert isinstance(model, GRU)
            output = _gru_letter(model, x, h)
    return torch.log_softmax(output, dim=1)[0]


def _rnn_letter(model: RNN, x: Tensor, h: list[Tensor]) -> Tensor:
    output = x
    steps = [model.i2h, *(model.deeper if model.config.num_layers > 1 else [])]
    for layer, i2h in enumerate(steps):
        combined = torch.cat([x, h[layer]], dim=1)
        if layer == len(steps) - 1:
            output = model.i2o(combined)
        x = i2h(combined)
        h[layer] = x = torch.tanh(x) if model.config.nonlinearity == "tanh" else x
    return output


def _built_in_letter(model: LSTM, x: Tensor, h: list[Tensor], c: list[Tensor]) -> Tensor:
    weights = model.rnn.state_dict()
    for layer in range(model.config.num_layers):
        cell = nn.LSTMCell(x.shape[1], model.config.hidden_size, dtype=x.dtype)
        cell.load_state_dict({name: weights[f"{name}_l{layer}"] for name in cell.state_dict()})
        h[layer], c[layer] = cell(x, (h[layer], c[layer]))
        x = h[layer]
    return torch.as_tensor(model.out(x))


def _custom_letter(model: CustomLSTM, x: Tensor, h: list[Tensor], c: list[Tensor]) -> Tensor:
    for layer, cell in enumerate(model.cells):
        combined = torch.cat([x, h[layer]], dim=1)
        forget = torch.sigmoid(cell.forget_gate(combined))  # type: ignore[operator]
        let_in = torch.sigmoid(cell.input_gate(combined))  # type: ignore[operator]
        candidate = torch.tanh(cell.cell_update(combined))  # type: ignore[operator]
        show = torch.sigmoid(cell.output_gate(combined))  # type: ignore[operator]
        c[layer] = forget * c[layer] + let_in * candidate
        x = h[layer] = show * torch.tanh(c[layer])
    return torch.as_tensor(model.out(x))


def _gru_letter(model: GRU, x: Tensor, h: list[Tensor]) -> Tensor:
    for layer, cell in enumerate(model.cells):
        combined = torch.cat([x, h[layer]], dim=1)
        reset = torch.sigmoid(cell.reset_gate(combined))  # type: ignore[operator]
        update = torch.sigmoid(cell.update_gate(combined))  # type: ignore[operator]
        read = reset * cell.candidate_state(h[layer])  # type: ignore[operator]
        candidate = torch.tanh(cell.candidate_input(x) + read)  # type: ignore[operator]
        x = h[layer] = (1 - update) * candidate + update * h[layer]
    return torch.as_tensor(model.out(x))


def run_config(
    kind: str = "custom_lstm",
    *,
    hidden_size: int = 8,
    num_layers: int = 1,
    dropout: float = 0.0,
    **training: Any,
) -> RunConfig:
    """Settings that train in a blink."""
    return validated(
        {
            "model": {
                "kind": kind,
                "hidden_size": hidden_size,
                "num_layers": num_layers,
                "dropout": dropout,
            },
            "training": {"epochs": 3, "batch_size": 16, "learning_rate": 0.02, **training},
        }
    )


def unequal_dataset(sizes: dict[str, int], seed: int = 0) -> Dataset:
    """Made-up names, all distinct whatever their case, so many of each category.

    Categories differ in the letters they prefer, so that there is something to learn.
    """
    generator = np.random.default_rng(seed)
    lines: list[LabelledName] = []
    seen: set[str] = set()
    for number, (category, size) in enumerate(sizes.items()):
        preferred = "abcdefghijklmnopqrstuvwxyz"[4 * number % 26 :][:6]
        while size:
            length = int(generator.integers(3, 9))
            letters = generator.choice(list(preferred + "aeiou"), length)
            name = "".join(letters).capitalize()
            if name not in seen:
                seen.add(name)
                lines.append(LabelledName(name, category))
                size -= 1
    return Dataset.build("unequal", lines)


def without_times(record: Record) -> Any:
    """A record as values that can be compared bit for bit, but for what a clock decides."""
    if isinstance(record, EpochRecord):
        return replace(record, seconds=0.0, names_per_second=0.0)
    if isinstance(record, Checkpoint):
        return (
            replace(record.progress, seconds=0.0, training_seconds=0.0),
            record.best,
            {name: (str(t.dtype), t.tolist()) for name, t in record.weights.items()},
            {name: (str(t.dtype), t.tolist()) for name, t in record.resume.items()},
        )
    if isinstance(record, FinalRecord):
        answers = {
            part: (p.indices.tolist(), p.labels.tolist(), p.log_probabilities.tolist())
            for part, p in record.predictions.items()
        }
        return record.best_epoch, record.scores, answers
    return record
