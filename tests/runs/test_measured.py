import numpy as np
import pytest

from namerec.core.corpus.protocols import PARTS, PROTOCOLS, part_words
from namerec.core.corpus.splits import Split
from namerec.core.training.config import RunConfig, TrainConfig
from namerec.runs.measured import measured
from namerec.runs.records import DatasetInfo, PartScores, RunInfo, RunStatus


def info(protocol: str = "leak-free") -> RunInfo:
    return RunInfo(
        id="a",
        created="2026-01-01T00:00:00Z",  # type: ignore[arg-type]
        config=RunConfig(training=TrainConfig(protocol=protocol)),  # type: ignore[arg-type]
        dataset=DatasetInfo(title="t", fingerprint="0" * 64, names=9, categories=("x", "y")),
        parameters=1,
        versions={},
        threads=1,
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_words_are_those_of_the_split_itself(protocol):
    none = np.empty(0, dtype=np.int64)
    for part in PARTS:
        split = Split(protocol, 0, none, none, none)
        assert part_words(protocol, part) == split.words(part)


def test_a_finished_run_is_told_by_its_test_names():
    scores = PartScores(
        part="test", protocol="leak-free", names=7, loss=1, accuracy=0.5, macro_recall=0.25,
        macro_f1=0.2, top3=0.9,
    )  # fmt: skip
    status = RunStatus(state="finished", scores={"test": scores}, validation_accuracy=0.75)
    assert measured(info(), status) == (0.5, 0.25, 7, "test names, leak-free split")


def test_an_unfinished_run_is_told_by_validation_and_a_new_one_by_nothing():
    status = RunStatus(state="running", validation_accuracy=0.75)
    assert measured(info("raw"), status) == (0.75, None, None, "validation names, raw split")
    assert measured(info("course"), status).on == "training names, drawn uniformly over categories"
    assert measured(info(), RunStatus(state="queued")) == (None, None, None, "")
