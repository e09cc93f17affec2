"""The fast LSTM layer.

Source: backpropagation through time for the LSTM as in Greff et al., "LSTM: a search space
odyssey", IEEE TNNLS 28(10), 2017, section II-B, without peepholes.
"""

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
    handed_on,
    in_blocks,
    states_of,
)
from namerec.core.networks.products import linear_of_rows


def lstm_layer(
    names: PackedNames, x: Tensor | None, weight: Tensor, bias: Tensor, *, final: bool
) -> Tensor:
    """Runs one LSTM layer over a packed batch.

    Args:
        names: The batch: B names, N letters.
        x: Input of each letter's time step, (N, X); None to read the letters themselves.
        weight: Stacked i, f, g, o, (4H, X + H), with X the alphabet's size where `x` is None.
        bias: (4H,).
        final: Whether only each name's last hidden state is wanted.

    Returns:
        Hidden states: (B, H) in the batch's own order if `final`, else packed, (N, H).
    """
    hidden: Tensor = _LSTMLayer.apply(  # type: ignore[no-untyped-call]
        names, x, weight, bias, final
    )
    return hidden


def _lstm_factors(
    z: Tensor, c_before: Tensor, tanh_c: Tensor, to_gates: Tensor, to_c: Tensor
) -> None:
    """Those factors of the chain rule that need no gradient, for rows of any time steps.

        dc += dh * o (1 - tanh(c)^2)          do = dh * tanh(c) o (1 - o)
        di  = dc * g i (1 - i)    df = dc * c' f (1 - f)    dg = dc * i (1 - g^2)

    Args:
        z: The activated gates, stacked, (rows, 4H).
        c_before: Cell state before, (rows, H).
        tanh_c: Of the cell state after, (rows, H).
        to_gates: What the gates' gradients are multiples of; filled, (rows, 4H).
        to_c: The same of the cell's; filled, (rows, H).
    """
    i, _, g, o = z.chunk(4, dim=1)
    to_i, to_f, to_g, to_o = to_gates.chunk(4, dim=1)
    torch.addcmul(z, z, z, value=-1, out=to_gates)
    to_i.mul_(g)
    to_f.mul_(c_before)
    to_o.mul_(tanh_c)
    tanh_backward(i, g, grad_input=to_g)
    tanh_backward(o, tanh_c, grad_input=to_c)


class _LSTMLayer(Function):
    """Forward and backward of one LSTM layer, gates stacked i, f, g, o."""

    @staticmethod
    def forward(
        ctx: Any, names: PackedNames, x: Tensor | None, weight: Tensor, bias: Tensor, final: bool
    ) -> Tensor:
        size = weight.shape[0] // 4
        doubled = torch.cat([weight, bias[:, None]], dim=1)
        doubled[2 * size : 3 * size] *= 2  # g's: its tanh is made of a sigmoid
        recurrent = doubled[:, -1 - size : -1].contiguous()  # (4H, H)
        rows = rows_of(names, x, weight)
        z = input_part(rows, x, doubled[:, :-1], doubled[:, -1])  # (M, 4H), becomes the gates
        h, h_after = states_of(rows, z, size)
        c, c_after = states_of(rows, z, size)
        tanh_c = torch.empty_like(h_after)
        minus_one = z.new_tensor(-1.0)
        sizes = rows.sizes
        by_step = zip(
            z.split(sizes),
            *(gate.split(sizes) for gate in z.split(size, dim=1)),
            h_after.split(sizes),
            c_after.split(sizes),
            tanh_c.split(sizes),
            rows.parents,
            (0, *accumulate(sizes, initial=sizes[0])),
            (0, *rows.continued),
            strict=False,  # the last two tell of the time step before, and end later
        )
        c_before = c
        for gates, i, f, g, o, h_now, c_now, tanh_now, parents, before, common in by_step:
            if common:  # the state before the first letter is zero: no product
                product = linear_of_rows(h, before, before + common, recurrent)
                gates += handed_on(product, parents, len(gates))
            gates.sigmoid_()
            tanh_from_sigmoid(g, minus_one)
            torch.mul(i, g, out=c_now)
            if common:
                c_now.addcmul_(f, handed_on(c_before, parents, len(gates)))
            torch.mul(c_now, 2, out=tanh_now).sigmoid_()
            tanh_from_sigmoid(tanh_now, minus_one)
            torch.mul(o, tanh_now, out=h_now)
            c_before = c_now
        ctx.answer = (
            StateOfNames(names, rows, before_last=False) if final else StatesOfLetters(names, rows)
        )
        ctx.rows, ctx.size = rows, size
        ctx.save_for_backward(x, weight, z, h, c, tanh_c)
        answer: Tensor = ctx.answer.of(h)
        return answer

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, z, h, c, tanh_c = ctx.saved_tensors
        rows, size = ctx.rows, ctx.size
        gradients = Gradients(rows, z, 4 * size)
        dz = gradients.rows  # the factors, and then step by step the gradients
        to_c = torch.empty_like(tanh_c)
        blocks = in_blocks(z, tanh_c, rows.previous, dz, to_c)
        for z_block, tanh_block, previous, dz_block, to_c_block in blocks:
            c_before = c.index_select(0, previous)
            _lstm_factors(z_block, c_before, tanh_block, dz_block, to_c_block)
        f = z[:, size : 2 * size]
        to_o = dz[:, 3 * size :]
        recurrent = weight[:, -size:].T.contiguous()  # (H, 4H)
        dh = z.new_zeros(max(rows.sizes), size)
        dc = torch.zeros_like(dh)
        sizes = rows.sizes
        by_step = zip(
            dz[:, : 3 * size].unflatten(1, (3, size)).split(sizes),
            to_o.split(sizes),
            to_c.split(sizes),
            f.split(sizes),
            rows.parents,
            ctx.answer.gradients(grad),
            strict=True,
        )
        for step, (to_ifg, to_o_now, to_c_now, f_now, parents, (first, arriving)) in reversed(
            list(enumerate(by_step))
        ):
            dh_now, dc_now = dh[: sizes[step]], dc[: sizes[step]]
            dh_now[first : first + len(arriving)].add_(arriving)
            dc_now.addcmul_(dh_now, to_c_now)
            to_ifg.mul_(dc_now[:, None])
            to_o_now.mul_(dh_now)
            dc_now.mul_(f_now)
            if step == 0:  # nothing was learned before the first letter
                break
            dh = gradients.hand_back(step, recurrent, dh)
            if parents is not None:
                dc = dc.new_zeros(dh.shape).index_add_(0, parents, dc_now)
        dx = input_gradient(ctx, x, weight, dz)
        d_weight, d_bias = weight_gradients(rows, x, gradients, gradients.of_recurrent_weight(h))
        return None, dx, d_weight, d_bias, None
