"""Surgery's cuts in a word of a link, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.inside.operations import LEVELS, HeldGate, Operation, SilencedLayer, SilencedUnits
from namerec.ui.name.ablation_link import cuts_from, cuts_text
from tests.core.references import modest

_LAYERS = st.integers(0, 2)
_UNITS = st.sets(st.integers(0, 20), min_size=1).map(lambda units: tuple(sorted(units)))
CUTS = st.one_of(
    st.builds(HeldGate, _LAYERS, st.sampled_from("ifgo"), st.sampled_from(LEVELS)),
    st.builds(SilencedUnits, _LAYERS, _UNITS),
    st.builds(SilencedLayer, _LAYERS),
)


def _place(cut: HeldGate | SilencedUnits | SilencedLayer) -> tuple[object, ...]:
    return type(cut), cut.layer, getattr(cut, "gate", "")


@modest
@given(st.lists(CUTS, max_size=6, unique_by=_place))
def test_cuts_come_back_as_they_were(cuts):
    operation = Operation(tuple(cuts))
    assert cuts_from(cuts_text(operation), 3, 21, gated=True) == operation


def test_cuts_are_counted_from_1_and_neighbours_stand_together():
    cuts = (HeldGate(0, "f", "0"), SilencedUnits(1, (2, 3, 4, 8)), SilencedLayer(2))
    assert cuts_text(Operation(cuts)) == "1f0,2u3-5_9,3off"


@pytest.mark.parametrize("text", ["", "x", "4f0", "0f0", "1f2", "1u0", "1u99", "1u-", "1u9-3"])
def test_what_the_network_has_not_is_left_out(text):
    assert cuts_from(f"{text},1off", 3, 21, gated=True) == Operation((SilencedLayer(0),))


def test_a_network_without_gates_has_none_held():
    assert cuts_from("1f0,1u2", 1, 5, gated=False) == Operation((SilencedUnits(0, (1,)),))
