"""The network: an LSTM written out gate by gate.

Beside its hidden state h an LSTM keeps a cell state c, and gates, numbers between 0 and 1, decide
what happens to it at each letter: what is kept of it, what is let in, and what is shown. What is
kept is added to and not computed anew, so it can last from the first letter to the last one. The
answer is computed from the hidden state after the last letter.
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


class LSTMCell(nn.Module):
    """One layer's gates; each reads what the layer is given and the hidden state before it."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.forget_gate = nn.Linear(inputs + HIDDEN_SIZE, HIDDEN_SIZE)
        self.input_gate = nn.Linear(inputs + HIDDEN_SIZE, HIDDEN_SIZE)
        self.cell_update = nn.Linear(inputs + HIDDEN_SIZE, HIDDEN_SIZE)
        self.output_gate = nn.Linear(inputs + HIDDEN_SIZE, HIDDEN_SIZE)
        #: if not initial
        draw(self, HIDDEN_SIZE)
        #: if forget_bias
        with torch.no_grad():
            self.forget_gate.bias.add_(FORGET_BIAS)
        #: end
        #: end

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """One letter: the hidden and the cell state after it, (B, H) both."""
        both = torch.cat([x, h], dim=1)
        f = torch.sigmoid(self.forget_gate(both))  # 0 to 1: how much of the old cell state is kept
        i = torch.sigmoid(self.input_gate(both))  # 0 to 1: how much of the candidate is let in
        g = torch.tanh(self.cell_update(both))  # -1 to 1: the candidate, what could be let in
        o = torch.sigmoid(self.output_gate(both))  # 0 to 1: how much of the cell state is shown
        c = f * c + i * g
        h = o * torch.tanh(c)
        return h, c


def read(cell: nn.Module, x: Tensor, sizes: list[int]) -> Tensor:
    """Reads a batch of names letter by letter.

    Args:
        cell: The layer's.
        x: What is read at each letter, (N, X).
        sizes: How many names have a first letter, a second one, and so on.

    Returns:
        The hidden states after each letter, (N, H).
    """
    h = c = torch.zeros(sizes[0], HIDDEN_SIZE)
    states = []
    for letter in x.split(sizes):
        running = len(letter)  # names that still have a letter
        h, c = cell(letter, h[:running], c[:running])
        states.append(h)
    return torch.cat(states)


class LSTM(nn.Module):
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
        self.cells = nn.ModuleList(LSTMCell(size) for size in inputs)
        #: if both
        self.backward_cells = nn.ModuleList(LSTMCell(size) for size in inputs)
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


model = LSTM()
print(model)
print(f"{sum(parameter.numel() for parameter in model.parameters()):,} weights")
