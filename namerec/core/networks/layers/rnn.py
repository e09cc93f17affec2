"""The fast layer of a simple recurrent network."""

from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.layers.activations import tanh_backward, tanh_from_sigmoid
from namerec.core.networks.layers.inputs import (
    input_gradient,
    input_part,
    rows_of,
    weight_gradients,
)
from namerec.core.networks.layers.rows import (
    Gradients,
    StateOfNames,
    StatesOfLetters,
    after_letters,
    handed_on,
    states_of,
)
from namerec.core.networks.products import linear_of_rows


def rnn_layer(
    names: PackedNames, x: Tensor | None, weight: Tensor, bias: Tensor, *, tanh: bool, final: bool
) -> Tensor:
    """Runs one simple recurrent layer over a packed batch.

    Args:
        names: The batch: B names, N letters.
        x: Input of each letter's time step, (N, X); None to read the letters themselves.
        weight: (H, X + H), with X the alphabet's size where `x` is None.
        bias: (H,).
        tanh: Whether the recurrence is squashed.
        final: Whether only the hidden state *before* each name's last letter is wanted, which is
            what this network's output layer reads.

    Returns:
        Hidden states: (B, H) in the batch's own order if `final`, else packed, (N, H).
    """
    hidden: Tensor = _RNNLayer.apply(  # type: ignore[no-untyped-call]
        names, x, weight, bias, tanh, final
    )
    return hidden


class _RNNLayer(Function):
    """Forward and backward of one simple recurrent layer."""

    @staticmethod
    def forward(
        ctx: Any,
        names: PackedNames,
        x: Tensor | None,
        weight: Tensor,
        bias: Tensor,
        tanh: bool,
        final: bool,
    ) -> Tensor:
        size = weight.shape[0]
        scale = 2 if tanh else 1  # a tanh is made of a sigmoid of the double
        recurrent = weight[:, -size:] * scale  # (H, H)
        rows = rows_of(names, x, weight)
        z = input_part(rows, x, weight * scale, bias * scale)  # (M, H)
        h, h_after = states_of(rows, z, size)
        sizes = rows.sizes
        minus_one = z.new_tensor(-1.0)
        by_step = zip(
            z.split(sizes),
            h_after.split(sizes),
            rows.parents,
            (0, *accumulate(sizes, initial=sizes[0])),
            (0, *rows.continued),
            strict=False,  # the last two tell of the time step before, and end later
        )
        for z_now, h_now, parents, before, common in by_step:
            if common:
                product = linear_of_rows(h, before, before + common, recurrent)
                torch.add(z_now, handed_on(product, parents, len(z_now)), out=h_now)
            else:
                h_now.copy_(z_now)
            if tanh:
                h_now.sigmoid_()
                tanh_from_sigmoid(h_now, minus_one)
        ctx.answer = (
            StateOfNames(names, rows, before_last=True) if final else StatesOfLetters(names, rows)
        )
        ctx.rows, ctx.tanh = rows, tanh
        ctx.save_for_backward(x, weight, h)
        answer: Tensor = ctx.answer.of(h)
        return answer

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, h = ctx.saved_tensors
        rows, size = ctx.rows, weight.shape[0]
        recurrent = weight[:, -size:].T.contiguous()  # (H, H)
        gradients = Gradients(rows, h, size)
        dz = gradients.rows
        sizes = rows.sizes
        dh = h.new_zeros(max(sizes), size)
        by_step = zip(
            dz.split(sizes),
            after_letters(rows, h).split(sizes),
            ctx.answer.gradients(grad),
            strict=True,
        )
        for step, (dz_now, h_now, (first, arriving)) in reversed(list(enumerate(by_step))):
            dh_now = dh[: sizes[step]]
            dh_now[first : first + len(arriving)].add_(arriving)
            if ctx.tanh:
                tanh_backward(dh_now, h_now, grad_input=dz_now)
            else:
                dz_now.copy_(dh_now)
            if step == 0:  # nothing was learned before the first letter
                break
            dh = gradients.hand_back(step, recurrent, dh)
        dx = input_gradient(ctx, x, weight, dz)
        d_weight, d_bias = weight_gradients(rows, x, gradients, gradients.of_recurrent_weight(h))
        return None, dx, d_weight, d_bias, None, None
