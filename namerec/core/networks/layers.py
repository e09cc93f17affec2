"""The fast recurrent layers: the cells' mathematics with a hand-written backward pass.

What makes them fast, and nothing else about them differs from looping over `cells`:

- A one-hot letter times a matrix is a row of the matrix: the input's part of all gates is one
  gather for all time steps of a batch (bias included), and its gradient one scattered sum.
- The four gates are one product a time step, activated in place, by one call, in the buffer that
  holds it: tanh(x) = 2 sigmoid(2x) - 1, and PyTorch's sigmoid takes a ninth of its tanh's time.
- Names are sorted by length, so a time step is a contiguous block of rows and blocks only shrink;
  and a prefix that several names share is computed once, see `prefixes`.
- Backward through time, every factor that does not depend on the gradient is computed for all time
  steps at once before the loop; a step is then five elementwise operations and one product.
- The recurrent weights' gradient is one product over all time steps at the end.

Source: backpropagation through time for the LSTM as in Greff et al., "LSTM: a search space
odyssey", IEEE TNNLS 28(10), 2017, section II-B, without peepholes.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.layer_rows import (
    Gradients,
    StateOfNames,
    StatesOfLetters,
    after_letters,
    handed_on,
    states_of,
)
from namerec.core.networks.prefixes import Prefixes, each_name_alone, share_prefixes
from namerec.core.networks.products import linear, linear_of_rows

#: Rows whose factors are computed together: few enough to stay in the processor's cache meanwhile.
BLOCK = 1024
_tanh_backward = torch.ops.aten.tanh_backward.grad_input  # d * (1 - y * y)


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


def _rows_of(names: PackedNames, x: Tensor | None, weight: Tensor) -> Prefixes:
    """The rows to compute. What lies above letters differs even where names begin alike."""
    return share_prefixes(names, len(weight)) if x is None else each_name_alone(names)


def _input_part(rows: Prefixes, x: Tensor | None, weight: Tensor, bias: Tensor) -> Tensor:
    """What the input adds to the products of all M rows, bias included, (M, G)."""
    if x is not None:
        return linear(x, weight[:, : x.shape[1]].contiguous()).add_(bias)
    table = weight.new_zeros(ALPHABET_SIZE + 1, weight.shape[0])  # last row: no letter
    table[:ALPHABET_SIZE] = weight[:, :ALPHABET_SIZE].T
    table += bias
    return table.index_select(0, rows.letters)


def _weight_gradients(
    rows: Prefixes, x: Tensor | None, states: Tensor, gradients: Gradients
) -> tuple[Tensor, Tensor]:
    """Gradients of weight (G, X + H) and bias (G,), summed over all time steps.

    Args:
        rows: What was computed.
        x: The input, or None where it is the letters.
        states: Hidden states, see `states_of`.
        gradients: Of the products before activation.
    """
    recurrent = gradients.of_recurrent_weight(states)
    dz = gradients.rows
    if x is not None:
        return torch.cat([gradients.of_input_weight(x), recurrent], dim=1), dz.sum(0)
    table = torch.ops.aten.embedding_dense_backward(dz, rows.letters, ALPHABET_SIZE + 1, -1, False)
    # Every letter adds to exactly one row of the table, so its rows sum to the bias's gradient.
    return torch.cat([table[:ALPHABET_SIZE].T, recurrent], dim=1), table.sum(0)


def _input_gradient(ctx: Any, x: Tensor | None, weight: Tensor, dz: Tensor) -> Tensor | None:
    """Gradient of the input, (N, X); None where it is letters, or nobody asks."""
    if x is None or not ctx.needs_input_grad[1]:
        return None
    return linear(dz, weight[:, : x.shape[1]].T.contiguous())


def _tanh_from_sigmoid(sigmoid_of_double: Tensor, minus_one: Tensor) -> None:
    """Turns sigmoid(2x) into tanh(x), in place; exact to the type's precision around 1."""
    torch.add(minus_one, sigmoid_of_double, alpha=2, out=sigmoid_of_double)


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
    _tanh_backward(i, g, grad_input=to_g)
    _tanh_backward(o, tanh_c, grad_input=to_c)


class _LSTMLayer(Function):
    """Forward and backward of one LSTM layer, gates stacked i, f, g, o."""

    @staticmethod
    def forward(
        ctx: Any,
        names: PackedNames,
        x: Tensor | None,
        weight: Tensor,
        bias: Tensor,
        final: bool,
    ) -> Tensor:
        size = weight.shape[0] // 4
        doubled = torch.cat([weight, bias[:, None]], dim=1)
        doubled[2 * size : 3 * size] *= 2  # g's: its tanh is made of a sigmoid
        recurrent = doubled[:, -1 - size : -1].contiguous()  # (4H, H)
        rows = _rows_of(names, x, weight)
        z = _input_part(rows, x, doubled[:, :-1], doubled[:, -1])  # (M, 4H), becomes the gates
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
            _tanh_from_sigmoid(g, minus_one)
            torch.mul(i, g, out=c_now)
            if common:
                c_now.addcmul_(f, handed_on(c_before, parents, len(gates)))
            torch.mul(c_now, 2, out=tanh_now).sigmoid_()
            _tanh_from_sigmoid(tanh_now, minus_one)
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
        blocks = (tensor.split(BLOCK) for tensor in (z, tanh_c, rows.previous, dz, to_c))
        for z_block, tanh_block, previous, dz_block, to_c_block in zip(*blocks, strict=True):
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
        dx = _input_gradient(ctx, x, weight, dz)
        d_weight, d_bias = _weight_gradients(rows, x, h, gradients)
        return None, dx, d_weight, d_bias, None


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
        rows = _rows_of(names, x, weight)
        z = _input_part(rows, x, weight * scale, bias * scale)  # (M, H)
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
                _tanh_from_sigmoid(h_now, minus_one)
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
                _tanh_backward(dh_now, h_now, grad_input=dz_now)
            else:
                dz_now.copy_(dh_now)
            if step == 0:  # nothing was learned before the first letter
                break
            dh = gradients.hand_back(step, recurrent, dh)
        dx = _input_gradient(ctx, x, weight, dz)
        d_weight, d_bias = _weight_gradients(rows, x, h, gradients)
        return None, dx, d_weight, d_bias, None, None
