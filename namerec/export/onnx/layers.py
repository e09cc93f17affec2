"""The parts of a network as ONNX nodes: letters, recurrent layers, output layer.

Shapes in comments: B names, T letters of the longest of them, D directions, H hidden units.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.networks.built_in import beside_state
from namerec.core.networks.kinds import ModelKind
from namerec.core.networks.name_model import NameModel, Weights
from namerec.export.onnx.nodes import Drawing

#: ONNX's way to say that a recurrence has no nonlinearity: 1 * x + 0.
_LINEAR: dict[str, Any] = {
    "activations": ["Affine"],
    "activation_alpha": [1.0],
    "activation_beta": [0.0],
}


class _Operator(NamedTuple):
    """One of ONNX's recurrent operators.

    Attributes:
        name: ONNX's.
        order: Our symbols in the order in which it stacks them.
        attributes: Its own.
        said: What there is to say of its weights to whoever looks at the graph.
    """

    name: str
    order: str
    attributes: dict[str, Any]
    said: str = ""


LSTM = _Operator("LSTM", "iofg", {}, "Gates are stacked i, o, f, c.")
GRU = _Operator("GRU", "zrn", {"linear_before_reset": 1}, "Gates are stacked z, r, h.")


class Letters(NamedTuple):
    """What is known of the names before any weight is used; the fields are names of values.

    Attributes:
        longest: T, int64, one number.
        spelling: Letter indices, 0 behind a name's end, int64, (B, T).
        one_hot: The same as the first layer reads them, float32, (T, B, 57).
        steps: Letters in each name, int32, (B,), as ONNX's recurrent operators want them.
        ends: The same, int64, (B, 1).
    """

    longest: str
    spelling: str
    one_hot: str
    steps: str
    ends: str


def letters(g: Drawing) -> Letters:
    """Reads the inputs `letters` (B, T) and `lengths` (B,); what stands behind a name is erased."""
    from onnx import TensorProto

    zero, one = g.whole("zero", 0), g.whole("one", 1)
    shape = g.node("Shape", ["letters"], "letters_shape", start=1, end=2)
    longest = g.node("Squeeze", [shape], "longest")
    places = g.node("Range", [zero, longest, one], "places")  # (T,)
    ends = g.node("Unsqueeze", ["lengths", g.whole("axis_1", [1])], "ends")
    inside = g.node("Less", [places, ends], "inside_the_name")  # (B, T)
    spelling = g.node("Where", [inside, "letters", zero], "spelling", "Padding is never read.")
    by_step = g.node("Transpose", [spelling], "letters_by_step", perm=[1, 0])
    return Letters(
        longest,
        spelling,
        _one_hot(g, by_step, "one_hot"),
        g.node("Cast", ["lengths"], "steps", to=TensorProto.INT32),
        ends,
    )


def _one_hot(g: Drawing, indices: str, name: str) -> str:
    """Letters as rows of the alphabet's size, one of which is 1."""
    size = g.whole("alphabet_size", ALPHABET_SIZE)
    values = g.weight("off_and_on", torch.tensor([0.0, 1.0]))
    return g.node("OneHot", [indices, size, values], name)


def read_by_rnn(g: Drawing, model: NameModel, read: Letters) -> str:
    """What the RNN's output layer reads, (B, X + H).

    That is the top layer's input at the last letter, and its state before that letter.
    """
    squashed = model.config.nonlinearity == "tanh"
    operator = _Operator("RNN", "h", {"activations": ["Tanh"]} if squashed else _LINEAR)
    *lower, top = model.layer_weights()
    last_place = g.node("Sub", [read.ends, g.whole("one", 1)], "last_place")  # (B, 1)
    x, last_input = read.one_hot, ""
    for number, layer in enumerate(lower, start=1):
        states, final = _recurrence(g, operator, model, x, [layer], read, number)
        x = g.node("Squeeze", [states, g.whole("axis_1", [1])], f"layer_{number}_out")
        last_input = g.node("Squeeze", [final, g.whole("axis_0", [0])], f"layer_{number}_last")
    if not lower:
        last_letter = g.node("GatherND", [read.spelling, last_place], "last_letter", batch_dims=1)
        last_input = _one_hot(g, last_letter, "last_letter_one_hot")
    states, _ = _recurrence(g, operator, model, x, [top], read, len(lower) + 1)
    # Zeros before the first step: the state at a place is then the one before its letter.
    padding = g.whole("one_step_before", [1, 0, 0, 0, 0, 0, 0, 0])
    later = g.node("Pad", [states, padding], "states_one_step_later")  # (T + 1, 1, B, H)
    by_step = g.node("Squeeze", [later, g.whole("axis_1", [1])], "states_by_step")
    by_name = g.node("Transpose", [by_step], "states_by_name", perm=[1, 0, 2])  # (B, T + 1, H)
    before = g.node("GatherND", [by_name, last_place], "state_before_last_letter", batch_dims=1)
    why = "The output layer reads the last letter and the state before it."
    return g.node("Concat", [last_input, before], "read_by_output", why, axis=1)


def read_after(g: Drawing, model: NameModel, read: Letters, operator: _Operator) -> str:
    """What an output layer reads that reads states, (B, H), or (B, 2H) with two directions.

    That is the top layer's state after the letter that it read last, in each direction.
    """
    forward, backward = model.layer_weights(), model.backward_weights()
    x, final = read.one_hot, ""
    for number, layer in enumerate(forward, start=1):
        both = [layer, backward[number - 1]] if backward else [layer]
        direction = "bidirectional" if backward else "forward"
        states, final = _recurrence(g, operator, model, x, both, read, number, direction=direction)
        if number < len(forward):
            turned = g.node("Transpose", [states], f"{states}_by_name", perm=[0, 2, 1, 3])
            shape = g.whole("steps_names_units", [0, 0, -1])  # 0: as it was
            x = g.node("Reshape", [turned, shape], f"layer_{number}_out")  # (T, B, D * H)
    by_name = g.node("Transpose", [final], "final_by_name", perm=[1, 0, 2])  # (B, D, H)
    return g.node("Reshape", [by_name, g.whole("names_units", [0, -1])], "read_by_output")


def _recurrence(
    g: Drawing,
    operator: _Operator,
    model: NameModel,
    x: str,
    directions: list[Weights],
    read: Letters,
    number: int,
    **attributes: Any,
) -> tuple[str, str]:
    """A recurrent layer over (T, B, X): states (T, D, B, H) and the last of each, (D, B, H)."""
    size = model.config.hidden_size
    ours = [symbol.name for symbol in model.kind.stacked]

    def ordered(stacked: Tensor) -> Tensor:
        pieces = dict(zip(ours, stacked.split(size), strict=True))
        return torch.cat([pieces[symbol] for symbol in operator.order])

    def biases(bias: Tensor) -> Tensor:
        # ONNX adds a bias to the input's product and one to the state's; ours is one in all, but
        # for what a gate keeps apart.
        rows = len(ours) * size
        of_state = torch.cat([torch.zeros_like(bias[:rows]), bias[rows:]])
        return torch.cat([ordered(bias[:rows]), ordered(beside_state(of_state, rows))])

    layer = f"layer_{number}"
    weights = [
        g.weight(
            f"{layer}_input_weights", torch.stack([ordered(w[:, :-size]) for w, _ in directions])
        ),
        g.weight(
            f"{layer}_recurrent_weights",
            torch.stack([ordered(w[:, -size:]) for w, _ in directions]),
        ),
        g.weight(f"{layer}_biases", torch.stack([biases(bias) for _, bias in directions])),
    ]
    states, final = f"{layer}_states", f"{layer}_final"
    g.nodes_of(
        operator.name,
        [x, *weights, read.steps],
        [states, final],
        operator.said,
        hidden_size=size,
        **operator.attributes,
        **attributes,
    )
    return states, final


#: What writes the recurrent layers of each network, up to what its output layer reads.
READERS: dict[ModelKind, Callable[[Drawing, NameModel, Letters], str]] = {
    "rnn": read_by_rnn,
    "lstm": partial(read_after, operator=LSTM),
    "custom_lstm": partial(read_after, operator=LSTM),
    "gru": partial(read_after, operator=GRU),
}


def output(g: Drawing, layer: nn.Linear, read: str) -> str:
    """The output layer, (B, categories)."""
    weights = [g.weight("output_weights", layer.weight), g.weight("output_biases", layer.bias)]
    return g.node("Gemm", [read, *weights], "output", transB=1)
