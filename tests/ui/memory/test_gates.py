from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.corpus.dataset import Dataset
from namerec.runs.store import RunStore
from namerec.ui.server.manager import manager
from tests.conftest import tiny_config
from tests.pages.references import said
from tests.runs.references import Solo


@pytest.fixture
def panel() -> Iterator[AppTest]:
    """The gates panel alone, over the three pretrained runs and an empty data folder."""

    def script() -> None:
        from namerec.ui.frame.errors import show_errors
        from namerec.ui.memory.gates import gates_panel

        with show_errors():
            gates_panel()

    manager.clear()
    yield AppTest.from_function(script, default_timeout=240)
    manager().shutdown()
    manager.clear()


def test_every_gate_has_its_words_and_what_was_measured_on_the_run(panel):
    panel.run()
    assert not panel.exception
    assert not panel.error
    titles = [title.value for title in panel.subheader]
    assert titles == [
        "Input gate i", "Forget gate f", "Output gate o", "Cell candidate g", "Cell state c",
        "How long units remember",
    ]  # fmt: skip
    assert len(panel.selectbox(key="gates_run").options) == 3  # the RNN has no gates
    words = said(panel)
    assert "Measured at the best epoch on 777 validation names, leak-free split. Lines" in words
    assert words.count("In this run:") == 6
    assert "median span of the 128 units" in words
    panel.segmented_control(key="gates_places").set_value("end").run()
    assert not panel.exception


def test_a_network_that_reads_both_ways_offers_its_cells_of_both(
    panel, tiny_dataset: Dataset, tiny_folder
):
    store = manager().store = RunStore(manager().store.root, pretrained=None)
    config = tiny_config(dataset=str(tiny_folder), epochs=1)
    both = config.model.model_copy(update={"direction": "both"})
    Solo(config.model_copy(update={"model": both}), tiny_dataset).store(store)
    panel.run()
    layers = panel.segmented_control(key="gates_layer")
    assert list(layers.options) == ["Layer 1, reads forward", "Layer 1, reads from the end"]
    assert layers.value == 0
    before = said(panel)
    layers.set_value(1).run()
    assert not panel.exception
    assert said(panel) != before


def test_without_an_lstm_it_says_what_to_do(panel, tiny_dataset: Dataset):
    store = manager().store = RunStore(manager().store.root, pretrained=None)
    Solo(tiny_config("rnn", epochs=1), tiny_dataset).store(store)
    panel.run()
    assert not panel.exception
    assert "no trained network with gates yet" in said(panel)
