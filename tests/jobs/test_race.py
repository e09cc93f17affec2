import re
from dataclasses import replace

from namerec.core.networks.kinds import MODEL_KINDS
from namerec.jobs.race import entrants, new_race, races
from namerec.jobs.snapshot import stored_snapshot
from namerec.runs.summary import RunSummary
from tests.conftest import tiny_config
from tests.runs.references import Solo


def test_what_races_are_called_can_be_stored_and_differs():
    names = {new_race() for _ in range(20)}
    assert len(names) > 1
    assert all(re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", name) for name in names)


def _runs(store, dataset, race: str, kinds: list[str]) -> None:
    for kind in kinds:
        store.create(tiny_config(kind), dataset, race=race)


def test_runs_are_found_by_their_race_in_the_order_of_the_networks(store, tiny_dataset):
    _runs(store, tiny_dataset, "one", ["custom_lstm", "rnn", "gru", "lstm"])
    _runs(store, tiny_dataset, "", ["rnn"])
    _runs(store, tiny_dataset, "two", ["lstm", "rnn"])
    found = races(store.summaries())
    assert {race: [run.info.config.model.kind for run in runs] for race, runs in found.items()} == {
        "one": list(MODEL_KINDS),
        "two": ["rnn", "lstm"],
    }
    assert all(run.info.race == race for race, runs in found.items() for run in runs)


def test_an_entrant_has_what_its_run_came_to(store, finished, stopped, solo):
    runs: list[RunSummary] = []
    for folder in (finished, stopped):
        summary = store.summary(folder)
        assert isinstance(summary, RunSummary)
        runs.append(summary)
    race = [
        (run, stored_snapshot(run, folder))
        for run, folder in zip(runs, (finished, stopped), strict=True)
    ]
    done, half = entrants(store, race)
    assert (done.title, done.state) == ("LSTM (custom)", "finished")
    assert done.test == solo.final.scores["test"]
    assert done.answers is not None
    assert list(done.answers.indices) == list(solo.final.predictions["test"].indices)
    assert done.epochs == tuple(solo.epochs)
    assert done.seconds == race[0][1].seconds > 0
    assert done.parameters == runs[0].info.parameters
    assert (half.state, half.test, half.answers) == ("stopped", None, None)
    assert half.epochs == tuple(solo.epochs[:2])
    assert replace(half, state="x").names_per_second == solo.epochs[1].names_per_second


def test_a_run_still_at_work_has_no_answers_yet(store, tiny_dataset):
    folder = Solo(tiny_config("rnn"), tiny_dataset).store(store, epochs=1)
    summary = store.summary(folder)
    assert isinstance(summary, RunSummary)
    (entrant,) = entrants(
        store, [(summary, replace(stored_snapshot(summary, folder), state="running"))]
    )
    assert (entrant.title, entrant.answers, entrant.test) == ("RNN (linear)", None, None)
