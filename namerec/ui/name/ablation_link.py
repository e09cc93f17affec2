"""Surgery's cuts as a word of a link, and back: “1f0,1u3-5_9,2off”.

By layer, counted from 1: a gate and the level it is held at; u and silenced units; off for a whole
layer.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from namerec.core.inside.operations import Level, Operation

_CUT = re.compile(
    r"(\d{1,2})(?:(?P<gate>[ifgo])(?P<level>0|1|mean)|u(?P<units>[\d_-]+)|(?P<off>off))"
)
_SPAN = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")


def cuts_text(operation: Operation) -> str:
    """An operation's cuts in a word; empty for none."""
    from namerec.core.inside.operations import HeldGate, SilencedUnits

    words = []
    for cut in operation.cuts:
        layer = cut.layer + 1
        if isinstance(cut, HeldGate):
            words.append(f"{layer}{cut.gate}{cut.level}")
        elif isinstance(cut, SilencedUnits):
            words.append(f"{layer}u{_spans(cut.units)}")
        else:
            words.append(f"{layer}off")
    return ",".join(words)


def cuts_from(text: str, layers: int, units: int, *, gated: bool) -> Operation:
    """The cuts of a link, as far as a network has what they cut.

    Args:
        text: As `cuts_text` writes it; what is written otherwise is left out.
        layers: The network's.
        units: Of each of them.
        gated: Whether it has gates.
    """
    from namerec.core.inside.operations import HeldGate, Operation, SilencedLayer, SilencedUnits

    found: dict[tuple[int, str], HeldGate | SilencedUnits | SilencedLayer] = {}
    for word in text.split(","):
        match = _CUT.fullmatch(word)
        if match is None or not 1 <= (number := int(match[1])) <= layers:
            continue
        layer = number - 1
        if gate := match["gate"]:
            if gated:
                found[layer, gate] = HeldGate(layer, gate, cast("Level", match["level"]))
        elif match["off"]:
            found[layer, "off"] = SilencedLayer(layer)
        elif silenced := _units(match["units"], units):
            found[layer, "units"] = SilencedUnits(layer, silenced)
    return Operation(tuple(found.values()))


def _spans(units: tuple[int, ...]) -> str:
    """Units in rising order, counted from 1, neighbours together: 3-5_9."""
    words = []
    for _, stretch in groupby(enumerate(units), lambda pair: pair[1] - pair[0]):
        members = [unit + 1 for _, unit in stretch]
        words.append(str(members[0]) if len(members) == 1 else f"{members[0]}-{members[-1]}")
    return "_".join(words)


def _units(text: str, most: int) -> tuple[int, ...]:
    found: set[int] = set()
    for word in text.split("_"):
        if match := _SPAN.fullmatch(word):
            first, last = int(match[1]), int(match[2] or match[1])
            found |= set(range(max(first, 1), min(last, most) + 1))
    return tuple(unit - 1 for unit in sorted(found))
