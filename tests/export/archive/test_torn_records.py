"""Runs whose records are torn: they say so, and are exported, imported and resumed all the same."""

from collections.abc import Callable

import pytest

from namerec.export.archive.importing import import_run
from namerec.export.archive.packing import zip_files
from namerec.export.report.files import report_files
from namerec.export.source import Source
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.snapshot import stored_snapshot
from namerec.runs.folder import RunFolder
from namerec.runs.gaps import NO_GAP, Gap
from namerec.runs.lineage import branch_from, gap
from tests.export.archive.test_zip_file import elsewhere
from tests.runs.references import as_bits

__all__ = ["elsewhere"]

Lines = list[bytes]


def _epoch(lines: Lines, number: int) -> int:
    places = [place for place, line in enumerate(lines) if b'"epoch"' in line[:20]]
    return places[number - 1]


def _torn_step(lines: Lines) -> Lines:
    return [lines[0][:20] + b"\n", *lines[1:]]


def _torn_middle(lines: Lines) -> Lines:
    at = _epoch(lines, 1)
    return [*lines[:at], lines[at][:40] + lines[at + 1], *lines[at + 2 :]]


def _torn_end(lines: Lines) -> Lines:
    return [*lines[:-1], lines[-1][:40]]


def _missing(lines: Lines) -> Lines:
    at = _epoch(lines, 1)
    return [*lines[:at], *lines[at + 1 :]]


def _nothing(lines: Lines) -> Lines:
    return []


#: How records are torn, and what is then missing of a run of so many epochs.
TORN: dict[str, tuple[Callable[[Lines], Lines], Callable[[int], Gap]]] = {
    "a step": (_torn_step, lambda done: Gap((), 1)),
    "the middle": (_torn_middle, lambda done: Gap(((1, 1),), 1)),
    "the end": (_torn_end, lambda done: Gap(((done, done),), 0)),
    "a record is missing": (_missing, lambda done: Gap(((1, 1),), 0)),
    "nothing is left": (_nothing, lambda done: Gap(((1, done),), 0)),
}

#: Ways that leave bytes that cannot be read.
DAMAGED = (_torn_step, _torn_middle, _torn_end)


def torn(folder: RunFolder, how: Callable[[Lines], Lines]) -> bytes:
    path = folder.path / "metrics.jsonl"
    path.write_bytes(b"".join(how(path.read_bytes().splitlines(keepends=True))))
    return path.read_bytes()


@pytest.mark.parametrize(("how", "missing"), TORN.values(), ids=TORN)
def test_what_is_missing_is_told_exported_and_imported(
    store, stopped, finished, tiny_dataset, elsewhere, how, missing
):
    there = elsewhere()
    for folder, done in ((stopped, 2), (finished, 3)):
        assert gap(folder, folder.status()) == NO_GAP
        left, expected = torn(folder, how), missing(done)
        run = store.readable(folder.id)
        assert stored_snapshot(run, folder).gap == expected
        (made,) = zip_files(Source(run, folder, lambda _: tiny_dataset))
        assert made.words.endswith(expected.words)
        imported = import_run(made.content, there)
        arrived = there.open(folder.id)
        told = gap(arrived, arrived.status())
        assert told.words in imported.words
        assert told == Gap(expected.epochs, int(how in DAMAGED))
        assert arrived.metrics() == folder.metrics()
        assert (folder.path / "metrics.jsonl").read_bytes() == left
    page, *_ = report_files(Source(store.readable(stopped.id), stopped, lambda _: tiny_dataset))
    assert b"records of this run have a gap" in page.content


@pytest.mark.parametrize(("how", "missing"), TORN.values(), ids=TORN)
def test_it_is_resumed_to_the_same_weights_and_keeps_what_was_torn(
    stopped, solo, tiny_dataset, how, missing
):
    left = torn(stopped, how)
    list(LocalExecutor(lambda _: tiny_dataset).stream(stopped))
    assert as_bits(stopped.best_weights()) == as_bits(solo.best_until(3).weights)
    assert gap(stopped, stopped.status()) == Gap(missing(2).epochs, int(how in DAMAGED))
    aside = [path.read_bytes() for path in stopped.path.glob("metrics.torn-*")]
    assert aside == ([left] if how in DAMAGED else [])


def test_a_run_that_goes_on_from_a_torn_one_says_so_too(store, finished, solo, tiny_dataset):
    torn(finished, _torn_middle)
    origin = branch_from(finished, "last", solo.config, tiny_dataset.fingerprint)
    branch = store.create(solo.config, tiny_dataset, origin)
    assert gap(branch, branch.status()) == Gap(((1, 1),))
