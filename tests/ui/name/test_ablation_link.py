"""An ablation in a word of a link, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.inside.ablations import LEVELS, AblatedLayer, AblatedUnits, Ablation, HeldGate
from namerec.ui.name.ablation_link import ablation_from, ablation_text

_LAYERS = st.integers(0, 2)
_UNITS = st.sets(st.integers(0, 20), min_size=1).map(lambda units: tuple(sorted(units)))
PARTS = st.one_of(
    st.builds(HeldGate, _LAYERS, st.sampled_from("ifgo"), st.sampled_from(LEVELS)),
    st.builds(AblatedUnits, _LAYERS, _UNITS),
    st.builds(AblatedLayer, _LAYERS),
)


def _place(part: HeldGate | AblatedUnits | AblatedLayer) -> tuple[object, ...]:
    return type(part), part.layer, getattr(part, "gate", "")


@given(st.lists(PARTS, max_size=6, unique_by=_place))
def test_cuts_come_back_as_they_were(parts):
    ablation = Ablation(tuple(parts))
    assert ablation_from(ablation_text(ablation), 3, 21, "ifgo") == ablation


def test_cuts_are_counted_from_1_and_neighbours_stand_together():
    parts = (HeldGate(0, "f", "0"), AblatedUnits(1, (2, 3, 4, 8)), AblatedLayer(2))
    assert ablation_text(Ablation(parts)) == "1f0,2u3-5_9,3off"


@pytest.mark.parametrize("text", ["", "x", "4f0", "0f0", "1f2", "1u0", "1u99", "1u-", "1u9-3"])
def test_what_the_network_has_not_is_left_out(text):
    assert ablation_from(f"{text},1off", 3, 21, "ifgo") == Ablation((AblatedLayer(0),))


def test_a_network_without_gates_has_none_held():
    assert ablation_from("1f0,1u2", 1, 5, "") == Ablation((AblatedUnits(0, (1,)),))
