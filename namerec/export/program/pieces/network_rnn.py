"""The network: a simple recurrent network.

It reads a name letter by letter and keeps one vector, its hidden state. At each letter the new
hidden state is computed from the letter and the hidden state before it, and nothing protects what
was read earlier: it is overwritten, letter by letter. The answer is computed from the last letter
and the hidden state before it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from namerec.export.program.pieces.dropout import dropped
from namerec.export.program.pieces.first_weights import draw
from namerec.export.program.pieces.names import CATEGORIES, LETTERS
from namerec.export.program.pieces.ngram_logits import CharNgrams
from namerec.export.program.pieces.packing import Batch, one_hot
from namerec.export.program.pieces.settings import HIDDEN_SIZE, NUM_LAYERS


def read(layer: nn.Module, x: Tensor, sizes: list[int]) -> tuple[Tensor, Tensor]:
    """Reads a batch of names letter by letter.

    Args:
        layer: Computes the new hidden state from what is read and the hidden state before.
        x: What is read at each letter, (N, X).
        sizes: How many names have a first letter, a second one, and so on.

    Returns:
        The hidden states before and after each letter, (N, H) both.
    """
    h = torch.zeros(sizes[0], HIDDEN_SIZE)
    before, after = [], []
    for letter in x.split(sizes):
        h = h[: len(letter)]  # of the names that still have a letter
        before.append(h)
        #: if tanh
        h = torch.tanh(layer(torch.cat([letter, h], dim=1)))
        #: else
        h = layer(torch.cat([letter, h], dim=1))  # nothing bends it: the network is linear
        #: end
        after.append(h)
    return torch.cat(before), torch.cat(after)


class RNN(nn.Module):
    """Names in, log-probabilities of the categories out."""

    def __init__(self) -> None:
        super().__init__()
        #: if ngrams
        self.ngrams = CharNgrams()
        #: end
        self.i2h = nn.Linear(len(LETTERS) + HIDDEN_SIZE, HIDDEN_SIZE)
        #: if layers
        self.deeper = nn.ModuleList(
            nn.Linear(2 * HIDDEN_SIZE, HIDDEN_SIZE) for _ in range(NUM_LAYERS - 1)
        )
        self.i2o = nn.Linear(2 * HIDDEN_SIZE, len(CATEGORIES))
        #: else
        self.i2o = nn.Linear(len(LETTERS) + HIDDEN_SIZE, len(CATEGORIES))
        #: end
        #: if not initial
        draw(self.i2h, self.i2h.in_features)
        #: if layers
        for layer in self.deeper:
            draw(layer, 2 * HIDDEN_SIZE)
        #: end
        draw(self.i2o, self.i2o.in_features)
        #: end

    def forward(self, names: Batch) -> Tensor:
        """Log-probabilities, (B, categories)."""
        x = one_hot(names.letters)
        #: if layers
        *lower, top = [self.i2h, *self.deeper]
        for layer in lower:
            _, x = read(layer, x, names.sizes)
            #: if dropout
            x = dropped(x) if self.training else x
            #: end
        before, _ = read(top, x, names.sizes)
        #: else
        before, _ = read(self.i2h, x, names.sizes)
        #: end
        final = before[names.last]  # (B, H)
        #: if dropout
        final = dropped(final) if self.training else final
        #: end
        output = self.i2o(torch.cat([x[names.last], final], dim=1))
        #: if ngrams
        output = output + self.ngrams(names)
        #: end
        return F.log_softmax(output, dim=1)


model = RNN()
print(model)
print(f"{sum(parameter.numel() for parameter in model.parameters()):,} weights")
