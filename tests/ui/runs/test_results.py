"""Which runs are scored on the same names, and what stands in the table of results."""

from dataclasses import replace

import pytest

from namerec.runs.summary import RunSummary
from namerec.ui.runs.results import asked_names, not_the_same_names, results_table
from namerec.ui.server.manager import manager
from tests.ui.references import pretrained

pytestmark = pytest.mark.usefixtures("own_manager")


def with_training(run: RunSummary, **settings: object) -> RunSummary:
    config = run.info.config
    training = config.training.model_copy(update=settings)
    config = config.model_copy(update={"training": training})
    return replace(run, info=run.info.model_copy(update={"config": config}))


def test_names_are_the_same_if_corpus_protocol_and_seed_of_the_split_are():
    run = pretrained("lstm")
    assert asked_names(with_training(run, seed=7, split_seed=run.info.config.training.seed)) == (
        asked_names(run)
    )
    other_names = run.info.model_copy(
        update={"dataset": run.info.dataset.model_copy(update={"fingerprint": "0" * 64})}
    )
    for other in (
        with_training(run, seed=7),
        with_training(run, protocol="raw"),
        replace(run, info=other_names),
    ):
        assert asked_names(other) != asked_names(run)
        words = not_the_same_names([run, other, run])
        assert "A, C: bundled corpus, leak-free split with seed 0; B:" in words
    assert not_the_same_names([run, pretrained("rnn")]) == ""


def test_a_run_that_cannot_be_read_any_more_keeps_its_row():
    run = pretrained("lstm")
    table = results_table({"A": run, "B": run}, {"A": manager().look(run.id)})
    assert table["state"].tolist() == ["finished", "?"]
    assert table["accuracy"].isna().tolist() == [False, True]
    assert table["measured on"].tolist()[1] == ""
    assert table["parameters"].tolist() == [run.info.parameters] * 2


def test_before_the_first_epoch_nothing_is_measured_on_anything():
    run = pretrained("lstm")
    begun = replace(manager().look(run.id), scores=(), history=())
    table = results_table({"A": run}, {"A": begun})
    assert table["measured on"].tolist() == [""]
    assert table["accuracy"].isna().tolist() == [True]
