"""What goes between a server and the processes that it trains in.

Pickles, over pipes that the server makes and hands to processes of its own; nobody else can open
them. Nothing is unpickled that comes from a disk or a network.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Ready:
    """A process is there.

    Attributes:
        pid: Its number.
    """

    pid: int


@dataclass(frozen=True, slots=True)
class SliceEnd:
    """A slice has ended before the end of the training."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A slice could not be trained.

    Attributes:
        error: Why.
        trace: Where, as Python prints it.
    """

    error: Exception
    trace: str


def send(connection: Connection, message: object) -> None:
    """Sends a message; waits until there is room for it.

    Raises:
        OSError: If nobody is there any more.
    """
    buffer = io.BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(message)
    connection.send_bytes(buffer.getbuffer())


def receive(connection: Connection) -> Any:
    """Waits for a message.

    Raises:
        EOFError: If nobody is there any more.
        OSError: The same, in the middle of a message.
    """
    return pickle.loads(connection.recv_bytes())  # noqa: S301 - see the module's text


class _Pickler(pickle.Pickler):
    """Sends tensors as NumPy's arrays: PyTorch's own way takes ten times as long."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return torch.from_numpy, (value.numpy(),)
        return NotImplemented
