import numpy as np
import pytest

from namerec.core.inside.trace import GateTrace
from namerec.core.inside.traces import trace
from namerec.ui.name.unit_step import step_panel
from namerec.ui.shared import services
from tests.ui.references import name_section, pretrained, said

pytestmark = pytest.mark.usefixtures("own_manager")


def traced(kind: str, name: str) -> GateTrace:
    asked = services.network(pretrained(kind).id)
    return trace(asked.model, asked.categories, name)


def test_the_most_active_unit_is_written_out_until_one_is_chosen():
    app = name_section(step_panel, pretrained("custom_lstm"), name="O'Neill")
    told = traced("custom_lstm", "O'Neill")
    unit = int(np.abs(told.values["h"][6, 0]).argmax())
    assert f"Unit {unit + 1}, at letter 7 “l” of “O'Neill”" in said(app)
    sums, states = (shown.value for shown in app.latex)
    assert f"= {told.values['f'][6, 0, unit]:.4f}" in sums
    assert f"= {told.values['h'][6, 0, unit]:.2f}" in states
    app.number_input(key="step_unit").set_value(5)
    app.segmented_control(key="step_letter").set_value(1).run()
    assert "Unit 5, at letter 2 “'”" in said(app)
    assert f"= {told.values['c'][1, 0, 4]:.3f}" in app.latex[1].value


def test_a_layer_that_reads_from_the_end_begins_at_the_last_letter(both_ways):
    app = name_section(step_panel, pretrained("custom_lstm"), name="O'Neill", step_layer=3)
    unit = int(np.abs(trace(both_ways, ("",) * 18, "O'Neill").values["h"][6, 3]).argmax())
    assert f"Layer 2 ←, unit {unit + 1}, at letter 7 “l” of “O'Neill”" in said(app)
    assert "what the layer below adds" in said(app)
    assert "first letter read, from the end: h′ and c′ are 0" in said(app)
    assert not app.dataframe
    app.segmented_control(key="step_letter").set_value(0).run()
    assert not app.exception
    assert "what came before is the letter to the right" in said(app)
    table = app.dataframe[0].value
    np.testing.assert_allclose(table["product"], table["weight"] * table["state"], atol=0.001)


def test_an_rnn_has_one_equation():
    of_a_larger_network = 999
    app = name_section(step_panel, pretrained("rnn"), name="O'Neill", step_unit=of_a_larger_network)
    assert len(app.latex) == 1
    assert app.number_input(key="step_unit").value is None
    told = traced("rnn", "O'Neill")
    unit = int(np.abs(told.values["h"][6, 0]).argmax())
    assert f"= {told.values['h'][6, 0, unit]:.4f}" in app.latex[0].value
