"""Metrics that are torn or damaged."""

import json
from dataclasses import asdict, replace

import pytest

from namerec.errors import RunError
from namerec.runs import metrics
from namerec.runs.gaps import Gap
from namerec.runs.lineage import gap
from tests.runs.references import (
    assert_sentence,
)

ONE_LINE = '{"kind": "step", "step": 1, "epoch": 0.2, "loss": 1.1, "gradient_norm": 0.5, '
ONE_LINE += '"learning_rate": 0.02}\n'


def test_a_torn_last_line_is_dropped(finished):
    whole = (finished.path / "metrics.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    steps, epochs = finished.metrics()
    assert len(lines) == len(steps) + len(epochs)
    for length in (1, len(lines[-1]) // 2, len(lines[-1]) - 1):
        (finished.path / "metrics.jsonl").write_bytes(whole[: -len(lines[-1]) + length])
        assert finished.metrics() == (steps, epochs[:-1])


def test_a_last_line_without_its_end_is_dropped_even_if_it_can_be_read(finished):
    with (finished.path / "metrics.jsonl").open("ab") as file:
        file.write(ONE_LINE.rstrip("\n").encode())
    before = finished.metrics()
    assert 1 not in [record.step for record in before[0]][1:]


HOSTILE_LINES = {
    "not JSON": b"\x00\xff\xfe{",
    "nothing": b"",
    "a number": b"17",
    "a list": b"[]",
    "null": b"null",
    "no kind": b"{}",
    "an unknown kind": b'{"kind": "trap"}',
    "a kind that is no text": b'{"kind": ["step"]}',
    "a value missing": b'{"kind": "step", "step": 1}',
    "a step that is a text": ONE_LINE.replace('"step": 1', '"step": "one"').strip().encode(),
    "a step that is null": ONE_LINE.replace('"step": 1', '"step": null').strip().encode(),
    "a step that is a list": ONE_LINE.replace('"step": 1', '"step": [1]').strip().encode(),
    "a step that is not whole": ONE_LINE.replace('"step": 1', '"step": 1.5').strip().encode(),
    "a step that is infinite": ONE_LINE.replace('"step": 1', '"step": 1e999').strip().encode(),
    "a step below none": ONE_LINE.replace('"step": 1', '"step": -1').strip().encode(),
    "a step without bounds": ONE_LINE.replace("1,", "9" * 400 + ",", 1).strip().encode(),
    "a loss that is a text": ONE_LINE.replace("1.1", '"high"').strip().encode(),
    "a deep nest": b"[" * 100_000,
    "a deep nest of objects": b'{"a":' * 100_000,
    "half a surrogate": ONE_LINE.replace("step", "\\ud800").strip().encode(),
}


@pytest.mark.parametrize("line", HOSTILE_LINES.values(), ids=HOSTILE_LINES.keys())
def test_a_damaged_line_is_left_out_and_put_aside_when_the_run_is_resumed(finished, line):
    path = finished.path / "metrics.jsonl"
    whole = path.read_bytes().splitlines(keepends=True)
    steps, epochs = finished.metrics()
    first = next(n for n, text in enumerate(whole) if b'"epoch"' in text[:20])
    damaged = b"".join([*whole[:first], line + b"\n", *whole[first + 1 :]])
    path.write_bytes(damaged)
    for _ in range(2):
        assert finished.metrics() == (steps, epochs[1:])
        assert gap(finished, finished.status()) == Gap(((1, 1),), 1)
        assert finished.resumed() is not None
    (aside,) = finished.path.glob("metrics.torn-*")
    assert aside.read_bytes() == damaged
    assert path.read_bytes().count(b'{"kind":"gap","lines":1}\n') == 1


def test_what_a_newer_version_adds_to_a_line_is_passed_over(finished):
    path = finished.path / "metrics.jsonl"
    before = finished.recorded()
    path.write_bytes(path.read_bytes().replace(b"}\n", b', "more": 1}\n'))
    assert finished.recorded() == before


HOSTILE_CONFUSIONS = {
    "infinite": "[[Infinity]]",
    "not whole": "[[0.5]]",
    "texts": '[["1"]]',
    "a text": '"1"',
    "ragged": "[[1, 2], [3]]",
    "not square": "[[1, 2]]",
    "below none": "[[-1]]",
    "without bounds": "[[" + "9" * 400 + "]]",
    "null": "null",
}


@pytest.mark.parametrize("confusion", HOSTILE_CONFUSIONS.values(), ids=HOSTILE_CONFUSIONS.keys())
def test_an_epoch_with_a_damaged_confusion_matrix_is_left_out(finished, confusion):
    lines = (finished.path / "metrics.jsonl").read_text().splitlines(keepends=True)
    values = json.loads(lines[-1])
    values["validation_confusion"] = "HERE"
    lines[-1] = json.dumps(values).replace('"HERE"', confusion) + "\n"
    (finished.path / "metrics.jsonl").write_text("".join(lines))
    steps, epochs = finished.metrics()
    assert (len(steps), len(epochs)) == (len(lines) - 3, 2)


def test_the_metrics_of_the_longest_run_on_the_most_categories_are_read(finished, solo):
    """1,000 epochs, each with a confusion matrix of 200 categories."""
    matrix = tuple((1,) * 200 for _ in range(200))
    epoch = replace(solo.epochs[0], validation_confusion=matrix)
    line = json.dumps({"kind": "epoch", **asdict(epoch)}).encode() + b"\n"
    assert 1000 * len(line) < metrics.MAX_BYTES


def test_metrics_too_large_to_be_read_are_refused_and_not_thrown_away(finished):
    with (finished.path / "metrics.jsonl").open("ab") as file:
        file.truncate(metrics.MAX_BYTES + 1)  # takes no room on the disk
    for read in (finished.metrics, finished.resumed):
        with pytest.raises(RunError) as caught:
            read()
        assert_sentence(caught.value, "“metrics.jsonl”", finished.id, "too large")
    size = (finished.path / "metrics.jsonl").stat().st_size
    assert size == metrics.MAX_BYTES + 1
