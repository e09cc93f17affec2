"""What all networks are: packed names in, log-probabilities out, and a step that can be watched.

`forward(names: PackedNames) -> (B, categories)`, rows in the batch's own order.
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.cells import Alter, Piece, as_computed
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.kinds import Kind
from namerec.core.networks.ngrams import CharNgrams

#: One layer's weight and bias, see `NameModel.layer_weights`.
Weights = tuple[Tensor, Tensor]
#: What one step computes, by symbol, (B, H) each.
Step = dict[str, Tensor]


class NameModel(nn.Module):
    """What the networks share: their sizes, and where their randomness comes from.

    Attributes:
        generator: Source of the dropout masks. Training sets it, so that a run's numbers do not
            depend on what else the process draws.
    """

    def __init__(self, config: ModelConfig, categories: int) -> None:
        super().__init__()
        self.config = config
        self.categories = categories
        self.generator: torch.Generator | None = None
        self.ngrams: CharNgrams | None = (
            CharNgrams(config.char_ngrams, categories) if config.char_ngrams else None
        )

    @property
    def kind(self) -> Kind:
        """The network's entry in the table."""
        return self.config.network

    @property
    def directions(self) -> int:
        """1, or 2 if every layer reads from the end, too."""
        return self.config.directions

    def step(
        self, x: Tensor, state: Step, weight: Tensor, bias: Tensor, alter: Alter = as_computed
    ) -> Step:
        """One time step of one layer, as the readable cells compute it.

        Args:
            x: What the layer reads, (B, X).
            state: What the step before handed on, `kind.states`, (B, H) each.
            weight: Of the layer, see `layer_weights`.
            bias: Of the layer.
            alter: Cuts in; what it gives is what the step goes on with.

        Returns:
            All of `kind.symbols`, (B, H) each.
        """
        raise NotImplementedError

    def layer_weights(self) -> list[Weights]:
        """Each layer's weight (G, X + H) and bias, stacked as `kind.stacked` is.

        Biases are (G,), or longer by H for each symbol that reads the state through a gate.
        """
        raise NotImplementedError

    def backward_weights(self) -> list[Weights]:
        """The same of the cells that read from the end; empty for a network that only reads on."""
        return []

    def forget_biases(self) -> list[Tensor]:
        """Each layer's bias of the gate that keeps, (H,), as it is stored; none without one."""
        return []

    def pieces(self, weights: Iterable[Weights]) -> Iterator[Piece]:
        """Each parameter of hand-written layers, and the piece of stacked weights that it is.

        Args:
            weights: One for each layer; of two directions both in turn.

        Raises:
            TypeError: If the layers are PyTorch's own.
        """
        raise TypeError(f"{type(self).__name__} has no hand-written layers")

    @property
    def output_layer(self) -> nn.Linear:
        """What makes the answer of the top layer."""
        layer = self.out
        assert isinstance(layer, nn.Linear)  # noqa: S101 - for the type alone
        return layer

    def read_out(self, last: Tensor, before: Tensor, after: Tensor) -> Tensor:
        """The output layer's answer to the top layer, before n-gram logits and softmax.

        That is of the state after the last letter, unless `kind.reads_before`.

        Args:
            last: The top layer's input at the last letter, (B, X).
            before: Its hidden state before the last letter, (B, H).
            after: Its hidden state after the last letter, (B, H); with two directions, both, each
                after the letter that it read last, (B, 2H).
        """
        output: Tensor = self.output_layer(after)
        return output

    def with_ngram_logits(self, output: Tensor, names: PackedNames) -> Tensor:
        """Adds the logits of the names' character n-grams, if there are any, to (B, categories)."""
        if self.ngrams is None:
            return output
        dropout = self.config.ngram_dropout if self.training else 0.0
        logits: Tensor = self.ngrams(names, dropout, self.generator)
        return output + logits

    def dropped(self, states: Tensor) -> Tensor:
        """Dropout as in Srivastava et al., JMLR 15, 2014 (inverted), from our own generator."""
        probability = self.config.dropout
        if not self.training or probability == 0:
            return states
        keep = (
            torch.empty(states.shape, dtype=states.dtype)
            .bernoulli_(1 - probability, generator=self.generator)
            .to(states.device)
        )
        return states * keep.div_(1 - probability)
