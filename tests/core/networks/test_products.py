"""The fast products, held to the documented product in double precision."""

import pytest
import torch

from namerec.core.networks import products
from namerec.core.networks.products import ROWS, SUMMED_ROWS, linear, linear_of_rows, summed

precisions = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
routines = pytest.mark.parametrize("fast", [True, False], ids=["oneDNN if there", "documented"])


@pytest.fixture(autouse=True)
def _routine(fast, monkeypatch):
    if not fast:
        monkeypatch.setattr(products, "ONEDNN", False)


def _random(*shape: int, dtype: torch.dtype) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=dtype)


def _assert_product(got: torch.Tensor, one: torch.Tensor, other: torch.Tensor) -> None:
    torch.testing.assert_close(got.double(), one.double() @ other.double(), atol=1e-4, rtol=1e-5)


@routines
@precisions
@pytest.mark.parametrize("rows", [0, 1, ROWS, 3 * ROWS + 5])
def test_a_product_of_all_rows(rows, dtype):
    x, weight = _random(rows, 7, dtype=dtype), _random(12, 7, dtype=dtype)
    _assert_product(linear(x, weight), x, weight.T)
    turned = _random(7, rows, dtype=dtype)
    _assert_product(linear(turned.T, weight), turned.T, weight.T)


@routines
@precisions
@pytest.mark.parametrize(("begin", "end"), [(0, 1), (3, 3 + ROWS), (5, 40), (0, 48)])
def test_a_product_of_some_rows_is_theirs_alone(begin, end, dtype):
    buffer, weight = _random(48 + ROWS, 6, dtype=dtype), _random(9, 6, dtype=dtype)
    _assert_product(linear_of_rows(buffer, begin, end, weight), buffer[begin:end], weight.T)


@routines
@precisions
@pytest.mark.parametrize(("one", "other"), [(20, 5), (5, 20), (8, 8)])
def test_a_product_summed_over_rows_whichever_is_wider(one, other, dtype):
    left, right = (_random(2 * SUMMED_ROWS, width, dtype=dtype) for width in (one, other))
    got = summed(left, right)
    assert got.shape == (one, other)
    _assert_product(got, left.T, right)
