"""The fast GRU layer.

All gradients of a step are multiples of that of its hidden state, so that they are one product of
numbers with factors that are known before the way back begins.

Source: Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
machine translation", EMNLP 2014, in the form of `nn.GRU`: the reset gate acts behind the product.
"""

from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.layers.activations import (
    sigmoid_backward,
    tanh_backward,
    tanh_from_sigmoid,
)
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


def gru_layer(
    names: PackedNames, x: Tensor | None, weight: Tensor, bias: Tensor, *, final: bool
) -> Tensor:
    """Runs one GRU layer over a packed batch.

    Args:
        names: The batch: B names, N letters.
        x: Input of each letter's time step, (N, X); None to read the letters themselves.
        weight: Stacked r, z, n, (3H, X + H), with X the alphabet's size where `x` is None.
        bias: Of r, of z, and of n's input and state, (4H,), see `gru_step`.
        final: Whether only each name's last hidden state is wanted.

    Returns:
        Hidden states: (B, H) in the batch's own order if `final`, else packed, (N, H).
    """
    hidden: Tensor = _GRULayer.apply(  # type: ignore[no-untyped-call]
        names, x, weight, bias, final
    )
    return hidden


def _factors(gates: Tensor, q: Tensor, h_before: Tensor, to_products: Tensor, to_n: Tensor) -> None:
    """The factors of the chain rule, all of the new hidden state's gradient, for some rows.

        dn = dh * (1 - z) (1 - n^2)                  dq = dn * r
        dr = dn * q r (1 - r)                        dz = dh * (h' - n) z (1 - z)

    Args:
        gates: r, z and n, stacked, (rows, 3H).
        q: Twice what n reads of the state, before the reset gate acts on it, (rows, H).
        h_before: Hidden state before, (rows, H).
        to_products: Of dr, dz and dq, those of the products with the state; filled, (rows, 3H).
        to_n: Of dn; filled, (rows, H).
    """
    r, z, n = gates.chunk(3, dim=1)
    to_r, to_z, to_q = to_products.chunk(3, dim=1)
    tanh_backward(1 - z, n, grad_input=to_n)
    torch.mul(to_n, r, out=to_q)
    sigmoid_backward((to_n * q).mul_(0.5), r, grad_input=to_r)
    sigmoid_backward(h_before - n, z, grad_input=to_z)


class _GRULayer(Function):
    """Forward and backward of one GRU layer, stacked r, z, n."""

    @staticmethod
    def forward(
        ctx: Any, names: PackedNames, x: Tensor | None, weight: Tensor, bias: Tensor, final: bool
    ) -> Tensor:
        size = weight.shape[0] // 3
        doubled = torch.cat([weight, bias[: 3 * size, None]], dim=1)
        doubled[2 * size :] *= 2  # n's: its tanh is made of a sigmoid
        recurrent = doubled[:, -1 - size : -1].contiguous()  # (3H, H)
        state_bias = bias[3 * size :] * 2
        rows = rows_of(names, x, weight)
        gates = input_part(rows, x, doubled[:, :-1], doubled[:, -1])  # (M, 3H)
        h, h_after = states_of(rows, gates, size)
        q = torch.empty_like(h_after)
        q[: rows.sizes[0]] = state_bias
        minus_one = gates.new_tensor(-1.0)
        sizes = rows.sizes
        by_step = zip(
            gates[:, : 2 * size].split(sizes),
            *(gate.split(sizes) for gate in gates.split(size, dim=1)),
            q.split(sizes),
            h_after.split(sizes),
            rows.parents,
            (0, *accumulate(sizes, initial=sizes[0])),
            (0, *rows.continued),
            strict=False,  # the last two tell of the time step before, and end later
        )
        for rz, r, z, n, q_now, h_now, parents, before, common in by_step:
            h_before = h[: sizes[0]]
            if common:  # the state before the first letter is zero: no product
                product = linear_of_rows(h, before, before + common, recurrent)
                product = handed_on(product, parents, len(rz))
                rz += product[:, : 2 * size]
                torch.add(product[:, 2 * size :], state_bias, out=q_now)
                h_before = handed_on(h[before : before + common], parents, len(rz))
            rz.sigmoid_()
            n.addcmul_(r, q_now).sigmoid_()
            tanh_from_sigmoid(n, minus_one)
            torch.lerp(n, h_before, z, out=h_now)
        ctx.answer = (
            StateOfNames(names, rows, before_last=False) if final else StatesOfLetters(names, rows)
        )
        ctx.rows, ctx.size = rows, size
        ctx.save_for_backward(x, weight, gates, q, h)
        answer: Tensor = ctx.answer.of(h)
        return answer

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, gates, q, h = ctx.saved_tensors
        rows, size = ctx.rows, ctx.size
        gradients = Gradients(rows, gates, 3 * size)
        products = gradients.rows  # the factors, and then step by step the gradients
        dn = torch.empty_like(q)  # the same
        for gates_block, q_block, previous, products_block, n_block in in_blocks(
            gates, q, rows.previous, products, dn
        ):
            _factors(gates_block, q_block, h.index_select(0, previous), products_block, n_block)
        recurrent = weight[:, -size:].T.contiguous()  # (H, 3H)
        dh = gates.new_zeros(max(rows.sizes), size)
        sizes = rows.sizes
        by_step = zip(
            products.unflatten(1, (3, size)).split(sizes),
            dn.split(sizes),
            gates[:, size : 2 * size].split(sizes),
            rows.parents,
            ctx.answer.gradients(grad),
            strict=True,
        )
        for step, (products_now, n_now, z_now, parents, (first, arriving)) in reversed(
            list(enumerate(by_step))
        ):
            dh_now = dh[: sizes[step]]
            dh_now[first : first + len(arriving)].add_(arriving)
            products_now.mul_(dh_now[:, None])
            n_now.mul_(dh_now)
            if step == 0:  # nothing was learned before the first letter
                break
            kept = dh_now * z_now
            dh = gradients.hand_back(step, recurrent, dh)
            if parents is None:
                dh[: len(kept)].add_(kept)
            else:
                dh.index_add_(0, parents, kept)
        d_recurrent = gradients.of_recurrent_weight(h)
        d_state_bias = products[:, 2 * size :].sum(0)
        products[:, 2 * size :] = dn  # from here on what the input was added to
        dx = input_gradient(ctx, x, weight, products)
        d_weight, d_bias = weight_gradients(rows, x, gradients, d_recurrent)
        return None, dx, d_weight, torch.cat([d_bias, d_state_bias]), None
