"""The Evaluate page: its sections, what a selection lists, priors, and what can be taken away."""

import csv
import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from namerec.core.corpus.splits import make_split
from namerec.core.evaluation.baselines import label_ceiling
from namerec.core.evaluation.calibration import fitted_temperature
from namerec.core.evaluation.combining import learned_prior
from namerec.core.evaluation.priors import assuming
from namerec.core.evaluation.scores import score
from namerec.data import catalogue
from namerec.data.own import OwnCorpora
from namerec.data.upload import read_upload
from namerec.export.spreadsheet import as_csv
from namerec.jobs.baselines import Baselines, BaselineScores
from namerec.text import percent
from namerec.ui.evaluate.baselines import baseline_table
from namerec.ui.evaluate.compare import answers_side_by_side
from namerec.ui.evaluate.matrix import names_table, selected_rows
from namerec.ui.evaluate.sections import SECTIONS
from namerec.ui.server.manager import manager
from namerec.ui.shared import services
from namerec.ui.shared.downloads import answers_table
from tests.conftest import tiny_config, tiny_lines
from tests.jobs.fakes import wait_until
from tests.pages.references import answered, opened, said


@pytest.fixture
def pretrained(lab):
    """The best of the runs that ship with the lab."""
    return next(run for run in manager().store.trained() if run.pretrained)


def metric(lab, label: str) -> str:
    value: str = next(metric.value for metric in lab.metric if metric.label == label)
    return value


@pytest.mark.parametrize(
    ("name", "part"), [*((name, "test") for name in SECTIONS), ("yardsticks", "train")]
)
def test_every_section_opens_on_every_part_by_its_link(lab, name, part):
    opened(lab, "evaluate", section=name, part=part)
    assert not lab.error
    assert lab.segmented_control(key="section").value == name
    assert lab.segmented_control(key="part").value == part
    words = {"test": "test names", "validation": "validation names", "train": "training names"}
    assert words[part] in said(lab)


def test_a_link_carries_the_matrix_view_and_the_selection(lab):
    query = {"cells": "precision", "order": "similarity", "diagonal": "hidden", "true": "Polish"}
    opened(lab, "evaluate", **query)
    for key in ("cells", "order", "diagonal"):
        assert lab.segmented_control(key=key).value == query[key]
    assert (lab.selectbox(key="true").value, lab.selectbox(key="taken").value) == ("Polish", "")
    assert "All 98 Polish names" in said(lab)
    assert lab.query_params["order"] in ("similarity", ["similarity"])


def test_rubbish_in_a_link_is_left_aside(lab):
    opened(lab, "evaluate", section="<b>", part="all", cells="x", order="", true="Klingon")
    assert not lab.error
    assert lab.segmented_control(key="section").value == "confusions"
    assert lab.segmented_control(key="part").value == "test"


def test_the_head_of_a_column_lists_all_that_was_taken_for_it(lab, pretrained):
    opened(lab, "evaluate")
    lab.selectbox(key="true").set_value("")
    lab.selectbox(key="taken").set_value("Greek").run()
    seen = services.evaluation(pretrained, "test")
    column = seen.matrix.categories.index("Greek")
    assert f"All {int(seen.matrix.counts[:, column].sum())} names taken for Greek" in said(lab)
    table = next(frame.value for frame in lab.dataframe if "nearest" in frame.value.columns)
    assert set(table["said"]) == {"Greek"}
    assert table["p_said"].is_monotonic_decreasing


def test_selected_rows_are_those_of_the_cell_row_or_column(pretrained):
    answers = services.evaluation(pretrained, "test").answers
    for row, column in ((4, 6), (4, None), (None, 6)):
        rows = selected_rows(answers, row, column)
        inside = np.full(len(answers.labels), True)
        inside &= (answers.labels == row) if row is not None else True
        inside &= (answers.predicted == column) if column is not None else True
        assert sorted(rows.tolist()) == np.flatnonzero(inside).tolist()
        sure = answers.log_probabilities[rows].max(axis=1)
        assert (np.diff(sure) <= 0).all()


def test_a_names_neighbours_are_training_names(pretrained):
    seen = services.evaluation(pretrained, "test")
    rows = selected_rows(seen.answers, 4, 6)[:5]
    table = names_table(pretrained, seen.answers, rows, both=False)
    dataset, split = services.run_dataset(pretrained)
    training = {dataset.names[index] for index in split.train}
    assert list(table["name"]) == [dataset.names[i] for i in seen.answers.indices[rows]]
    for cell in table["nearest"]:
        for neighbour in cell.split(", "):
            assert neighbour.split(" (")[0] in training
    probabilities = np.exp(seen.answers.log_probabilities[rows])
    assert table["p_true"].tolist() == pytest.approx(probabilities[:, 4].tolist())
    assert table["p_said"].tolist() == pytest.approx(probabilities[:, 6].tolist())


def test_equally_common_languages_change_every_number_and_say_so(lab, pretrained):
    opened(lab, "evaluate")
    lab.slider(key="priors_natural").set_value(1.0).run()
    dataset, split = services.run_dataset(pretrained)
    answers = services.answers(pretrained, "test")
    prior = learned_prior(dataset, split.train, "natural")
    expected = score(assuming(answers, prior, "natural", 0.0), split, "test")
    assert metric(lab, "Accuracy") == percent(expected.accuracy)
    assert metric(lab, "Macro recall") == percent(expected.macro_recall)
    assert "all languages treated as equally common" in said(lab)
    lab.slider(key="priors_natural").set_value(0.0).run()
    stored = pretrained.status.scores["test"]
    assert metric(lab, "Accuracy") == percent(stored.accuracy)
    assert "treated as equally" not in said(lab)


def test_the_name_page_has_the_same_priors(lab):
    opened(lab, "name", name="Marlo")
    before = answered(lab)
    lab.slider(key="priors_natural").set_value(1.0).run()
    assert not lab.exception
    assert answered(lab) != before


def test_only_runs_on_the_same_names_are_offered_for_comparison(
    lab, pretrained, tiny_dataset, tiny_folder
):
    lab.run()
    other = manager().start(tiny_config(dataset=str(tiny_folder)), tiny_dataset)
    manager().wait(other, 30)
    opened(lab, "evaluate", section="compare", run=pretrained.id)
    options = lab.selectbox(key="other").options
    assert len(options) == 4
    assert all("pretrained" in option for option in options)
    assert "McNemar" in said(lab)
    opened(lab, "evaluate", section="compare", run=other)
    assert "no other run on the same names" in said(lab)


def test_answers_side_by_side_are_both_runs_own(lab):
    one, other, *_ = manager().store.trained()
    mine, theirs = (services.answers(run, "test") for run in (one, other))
    dataset, _ = services.run_dataset(one)
    chosen = mine.indices[[5, 2, 9]]
    table = answers_side_by_side(one, mine, theirs, chosen)
    assert list(table["name"]) == [dataset.names[index] for index in chosen]
    for column, answers in (("a", mine), ("b", theirs)):
        said_of = dict(zip(answers.indices.tolist(), answers.predicted.tolist(), strict=True))
        assert list(table[column]) == [dataset.categories[said_of[i]] for i in chosen.tolist()]


def test_baselines_stand_in_order_of_accuracy_under_the_ceiling(pretrained):
    seen = services.evaluation(pretrained, "test")
    near = seen.scores.accuracy
    scores = {
        kind: BaselineScores(accuracy={"test": value}, macro_recall={"test": value / 2})
        for kind, value in (("majority", near - 0.5), ("regression", near + 0.1))
    }
    known = Baselines(scores=scores, ceiling={"test": 0.99})  # type: ignore[arg-type]
    table = baseline_table(pretrained, "test", seen, known)
    assert list(table["what"]) == [
        "Label ceiling",
        "Character n-grams, logistic regression",
        "This run: LSTM (built-in)",
        "Always the commonest",
    ]
    assert table["accuracy"].tolist() == pytest.approx([0.99, near + 0.1, near, near - 0.5])


def test_all_answers_are_taken_away_with_names_and_probabilities(pretrained):
    seen = services.evaluation(pretrained, "test")
    rows = list(csv.DictReader(io.StringIO(as_csv(answers_table(pretrained, seen)))))
    assert len(rows) == seen.scores.names
    hits = sum(row["true"] == row["answer"] for row in rows)
    assert hits / len(rows) == pytest.approx(seen.scores.accuracy)
    total = sum(float(rows[0][f"p {category}"]) for category in seen.matrix.categories)
    assert total == pytest.approx(1, abs=1e-4)


def test_no_text_in_a_csv_is_a_formula_for_a_spreadsheet():
    table = pd.DataFrame({"name": ["=1+1", "Ann", "@x"], "=p": [0.5, -0.25, 1.0]})
    header, *rows = as_csv(table).splitlines()
    assert not header.split(",")[1].startswith("=")
    assert not any(row.startswith(("=", "@")) for row in rows)
    assert [row.split(",")[1] for row in rows] == ["0.5", "-0.25", "1.0"]


def test_a_run_whose_names_are_gone_says_so_and_keeps_the_page(lab, pretrained, monkeypatch):
    lost = replace(
        pretrained,
        info=pretrained.info.model_copy(
            update={"dataset": pretrained.info.dataset.model_copy(update={"fingerprint": "0" * 64})}
        ),
    )
    monkeypatch.setattr(type(manager().store), "trained", lambda self: [lost])
    opened(lab, "evaluate")
    assert "has changed since it was trained" in said(lab)


def test_baselines_are_of_the_runs_own_names_wherever_they_are_now(lab, tiny_dataset, tmp_path):
    """The folder they were read from holds other names; an upload of the same ones is found."""
    lab.run()
    path = tmp_path / "names.csv"
    rows = [f"{line.name},{line.category}" for line in tiny_lines()]
    path.write_text("\n".join(["name,category", *rows]))
    run = manager().start(tiny_config(dataset=str(path)), catalogue.load(str(path)))
    manager().wait(run, 30)
    upload = read_upload(path.read_bytes(), "names.csv")
    OwnCorpora().keep(upload)
    path.write_text("\n".join(["name,category", *rows[:-9]]))
    own = make_split(upload.dataset, "leak-free", tiny_config().training.split_draw)
    services.baselines(run, compute=True)
    wait_until(lambda: not services.baselines_underway(run))
    known = services.baselines(run, compute=False)
    assert known is not None
    assert known.ceiling["test"] == label_ceiling(upload.dataset, own.test)
    path.unlink()
    assert services.baselines(run, compute=False) == known


def test_a_temperature_is_fitted_under_the_priors_it_is_used_with(pretrained):
    for prior_strength in (None, 0.0):
        answers = services.evaluation(pretrained, "validation", prior_strength).answers
        assert services.temperature(pretrained, prior_strength) == fitted_temperature(answers)
    assert services.temperature(pretrained, None) != services.temperature(pretrained, 0.0)


def test_two_runs_are_read_with_the_same_priors(lab, pretrained):
    """A hidden slider of another kind of sampling has no say."""
    opened(lab, "evaluate", section="compare", run=pretrained.id)
    before = said(lab)
    lab.session_state["priors_balanced"] = 0.0
    lab.session_state["priors_square root"] = 0.9
    lab.run()
    assert said(lab) == before


def test_no_line_end_or_semicolon_in_a_name_begins_a_cell():
    text = as_csv(pd.DataFrame({"name": ["Ann;=1+1", "b\r=1+1"], "p": [0.5, 0.25]}))
    assert [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:] == [
        "Ann;=1+1",
        "b\r=1+1",
    ]
    assert '"Ann;=1+1"' in text
    assert '"b\r=1+1"' in text
