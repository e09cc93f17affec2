"""What a score was measured on: the split protocols, how names are drawn, what is told apart."""

from __future__ import annotations

from typing import Literal, get_args

Protocol = Literal["leak-free", "raw", "report", "given"]

Sampling = Literal["natural", "square root", "balanced"]

PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)

#: What the held-out numbers of a protocol mean.
PROTOCOL_WORDS: dict[Protocol, str] = {
    "leak-free": "leak-free split: no name is in two parts",
    "raw": "raw random split: duplicates kept, so some held-out names were trained on",
    "report": "training names, drawn uniformly over categories: nothing is held out",
    "given": "the split given by the corpus itself",
}


Part = Literal["train", "validation", "test"]

PARTS: tuple[Part, ...] = ("train", "validation", "test")


def noun_of(reference: str) -> str:
    """What a category of a corpus is called: the built-in ones hold languages."""
    return "language" if reference in ("bundled", "tutorial") else "category"
