"""What a score was measured on: the split protocols, how names are drawn, what is told apart."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator

Protocol = Literal["leak-free", "raw", "course", "given"]

Sampling = Literal["natural", "square root", "balanced"]

PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)

#: What the held-out numbers of a protocol mean.
PROTOCOL_WORDS: dict[Protocol, str] = {
    "leak-free": "leak-free split: no name is in two parts",
    "raw": "raw random split: duplicates kept, so some held-out names were trained on",
    "course": "training names, drawn uniformly over categories: nothing is held out",
    "given": "the split given by the corpus itself",
}


Part = Literal["train", "validation", "test"]

PARTS: tuple[Part, ...] = ("train", "validation", "test")

#: What earlier versions call a protocol, and the preset that has it.
_EARLIER = {"report": "course"}


def name_now(name: Any) -> Any:
    """A protocol or preset by today's name, where a stored run or a link has an earlier one."""
    return _EARLIER.get(name, name) if isinstance(name, str) else name


#: A protocol as records have it.
StoredProtocol = Annotated[Protocol, BeforeValidator(name_now)]


def holds_out(protocol: Protocol) -> bool:
    """Whether a network is scored on names that it was not trained on."""
    return protocol != "course"


def part_name(protocol: Protocol, part: Part) -> str:
    """The names of a part in a word or two: “validation”, “training names”."""
    return part if holds_out(protocol) and part != "train" else "training names"


def part_words(protocol: Protocol, part: Part) -> str:
    """What a number measured on a part was measured on."""
    if not holds_out(protocol):
        drawn = "each line once" if part == "train" else "drawn uniformly over categories"
        return f"training names, {drawn}"
    return f"{'training' if part == 'train' else part} names, {protocol} split"


def noun_of(reference: str) -> str:
    """What a category of a corpus is called: the built-in ones hold languages."""
    return "language" if reference in ("bundled", "tutorial") else "category"
