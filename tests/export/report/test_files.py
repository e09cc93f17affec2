"""The report: its numbers are the stored ones, in both forms, and it needs nothing from outside."""

import base64
import hashlib
import io
import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from namerec.core.corpus.dataset import Dataset
from namerec.core.training.config import RunConfig
from namerec.errors import RunError
from namerec.export.report.files import as_document, figure_files, report_files
from namerec.export.report.reading import report_facts
from namerec.export.source import MadeFile, Source
from namerec.figures.stills import frame as still_frame
from namerec.figures.stills.frame import WIDTH
from namerec.runs.labels import RunLabel
from namerec.runs.lineage import branch_from
from namerec.runs.store import RunStore
from tests.conftest import tiny_config
from tests.export.report_references import Page, all_words, markdown_tables, unescaped
from tests.export.sources import hostile_dataset, without_corpus
from tests.runs.references import Solo

HOSTILE = RunLabel(
    title="<script>x</script> | [a](http://e.x)", note="*b* $c$\n- <img src=//e.x> &amp; 漢字"
)
DOTS = 40  # an inch
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


class Runs:
    """Tiny runs in a store of their own, on one dataset."""

    def __init__(self, root: Path) -> None:
        self.store, self.dataset = RunStore(root, pretrained=None), hostile_dataset()

    def trained(self, config: RunConfig, epochs: int | None = None) -> Source:
        return self.source(Solo(config, self.dataset).store(self.store, epochs).id)

    def source(self, identity: str) -> Source:
        def load(reference: str) -> Dataset:
            return self.dataset

        return Source.of(self.store, identity, load)


@pytest.fixture(scope="module", autouse=True)
def _quick():
    """No disk that is waited for, and small pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        patch.setattr(still_frame, "DOTS", DOTS)
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def sources(runs) -> list[Source]:
    """A finished RNN, and a finished custom LSTM that a person has named."""
    rnn, lstm = (runs.trained(tiny_config(kind, epochs=2)) for kind in ("rnn", "custom_lstm"))
    runs.store.set_label(lstm.run.id, **HOSTILE.model_dump())
    return [rnn, runs.source(lstm.run.id)]


@pytest.fixture(scope="module")
def made(sources) -> list[MadeFile]:
    return report_files(*sources)


@pytest.fixture(scope="module")
def page(made) -> Page:
    return Page.of(made[0].content)


@pytest.fixture(scope="module")
def markdown(made) -> str:
    text: str = made[1].content.decode()
    return text


def words_of(*sources: Source) -> str:
    """All that a report says, without drawing it."""
    return "\n".join(all_words(as_document(report_facts(sources), NOW)))


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


# -- numbers


def test_the_scores_of_every_run_are_the_stored_ones_in_both_forms(sources, page, markdown):
    for tables in (page.tables, markdown_tables(markdown)):
        results = tables[0]
        assert results[0][:5] == ["network", "accuracy", "macro recall", "macro F1", "top 3"]
        for row, source in zip(results[1:], sources, strict=True):
            stored = source.folder.status().scores["test"]
            shares = (stored.accuracy, stored.macro_recall, stored.macro_f1, stored.top3)
            assert row[1:5] == [percent(share) for share in shares]
        own = [table for table in tables if table[0][0] == "measured on"]
        for table, source in zip(own, sources, strict=True):
            for row, part in zip(table[1:], ("test", "validation"), strict=True):
                stored = source.folder.status().scores[part]
                assert row[0] == f"{part.capitalize()} names, leak-free split"
                assert row[1] == str(stored.names)
                assert row[2] == percent(stored.accuracy)
                assert row[-1] == f"{stored.loss:.3f}"


def test_each_category_is_counted_as_in_the_stored_answers(sources, page):
    tables = [table for table in page.tables if "recognised" in table[0]]
    for table, source in zip(tables, sources, strict=True):
        answers = source.folder.predictions()["test"]
        for index, row in enumerate(table[1:]):
            mine = answers.labels == index
            right = mine & (answers.predicted == index)
            assert row[0] == source.dataset.categories[index]
            assert row[1:3] == [str(mine.sum()), str(right.sum())]
            assert row[3] == percent(right.sum() / mine.sum())


def test_the_difference_is_counted_name_by_name(sources, page):
    a, b = (source.folder.predictions()["test"] for source in sources)
    right_a, right_b = a.predicted == a.labels, b.predicted == b.labels
    said = next(text for text in page.texts if "McNemar's test" in text)
    assert f"{(right_b.mean() - right_a.mean()) * 100:+.1f}".replace("-", "−") in said
    only_a, only_b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    if only_a + only_b == 0:
        assert "get the same ones right" in said
    else:
        assert f"is right on {only_b} name" in said
        assert f"on {only_a} that" in said


def test_interactive_figures_have_the_recorded_values(sources, page):
    specs = [json.loads(text) for kind, text in page.scripts if kind == "application/json"]
    assert all(spec.keys() == {"light", "dark"} for spec in specs)
    loss, accuracy, matrix = (specs[place]["light"]["data"] for place in range(3))
    epochs = sources[0].folder.metrics()[1]
    assert loss[2]["y"] == pytest.approx([e.validation_loss for e in epochs], rel=1e-4)
    assert accuracy[1]["y"] == pytest.approx([100 * e.validation_accuracy for e in epochs])
    answers = sources[0].folder.predictions()["test"]
    counts = np.zeros((3, 3))
    np.add.at(counts, (answers.labels, answers.predicted), 1)
    shares = 100 * counts / counts.sum(axis=1, keepdims=True)
    assert np.array(matrix[0]["z"]) == pytest.approx(shares, abs=0.01)


def test_every_number_of_a_report_run_is_said_to_be_of_training_names(runs):
    config = tiny_config("lstm", protocol="course", epochs=1)
    said = words_of(runs.trained(config))
    assert "10\u202f000 names: training names, drawn uniformly over categories" in said
    assert not re.search("(validation|test|held-out) names", said.replace("Held-out names", ""))


# -- two forms of one text


def test_both_forms_say_the_same(sources, page, markdown):
    assert markdown_tables(markdown) == [
        [[cell.strip() for cell in row] for row in table] for table in page.tables
    ]
    lines = [unescaped(line) for line in markdown.split("\n")]
    said = {re.sub(r"^(#+ |- |> \*\*Note:\*\* )", "", line) for line in lines}
    for text in page.texts:
        if text != "Contents":
            assert text in said or set(text.strip().split("\n")) <= set(lines), text


def test_the_markdown_has_all_its_pictures(made, markdown):
    linked = re.findall(r"^!\[.*\]\((report/[\w.-]+\.png)\)$", markdown, re.MULTILINE)
    pictures = {file.name: file.content for file in made[2:]}
    assert linked == list(pictures)
    for content in pictures.values():
        assert Image.open(io.BytesIO(content)).size[0] == WIDTH * DOTS


# -- nothing from outside, nobody's text as code


def test_the_page_reaches_for_nothing_outside(page, made):
    for name in ("src", "href"):
        for address in page.attributes(name):
            assert address.startswith(("#", "data:image/svg+xml;base64,"))
    assert not re.search(r"url\(|@import|//", page.style)
    assert {tag for tag, _ in page.tags} & {"link", "iframe", "object", "embed", "base"} == set()
    policy = next(found["content"] for _, found in page.tags if "http-equiv" in found)
    assert "default-src 'none'" in policy
    allowed = re.findall(r"'sha256-([^']+)'", policy)
    running = [text for kind, text in page.scripts if kind == ""]
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in running]
    assert [digest.decode() for digest in digests] == allowed
    assert len(made[0].content) < 8e6


def test_texts_of_people_are_text_in_both_forms(page, markdown):
    kinds = {tag for tag, _ in page.tags}
    assert "img" in kinds  # the pictures
    assert all(found.get("class") == "still" for tag, found in page.tags if tag == "img")
    assert f"{HOSTILE.title}, LSTM (custom)" in page.texts
    assert any("*b* $c$ - <img src=//e.x> &amp; 漢字" in text for text in page.texts)
    assert not re.search(r"(?<!\\)<", markdown)
    assert not re.search(r"(?<!\\)\]\((?!report/)", markdown)
    assert "http://" not in markdown.replace("\\", "")


# -- what is not there


def test_of_an_unfinished_run_there_is_what_there_is_so_far(runs):
    stopped = runs.trained(tiny_config(epochs=12, learning_rate=0.05), epochs=10)
    said = words_of(stopped)
    assert "This run is stopped: 10 of 12 epochs are done." in said
    best = stopped.run.status.best_epoch
    assert best > 1
    record = next(e for e in stopped.folder.metrics()[1] if e.epoch == best)
    assert f"accuracy {percent(record.validation_accuracy)}, macro recall" in said
    assert "measured on validation names, leak-free split" in said
    assert "test names, leak-free" not in said
    counted = np.array(record.validation_confusion)
    assert f"Counted on {counted.sum()} names: validation names, leak-free split" in said
    assert np.array_equal(report_facts([stopped]).runs[0].matrices["validation"].counts, counted)
    finished = runs.trained(tiny_config(epochs=1))
    assert "is not finished, so it has no predictions" in words_of(finished, stopped)


def test_a_run_without_an_epoch_says_so(runs):
    folder = runs.store.create(tiny_config(), runs.dataset)
    said = words_of(runs.source(folder.id))
    assert "No epoch has finished, so there are no scores." in said
    assert "There is no confusion matrix until an epoch has finished." in said
    assert "Nothing measured yet" in said
    assert [file.name for file in figure_files(runs.source(folder.id))][-1] == "accuracy.html"


def test_without_its_corpus_the_rest_of_the_report_stands(sources):
    said = words_of(*map(without_corpus, sources))
    gone = "names are no longer on this computer."
    assert f"RNN (linear) is left out: its gradients could not be measured. Its {gone}" in said
    assert f"cannot be compared. Their {gone}" in said
    assert "It was removed" not in said
    stored = sources[0].folder.status().scores["test"]
    assert percent(stored.accuracy) in said


def test_a_run_that_goes_on_from_another_tells_where(runs, sources):
    first = sources[0]
    config = first.run.info.config
    origin = branch_from(first.folder, "best", config, runs.dataset.fingerprint)
    second = runs.source(runs.store.create(config, runs.dataset, origin).id)
    point = origin.branch_points[0]
    said = words_of(second)
    assert (
        f"It continues from run {first.run.id} after epoch {point.epoch} (step {point.step}" in said
    )
    facts = report_facts([second]).runs[0]
    assert facts.history.branch_points == ((point.step, f"continued from epoch {point.epoch}"),)
    assert facts.seconds == pytest.approx(point.seconds)


def test_runs_that_were_asked_other_names_are_not_compared(runs, sources):
    other = runs.trained(tiny_config(seed=5, epochs=1))
    said = words_of(sources[0], other)
    assert "cannot be compared. They were not tested on the same names." in said
    assert "These networks were not all measured on the same names" in said


def test_runs_of_one_race_are_said_to_be(sources):
    raced = [
        replace(source, run=replace(source.run, info=source.run.info.model_copy(
            update={"race": "r1"})))
        for source in sources
    ]  # fmt: skip
    assert "as a race with one set of settings" in words_of(*raced)
    assert "race" not in words_of(*sources)


@pytest.mark.parametrize("count", [0, 9])
def test_too_few_or_too_many_runs_are_refused(sources, count):
    with pytest.raises(RunError, match=f"1 to 8 runs; {count} were given"):
        report_files(*sources[:1] * count)


# -- single figures


def test_figures_are_given_in_three_forms(sources):
    files = {file.name: file.content for file in figure_files(sources[0])}
    assert list(files) == [
        f"{figure}.{form}"
        for figure in ("loss", "accuracy", "matrix")
        for form in ("png", "svg", "html")
    ]
    for name, content in files.items():
        if name.endswith("png"):
            assert Image.open(io.BytesIO(content)).format == "PNG"
        elif name.endswith("svg"):
            assert ElementTree.fromstring(content).tag.endswith("svg")
        else:
            assert b"Plotly.newPlot" in content
            assert len(content) > 4e6  # the library is in it
