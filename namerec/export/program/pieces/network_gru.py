"""The network: a GRU, a gated recurrent unit, written out gate by gate.

It keeps one vector, its hidden state, and two gates, numbers between 0 and 1, decide what happens
to it at each letter. The update gate decides how much of it is kept; the rest is replaced by a
candidate. The reset gate decides how much of it the candidate reads. What is kept is not computed
anew, so it can last from the first letter to the last one. The answer is computed from the hidden
state after the last letter.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from namerec.export.program.pieces.dropout import dropped
from namerec.export.program.pieces.first_weights import draw
from namerec.export.program.pieces.names import CATEGORIES, LETTERS
from namerec.export.program.pieces.ngram_logits import CharNgrams
from namerec.export.program.pieces.packing import Batch, one_hot
from namerec.export.program.pieces.settings import FORGET_BIAS, HIDDEN_SIZE, NUM_LAYERS


class GRUCell(nn.Module):
    """One layer's gates; each reads what the layer is given and the hidden state before it."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.reset_gate = nn.Linear(inputs + HIDDEN_SIZE, HIDDEN_SIZE)
        self.update_gate = nn.Linear(inputs + HIDDEN_SIZE, HIDDEN_SIZE)
        self.candidate_input = nn.Linear(inputs, HIDDEN_SIZE)
        self.candidate_state = nn.Linear(HIDDEN_SIZE, HIDDEN_SIZE)
        #: if not initial
        draw(self, HIDDEN_SIZE)
        #: if forget_bias
        with torch.no_grad():
            self.update_gate.bias.add_(FORGET_BIAS)
        #: end
        #: end

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        """One letter: the hidden state after it, (B, H)."""
        both = torch.cat([x, h], dim=1)
        r = torch.sigmoid(self.reset_gate(both))  # 0 to 1: how much of h the candidate reads
        z = torch.sigmoid(self.update_gate(both))  # 0 to 1: how much of h is kept
        n = torch.tanh(self.candidate_input(x) + r * self.candidate_state(h))  # -1 to 1
        return (1 - z) * n + z * h


def read(cell: nn.Module, x: Tensor, sizes: list[int]) -> Tensor:
    """Reads a batch of names letter by letter.

    Args:
        cell: The layer's.
        x: What is read at each letter, (N, X).
        sizes: How many names have a first letter, a second one, and so on.

    Returns:
        The hidden states after each letter, (N, H).
    """
    h = torch.zeros(sizes[0], HIDDEN_SIZE)
    states = []
    for letter in x.split(sizes):
        h = cell(letter, h[: len(letter)])  # of the names that still have a letter
        states.append(h)
    return torch.cat(states)


class GRU(nn.Module):
    """Names in, log-probabilities of the categories out."""

    def __init__(self) -> None:
        super().__init__()
        #: if ngrams
        self.ngrams = CharNgrams()
        #: end
        #: if both
        # Every layer has a second set of gates that reads the name from its end, and gives on what
        # both know: hence twice the hidden size.
        width = 2 * HIDDEN_SIZE
        #: else
        width = HIDDEN_SIZE
        #: end
        #: if layers
        inputs = [len(LETTERS)] + [width] * (NUM_LAYERS - 1)
        #: else
        inputs = [len(LETTERS)]
        #: end
        self.cells = nn.ModuleList(GRUCell(size) for size in inputs)
        #: if both
        self.backward_cells = nn.ModuleList(GRUCell(size) for size in inputs)
        #: end
        self.out = nn.Linear(width, len(CATEGORIES))
        #: if not initial
        draw(self.out, width)
        #: end

    def forward(self, names: Batch) -> Tensor:
        """Log-probabilities, (B, categories)."""
        x = one_hot(names.letters)
        #: if both
        for cell, backward_cell in zip(self.cells, self.backward_cells, strict=True):
            #: if dropout and layers
            if cell is not self.cells[0] and self.training:
                x = dropped(x)
            #: end
            onward = read(cell, x, names.sizes)
            backward = read(backward_cell, x[names.mirror], names.sizes)
            #: if layers
            x = torch.cat([onward, backward[names.mirror]], dim=1)
            #: end
        # Each direction's state after the letter that it read last.
        final = torch.cat([onward[names.last], backward[names.last]], dim=1)  # (B, 2H)
        #: else
        for cell in self.cells:
            #: if dropout and layers
            if cell is not self.cells[0] and self.training:
                x = dropped(x)
            #: end
            x = read(cell, x, names.sizes)
        final = x[names.last]  # (B, H)
        #: end
        #: if dropout
        final = dropped(final) if self.training else final
        #: end
        output = self.out(final)
        #: if ngrams
        output = output + self.ngrams(names)
        #: end
        return F.log_softmax(output, dim=1)


model = GRU()
print(model)
print(f"{sum(parameter.numel() for parameter in model.parameters()):,} weights")
