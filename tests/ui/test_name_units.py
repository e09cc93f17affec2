from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from streamlit.testing.v1 import AppTest

from namerec.core.models import NameModel
from namerec.core.tracking import Feature
from namerec.core.units import extremes
from namerec.ui import name_unit, services
from namerec.ui.name_unit import feature_words, marked, states_of
from namerec.ui.server import manager
from tests.core.references import network


def panel() -> None:
    import streamlit as st

    from namerec.core.alphabet import normalise
    from namerec.ui import services
    from namerec.ui.name_units import units_panel
    from namerec.ui.server import manager

    run = {run.info.config.model.kind: run for run in manager().store.trained()}[
        st.session_state.get("kind", "custom_lstm")
    ]
    name = normalise(st.session_state.get("name", "Satoshi"))
    units_panel(run, name, services.gate_trace(run, name.letters, None))


@pytest.fixture
def app() -> Iterator[AppTest]:
    """The panel on a pretrained network, in a data folder of its own."""
    manager.clear()
    name_unit._states_of.clear()
    yield AppTest.from_function(panel, default_timeout=60)
    name_unit._states_of.clear()
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


def test_every_order_layer_and_unit_can_be_chosen(app, both_ways):
    app.run()
    assert not app.exception
    assert list(app.segmented_control(key="units_layer").options) == [
        "Layer 1 →",
        "Layer 1 ←",
        "Layer 2 →",
        "Layer 2 ←",
    ]
    app.segmented_control(key="units_layer").set_value(1)
    app.number_input(key="units_followed").set_value(4)
    for order in ("activity", "alike", "alike_in_many"):
        app.segmented_control(key="units_order").set_value(order).run()
        assert not app.exception
    assert "Layer 1 ←, unit 4 in “Satoshi”" in said(app)
    assert "validation names, leak-free split" in said(app)


def test_the_corpus_is_read_when_asked_for_and_its_extremes_are_listed(app):
    app.session_state["kind"] = "lstm"
    app.session_state["units_followed"] = 3
    app.run()
    assert not app.dataframe
    app.session_state["units_corpus"] = True
    app.run()
    assert not app.exception
    highest, lowest, tracked = (pd.DataFrame(shown.value) for shown in app.dataframe)
    run = next(r for r in manager().store.trained() if r.info.config.model.kind == "lstm")
    found, (names, split) = states_of(run, 0), services.run_dataset(run)
    up, down = extremes(found.states, names, "h", 2, 8)
    assert highest["name"].tolist() == [marked(one.letters, one.place) for one in up]
    np.testing.assert_allclose(lowest["value"], [one.value for one in down])
    r = tracked["r"].abs().tolist()
    assert r == sorted(r, reverse=True)
    assert f"{len(split.validation)} names (validation names, leak-free split)" in said(app)
    assert f"strongest of {len(found.tracking['h'].features)} features tried" in said(app)


def test_a_unit_or_layer_that_another_network_has_not_is_replaced(app):
    app.session_state["kind"] = "rnn"
    app.session_state["units_followed"] = 999
    app.session_state["units_layer"] = 1
    app.session_state["name"] = "Li"
    app.run()
    assert not app.exception
    assert app.number_input(key="units_followed").value == 128
    assert "An RNN has no gates" in said(app)


def test_the_letter_is_marked_where_it_stands():
    assert marked("Ivanov", 3) == "Iva[n]ov"
    assert marked("Li", 0) == "[L]i"


def test_what_is_not_read_yet_is_called_a_guess():
    assert "only guess" in feature_words(Feature("letters still to come", "letters", unread=True))
    assert feature_words(Feature("the letter is a", "letters", 9)) == "The letter is a"
