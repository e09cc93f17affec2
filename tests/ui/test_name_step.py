from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from namerec.core.models import NameModel
from namerec.core.results import GateTrace
from namerec.core.traces import trace
from namerec.ui import services
from namerec.ui.server import manager
from tests.core.references import network


def panel() -> None:
    import streamlit as st

    from namerec.core.alphabet import normalise
    from namerec.ui import services
    from namerec.ui.name_step import step_panel
    from namerec.ui.server import manager

    kind = st.session_state.get("kind", "custom_lstm")
    run = next(run for run in manager().store.trained() if run.info.config.model.kind == kind)
    name = normalise(st.session_state.get("name", "O'Neill"))
    step_panel(run, name, services.gate_trace(run, name.letters, None))


@pytest.fixture
def app() -> Iterator[AppTest]:
    """The panel on a pretrained network, in a data folder of its own."""
    manager.clear()
    yield AppTest.from_function(panel, default_timeout=60)
    manager().shutdown()
    manager.clear()


@pytest.fixture
def both_ways(monkeypatch: pytest.MonkeyPatch) -> NameModel:
    """A network of two layers that read in both directions, in place of every run's own."""
    model = network(
        "custom_lstm", direction="both", num_layers=2, categories=18, dtype=torch.float32
    )
    own = services.network
    monkeypatch.setattr(services, "network", lambda run_id: replace(own(run_id), model=model))
    return model


def said(app: AppTest) -> str:
    return " ".join(text.value for text in (*app.markdown, *app.caption)).replace("\\", "")


def traced(kind: str, name: str) -> GateTrace:
    run = next(run for run in manager().store.trained() if run.info.config.model.kind == kind)
    asked = services.network(run.id)
    return trace(asked.model, asked.categories, name)


def test_the_most_active_unit_is_written_out_until_one_is_chosen(app):
    app.run()
    assert not app.exception
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


def test_a_layer_that_reads_from_the_end_begins_at_the_last_letter(app, both_ways):
    app.session_state["step_layer"] = 3
    app.run()
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


def test_an_rnn_has_one_equation(app):
    app.session_state["kind"] = "rnn"
    app.session_state["step_unit"] = 999  # of a larger network
    app.run()
    assert not app.exception
    assert len(app.latex) == 1
    assert app.number_input(key="step_unit").value is None
    told = traced("rnn", "O'Neill")
    unit = int(np.abs(told.values["h"][6, 0]).argmax())
    assert f"= {told.values['h'][6, 0, unit]:.4f}" in app.latex[0].value
