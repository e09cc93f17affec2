import logging
import threading

import pytest

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import Split, make_split
from namerec.core.evaluation.baselines import BASELINE_KINDS, fit, label_ceiling
from namerec.core.evaluation.scores import score
from namerec.jobs.baselines import SCORED, BaselineKeeper, Baselines, BaselineScores, scored
from tests.core.references import unequal_dataset
from tests.jobs.fakes import wait_until

SOME = BaselineScores(
    accuracy={"validation": 0.5, "test": 0.4}, macro_recall={"validation": 0.3, "test": 0.2}
)


@pytest.fixture(scope="module")
def dataset():
    return unequal_dataset({"Ab": 40, "Cd": 30, "Ef": 20})


@pytest.fixture(scope="module")
def split(dataset):
    return make_split(dataset, "leak-free", 3)


class Counting:
    """Measures at once, or when it is let; remembers what it was asked."""

    def __init__(self, *, wait: bool = False) -> None:
        self.asked: list[str] = []
        self.go = threading.Event()
        if not wait:
            self.go.set()

    def __call__(self, process, kind) -> BaselineScores:
        self.asked.append(kind)
        assert self.go.wait(120)
        return SOME


def _known(keeper: BaselineKeeper, dataset: Dataset, split: Split) -> Baselines:
    return keeper.known(dataset, split.protocol, split.seed)


def test_baselines_are_the_scores_of_the_fitted_ones(dataset, split):
    scores = scored("naive_bayes", dataset, split)
    fitted = fit("naive_bayes", dataset, split.train)
    for part in SCORED:
        expected = score(fitted.answers(split.part(part)), split, part)
        assert scores.accuracy[part] == expected.accuracy
        assert scores.macro_recall[part] == expected.macro_recall


def test_nothing_is_known_or_computed_before_somebody_asks(tmp_path, dataset, split):
    measure = Counting()
    keeper = BaselineKeeper(tmp_path / "y", measure)
    assert not _known(keeper, dataset, split).scores
    assert measure.asked == []
    assert not (tmp_path / "y").exists()


def test_they_are_computed_in_the_background_and_only_once(tmp_path, dataset, split):
    measure = Counting(wait=True)
    keeper = BaselineKeeper(tmp_path, measure)
    for _ in range(3):
        keeper.ask(dataset, split)
    wait_until(lambda: measure.asked == ["majority"])
    assert not _known(keeper, dataset, split).complete
    assert keeper.underway(dataset, split.protocol, split.seed)
    assert _known(keeper, dataset, split).ceiling["test"] == label_ceiling(dataset, split.test)
    measure.go.set()
    wait_until(lambda: _known(keeper, dataset, split).complete)
    wait_until(lambda: not keeper.underway(dataset, split.protocol, split.seed))
    keeper.ask(dataset, split)
    assert measure.asked == list(BASELINE_KINDS)


def test_they_are_kept_for_the_next_start(tmp_path, dataset, split):
    keeper = BaselineKeeper(tmp_path, Counting())
    keeper.ask(dataset, split)
    wait_until(lambda: not keeper.underway(dataset, split.protocol, split.seed))
    assert _known(keeper, dataset, split).complete
    measure = Counting()
    later = BaselineKeeper(tmp_path, measure)
    assert _known(later, dataset, split) == _known(keeper, dataset, split)
    later.ask(dataset, split)
    assert measure.asked == []
    other = make_split(dataset, "leak-free", 4)
    assert not _known(later, dataset, other).scores


def test_what_a_dying_server_had_is_kept_and_only_the_rest_is_computed(tmp_path, dataset, split):
    def dying(process, kind) -> BaselineScores:
        if kind == "regression":
            raise MemoryError
        return SOME

    keeper = BaselineKeeper(tmp_path, dying)
    keeper.ask(dataset, split)
    wait_until(lambda: not keeper.underway(dataset, split.protocol, split.seed))
    measure = Counting()
    later = BaselineKeeper(tmp_path, measure)
    assert _known(later, dataset, split) == _known(keeper, dataset, split)
    assert list(_known(later, dataset, split).scores) == ["majority", "naive_bayes"]
    later.ask(dataset, split)
    wait_until(lambda: _known(later, dataset, split).complete)
    assert measure.asked == ["regression", "balanced_regression"]


def test_a_ceiling_of_one_part_is_not_taken_for_all_of_it(tmp_path, dataset, split):
    keeper = BaselineKeeper(tmp_path, Counting())
    keeper.ask(dataset, split)
    wait_until(lambda: not keeper.underway(dataset, split.protocol, split.seed))
    [file] = tmp_path.glob("*.json")
    half = Baselines(scores=_known(keeper, dataset, split).scores, ceiling={"test": 0.5})
    file.write_text(half.model_dump_json())
    later = BaselineKeeper(tmp_path, Counting())
    later.ask(dataset, split)
    wait_until(lambda: _known(later, dataset, split) == _known(keeper, dataset, split))


def test_no_thread_for_them_is_a_failure_and_not_a_wait(
    tmp_path, dataset, split, caplog, monkeypatch
):
    def refuse(self) -> None:
        raise RuntimeError("can't start new thread")

    keeper = BaselineKeeper(tmp_path, Counting())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    keeper.ask(dataset, split)
    assert not keeper.underway(dataset, split.protocol, split.seed)
    assert "can't start new thread" in caplog.text


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1", b'{"scores": {"magic": 1}}', b"\xff"])
def test_a_damaged_file_is_computed_again(tmp_path, dataset, split, damage):
    keeper = BaselineKeeper(tmp_path, Counting())
    keeper.ask(dataset, split)
    wait_until(lambda: not keeper.underway(dataset, split.protocol, split.seed))
    [file] = tmp_path.glob("*.json")
    file.write_bytes(damage)
    again = BaselineKeeper(tmp_path, Counting())
    assert not _known(again, dataset, split).scores
    again.ask(dataset, split)
    wait_until(lambda: _known(again, dataset, split).complete)
    wait_until(lambda: file.read_bytes() != damage)


def test_a_failure_is_said_and_logged_and_not_tried_for_ever(tmp_path, dataset, split, caplog):
    asked: list[str] = []

    def broken(process, kind):
        asked.append(kind)
        raise RuntimeError("no such thing")

    keeper = BaselineKeeper(tmp_path, broken)
    with caplog.at_level(logging.ERROR):
        keeper.ask(dataset, split)
        wait_until(lambda: "could not be computed" in caplog.text)
        wait_until(lambda: not keeper.underway(dataset, split.protocol, split.seed))
        keeper.ask(dataset, split)
    assert asked == ["majority"]
    assert "could not be computed" in caplog.text


def test_a_folder_that_cannot_be_written_loses_nothing_that_was_computed(
    tmp_path, dataset, split, caplog
):
    (tmp_path / "file").write_text("in the way")
    keeper = BaselineKeeper(tmp_path / "file" / "y", Counting())
    keeper.ask(dataset, split)
    wait_until(lambda: not keeper.underway(dataset, split.protocol, split.seed))
    assert "could not be kept" in caplog.text
    assert _known(keeper, dataset, split).complete
