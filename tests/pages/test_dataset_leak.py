"""The leak on the Dataset page: one button, two runs in the queue, and what the difference says."""

import dataclasses
import math

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.corpus.protocols import Protocol
from namerec.core.training.config import RunConfig
from namerec.data.own import OwnCorpora
from namerec.data.upload import read_upload
from namerec.ui.dataset import leak as dataset_leak
from namerec.ui.dataset.leak_worth import (
    PROTOCOLS,
    SEED,
    RowGroup,
    Worth,
    experiment,
    last_attempt,
    newest_pair,
    variance_over_names,
    verdict,
    worth,
)
from namerec.ui.server.manager import manager
from tests.conftest import tiny_config, tiny_lines
from tests.pages.references import opened, said
from tests.ui.lab import followed


@pytest.fixture
def reference() -> str:
    """A kept corpus in which every name stands three times, and one under two categories."""
    rows = [f"{line.name},{line.category}" for line in tiny_lines()] * 3
    rows += ["Bakaovic,Betan"] * 3
    upload = read_upload("\n".join(["name,category", *rows]).encode(), "thrice.csv")
    return OwnCorpora().keep(upload).reference


def tiny_halves(reference: str) -> dict[Protocol, RunConfig]:
    """The experiment with settings that train in a second."""
    return {
        protocol: tiny_config(dataset=reference, protocol=protocol, seed=SEED)
        for protocol in PROTOCOLS
    }


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(dataset_leak, "experiment", tiny_halves)


def shown(lab: AppTest, reference: str) -> AppTest:
    opened(lab, "dataset", corpus=reference, view="leak")
    assert not lab.error
    return lab


def test_the_two_runs_of_the_experiment_differ_in_nothing_but_the_split():
    raw, free = experiment("bundled").values()
    assert raw.training.protocol == "raw"
    assert free.training.protocol == "leak-free"
    alike = raw.training.model_copy(update={"protocol": "leak-free"})
    assert (raw.model, alike, raw.preset) == (free.model, free.training, "fast")


def test_one_button_trains_both_and_the_page_says_what_the_leak_is_worth(lab, reference, quick):
    shown(lab, reference)
    rows = {metric.label: metric.value for metric in lab.metric}
    assert rows["Leak-free split: test rows seen in training"].startswith("0 of ")
    assert not rows["Raw split: test rows seen in training"].startswith("0 of ")
    assert "no finished pair" in said(lab)
    lab.button(key="dataset_leak_start").click().run()
    runs = manager().store.summaries()
    ids = [run.id for run in runs if run.info.config.training.dataset == reference]
    assert len(ids) == 2
    for run_id in ids:
        assert manager().wait(run_id, 60).state == "finished"
    lab.run()
    assert not lab.error
    assert not lab.button(key="dataset_leak_start").disabled
    values = {metric.label: metric.value for metric in lab.metric}
    assert values["Accuracy · raw split"].endswith(" %")
    assert values["Accuracy · leak-free split"].endswith(" %")
    assert values["Effect of the leak"].endswith(" points")
    assert "raw test rows" in said(lab)
    groups = lab.dataframe[0].value
    assert set(groups["split"]) == {"raw", "leak-free"}
    assert groups["accuracy"].between(0, 1).all()
    other = OwnCorpora().keep(
        read_upload(b"name,category\nAda,x\nBob,x\nCid,y\nDan,y\n" * 3, "other.csv")
    )
    followed(lab, corpus=other.reference)
    assert "Effect of the leak" not in {metric.label for metric in lab.metric}


def test_while_they_train_their_progress_is_shown_and_they_can_be_stopped(
    lab, reference, quick, held_back
):
    shown(lab, reference)
    lab.button(key="dataset_leak_start").click().run()
    assert lab.button(key="dataset_leak_start").disabled
    assert "Raw split" in said(lab)
    assert "Leak-free split" in said(lab)
    for job in manager().active():
        lab.button(key=f"dataset_stop_{job.run_id}").click().run()
        manager().wait(job.run_id, 30)
    lab.run()
    assert not lab.error
    assert not lab.button(key="dataset_leak_start").disabled
    assert sum(item.label == "Resume" for item in lab.button) == 2


def test_two_runs_that_both_wait_behind_another_one_are_not_started_again(
    lab, reference, quick, held_back, tiny_dataset, tiny_folder
):
    shown(lab, reference)
    before = manager().start(tiny_config(dataset=str(tiny_folder)), tiny_dataset)
    manager().wait_for_record(before, 20)
    lab.button(key="dataset_leak_start").click().run()
    assert [job.place for job in manager().active()] == [0, 1, 2]
    assert lab.button(key="dataset_leak_start").disabled
    assert said(lab).count("so far: –") == 2
    manager().stop(before)


def test_seen_rows_are_told_from_those_seen_with_other_labels(lab, reference, quick):
    shown(lab, reference)
    names = OwnCorpora().load(reference.removeprefix("own:"))
    for config in tiny_halves(reference).values():
        manager().wait(manager().start(config, names), 60)
    pair = newest_pair(manager().store.summaries(), names.fingerprint)
    assert pair is not None
    found = worth(names, pair)
    for group, run in ((found.raw, pair.raw), (found.leak_free, pair.leak_free)):
        scores = run.status.scores["test"]
        assert (group.split, group.rows) == (scores.protocol, scores.names)
        assert group.accuracy == pytest.approx(scores.accuracy)
    parts = (found.seen, found.mislabelled, found.unseen)
    assert sum(part.rows for part in parts) == found.raw.rows
    right = sum(part.rows * part.accuracy for part in parts if part.rows)
    assert right == pytest.approx(found.raw.rows * found.raw.accuracy)
    assert found.margin > 0 or found.raw.accuracy in (0, 1)


def test_the_newest_pair_is_of_the_same_settings_and_the_same_names(lab, tiny_dataset, tiny_folder):
    shown(lab, "bundled")
    halves = (("raw", 1), ("leak-free", 2), ("leak-free", 1), ("leak-free", 1))
    started = [
        manager().start(
            tiny_config(dataset=str(tiny_folder), protocol=protocol, seed=seed), tiny_dataset
        )
        for protocol, seed in halves
    ]
    for run_id in started:
        manager().wait(run_id, 60)
    runs = manager().store.summaries()
    pair = newest_pair(runs, tiny_dataset.fingerprint)
    assert pair is not None
    assert pair.raw.id == started[0]
    newest = max((run for run in runs if run.id in started[2:]), key=lambda run: run.info.created)
    assert pair.leak_free.id == newest.id
    assert newest_pair(runs, "0" * 64) is None
    unfinished = [dataclasses.replace(run, state="stopped") for run in runs]
    assert newest_pair(unfinished, tiny_dataset.fingerprint) is None
    assert last_attempt(runs, tiny_dataset.fingerprint, experiment(str(tiny_folder))) == []


def found(raw: float, leak_free: float, rows: int = 2000, seen: int = 300) -> Worth:
    return Worth(
        raw=RowGroup("raw", "all", rows, raw),
        leak_free=RowGroup("leak-free", "all", rows, leak_free),
        seen=RowGroup("raw", "", seen, 0.97),
        mislabelled=RowGroup("raw", "", 0, math.nan),
        unseen=RowGroup("raw", "", rows - seen, 0.81),
        margin=1.96 * math.sqrt((raw * (1 - raw) + leak_free * (1 - leak_free)) / rows),
    )


def test_the_verdict_tells_a_difference_from_chance():
    assert "flatters this network by 10.0 points" in verdict(found(0.9, 0.8))
    assert "300 of the 2\u202f000 raw test rows (15.0 %)" in verdict(found(0.9, 0.8))
    assert "which chance can explain" in verdict(found(0.81, 0.80))
    assert "10.0 points lower" in verdict(found(0.8, 0.9))
    assert "which chance can explain" in verdict(found(0.9, 0.8, rows=20, seen=0))
    assert np.isclose(found(0.9, 0.8).points, 10)


def test_repeats_of_a_name_are_one_draw_and_not_many():
    right = np.array([True, True, False, True, False])
    once = np.array([b"a", b"b", b"c", b"d", b"e"])
    assert variance_over_names(right, once) == pytest.approx(0.6 * 0.4 / 5)
    # Every row four times over says no more than once: the same variance, not a quarter of it.
    assert variance_over_names(np.tile(right, 4), np.tile(once, 4)) == pytest.approx(0.6 * 0.4 / 5)
    # By hand: residuals 0.4 + 0.4 of a, -0.6 of b, 0.4 - 0.6 of c.
    some = np.array([b"a", b"a", b"b", b"c", b"c"])
    assert variance_over_names(right, some) == pytest.approx((0.8**2 + 0.6**2 + 0.2**2) / 25)


def test_the_variance_is_that_of_drawing_names_again_with_all_their_rows():
    generator = np.random.default_rng(0)
    repeats = generator.integers(1, 12, 400)
    keys = np.repeat(np.arange(400), repeats)
    right = np.repeat(generator.random(400) < 0.7, repeats)
    shares = []
    for _ in range(2000):
        drawn = generator.integers(0, 400, 400)
        of_name = np.bincount(keys, weights=right)
        shares.append(of_name[drawn].sum() / repeats[drawn].sum())
    assert math.sqrt(variance_over_names(right, keys)) == pytest.approx(np.std(shares), rel=0.05)
    assert variance_over_names(right, keys) > 4 * variance_over_names(right, np.arange(len(right)))
