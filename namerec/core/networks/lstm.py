"""The network around PyTorch's own LSTM."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.cells import Alter, as_computed, lstm_step
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.name_model import NameModel, Step, Weights


class LSTM(NameModel):
    """PyTorch's own `nn.LSTM` with a linear layer on its last hidden state."""

    def __init__(self, config: ModelConfig, categories: int) -> None:
        super().__init__(config, categories)
        self.rnn = nn.LSTM(ALPHABET_SIZE, config.hidden_size, config.num_layers)
        self.out = nn.Linear(config.hidden_size, categories)
        self.softmax = nn.LogSoftmax(dim=-1)

    def step(
        self, x: Tensor, state: Step, weight: Tensor, bias: Tensor, alter: Alter = as_computed
    ) -> Step:
        """See the base class."""
        return lstm_step(x, state["h"], state["c"], weight, bias, alter)._asdict()

    def layer_weights(self) -> list[Weights]:
        """See the base class; `nn.LSTM` keeps two biases, which only ever act as their sum."""
        result = []
        for layer in self.rnn.all_weights:
            input_weight, recurrent_weight, input_bias, recurrent_bias = layer
            weight = torch.cat([input_weight, recurrent_weight], dim=1)
            result.append((weight, input_bias + recurrent_bias))
        return result

    def forward(self, names: PackedNames) -> Tensor:
        """Log-probabilities of the categories, (B, categories)."""
        x = F.one_hot(names.letters, ALPHABET_SIZE + 1)[:, :ALPHABET_SIZE]
        rows: Tensor = x.to(self.out.weight.dtype)  # (N, 57)
        sizes = torch.tensor(names.batch_sizes)
        if self.training and self.config.dropout > 0 and self.config.num_layers > 1:
            final = self._layer_by_layer(rows, sizes)
        else:
            _, (states, _) = self.rnn(PackedSequence(rows, sizes))
            final = states[-1]
        final = self.dropped(final.index_select(0, names.restore))
        return torch.as_tensor(self.softmax(self.with_ngram_logits(self.out(final), names)))

    def forget_biases(self) -> list[Tensor]:
        """See the base class; of the two biases, the one beside the recurrent weights."""
        size = self.config.hidden_size
        return [weights[3][size : 2 * size] for weights in self.rnn.all_weights]

    def _layer_by_layer(self, rows: Tensor, sizes: Tensor) -> Tensor:
        """The same kernel a layer at a time, with dropout between from our own generator.

        `nn.LSTM(dropout=...)` draws from the process-wide generator, which other threads share.
        """
        batch = int(sizes[0])
        final = rows
        for layer, weights in enumerate(self.rnn.all_weights):
            zero = rows.new_zeros(1, batch, self.config.hidden_size)
            rows, states, _ = torch.lstm(
                self.dropped(rows) if layer else rows,
                sizes,
                [zero, zero],
                list(weights),
                True,  # has_biases
                1,  # num_layers
                0.0,  # dropout
                self.training,
                False,  # bidirectional
            )
            final = states[-1]
        return final
