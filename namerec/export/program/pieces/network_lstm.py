"""The network: PyTorch's own LSTM.

Beside its hidden state an LSTM keeps a cell state, and three gates, numbers between 0 and 1,
decide what happens to it at each letter: the forget gate how much of the old cell state is kept,
the input gate how much of something new is let in, the output gate how much is shown as the hidden
state. What is kept is added to and not computed anew, so it can last. The answer is computed
from the hidden state after the last letter.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from namerec.export.program.pieces.dropout import dropped
from namerec.export.program.pieces.first_weights import draw
from namerec.export.program.pieces.names import CATEGORIES, LETTERS
from namerec.export.program.pieces.ngram_logits import CharNgrams
from namerec.export.program.pieces.packing import Batch, one_hot
from namerec.export.program.pieces.settings import FORGET_BIAS, HIDDEN_SIZE, NUM_LAYERS


class LSTM(nn.Module):
    """Names in, log-probabilities of the categories out."""

    def __init__(self) -> None:
        super().__init__()
        #: if ngrams
        self.ngrams = CharNgrams()
        #: end
        #: if stacked
        # One nn.LSTM a layer, so that what is dropped between them comes from our own generator.
        inputs = [len(LETTERS)] + [HIDDEN_SIZE] * (NUM_LAYERS - 1)
        self.layers = nn.ModuleList(nn.LSTM(size, HIDDEN_SIZE) for size in inputs)
        #: else
        #: if layers
        self.rnn = nn.LSTM(len(LETTERS), HIDDEN_SIZE, NUM_LAYERS)
        #: else
        self.rnn = nn.LSTM(len(LETTERS), HIDDEN_SIZE)
        #: end
        #: end
        self.out = nn.Linear(HIDDEN_SIZE, len(CATEGORIES))
        #: if not initial
        #: if stacked
        draw(self.layers, HIDDEN_SIZE)
        #: else
        draw(self.rnn, HIDDEN_SIZE)
        #: end
        draw(self.out, HIDDEN_SIZE)
        #: if forget_bias
        with torch.no_grad():
            for name, bias in self.named_parameters():
                if "bias_hh" in name:  # of the gates i, f, g, o in this order
                    bias[HIDDEN_SIZE : 2 * HIDDEN_SIZE] += FORGET_BIAS
        #: end
        #: end

    def forward(self, names: Batch) -> Tensor:
        """Log-probabilities, (B, categories)."""
        x = one_hot(names.letters)
        sizes = torch.tensor(names.sizes)
        #: if stacked
        for number, layer in enumerate(self.layers):
            if number > 0 and self.training:
                x = dropped(x)
            x = layer(PackedSequence(x, sizes))[0].data  # hidden states, (N, H)
        #: else
        x = self.rnn(PackedSequence(x, sizes))[0].data  # the top layer's hidden states, (N, H)
        #: end
        final = x[names.last]  # (B, H)
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
