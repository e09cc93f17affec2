"""The fast recurrent layers: the cells' mathematics with a hand-written backward pass.

What makes them fast, and nothing else about them differs from looping over `cells`:

- A one-hot letter times a matrix is a row of the matrix: the input's part of all gates is one
  gather for all time steps of a batch (bias included), and its gradient one scattered sum.
- The four gates are one product a time step, activated in place, by one call, in the buffer that
  holds it: tanh(x) = 2 sigmoid(2x) - 1, and PyTorch's sigmoid takes a ninth of its tanh's time.
- Names are sorted by length, so a time step is a contiguous block of rows and blocks only shrink.
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
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from namerec.core.alphabet import ALPHABET_SIZE
from namerec.core.packing import PackedNames
from namerec.core.products import ROWS, SUMMED_ROWS, linear, linear_of_rows, summed

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


def _input_part(names: PackedNames, x: Tensor | None, weight: Tensor, bias: Tensor) -> Tensor:
    """What the input adds to the products of all time steps, bias included, (N, G)."""
    if x is not None:
        return linear(x, weight[:, : x.shape[1]].contiguous()).add_(bias)
    table = weight.new_zeros(ALPHABET_SIZE + 1, weight.shape[0])  # last row: no letter
    table[:ALPHABET_SIZE] = weight[:, :ALPHABET_SIZE].T
    table += bias
    return table.index_select(0, names.letters)


def _states(names: PackedNames, like: Tensor, size: int) -> Tensor:
    """A buffer for the states before the first letters, which are zero, and after each letter.

    (B + N + ROWS, H), with spare rows at its end for `linear_of_rows`.
    """
    buffer = like.new_empty(len(names) + len(names.letters) + ROWS, size)
    buffer[: len(names)] = 0
    buffer[-ROWS:] = 0
    return buffer


def _room_for_gradients(names: PackedNames, like: Tensor, width: int) -> tuple[Tensor, int]:
    """A buffer for the gradients of all N products, and how many rows to sum over are spare.

    With these rows of zeros `_weight_gradients` sums over a multiple of `SUMMED_ROWS`; behind them
    lie more, for `linear_of_rows`.
    """
    rows = len(names.letters)
    spare = -(rows - len(names)) % SUMMED_ROWS
    buffer = like.new_empty(rows + spare + ROWS, width)
    buffer[rows:] = 0
    return buffer, spare


def _weight_gradients(
    names: PackedNames, x: Tensor | None, states: Tensor, buffer: Tensor, spare: int
) -> tuple[Tensor, Tensor]:
    """Gradients of weight (G, X + H) and bias (G,), summed over all time steps.

    Args:
        names: The batch: B names, N letters.
        x: The input, or None where it is the letters.
        states: Hidden states behind B rows of initial state, see `_states`.
        buffer: Gradient of the products before activation, see `_room_for_gradients`.
        spare: How many of its spare rows are summed over.
    """
    begun = len(names)  # before their first letters, names have no state: their rows add nothing
    rows = len(names.letters)
    before = states.new_empty(rows - begun + spare, states.shape[1])
    torch.index_select(states, 0, names.previous[begun:], out=before[: rows - begun])
    before[rows - begun :] = 0
    recurrent = summed(buffer[begun : rows + spare], before)  # (G, H)
    dz = buffer[:rows]
    if x is not None:
        read = summed(buffer[: rows + spare], F.pad(x, (0, 0, 0, spare)))
        return torch.cat([read, recurrent], dim=1), dz.sum(0)
    table = torch.ops.aten.embedding_dense_backward(dz, names.letters, ALPHABET_SIZE + 1, -1, False)
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
        z = _input_part(names, x, doubled[:, :-1], doubled[:, -1])  # (N, 4H), becomes the gates
        batch, rows = len(names), len(z)
        h = _states(names, z, size)
        c = _states(names, z, size)
        tanh_c = z.new_empty(rows, size)
        minus_one = z.new_tensor(-1.0)
        sizes = names.batch_sizes
        by_step = zip(
            z.split(sizes),
            *(gate.split(sizes) for gate in z.split(size, dim=1)),
            h[batch : batch + rows].split(sizes),
            c[batch : batch + rows].split(sizes),
            tanh_c.split(sizes),
            accumulate(sizes, initial=batch),
            strict=False,  # the last of these begins is the end
        )
        c_before = None
        begin_before = 0
        for gates, i, f, g, o, h_now, c_now, tanh_now, begin in by_step:
            running = len(gates)
            if c_before is not None:  # the state before the first letter is zero: no product
                gates += linear_of_rows(h, begin_before, begin_before + running, recurrent)
            gates.sigmoid_()
            _tanh_from_sigmoid(g, minus_one)
            torch.mul(i, g, out=c_now)
            if c_before is not None:
                c_now.addcmul_(f, c_before[:running])
            torch.mul(c_now, 2, out=tanh_now).sigmoid_()
            _tanh_from_sigmoid(tanh_now, minus_one)
            torch.mul(o, tanh_now, out=h_now)
            c_before, begin_before = c_now, begin
        ctx.names, ctx.final, ctx.size = names, final, size
        ctx.save_for_backward(x, weight, z, h, c, tanh_c)
        return h.index_select(0, batch + names.last) if final else h[batch : batch + rows]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, z, h, c, tanh_c = ctx.saved_tensors
        names, size = ctx.names, ctx.size
        if ctx.final:
            grad = grad.index_select(0, names.sorted_rows)
        i, f, g, o = z.split(size, dim=1)
        c_before = c.index_select(0, names.previous)
        # Factors of the chain rule that need no gradient, for all time steps at once:
        #   dc += dh * o (1 - tanh(c)^2)          do = dh * tanh(c) o (1 - o)
        #   di  = dc * g i (1 - i)    df = dc * c' f (1 - f)    dg = dc * i (1 - g^2)
        buffer, spare = _room_for_gradients(names, z, 4 * size)
        dz = buffer[: len(z)]  # the factors, and then step by step the gradients
        torch.addcmul(z, z, z, value=-1, out=dz)
        to_i, to_f, to_g, to_o = dz.split(size, dim=1)
        to_i.mul_(g)
        to_f.mul_(c_before)
        to_o.mul_(tanh_c)
        _tanh_backward(i, g, grad_input=to_g)
        to_c = _tanh_backward(o, tanh_c, grad_input=c_before)
        recurrent = weight[:, -size:].T.contiguous()  # (H, 4H)
        dh = z.new_zeros(len(names), size)
        dc = z.new_zeros(len(names), size)
        sizes = names.batch_sizes
        by_step = zip(
            dz.split(sizes),
            dz[:, : 3 * size].unflatten(1, (3, size)).split(sizes),
            to_o.split(sizes),
            to_c.split(sizes),
            f.split(sizes),
            grad.split(sizes) if not ctx.final else (None,) * len(sizes),
            (*sizes[1:], 0),
            accumulate(sizes),
            strict=True,
        )
        for dz_now, to_ifg, to_o_now, to_c_now, f_now, grad_now, longer, end in reversed(
            list(by_step)
        ):
            running = len(dz_now)
            dh_now, dc_now = dh[:running], dc[:running]
            if grad_now is None:
                dh_now[longer:] = grad[longer:running]  # the names that end here
            else:
                dh_now += grad_now
            dc_now.addcmul_(dh_now, to_c_now)
            to_ifg.mul_(dc_now[:, None])
            to_o_now.mul_(dh_now)
            dc_now.mul_(f_now)
            dh_now.copy_(linear_of_rows(buffer, end - running, end, recurrent))
        dx = _input_gradient(ctx, x, weight, dz)
        d_weight, d_bias = _weight_gradients(names, x, h, buffer, spare)
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
        z = _input_part(names, x, weight * scale, bias * scale)  # (N, H)
        batch, rows = len(names), len(z)
        h = _states(names, z, size)
        sizes = names.batch_sizes
        minus_one = z.new_tensor(-1.0)
        by_step = zip(
            z.split(sizes),
            h[batch : batch + rows].split(sizes),
            (0, *accumulate(sizes, initial=batch)),
            strict=False,  # the last two of these begins are ends
        )
        for z_now, h_now, begin_before in by_step:
            product = linear_of_rows(h, begin_before, begin_before + len(z_now), recurrent)
            torch.add(z_now, product, out=h_now)
            if tanh:
                h_now.sigmoid_()
                _tanh_from_sigmoid(h_now, minus_one)
        ctx.names, ctx.final, ctx.tanh = names, final, tanh
        ctx.save_for_backward(x, weight, h)
        if final:
            return h.index_select(0, names.previous.index_select(0, names.last))
        return h[batch : batch + rows]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, h = ctx.saved_tensors
        names, size = ctx.names, weight.shape[0]
        if ctx.final:
            grad = grad.index_select(0, names.sorted_rows)
        recurrent = weight[:, -size:].T.contiguous()  # (H, H)
        batch = len(names)
        dh = h.new_zeros(batch, size)
        buffer, spare = _room_for_gradients(names, h, size)
        rows = len(names.letters)
        dz = buffer[:rows]
        sizes = names.batch_sizes
        by_step = zip(
            dz.split(sizes),
            h[batch : batch + rows].split(sizes),
            grad.split(sizes) if not ctx.final else (None,) * len(sizes),
            (*sizes[1:], 0),
            (*sizes[2:], 0, 0)[: len(sizes)],
            accumulate(sizes),
            strict=True,
        )
        for dz_now, h_now, grad_now, longer, longest, end in reversed(list(by_step)):
            running = len(dz_now)
            dh_now = dh[:running]
            if grad_now is None:  # what is read is the state before the last letter
                dh_now[longest:longer] = grad[longest:longer]  # the names that end one step later
            else:
                dh_now += grad_now
            if ctx.tanh:
                _tanh_backward(dh_now, h_now, grad_input=dz_now)
            else:
                dz_now.copy_(dh_now)
            dh_now.copy_(linear_of_rows(buffer, end - running, end, recurrent))
        dx = _input_gradient(ctx, x, weight, dz)
        d_weight, d_bias = _weight_gradients(names, x, h, buffer, spare)
        return None, dx, d_weight, d_bias, None, None
