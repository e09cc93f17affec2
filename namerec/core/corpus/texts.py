"""Many short texts in two arrays: a Python object a text would take five times the memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np

#: Texts made at once where all are gone through.
_AT_ONCE = 10_000


class Texts(Sequence[str]):
    """A sequence of texts, each made when it is asked for.

    Args:
        content: All of them as UTF-8, one behind the other, uint8, (bytes,).
        ends: Where each ends there, int64, (texts,).
    """

    def __init__(self, content: np.ndarray, ends: np.ndarray) -> None:
        self.content, self.ends = content, ends

    @staticmethod
    def of(texts: Iterable[str]) -> Texts:
        """The same texts in two arrays."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
        return Texts(np.frombuffer(b"".join(encoded), dtype=np.uint8), ends)

    @staticmethod
    def joined(pieces: Sequence[Texts]) -> Texts:
        """Several sequences as one."""
        begins = np.cumsum([0, *(len(piece.content) for piece in pieces)])
        ends = [piece.ends + begin for piece, begin in zip(pieces, begins[:-1], strict=True)]
        content = [piece.content for piece in pieces]
        return Texts(
            np.concatenate([np.zeros(0, np.uint8), *content]),
            np.concatenate([np.zeros(0, np.int64), *ends]),
        )

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        place = range(len(self))[index]  # counted from the end if negative; or an IndexError
        begin = self.ends[place - 1] if place else 0
        return str(self.content[begin : self.ends[place]].tobytes(), "utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        for first in range(0, len(self), _AT_ONCE):
            ends = self.ends[first : first + _AT_ONCE].tolist()
            begin = int(self.ends[first - 1]) if first else 0
            piece = self.content[begin : ends[-1]].tobytes()
            at = begin
            for end in ends:
                yield str(piece[at - begin : end - begin], "utf-8", "surrogatepass")
                at = end

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Texts):
            same = np.array_equal(self.ends, other.ends)
            return same and np.array_equal(self.content, other.content)
        return tuple(self) == other

    def __hash__(self) -> int:
        return hash((self.content.tobytes(), self.ends.tobytes()))
