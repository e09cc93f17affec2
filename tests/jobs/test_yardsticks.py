import logging
import threading

import pytest

from namerec.core.baselines import YARDSTICK_KINDS, fit, label_ceiling
from namerec.core.dataset import Dataset
from namerec.core.evaluation import score
from namerec.core.splits import Split, make_split
from namerec.jobs.yardsticks import SCORED, YardstickKeeper, Yardsticks, YardstickScores, measured
from tests.core.references import unequal_dataset
from tests.jobs.fakes import wait_until

SOME = YardstickScores(
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

    def __call__(self, kind, dataset, split) -> YardstickScores:
        self.asked.append(kind)
        assert self.go.wait(20)
        return SOME


def _known(keeper: YardstickKeeper, dataset: Dataset, split: Split) -> Yardsticks:
    return keeper.known(dataset, split.protocol, split.seed)


def test_yardsticks_are_the_scores_of_the_fitted_ones(dataset, split):
    scores = measured("naive_bayes", dataset, split)
    fitted = fit("naive_bayes", dataset, split.train)
    for part in SCORED:
        expected = score(fitted.answers(split.part(part)), split, part)
        assert scores.accuracy[part] == expected.accuracy
        assert scores.macro_recall[part] == expected.macro_recall


def test_nothing_is_known_or_computed_before_somebody_asks(tmp_path, dataset, split):
    measure = Counting()
    keeper = YardstickKeeper(tmp_path / "y", measure)
    assert not _known(keeper, dataset, split).scores
    assert measure.asked == []
    assert not (tmp_path / "y").exists()


def test_they_are_computed_in_the_background_and_only_once(tmp_path, dataset, split):
    measure = Counting(wait=True)
    keeper = YardstickKeeper(tmp_path, measure)
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
    assert measure.asked == list(YARDSTICK_KINDS)


def test_they_are_kept_for_the_next_start(tmp_path, dataset, split):
    keeper = YardstickKeeper(tmp_path, Counting())
    keeper.ask(dataset, split)
    wait_until(lambda: len(list(tmp_path.glob("*.json"))) == 1)
    measure = Counting()
    later = YardstickKeeper(tmp_path, measure)
    assert _known(later, dataset, split) == _known(keeper, dataset, split)
    later.ask(dataset, split)
    assert measure.asked == []
    other = make_split(dataset, "leak-free", 4)
    assert not _known(later, dataset, other).scores


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1", b'{"scores": {"magic": 1}}', b"\xff"])
def test_a_damaged_file_is_computed_again(tmp_path, dataset, split, damage):
    keeper = YardstickKeeper(tmp_path, Counting())
    keeper.ask(dataset, split)
    wait_until(lambda: len(list(tmp_path.glob("*.json"))) == 1)
    [file] = tmp_path.glob("*.json")
    file.write_bytes(damage)
    again = YardstickKeeper(tmp_path, Counting())
    assert not _known(again, dataset, split).scores
    again.ask(dataset, split)
    wait_until(lambda: _known(again, dataset, split).complete)
    wait_until(lambda: file.read_bytes() != damage)


def test_a_failure_is_said_and_logged_and_not_tried_for_ever(tmp_path, dataset, split, caplog):
    asked: list[str] = []

    def broken(kind, dataset, split):
        asked.append(kind)
        raise RuntimeError("no such thing")

    keeper = YardstickKeeper(tmp_path, broken)
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
    keeper = YardstickKeeper(tmp_path / "file" / "y", Counting())
    keeper.ask(dataset, split)
    wait_until(lambda: "could not be kept" in caplog.text)
    assert _known(keeper, dataset, split).complete
