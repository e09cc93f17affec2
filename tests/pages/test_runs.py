"""The Runs page: its table, what is done with runs, comparing them, and taking them away."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from namerec.runs.deletion import discard, discarded, remove
from namerec.runs.labels import RunLabel
from namerec.runs.summary import RunSummary
from namerec.ui.server.manager import manager
from tests.conftest import tiny_config
from tests.pages.references import button, opened, said
from tests.runs.references import Solo


@pytest.fixture(scope="module")
def solo(tiny_dataset) -> Solo:
    return Solo(tiny_config(), tiny_dataset)


def drawn(lab: AppTest, **query: str) -> AppTest:
    opened(lab, "runs", **query)
    assert not lab.error
    return lab


def summary(run_id: str) -> RunSummary:
    store = manager().store
    found = store.summary(store.open(run_id))
    assert isinstance(found, RunSummary)
    return found


def ids(lab: AppTest) -> list[str]:
    found: list[str] = lab.dataframe[0].value["id"].tolist()
    return found


def test_pinned_runs_stand_first_then_the_newest_and_the_pretrained_last(lab, solo):
    store = manager().store
    folders = [solo.store(store, epochs=1) for _ in range(2)]
    older = min(store.summaries(), key=lambda run: (run.pretrained, run.info.created))
    store.set_label(older.id, title="=first", pinned=True)
    drawn(lab)
    newer = next(folder.id for folder in folders if folder.id != older.id)
    assert ids(lab)[:2] == [older.id, newer]
    table = lab.dataframe[0].value
    assert table["pin"].tolist()[:2] == ["★", ""]
    assert table["run"].tolist()[0] == "'=first"
    assert len(table) == 7
    lab.text_input(key="runs_words").set_value("=FIRST").run()
    assert ids(lab) == [older.id]
    lab.text_input(key="runs_words").set_value("no such run").run()
    assert "No run matches the filter" in said(lab)


def test_several_runs_have_one_panel_and_stay_chosen_while_a_filter_hides_them(lab):
    first, second = [run.id for run in manager().store.summaries()][:2]
    drawn(lab, runs=f"{first},{second}")
    assert "2 runs" in [title.value for title in lab.subheader]
    assert lab.button(key="runs_delete").disabled  # both ship with the project
    lab.multiselect(key="runs_network").set_value(["custom_lstm"]).run()
    assert "of the 2 chosen runs" in said(lab)
    assert lab.query_params["runs"] == f"{first},{second}"
    button(lab, "Clear selection").click().run()
    assert not lab.query_params.get("runs")


def test_a_run_is_named_noted_and_pinned(lab, solo):
    folder = solo.store(manager().store)
    drawn(lab, runs=folder.id)
    assert "Measured on" in said(lab)
    lab.text_input[1].set_value("  *Mine* <b> ")
    lab.text_area[0].set_value("because\nof dropout")
    lab.toggle[-1].set_value(True)
    button(lab, "Save").click().run()
    assert not lab.exception
    label = summary(folder.id).label
    assert label == RunLabel(title="*Mine* <b>", note="because\nof dropout", pinned=True)
    assert lab.dataframe[0].value["note"].tolist()[0] == "because"
    assert any(title.value == r"\*Mine\* \<b\>" for title in lab.subheader)


def test_what_is_typed_over_somebody_elses_change_is_kept_and_the_other_one_too(lab, solo):
    store = manager().store
    folder = solo.store(store)
    drawn(lab, runs=folder.id)
    store.set_label(folder.id, title="theirs")
    lab.text_area[0].set_value("mine")
    button(lab, "Save").click().run()
    assert summary(folder.id).label == RunLabel(title="theirs", note="mine")
    assert lab.text_input[1].value == "theirs"
    store.set_label(folder.id, title="theirs again", pinned=True)
    lab.text_input[1].set_value("my own")
    button(lab, "Save").click().run()
    assert "changed elsewhere meanwhile: its title is now “theirs again”, it is now pinned" in said(
        lab
    )
    assert "**Your change was not saved.**" in said(lab)
    assert summary(folder.id).label == RunLabel(title="theirs again", note="mine", pinned=True)
    assert lab.text_input[1].value == "my own"
    button(lab, "Save").click().run()
    assert summary(folder.id).label == RunLabel(title="my own", note="mine", pinned=True)
    store.set_label(folder.id, note="theirs")
    lab.run()
    assert "Saving changes only what you change below" in said(lab)
    button(lab, "Discard mine and show the other").click().run()
    assert lab.text_area[0].value == "theirs"
    assert "changed elsewhere" not in said(lab)
    assert not lab.exception


def test_a_run_that_goes_on_says_what_it_began_with(lab, solo, tiny_dataset):
    from namerec.runs.lineage import branch_from, branch_settings

    store = manager().store
    first = solo.store(store)
    config = branch_settings(first.info().config)
    origin = branch_from(first, "last", config, tiny_dataset.fingerprint)
    going = store.create(config, tiny_dataset, origin)
    going.write_status(first.status())
    (going.path / "metrics.jsonl").write_bytes((first.path / "metrics.jsonl").read_bytes())
    drawn(lab, runs=going.id)
    began = 100 * solo.epochs[-1].validation_accuracy
    best = 100 * max(record.validation_accuracy for record in solo.epochs)
    assert (
        f"Started at {began:.1f} % accuracy on validation names, leak-free split (epoch 3 of run "
        f"{first.id}); best since then: {best:.1f} %"
    ) in said(lab)
    drawn(lab, runs=first.id)
    assert "Started at" not in said(lab)


def test_a_deleted_run_is_taken_back_at_once_or_out_of_the_list(lab, solo):
    store = manager().store
    folder = solo.store(store)
    drawn(lab, runs=folder.id)
    button(lab, "Delete").click().run()
    assert folder.id not in ids(lab)
    assert "Deleted “LSTM (custom)”" in said(lab)
    button(lab, "Undo").click().run()
    assert folder.id in ids(lab)
    assert "Deleted" not in said(lab)
    drawn(lab, runs=f"{folder.id},{ids(lab)[-1]}")
    button(lab, "Delete 1").click().run()  # the pretrained one stays
    assert folder.id not in ids(lab)
    button(lab, "Restore").click().run()
    assert folder.id in ids(lab)
    assert not discarded(store)


def test_the_deleted_runs_go_for_good_when_asked_twice(lab, solo):
    store = manager().store
    discard(store, solo.store(store, epochs=1).id)
    drawn(lab)
    button(lab, "Empty trash").click().run()
    assert len(discarded(store)) == 1
    button(lab, "Remove for good").click().run()
    assert not discarded(store)
    assert not lab.exception


def test_a_stopped_run_is_taken_up_again_and_a_refusal_is_said(lab, solo, monkeypatch):
    from namerec.errors import JobError

    folder = solo.store(manager().store, epochs=1)
    asked = []
    monkeypatch.setattr(type(manager()), "resume", lambda jobs, *given: asked.append(given[0]))
    drawn(lab, runs=folder.id)
    button(lab, "Resume").click().run()
    assert asked == [folder.id]
    assert "The run has been resumed" in said(lab)

    def refuse(jobs, *given):
        raise JobError("The queue is full.")

    monkeypatch.setattr(type(manager()), "resume", refuse)
    button(lab, "Resume").click().run()
    assert "The queue is full." in said(lab)
    assert len(asked) == 1


def test_damaged_runs_are_listed_with_the_reason(lab, solo):
    folder = solo.store(manager().store, epochs=1)
    (folder.path / "config.json").write_text(json.dumps({"id": "x"}))
    drawn(lab)
    assert folder.id not in ids(lab)
    assert f"{folder.id}: “config.json” of run" in said(lab).replace("*", "")
    assert any("1 run that cannot be read" in expander.label for expander in lab.expander)


def test_what_is_missing_or_not_known_of_a_run_is_said_where_it_is_shown(lab, solo):
    store = manager().store
    folder = solo.store(store, epochs=2)
    path = folder.path / "metrics.jsonl"
    path.write_bytes(path.read_bytes().replace(b'{"kind": "epoch", "epoch": 1,', b'{"kind'))
    for page, query in (("runs", {"runs": folder.id}), ("train", {"run": folder.id})):
        opened(lab, page, **query)
        assert "The records of this run have a gap: no record of epoch 1" in said(lab)
    values = json.loads((folder.path / "config.json").read_text())
    newer = values | {"namerec": "9.8.7", "energy": 1}
    (folder.path / "config.json").write_text(json.dumps(newer))
    opened(lab, "train", run=folder.id)
    assert "made by namerec 9.8.7" in said(lab)
    drawn(lab, runs=folder.id)
    assert "made by namerec 9.8.7" in said(lab)
    assert not [shown for shown in lab.button if shown.label in ("Resume", "Save")]
    assert button(lab, "Export").disabled


def test_ids_that_are_no_runs_are_said_and_never_opened(lab):
    drawn(lab, runs="../../etc,20200101-000000-rnn-dead")
    assert not [title for title in lab.subheader if "run" in title.value]
    lab.segmented_control(key="runs_section").set_value("compare").run()
    assert "All 2 chosen runs are not on this computer." in said(lab)
    assert "Choose runs above" in said(lab)
    assert not lab.error


# -- compared


def compared(lab: AppTest, *run_ids: str, **query: str) -> AppTest:
    return drawn(lab, runs_section="compare", runs=",".join(run_ids), **query)


def titles(lab: AppTest) -> list[str]:
    return [title.value for title in lab.subheader]


def test_runs_on_the_same_names_stand_side_by_side_with_what_differs(lab, solo, tiny_dataset):
    store = manager().store
    other = Solo(tiny_config(learning_rate=0.5), tiny_dataset)
    ids = [solo.store(store).id, other.store(store).id]
    compared(lab, *ids, along="seconds")
    results, differ = (table.value for table in lab.dataframe)
    assert results["run"].tolist() == ["A · LSTM (custom)", "B · LSTM (custom)"]
    assert results["accuracy"].tolist() == [
        given.final.scores["test"].accuracy for given in (solo, other)
    ]
    assert set(results["measured on"]) == {
        f"{solo.final.scores['test'].names} test names, leak-free split"
    }
    assert differ["Setting"].tolist() == ["Learning rate"]
    assert differ.iloc[0].tolist()[1:] == ["0.02", "0.5"]
    assert "not measured on the same names" not in said(lab)
    assert lab.segmented_control(key="runs_along").value == "seconds"
    assert titles(lab)[:2] == ["Loss", "Accuracy and macro recall"]
    links = [link for link in lab.get("page_link") if link.proto.label == "A and B"]
    assert [link.proto.query_string for link in links] == [
        f"run={ids[0]}&other={ids[1]}&section=compare"
    ]


def test_identical_settings_are_said_to_be(lab, solo):
    store = manager().store
    compared(lab, solo.store(store).id, solo.store(store, epochs=1).id)
    assert "None: all settings are the same." in said(lab)
    results = lab.dataframe[0].value
    best = solo.epochs[0]
    assert results["measured on"].tolist()[1] == "validation names, leak-free split"
    assert results["macro recall"].tolist()[1] == best.validation_macro_recall
    assert "B has no test score yet" in said(lab)


def test_runs_on_other_names_are_compared_with_a_warning(lab, solo):
    pretrained = next(run for run in manager().store.summaries() if run.pretrained)
    compared(lab, solo.store(manager().store).id, pretrained.id, along="names")
    words = said(lab)
    assert "These runs were not measured on the same names" in words
    assert "A: tiny, leak-free split with seed 0; B: bundled corpus, leak-free split" in words
    assert "seen are counted in whole batches" in words  # of a corpus that is not here
    assert "choose two runs on the same corpus and split, each with a finished epoch" in words


def test_curves_are_chosen_and_without_any_one_is_asked_for(lab, solo):
    compared(lab, solo.store(manager().store).id)
    assert "Choose another run to see what differs." in said(lab)
    lab.session_state["runs_shown"] = ["macro_recall"]
    lab.run()
    assert "Loss" not in titles(lab)
    lab.session_state["runs_shown"] = []
    lab.run()
    assert "Choose at least one curve." in said(lab)


def test_a_run_chosen_here_is_in_the_link_and_in_the_table(lab):
    compared(lab)
    run = next(run for run in manager().store.summaries() if run.pretrained)
    lab.multiselect(key="runs_picked").set_value([run.id]).run()
    assert lab.query_params["runs"] == run.id
    lab.segmented_control(key="runs_section").set_value("table").run()
    assert f"run {run.id}" in said(lab)


def test_a_run_at_work_is_compared_while_it_moves(lab, held_back, tiny_dataset, tiny_folder):
    jobs = manager()
    run_id = jobs.start(tiny_config(dataset=str(tiny_folder)), tiny_dataset)
    jobs.wait_for_record(run_id, 20)
    compared(lab, run_id)
    assert lab.dataframe[0].value["state"].tolist() == ["running"]
    jobs.stop(run_id)
    jobs.wait(run_id, 20)
    lab.run()
    assert lab.dataframe[0].value["state"].tolist() == ["stopped"]
    assert not lab.error


# -- taken away


def test_files_are_made_when_asked_for_and_what_goes_wrong_is_a_sentence(lab, solo, monkeypatch):
    from namerec.errors import RunError
    from namerec.export import kinds
    from namerec.export.source import MadeFile

    asked = []

    def refuse(source):
        raise RunError("This network has no such form.")

    def two(source):
        asked.append(source.run.id)
        return [MadeFile("a.txt", b"a" * 1500, "Largest difference: 1e-7."), MadeFile("b.txt", b"")]

    monkeypatch.setitem(kinds.EXPORTS, "onnx", kinds.Export("ONNX", "A network.", two))
    folder = solo.store(manager().store)
    drawn(lab, runs_section="take", runs=folder.id)
    assert not asked
    lab.button(key="runs_make_onnx").click().run()
    assert asked == [folder.id]
    assert "Largest difference: 1e-7." in said(lab)
    (save,) = lab.get("download_button")
    assert save.label.replace("\\", "").startswith(f"Download {folder.id}-onnx.zip (")
    lab.run()
    assert len(asked) == 1
    monkeypatch.setitem(kinds.EXPORTS, "script", kinds.Export("Script", "A file.", refuse))
    lab.button(key="runs_make_script").click().run()
    assert "Largest difference" not in said(lab)
    assert "This network has no such form." in said(lab)
    assert not lab.get("download_button")


def test_a_run_that_was_packed_is_brought_back_and_what_is_none_is_a_sentence(lab, solo):
    from namerec.export.kinds import make
    from namerec.export.source import Source

    store = manager().store
    folder = solo.store(store)
    (packed,) = make("zip", [Source.of(store, folder.id)])
    remove(store, folder.id)
    drawn(lab, runs_section="take")
    lab.file_uploader[0].set_value(("run.zip", b"PK no zip at all", "application/zip")).run()
    button(lab, "Import").click().run()
    assert len(lab.error) == 1
    lab.file_uploader[0].set_value(("run.zip", packed.content, "application/zip")).run()
    button(lab, "Import").click().run()
    assert not lab.error
    assert f"Run {folder.id} was imported." in said(lab)
    assert lab.query_params["runs"] == folder.id
    assert store.open(folder.id).predictions()
    button(lab, "Show it in the table").click().run()
    assert f"run {folder.id}" in said(lab)
