import pytest

from namerec.core.inside.ablations import AblatedLayer, AblatedUnits, Ablation, HeldGate
from namerec.errors import ConfigError


@pytest.mark.parametrize(
    "part",
    [
        HeldGate(0, "c", "0"),
        HeldGate(0, "f", "2"),  # type: ignore[arg-type]
        HeldGate(-1, "f", "0"),
        AblatedUnits(0, (-1,)),
    ],
)
def test_what_no_network_has_cannot_be_described(part):
    with pytest.raises(ConfigError):
        Ablation((part,))


def test_a_gate_has_one_value():
    with pytest.raises(ConfigError, match="twice"):
        Ablation((HeldGate(0, "f", "0"), HeldGate(0, "f", "1")))


def test_an_operation_in_words():
    ablation = Ablation((HeldGate(0, "f", "0"), AblatedUnits(0, (16, 2, 7))))
    assert ablation.words() == "forget gate held at 0, units 3, 8 and 17 silenced"
    assert Ablation().words() == "nothing is changed"
    both = Ablation((AblatedLayer(1), HeldGate(0, "g", "mean"), AblatedUnits(0, (4,))))
    assert both.words("layer {}".format) == (
        "layer 0: cell candidate held at its mean, unit 5 silenced; layer 1: all units silenced"
    )
