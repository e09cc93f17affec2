from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from namerec.core.inside.tracking import Feature
from namerec.core.inside.units import Driven, extremes
from namerec.ui.name import unit as name_unit
from namerec.ui.name.unit import feature_words, marked, states_of
from namerec.ui.name.units import units_panel
from namerec.ui.shared import services
from tests.ui.references import name_section, pretrained, said, shown

pytestmark = pytest.mark.usefixtures("own_manager")


@pytest.fixture(autouse=True)
def _own_states() -> Iterator[None]:
    """States kept of one test's network are not those of another's."""
    name_unit.cached_states.clear()
    yield
    name_unit.cached_states.clear()


def test_every_order_layer_and_unit_can_be_chosen(both_ways):
    app = name_section(units_panel, pretrained("custom_lstm"))
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


def test_the_corpus_is_read_when_asked_for_and_its_extremes_are_listed():
    run = pretrained("lstm")
    app = name_section(units_panel, run, units_followed=3)
    assert not app.dataframe
    shown(app, units_corpus=True)
    highest, lowest, tracked = (pd.DataFrame(table.value) for table in app.dataframe)
    found, (names, split) = states_of(run, 0), services.run_dataset(run)
    up, down = extremes(found.states, names, "h", 2, 8)
    assert highest["name"].tolist() == [marked(one.letters, one.place) for one in up]
    np.testing.assert_allclose(lowest["value"], [one.value for one in down])
    r = tracked["r"].abs().tolist()
    assert r == sorted(r, reverse=True)
    assert f"{len(split.validation)} names (validation names, leak-free split)" in said(app)
    assert f"strongest of {len(found.tracking['h'].features)} features tried" in said(app)


def test_a_unit_or_layer_that_another_network_has_not_is_replaced():
    app = name_section(units_panel, pretrained("rnn"), name="Li", units_followed=999, units_layer=1)
    assert app.number_input(key="units_followed").value == 128
    assert "An RNN has no gates" in said(app)


def test_categories_that_look_like_formulas_are_drawn_as_text(monkeypatch):
    def one(*given: object) -> tuple[list[Driven], list[Driven]]:
        return [Driven("Ivanov", 3, 0.5, 0)], []

    monkeypatch.setattr("namerec.core.inside.units.extremes", one)
    names, split = services.run_dataset(pretrained("rnn"))
    odd = replace(names, categories=("=cmd", *names.categories[1:]))
    monkeypatch.setattr(services, "run_dataset", lambda run: (odd, split))
    app = name_section(units_panel, pretrained("rnn"), name="Li", units_corpus=True)
    assert app.dataframe[0].value.iloc[0].tolist() == ["Iva[n]ov", 0.5, "'=cmd"]


def test_the_letter_is_marked_where_it_stands():
    assert marked("Ivanov", 3) == "Iva[n]ov"
    assert marked("Li", 0) == "[L]i"


def test_what_is_not_read_yet_is_called_a_guess():
    assert "only guess" in feature_words(Feature("letters still to come", "letters", unread=True))
    assert feature_words(Feature("the letter is a", "letters", 9)) == "The letter is a"
