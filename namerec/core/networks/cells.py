"""One time step of each recurrence, written as the textbook writes it.

These few lines are the reference: traces call them, the fast layers are tested against them, and
a reader who wants to know what an LSTM does needs no other file.

Source: Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997; the
forget gate from Gers, Schmidhuber and Cummins, "Learning to forget", 2000; the GRU from Cho et al.,
"Learning phrase representations using RNN encoder-decoder for statistical machine translation",
EMNLP 2014, with the reset gate behind the product, as in `nn.GRU`; the RNN is Elman's, "Finding
structure in time", 1990, by default without its nonlinearity, as in the classic tutorial.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

#: Puts a value in place of one that a step has computed, given its symbol: both (B, H).
Alter = Callable[[str, Tensor], Tensor]


def as_computed(symbol: str, value: Tensor) -> Tensor:  # noqa: ARG001
    """Alters nothing."""
    return value


class LSTMState(NamedTuple):
    """All that one LSTM step computes, each (B, H)."""

    i: Tensor  # input gate, 0..1: how much of the candidate is let in
    f: Tensor  # forget gate, 0..1: how much of the old cell state is kept
    g: Tensor  # cell candidate, -1..1: what could be let in
    o: Tensor  # output gate, 0..1: how much of the cell state is shown
    c: Tensor  # cell state
    h: Tensor  # hidden state, -1..1


def lstm_step(
    x: Tensor, h: Tensor, c: Tensor, weight: Tensor, bias: Tensor, alter: Alter = as_computed
) -> LSTMState:
    """One time step of an LSTM.

    Args:
        x: Input (one-hot letter or lower layer's hidden state), (B, X).
        h: Hidden state before the step, (B, H).
        c: Cell state before the step, (B, H).
        weight: Of the four gates, stacked i, f, g, o, reading input and hidden state, (4H, X + H).
        bias: Of the four gates, (4H,).
        alter: Cuts in; what it gives is what the step goes on with.

    Returns:
        Gates, candidate and the new states.
    """
    i, f, g, o = (torch.cat([x, h], dim=1) @ weight.T + bias).chunk(4, dim=1)
    i, f = alter("i", torch.sigmoid(i)), alter("f", torch.sigmoid(f))
    g, o = alter("g", torch.tanh(g)), alter("o", torch.sigmoid(o))
    c = alter("c", f * c + i * g)
    h = alter("h", o * torch.tanh(c))
    return LSTMState(i, f, g, o, c, h)


class GRUState(NamedTuple):
    """All that one GRU step computes, each (B, H)."""

    r: Tensor  # reset gate, 0..1: how much of the old state the candidate reads
    z: Tensor  # update gate, 0..1: how much of the old state is kept
    n: Tensor  # candidate, -1..1: what takes the place of what is not kept
    h: Tensor  # hidden state, -1..1


def gru_step(
    x: Tensor, h: Tensor, weight: Tensor, bias: Tensor, alter: Alter = as_computed
) -> GRUState:
    """One time step of a GRU, as `nn.GRU` computes it.

    Args:
        x: Input, (B, X).
        h: Hidden state before the step, (B, H).
        weight: Of both gates and the candidate, stacked r, z, n, reading input and hidden state,
            (3H, X + H).
        bias: Of r, of z, of what n reads of the input and of what it reads of the state, (4H,).
        alter: Cuts in; what it gives is what the step goes on with.

    Returns:
        Gates, candidate and the new state.
    """
    of_input, of_state = weight.tensor_split([x.shape[1]], dim=1)
    bias_r, bias_z, bias_n, bias_state = bias.chunk(4)
    r_input, z_input, n_input = (x @ of_input.T).chunk(3, dim=1)
    r_state, z_state, n_state = (h @ of_state.T).chunk(3, dim=1)
    r = alter("r", torch.sigmoid(r_input + r_state + bias_r))
    z = alter("z", torch.sigmoid(z_input + z_state + bias_z))
    n = alter("n", torch.tanh(n_input + bias_n + r * (n_state + bias_state)))
    h = alter("h", (1 - z) * n + z * h)
    return GRUState(r, z, n, h)


def rnn_step(
    x: Tensor, h: Tensor, weight: Tensor, bias: Tensor, *, tanh: bool, alter: Alter = as_computed
) -> Tensor:
    """One time step of a simple recurrent network.

    Args:
        x: Input, (B, X).
        h: Hidden state before the step, (B, H).
        weight: Reading input and hidden state, (H, X + H).
        bias: (H,).
        tanh: Whether the recurrence is squashed; the report's and the tutorial's is not.
        alter: Cuts in; what it gives is what the step goes on with.

    Returns:
        The new hidden state, (B, H).
    """
    z = torch.cat([x, h], dim=1) @ weight.T + bias
    return alter("h", torch.tanh(z) if tanh else z)


#: A parameter, and the piece of a layer's stacked weight or bias that it is.
Piece = tuple[Tensor, Tensor]


class Cell(nn.Module):
    """The weights of one layer: a plain `nn.Linear` for each gate."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size

    def stacked(self) -> tuple[Tensor, Tensor]:
        """All weights and all biases, as the cell's step reads them."""
        raise NotImplementedError

    def pieces(self, weight: Tensor, bias: Tensor) -> Iterator[Piece]:
        """All parameters, and what each is of such a weight and bias as `stacked` gives."""
        raise NotImplementedError


class LSTMCell(Cell):
    """The four gates of one LSTM layer, which read input and hidden state."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.forget_gate = nn.Linear(input_size + hidden_size, hidden_size)
        self.input_gate = nn.Linear(input_size + hidden_size, hidden_size)
        self.cell_update = nn.Linear(input_size + hidden_size, hidden_size)
        self.output_gate = nn.Linear(input_size + hidden_size, hidden_size)

    @property
    def gates(self) -> tuple[nn.Linear, ...]:
        """The four gates in the order in which they are stacked, i, f, g, o."""
        return self.input_gate, self.forget_gate, self.cell_update, self.output_gate

    def stacked(self) -> tuple[Tensor, Tensor]:
        """Weight (4H, X + H) and bias (4H,) of the gates, stacked i, f, g, o."""
        return (
            torch.cat([gate.weight for gate in self.gates]),
            torch.cat([gate.bias for gate in self.gates]),
        )

    def pieces(self, weight: Tensor, bias: Tensor) -> Iterator[Piece]:
        """See the base class."""
        for gate, *piece in zip(self.gates, weight.chunk(4), bias.chunk(4), strict=True):
            yield from zip((gate.weight, gate.bias), piece, strict=True)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> LSTMState:
        """One time step: x (B, X), h and c (B, H)."""
        return lstm_step(x, h, c, *self.stacked())


class GRUCell(Cell):
    """The two gates and the candidate of one GRU layer.

    What the candidate reads of the state is a layer of its own, because the reset gate acts on it.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.reset_gate = nn.Linear(input_size + hidden_size, hidden_size)
        self.update_gate = nn.Linear(input_size + hidden_size, hidden_size)
        self.candidate_input = nn.Linear(input_size, hidden_size)
        self.candidate_state = nn.Linear(hidden_size, hidden_size)

    @property
    def gates(self) -> tuple[nn.Linear, ...]:
        """The two gates, and both halves of the candidate."""
        return self.reset_gate, self.update_gate, self.candidate_input, self.candidate_state

    def stacked(self) -> tuple[Tensor, Tensor]:
        """Weight (3H, X + H) and bias (4H,), see `gru_step`."""
        r, z, *candidate = (gate.weight for gate in self.gates)
        weight = torch.cat([r, z, torch.cat(candidate, dim=1)])
        return weight, torch.cat([gate.bias for gate in self.gates])

    def pieces(self, weight: Tensor, bias: Tensor) -> Iterator[Piece]:
        """See the base class."""
        *gates, candidate = weight.chunk(3)
        halves = candidate.tensor_split([self.input_size], dim=1)
        yield from zip((gate.weight for gate in self.gates), (*gates, *halves), strict=True)
        yield from zip((gate.bias for gate in self.gates), bias.chunk(4), strict=True)

    def forward(self, x: Tensor, h: Tensor) -> GRUState:
        """One time step: x (B, X), h (B, H)."""
        return gru_step(x, h, *self.stacked())
