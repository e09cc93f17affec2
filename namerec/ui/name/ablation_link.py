"""An ablation as a word of a link, `cuts`, and back: “1f0,1u3-5_9,2off”.

By layer, counted from 1: a gate and the level it is held at; u and silenced units; off for a whole
layer.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import groupby
from typing import TYPE_CHECKING, cast

from namerec.core.networks.kinds import GATES

if TYPE_CHECKING:
    from namerec.core.inside.ablations import Ablation, Level

_PART = re.compile(
    rf"(\d{{1,2}})(?:(?P<gate>[{''.join(GATES)}])(?P<level>0|1|mean)"
    r"|u(?P<units>[\d_-]+)|(?P<off>off))"
)
_SPAN = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")


def ablation_text(ablation: Ablation) -> str:
    """An ablation in a word; empty for none."""
    from namerec.core.inside.ablations import AblatedUnits, HeldGate

    words = []
    for part in ablation.parts:
        layer = part.layer + 1
        if isinstance(part, HeldGate):
            words.append(f"{layer}{part.gate}{part.level}")
        elif isinstance(part, AblatedUnits):
            words.append(f"{layer}u{_spans(part.units)}")
        else:
            words.append(f"{layer}off")
    return ",".join(words)


def ablation_from(text: str, layers: int, units: int, gates: Collection[str]) -> Ablation:
    """The ablation of a link, as far as a network has such parts.

    Args:
        text: As `ablation_text` writes it; what is written otherwise is left out.
        layers: The network's.
        units: Of each of them.
        gates: Those that it has.
    """
    from namerec.core.inside.ablations import AblatedLayer, AblatedUnits, Ablation, HeldGate

    found: dict[tuple[int, str], HeldGate | AblatedUnits | AblatedLayer] = {}
    for word in text.split(","):
        match = _PART.fullmatch(word)
        if match is None or not 1 <= (number := int(match[1])) <= layers:
            continue
        layer = number - 1
        if gate := match["gate"]:
            if gate in gates:
                found[layer, gate] = HeldGate(layer, gate, cast("Level", match["level"]))
        elif match["off"]:
            found[layer, "off"] = AblatedLayer(layer)
        elif ablated := _units(match["units"], units):
            found[layer, "units"] = AblatedUnits(layer, ablated)
    return Ablation(tuple(found.values()))


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
