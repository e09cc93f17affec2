"""Who is measured: whole training steps on the same batches of names.

A contestant takes letters (B, T), lengths (B,) and labels (B,) as they lie in a dataset and does
everything a step needs: laying the batch out, forward, loss, backward, optimizer.
"""

import importlib.util
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.packing import PackedNames, pack
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.kinds import ModelKind
from namerec.core.networks.models import build
from namerec.core.networks.name_model import NameModel
from namerec.files import ROOT

#: The loops of the report and the tutorial are benchmarks only, so they live with the tests.
LOOPS = ROOT / "tests" / "benchmarks" / "report_loops.py"
LEARNING_RATE = 0.001


class Batch(NamedTuple):
    """Names of a dataset: letters uint8 (B, T), lengths (B,), labels int64 (B,)."""

    letters: np.ndarray
    lengths: np.ndarray
    labels: Tensor


Step = Callable[[Batch], None]


class TorchRNN(nn.Module):
    """PyTorch's own `nn.RNN` on packed names, with a linear layer on its last state."""

    def __init__(self, hidden: int, layers: int, categories: int) -> None:
        super().__init__()
        self.rnn = nn.RNN(ALPHABET_SIZE, hidden, layers)
        self.out = nn.Linear(hidden, categories)

    def forward(self, names: PackedNames) -> Tensor:
        """Log-probabilities, (B, categories)."""
        rows = F.one_hot(names.letters, ALPHABET_SIZE + 1)[:, :ALPHABET_SIZE].float()
        _, states = self.rnn(PackedSequence(rows, torch.tensor(names.batch_sizes)))
        return F.log_softmax(self.out(states[-1].index_select(0, names.restore)), dim=1)


def network(kind: ModelKind, hidden: int, layers: int, categories: int, *, tanh: bool) -> NameModel:
    """One of the lab's own networks."""
    return build(
        ModelConfig(
            kind=kind,
            hidden_size=hidden,
            num_layers=layers,
            nonlinearity="tanh" if tanh else "none",
        ),
        categories,
    )


def training_step(model: nn.Module) -> Step:
    """A whole step of a network with AdamW, the same for every contestant."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, fused=True)
    model.train()

    def step(batch: Batch) -> None:
        answers = model(pack(batch.letters, batch.lengths))
        loss = F.nll_loss(answers, batch.labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def report_loops(hidden: int, categories: int) -> dict[str, Step]:
    """The course report's and the classic tutorial's loops, one name at a time.

    Empty where the project is installed without its tests.
    """
    if not LOOPS.exists():
        return {}
    specification = importlib.util.spec_from_file_location("report_loops", LOOPS)
    if specification is None or specification.loader is None:
        return {}
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    steps: dict[str, Step] = module.contestants(hidden, categories)
    return steps
