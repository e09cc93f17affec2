"""The rows of the table of all runs, and what narrows it down."""

import pytest

from namerec.ui.runs.filter import Filter
from namerec.ui.runs.table import after_marking, runs_table
from namerec.ui.server.manager import manager
from tests.conftest import tiny_config
from tests.runs.references import Solo

pytestmark = pytest.mark.usefixtures("own_manager")


@pytest.fixture(scope="module")
def solo(tiny_dataset) -> Solo:
    return Solo(tiny_config(), tiny_dataset)


def summary(run_id: str):
    store = manager().store
    return store.summary(store.open(run_id))


def test_a_row_says_what_a_run_is_and_what_its_scores_were_measured_on(solo):
    store = manager().store
    finished, stopped = solo.store(store), solo.store(store, epochs=2)
    table = runs_table([summary(finished.id), summary(stopped.id)])
    first, second = table.to_dict("records")
    assert first["run"] == first["network"] == "LSTM (custom)"
    assert (first["state"], second["state"]) == ("finished", "stopped")
    assert first["accuracy"] == solo.final.scores["test"].accuracy
    assert first["macro recall"] == solo.final.scores["test"].macro_recall
    assert (first["measured on"], second["measured on"]) == ("test", "validation")
    best = solo.best_until(2).progress.best_score[0]
    assert second["accuracy"] == best
    assert second["macro recall"] != second["macro recall"]  # not known
    assert first["parameters"] == finished.info().parameters
    assert first["begun"].to_pydatetime() == finished.info().created


def test_training_names_are_called_so(tiny_dataset):
    folder = Solo(tiny_config(protocol="course"), tiny_dataset).store(manager().store)
    assert runs_table([summary(folder.id)])["measured on"].tolist() == ["training"]


def test_what_narrows_the_table_down_is_applied_together(solo):
    store = manager().store
    folder = solo.store(store, epochs=1)
    store.set_label(folder.id, title="Émile's try", note="with\nmore dropout")
    run = summary(folder.id)
    assert Filter().lets(run)
    for words in ("émile", "TRY dropout", folder.id[-4:], "custom", "leak-free tiny", "stopped"):
        assert Filter(words).lets(run), words
    assert not Filter("émile rnn").lets(run)
    assert Filter(networks=["custom_lstm"], states=["stopped"], corpora=["tiny"]).lets(run)
    assert not Filter(networks=["rnn"]).lets(run)
    assert not Filter(states=["finished"]).lets(run)
    assert not Filter(corpora=["bundled corpus"]).lets(run)


def test_marking_a_row_keeps_the_order_and_what_the_table_does_not_list():
    listed = ["c", "a", "b"]
    assert after_marking([], listed, [2]) == ["b"]
    assert after_marking(["b"], listed, [0, 2]) == ["b", "c"]
    assert after_marking(["b", "hidden", "c"], listed, [0]) == ["hidden", "c"]
    assert after_marking(["hidden", "a"], listed, []) == ["hidden"]
    assert after_marking([], listed, [7]) == []  # of a table that had more rows
