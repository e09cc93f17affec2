"""The parts of a network as ONNX nodes: letters, recurrent layers, output layer.

Shapes in comments: B names, T letters of the longest of them, D directions, H hidden units.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.networks.kinds import ModelKind
from namerec.core.networks.models import NameModel
from namerec.export.onnx.nodes import Drawing

#: Weight (G, X + H) and bias (G,) of one layer that reads in one direction.
Layer = tuple[Tensor, Tensor]
#: ONNX's way to say that a recurrence has no nonlinearity: 1 * x + 0.
_LINEAR: dict[str, Any] = {
    "activations": ["Affine"],
    "activation_alpha": [1.0],
    "activation_beta": [0.0],
}


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
    activation: dict[str, Any] = {"activations": ["Tanh"]} if squashed else _LINEAR
    *lower, top = model.layer_weights()
    last_place = g.node("Sub", [read.ends, g.whole("one", 1)], "last_place")  # (B, 1)
    x, last_input = read.one_hot, ""
    for number, layer in enumerate(lower, start=1):
        states, final = _recurrence(g, "RNN", x, [layer], read, number, **activation)
        x = g.node("Squeeze", [states, g.whole("axis_1", [1])], f"layer_{number}_out")
        last_input = g.node("Squeeze", [final, g.whole("axis_0", [0])], f"layer_{number}_last")
    if not lower:
        last_letter = g.node("GatherND", [read.spelling, last_place], "last_letter", batch_dims=1)
        last_input = _one_hot(g, last_letter, "last_letter_one_hot")
    states, _ = _recurrence(g, "RNN", x, [top], read, len(lower) + 1, **activation)
    # Zeros before the first step: the state at a place is then the one before its letter.
    padding = g.whole("one_step_before", [1, 0, 0, 0, 0, 0, 0, 0])
    later = g.node("Pad", [states, padding], "states_one_step_later")  # (T + 1, 1, B, H)
    by_step = g.node("Squeeze", [later, g.whole("axis_1", [1])], "states_by_step")
    by_name = g.node("Transpose", [by_step], "states_by_name", perm=[1, 0, 2])  # (B, T + 1, H)
    before = g.node("GatherND", [by_name, last_place], "state_before_last_letter", batch_dims=1)
    why = "The output layer reads the last letter and the state before it."
    return g.node("Concat", [last_input, before], "read_by_output", why, axis=1)


def read_by_lstm(g: Drawing, model: NameModel, read: Letters) -> str:
    """What an LSTM's output layer reads, (B, H), or (B, 2H) with two directions.

    That is the top layer's state after the letter that it read last, in each direction.
    """
    forward, backward = model.layer_weights(), model.backward_weights()
    x, final = read.one_hot, ""
    for number, layer in enumerate(forward, start=1):
        both = [layer, backward[number - 1]] if backward else [layer]
        gates = [(_as_onnx(weight), _as_onnx(bias)) for weight, bias in both]
        direction = "bidirectional" if backward else "forward"
        states, final = _recurrence(g, "LSTM", x, gates, read, number, direction=direction)
        if number < len(forward):
            turned = g.node("Transpose", [states], f"{states}_by_name", perm=[0, 2, 1, 3])
            shape = g.whole("steps_names_units", [0, 0, -1])  # 0: as it was
            x = g.node("Reshape", [turned, shape], f"layer_{number}_out")  # (T, B, D * H)
    by_name = g.node("Transpose", [final], "final_by_name", perm=[1, 0, 2])  # (B, D, H)
    return g.node("Reshape", [by_name, g.whole("names_units", [0, -1])], "read_by_output")


def _as_onnx(stacked: Tensor) -> Tensor:
    """Gates stacked i, f, g, o in ONNX's order i, o, f, c, where c is the candidate g."""
    i, f, g, o = stacked.chunk(4)
    return torch.cat([i, o, f, g])


def _recurrence(
    g: Drawing,
    operator: str,
    x: str,
    directions: list[Layer],
    read: Letters,
    number: int,
    **attributes: Any,
) -> tuple[str, str]:
    """A recurrent layer over (T, B, X): states (T, D, B, H) and the last of each, (D, B, H)."""
    gates = 4 if operator == "LSTM" else 1
    size = len(directions[0][1]) // gates
    layer = f"layer_{number}"
    weights = [
        g.weight(f"{layer}_input_weights", torch.stack([w[:, :-size] for w, _ in directions])),
        g.weight(f"{layer}_recurrent_weights", torch.stack([w[:, -size:] for w, _ in directions])),
        # ONNX adds a bias to the input's product and one to the state's; ours is one in all.
        g.weight(
            f"{layer}_biases",
            torch.stack([torch.cat([bias, torch.zeros_like(bias)]) for _, bias in directions]),
        ),
    ]
    states, final = f"{layer}_states", f"{layer}_final"
    g.nodes_of(
        operator,
        [x, *weights, read.steps],
        [states, final],
        "Gates are stacked i, o, f, c." if gates == 4 else "",
        hidden_size=size,
        **attributes,
    )
    return states, final


#: What writes the recurrent layers of each network, up to what its output layer reads.
READERS: dict[ModelKind, Callable[[Drawing, NameModel, Letters], str]] = {
    "rnn": read_by_rnn,
    "lstm": read_by_lstm,
    "custom_lstm": read_by_lstm,
}


def output(g: Drawing, layer: nn.Linear, read: str) -> str:
    """The output layer, (B, categories)."""
    weights = [g.weight("output_weights", layer.weight), g.weight("output_biases", layer.bias)]
    return g.node("Gemm", [read, *weights], "output", transB=1)
