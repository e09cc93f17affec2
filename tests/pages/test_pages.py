"""Every page under AppTest: with nothing trained, while a run trains, and with bad input."""

import pytest

from namerec.ui.server.manager import manager
from tests.conftest import tiny_config
from tests.pages.references import answered, button, opened
from tests.ui.lab import followed

PAGES = ("start", "train", "evaluate", "sweep", "name", "memory", "dataset")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_on_the_first_launch(lab, page):
    assert not opened(lab, page).error


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_while_a_run_trains(lab, held_back, tiny_dataset, tiny_folder, page):
    opened(lab, "start")
    config = tiny_config(dataset=str(tiny_folder))
    run_id = manager().start(config, tiny_dataset)
    manager().wait_for_record(run_id, 20)
    assert not opened(lab, page).error
    assert manager().look(run_id).state == "running"


def test_a_run_is_started_from_the_form_with_the_settings_in_it(lab, tiny_folder, monkeypatch):
    monkeypatch.setattr("sys.argv", ["streamlit", "--dataset", str(tiny_folder)])
    opened(lab, "train")
    lab.sidebar.number_input(key="set_hidden_size").set_value(8)
    lab.sidebar.number_input(key="set_epochs").set_value(2)
    lab.sidebar.number_input(key="set_seed").set_value(5)
    lab.run()
    button(lab, "Start training").click().run()
    snapshot = manager().latest()
    assert snapshot is not None
    ended = manager().wait(snapshot.run_id, 30)
    assert ended.state == "finished"
    assert ended.config.model.hidden_size == 8
    assert ended.config.training.epochs == 2
    assert ended.config.training.seed == 5
    assert ended.config.training.dataset == str(tiny_folder)
    assert ended.config.preset == "own"
    lab.run()
    assert "Finished" in lab.success[0].value
    assert "test names (leak-free split)" in lab.success[0].value


def test_the_controls_follow_the_state_of_the_run(lab, held_back, tiny_dataset, tiny_folder):
    opened(lab, "train")
    run_id = manager().start(tiny_config(dataset=str(tiny_folder)), tiny_dataset)
    manager().wait_for_record(run_id, 20)
    lab.run()
    assert {"Pause", "Stop"} <= {item.label for item in lab.button}
    button(lab, "Stop").click().run()
    assert manager().wait(run_id, 20).state == "stopped"
    lab.run()
    assert "Resume" in {item.label for item in lab.button}
    assert "Pause" not in {item.label for item in lab.button}


def test_a_preset_fills_the_form_in_and_a_change_leaves_it(lab):
    opened(lab, "train")
    lab.sidebar.segmented_control(key="set_preset").set_value("course").run()
    assert lab.sidebar.selectbox(key="set_protocol").value == "course"
    assert lab.sidebar.number_input(key="set_batch_size").value == 1
    assert lab.sidebar.number_input(key="set_steps").value == 100_000
    lab.sidebar.segmented_control(key="set_preset").set_value("fast").run()
    assert lab.sidebar.selectbox(key="set_protocol").value == "leak-free"
    assert lab.sidebar.number_input(key="set_steps").value == 0
    assert not lab.exception


def test_the_rnn_alone_offers_a_nonlinearity(lab):
    opened(lab, "train")
    assert "set_nonlinearity" not in [box.key for box in lab.sidebar.selectbox]
    lab.sidebar.segmented_control(key="set_kind").set_value("rnn").run()
    assert "set_nonlinearity" in [box.key for box in lab.sidebar.selectbox]


def test_the_chosen_cell_lists_its_names(lab):
    opened(lab, "evaluate")
    lab.selectbox(key="true").set_value("Spanish")
    lab.selectbox(key="taken").set_value("Portuguese").run()
    words = " ".join(text.value for text in lab.markdown)
    assert "Spanish names" in words
    assert "were taken for Portuguese" in words
    assert not lab.exception


def test_scores_say_what_they_were_measured_on(lab):
    opened(lab, "evaluate")
    assert any("test names, leak-free split" in text.value for text in lab.caption)
    lab.segmented_control(key="part").set_value("train").run()
    assert any("training names, leak-free split" in text.value for text in lab.caption)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "No name was given"),
        ("   ", "No name was given"),
        ("😀😀", "None of the 2 characters given"),
        ("-" * 50, "None of the 50 characters given"),
    ],
)
def test_a_name_that_cannot_be_read_gets_a_sentence(lab, typed, said):
    opened(lab, "name")
    lab.text_input(key="name").set_value(typed).run()
    assert said in lab.error[0].value.replace("\\", "")
    assert not lab.exception


def test_a_link_from_train_opens_the_run_that_was_trained(lab, tiny_dataset, tiny_folder):
    opened(lab, "name")  # the best run is chosen there
    chosen = lab.selectbox(key="run").value
    run_id = manager().start(tiny_config(dataset=str(tiny_folder)), tiny_dataset)
    manager().wait(run_id, 30)
    lab.query_params.clear()  # as the menu does
    lab.switch_page("pages/train.py").run()
    assert any(run_id in text.value for text in lab.caption)
    lab.query_params["run"] = run_id
    lab.switch_page("pages/evaluate.py").run()
    assert lab.selectbox(key="run").value == run_id != chosen
    assert not lab.error


def test_a_link_to_train_shows_its_run_and_a_wrong_one_is_said(lab, tiny_dataset, tiny_folder):
    opened(lab, "train")
    config = tiny_config(dataset=str(tiny_folder))
    first, second = (manager().start(config, tiny_dataset) for _ in range(2))
    manager().wait(second, 30)
    lab.run()
    followed(lab, run=first)
    assert any(f"run {first}" in text.value for text in lab.caption)
    followed(lab, run="20200101-000000-rnn-dead")
    assert "There is no run" in lab.warning[0].value.replace("\\", "")


def test_a_run_finished_elsewhere_is_shown_as_finished(lab, held_back, tiny_dataset, tiny_folder):
    from namerec.data import catalogue
    from namerec.jobs.executors import LocalExecutor

    opened(lab, "train")
    run_id = manager().start(tiny_config(dataset=str(tiny_folder)), tiny_dataset)
    manager().wait_for_record(run_id, 20)
    manager().stop(run_id)
    assert manager().wait(run_id, 20).state == "stopped"
    list(LocalExecutor(catalogue.load).stream(manager().store.open(run_id)))
    assert manager().look(run_id).state == "finished"


def test_what_normalising_changed_is_said(lab):
    opened(lab, "name")
    lab.text_input(key="name").set_value("Łukasiewicz").run()
    assert any("Lukasiewicz" in text.value for text in lab.caption)
    assert "probably Polish" in answered(lab)


def test_a_run_that_a_link_names_and_is_not_here_is_said(lab):
    lab.query_params["run"] = "20200101-000000-rnn-dead"
    opened(lab, "name")
    followed(lab, run="20200101-000000-rnn-dead")
    assert "not on this computer" in lab.warning[0].value
    assert not lab.error
