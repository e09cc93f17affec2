"""The fast recurrent layers: the cells' mathematics with a hand-written backward pass.

What makes them fast, and nothing else about them differs from looping over `cells`:

- A one-hot letter times a matrix is a row of the matrix: the input's part of all gates is one
  gather for all time steps of a batch (bias included).
- The four gates are one product a time step, activated in place in the buffer that holds it.
- Names are sorted by length, so a time step is a contiguous block of rows and blocks only shrink.
- Backward through time, every factor that does not depend on the gradient is computed for all time
  steps at once before the loop; a step is then five elementwise operations and one product.
- The weights' gradient is one product over all time steps at the end, the letters' included.

Source: backpropagation through time for the LSTM as in Greff et al., "LSTM: a search space
odyssey", IEEE TNNLS 28(10), 2017, section II-B, without peepholes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from namerec.core.alphabet import ALPHABET_SIZE
from namerec.core.packing import PackedNames

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input  # d * y * (1 - y)
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
    return hidden.index_select(0, names.restore) if final else hidden


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
    return hidden.index_select(0, names.restore) if final else hidden


def _input_part(names: PackedNames, x: Tensor | None, weight: Tensor, bias: Tensor) -> Tensor:
    """What the input adds to the products of all time steps, bias included, (N, G)."""
    if x is not None:
        return torch.addmm(bias, x, weight[:, : x.shape[1]].T)
    table = weight.new_zeros(ALPHABET_SIZE + 1, weight.shape[0])  # last row: no letter
    table[:ALPHABET_SIZE] = weight[:, :ALPHABET_SIZE].T
    table += bias
    return table.index_select(0, names.letters)


def _weight_gradients(
    names: PackedNames, x: Tensor | None, states: Tensor, dz: Tensor
) -> tuple[Tensor, Tensor]:
    """Gradients of weight (G, X + H) and bias (G,), summed over all time steps in one product.

    Args:
        names: The batch.
        x: The input, or None where it is the letters.
        states: Hidden states behind B rows of initial state, (B + N, H).
        dz: Gradient of the products before activation, (N, G).
    """
    before = states.index_select(0, names.previous)  # (N, H)
    if x is not None:
        return dz.T @ torch.cat([x, before], dim=1), dz.sum(0)
    width = ALPHABET_SIZE + 1
    read = dz.new_zeros(len(dz), width + states.shape[1])  # one-hot letter, then hidden state
    read.scatter_(1, names.letters[:, None], 1.0)
    read[:, width:] = before
    both = dz.T @ read  # (G, 58 + H)
    weight = torch.cat([both[:, :ALPHABET_SIZE], both[:, width:]], dim=1)
    # Exactly one entry of a one-hot row is 1, so its columns sum to the bias's gradient.
    return weight, both[:, :width].sum(1)


class _LSTMLayer(Function):
    """Forward and backward of one LSTM layer; inside, gates are stacked i, f, o, g.

    With o before g the three sigmoids are one block of columns and one call.
    """

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
        weight, bias = _swap_g_and_o(weight, size), _swap_g_and_o(bias, size)
        recurrent = weight[:, -size:].T.contiguous()  # (H, 4H)
        z = _input_part(names, x, weight, bias)  # (N, 4H), becomes the activated gates
        batch, rows = len(names), len(z)
        h = z.new_empty(batch + rows, size)
        c = z.new_empty(batch + rows, size)
        h[:batch] = 0
        c[:batch] = 0
        tanh_c = z.new_empty(rows, size)
        last = z.new_zeros(batch, size) if final else None
        for first, running, before in names.steps():
            now = slice(first, first + running)
            after = slice(batch + first, batch + first + running)
            gates, c_now, h_now, tanh_now = z[now], c[after], h[after], tanh_c[now]
            if first:  # the state before the first letter is zero: no product
                gates.addmm_(h[before : before + running], recurrent)
            gates[:, : 3 * size].sigmoid_()
            gates[:, 3 * size :].tanh_()
            i, f, o, g = gates.split(size, dim=1)
            torch.mul(i, g, out=c_now)
            if first:
                c_now.addcmul_(f, c[before : before + running])
            torch.tanh(c_now, out=tanh_now)
            torch.mul(o, tanh_now, out=h_now)
            if last is not None:  # shorter names' rows stop being overwritten when they end
                last[:running] = h_now
        ctx.names, ctx.final, ctx.size = names, final, size
        ctx.save_for_backward(x, weight, z, h, c, tanh_c)
        return last if last is not None else h[batch:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, z, h, c, tanh_c = ctx.saved_tensors
        names, size = ctx.names, ctx.size
        i, f, o, g = z.split(size, dim=1)
        c_before = c.index_select(0, names.previous)
        # Factors of the chain rule that need no gradient, for all time steps at once:
        #   dc += dh * o (1 - tanh(c)^2)          do = dh * tanh(c) o (1 - o)
        #   di  = dc * g i (1 - i)    df = dc * c' f (1 - f)    dg = dc * i (1 - g^2)
        factors = torch.empty_like(z)
        to_i, to_f, to_o, to_g = factors.split(size, dim=1)
        _sigmoid_backward(g, i, grad_input=to_i)
        _sigmoid_backward(c_before, f, grad_input=to_f)
        _sigmoid_backward(tanh_c, o, grad_input=to_o)
        _tanh_backward(i, g, grad_input=to_g)
        to_c = _tanh_backward(o, tanh_c, grad_input=tanh_c)
        recurrent = weight[:, -size:].contiguous()  # (4H, H)
        dh = z.new_zeros(len(names), size)
        dc = z.new_zeros(len(names), size)
        dz = factors  # each step's factors are replaced by its gradients
        steps = names.steps()
        for step in range(len(steps) - 1, -1, -1):
            first, running, _ = steps[step]
            now = slice(first, first + running)
            dh_now, dc_now = dh[:running], dc[:running]
            if ctx.final:
                longer = steps[step + 1][1] if step + 1 < len(steps) else 0
                dh_now[longer:] = grad[longer:running]  # the names that end here
            else:
                dh_now += grad[now]
            dc_now.addcmul_(dh_now, to_c[now])
            dz[now, : 2 * size].view(running, 2, size).mul_(dc_now[:, None])
            to_o[now].mul_(dh_now)
            to_g[now].mul_(dc_now)
            if first:
                dc_now.mul_(f[now])
                torch.mm(dz[now], recurrent, out=dh_now)
        dx = dz @ weight[:, :-size] if x is not None and ctx.needs_input_grad[1] else None
        d_weight, d_bias = _weight_gradients(names, x, h, dz)
        return None, dx, _swap_g_and_o(d_weight, size), _swap_g_and_o(d_bias, size), None


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
        recurrent = weight[:, -size:].T.contiguous()
        z = _input_part(names, x, weight, bias)  # (N, H)
        batch, rows = len(names), len(z)
        h = z.new_empty(batch + rows, size)
        h[:batch] = 0
        last = z.new_zeros(batch, size) if final else None
        for first, running, before in names.steps():
            h_before, h_now = h[before : before + running], h[batch + first :][:running]
            torch.addmm(z[first : first + running], h_before, recurrent, out=h_now)
            if tanh:
                h_now.tanh_()
            if last is not None:
                last[:running] = h_before
        ctx.names, ctx.final, ctx.tanh = names, final, tanh
        ctx.save_for_backward(x, weight, h)
        return last if last is not None else h[batch:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, h = ctx.saved_tensors
        names, size = ctx.names, weight.shape[0]
        recurrent = weight[:, -size:].contiguous()
        batch = len(names)
        dh = h.new_zeros(batch, size)
        dz = h.new_empty(len(h) - batch, size)
        steps = names.steps()
        sizes = (*names.batch_sizes, 0, 0)
        for step in range(len(steps) - 1, -1, -1):
            first, running, _ = steps[step]
            now = slice(first, first + running)
            dh_now = dh[:running]
            if ctx.final:  # the state before the last letter: names that end one step later
                longer, ending = sizes[step + 2], sizes[step + 1]
                dh_now[longer:ending] = grad[longer:ending]
            else:
                dh_now += grad[now]
            if ctx.tanh:
                _tanh_backward(dh_now, h[batch:][now], grad_input=dz[now])
            else:
                dz[now] = dh_now
            if first:
                torch.mm(dz[now], recurrent, out=dh_now)
        dx = dz @ weight[:, :-size] if x is not None and ctx.needs_input_grad[1] else None
        d_weight, d_bias = _weight_gradients(names, x, h, dz)
        return None, dx, d_weight, d_bias, None, None


def _swap_g_and_o(stacked: Tensor, size: int) -> Tensor:
    """Stacked i, f, g, o to i, f, o, g along the first axis, or back."""
    i_and_f, g, o = stacked.split([2 * size, size, size])
    return torch.cat([i_and_f, o, g])
