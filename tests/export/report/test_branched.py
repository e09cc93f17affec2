"""What files say of runs that go on from others: one count, where they began, which is which."""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from safetensors import safe_open

from namerec.core.corpus.dataset import Dataset
from namerec.core.training.records import EpochRecord
from namerec.export import about
from namerec.export.report.comparison import comparison_section, results_table
from namerec.export.report.document import Paragraph, Picture, Points, Table
from namerec.export.report.facts import ReportFacts
from namerec.export.report.files import as_document
from namerec.export.report.gradients import gradient_section
from namerec.export.report.reading import report_facts
from namerec.export.source import Source
from namerec.export.tables import predictions_files, settings_files, weights_files
from namerec.jobs.executors import LocalExecutor
from namerec.runs import metrics
from namerec.runs.lineage import BEFORE, Point, branch_from, history
from namerec.runs.store import RunStore
from namerec.text import duration
from tests.conftest import tiny_config
from tests.export.report_references import all_words
from tests.export.sources import hostile_dataset
from tests.runs.references import Solo

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
ON = "validation names, leak-free split"


@dataclass
class Line:
    """Runs on one dataset: the first, one that goes on from its last epoch, one from that one."""

    store: RunStore
    dataset: Dataset
    first: Source
    second: Source
    third: Source

    def go_on(self, source: Source, epochs: int, point: Point = "last") -> Source:
        config = source.run.info.config
        training = config.training.model_copy(update={"epochs": epochs, "split_seed": 0})
        config = config.model_copy(update={"training": training})
        origin = branch_from(source.folder, point, config, self.dataset.fingerprint)
        folder = self.store.create(config, self.dataset, origin)
        list(LocalExecutor(lambda _: self.dataset).stream(folder))
        return self.source(folder.id)

    def source(self, identity: str) -> Source:
        return Source.of(self.store, identity, lambda reference: self.dataset)

    def rewritten(
        self, source: Source, accuracies: dict[int, float], loss: float = 9.0
    ) -> ReportFacts:
        """Facts of a run whose earlier epochs had other scores on validation names."""
        path = source.folder.path / BEFORE
        kept = path.read_bytes()
        steps, epochs, _ = metrics.read(path)
        changed = [
            replace(e, validation_accuracy=accuracies.get(e.epoch, 0.0), validation_loss=loss)
            for e in epochs
        ]
        path.write_bytes(metrics.lines([*steps, *changed]))
        try:
            return report_facts([source])
        finally:
            path.write_bytes(kept)


@pytest.fixture(scope="module")
def line(tmp_path_factory) -> Line:
    store, dataset = RunStore(tmp_path_factory.mktemp("line"), pretrained=None), hostile_dataset()
    config = tiny_config("rnn", epochs=3)
    folder = Solo(config, dataset).store(store)
    made = Line(store, dataset, *[Source.of(store, folder.id, lambda reference: dataset)] * 3)
    made.second = made.go_on(made.first, 2)
    made.third = made.go_on(made.second, 1)
    return made


@pytest.fixture(scope="module")
def facts(line) -> ReportFacts:
    return report_facts([line.first, line.second])


def own_best(source: Source) -> EpochRecord:
    best = source.run.status.best_epoch
    return next(record for record in source.folder.metrics()[1] if record.epoch == best)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def words_of(facts: ReportFacts) -> str:
    return "\n".join(all_words(as_document(facts, NOW)))


# -- the best epoch


def test_the_best_epoch_is_the_best_of_the_runs_own(line):
    best = line.second.run.status.best_epoch
    said = words_of(report_facts([line.second]))
    assert (
        "The best of the 2 epochs of this run (4 to 5, counted from the first run), chosen on "
        f"{ON}, is epoch "
        f"{3 + best}; " in said
    )
    assert f"Scores of epoch {3 + best} (epoch {best} of this run alone)." in said
    assert "The best of the 1 epoch of this run (6, counted from the first run)" in words_of(
        report_facts([line.third])
    )
    alone = words_of(report_facts([line.first]))
    own = line.first.run.status.best_epoch
    assert f"The best of 3 epochs, chosen on {ON}, is epoch {own};" in alone
    assert "It began at" not in alone
    assert "of this run" not in alone


def test_where_it_began_stands_beside_the_best_since(line):
    best, number = own_best(line.second), 3 + line.second.run.status.best_epoch
    share = percent(best.validation_accuracy)
    joined = (
        f"It began at 0.0 % (epoch 3), measured on {ON}; the best since is {share} "
        f"(epoch {number})."
    )
    worse = words_of(line.rewritten(line.second, {}))
    assert joined in worse
    assert "before this run started, was better" not in worse
    better = words_of(line.rewritten(line.second, {2: 1.0}, loss=0.0))
    assert (
        f"{joined} Epoch 2, before this run started, was better with 100.0 %; the scores are not "
        "those of that epoch." in better
    )


def test_of_equal_accuracies_the_lower_loss_is_better_as_in_training(line):
    best = own_best(line.second)
    for change, better in ((-1e-3, True), (0.0, False), (1e-3, False)):
        scores = {3: best.validation_accuracy}
        made = line.rewritten(line.second, scores, best.validation_loss + change)
        assert made.runs[0].was_better_before == better


def test_where_the_epoch_it_began_with_is_lost_nothing_is_said_of_it(line):
    path = line.second.folder.path / BEFORE
    kept = path.read_bytes()
    path.write_bytes(b"")
    try:
        said = words_of(report_facts([line.second]))
    finally:
        path.write_bytes(kept)
    assert "It began at" not in said
    assert "The best of the 2 epochs of this run (4 to 5, counted from the first run)" in said


def test_a_run_that_has_done_no_epoch_yet_says_where_it_began(line):
    config = line.second.run.info.config
    origin = branch_from(line.first.folder, "last", config, line.dataset.fingerprint)
    said = words_of(report_facts([line.source(line.store.create(config, line.dataset, origin).id)]))
    began = percent(history(line.first.folder).epochs[2].validation_accuracy)
    assert f"It began at {began} (epoch 3), measured on {ON}; no epoch was finished since." in said
    assert "0 of this run’s own 0 epochs are done" in said


# -- one count in every file


def test_what_the_weights_have_seen_names_the_runs_before(line):
    second, third = line.second, line.third
    best = second.run.status.best_epoch
    assert about.trained_on(second) == (
        "training names, leak-free split, of the 72 of “tiny” (leak-free split: no name is in two "
        f"parts); the run continues from {line.first.run.id} after 3 epochs; the weights are those "
        f"of epoch {3 + best} of 5, counted from the first run (epoch {best} of 2 of this run), "
        "the best of this run on the validation part"
    )
    assert (
        f"continues from {second.run.id} after 5 epochs, which continues from {line.first.run.id} "
        "after 3 epochs; the weights are those of epoch 6 of 6, counted from the first run (epoch "
        f"1 of 1 of this run)" in about.trained_on(third)
    )
    own = line.first.run.status.best_epoch
    assert about.trained_on(line.first).endswith(
        f"; the weights are those of epoch {own} of 3, the best on the validation part"
    )


def test_weights_settings_and_answers_count_epochs_alike(line, tmp_path):
    best = line.second.run.status.best_epoch
    (weights,) = weights_files(line.second)
    (tmp_path / weights.name).write_bytes(weights.content)
    with safe_open(tmp_path / weights.name, framework="pt") as opened:
        assert opened.metadata()["epoch"] == str(3 + best)
    told = f"epoch {3 + best} of 5, counted from the first run (epoch {best} of 2 of this run)"
    assert weights.words == f"The weights of {told}, the best of this run on validation."
    (answers,) = predictions_files(line.second)
    assert answers.words == f"Answers of {told}; probabilities are 0 to 1."
    settings = json.loads(settings_files(line.second)[0].content)
    assert settings["best epoch"] == 3 + best
    assert settings["best epoch in the run's own count"] == best


# -- which is which


def test_runs_of_one_network_are_told_apart_by_their_ids(line, facts):
    names = [f"RNN (linear), run {source.run.id}" for source in (line.first, line.second)]
    assert [run.name for run in facts.runs] == names
    assert [row[0] for row in results_table(facts).rows] == names
    assert report_facts([line.second]).runs[0].name == "RNN (linear)"


def test_the_table_says_which_seconds_are_of_earlier_runs(line, facts):
    table, point = results_table(facts), line.second.run.info.branch_points[0]
    first, second = (run.name for run in facts.runs)
    assert table.head[-1] == "training, earlier runs included"
    assert table.rows[1][-1] == duration(point.seconds + line.second.run.status.seconds, 1)
    began = history(line.second.folder).epochs[2].validation_accuracy
    assert (
        f"{second} continues from {line.first.run.id} after 3 epochs; {duration(point.seconds, 1)} "
        f"of its training were before that. It began at {percent(began)} (epoch 3)" in table.caption
    )
    assert f"{first} continues" not in table.caption
    alone = results_table(report_facts([line.first]))
    assert alone.head[-1] == "training"
    assert "before that" not in alone.caption
    assert f", {duration(point.seconds, 1)} of it in the earlier runs, on cpu" in words_of(facts)


def test_a_pair_says_that_one_goes_on_from_the_other_and_no_seed_is_blamed(line, facts):
    section = comparison_section(facts)
    first, second = (run.name for run in facts.runs)
    (pair,) = next(block for block in section.blocks if isinstance(block, Points)).lines
    assert (
        f"on test names, leak-free split. {second} continues from {first} after epoch 3. " in pair
    )
    remark = section.blocks[-1]
    assert isinstance(remark, Paragraph)
    assert "another seed" not in remark.words
    assert remark.words.startswith("Where one run continues from the other")


def test_runs_that_go_on_from_a_third_share_it_and_others_do_not(line):
    sibling = line.go_on(line.first, 1, "best")
    other = line.source(Solo(tiny_config("lstm", epochs=1), line.dataset).store(line.store).id)
    section = comparison_section(report_facts([line.second, sibling, other]))
    pairs = next(block for block in section.blocks if isinstance(block, Points)).lines
    third = f"Both continue from run {line.first.run.id}."
    assert [third in pair for pair in pairs] == [True, False, False]
    remark = section.blocks[-1]
    assert isinstance(remark, Paragraph)
    assert remark.words.startswith("Each network was trained once: another seed")
    assert "Where one run continues from the other, or both continue from a third, they share" in (
        remark.words
    )


# -- gradients


def test_gradients_of_a_run_that_goes_on_are_taken_where_it_goes_on(line):
    section = gradient_section(report_facts([line.second]))
    where = "t the start of this run (after epoch 3)"
    pictures = [block for block in section.blocks if isinstance(block, Picture)]
    assert (
        pictures[0].title == f"A{where}: gradient with respect to the hidden state, by letters back"
    )
    assert pictures[0].caption.startswith(f"A{where}. ")
    table = next(block for block in section.blocks if isinstance(block, Table))
    best = 3 + line.second.run.status.best_epoch
    assert [row[1] for row in table.rows] == [f"a{where}", f"epoch {best} (best since)"]
    words = [block.words for block in section.blocks if isinstance(block, Paragraph)]
    assert any(text.startswith(f"Taken RNN (linear) a{where}: ") for text in words)
    assert not re.search("before training", "\n".join(words), re.IGNORECASE)


def test_gradients_of_other_runs_are_taken_before_training(line, facts):
    section = gradient_section(facts)
    pictures = [block for block in section.blocks if isinstance(block, Picture)]
    assert pictures[0].title.startswith(
        "Before training, or at the start of a continued run: gradient"
    )
    table = next(block for block in section.blocks if isinstance(block, Table))
    places = ["before training", "at the start of this run (after epoch 3)"]
    assert [row[1] for row in table.rows][::2] == places
    words = "\n".join(b.words for b in section.blocks if isinstance(b, Paragraph))
    first, second = (re.escape(run.name) for run in facts.runs)
    (said,) = re.findall("Before training it was .*", words)
    assert re.search(first, said)
    assert not re.search(second, said.split(". ")[0])
    assert f"Taken {facts.runs[1].name} at the start of this run" in words
    alone = gradient_section(report_facts([line.first]))
    title = next(block for block in alone.blocks if isinstance(block, Picture)).title
    assert title.startswith("Before training: gradient")
    last = gradient_section(report_facts([line.second, line.third]))
    title = next(block for block in last.blocks if isinstance(block, Picture)).title
    assert title.startswith("At the start of each run: gradient")
