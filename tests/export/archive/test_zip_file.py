"""A run's zip: there and back bit for bit; whatever else comes is refused and leaves nothing."""

import errno
import hashlib
import io
import json
import os
import random
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.protocols import Part
from namerec.data import catalogue
from namerec.data.kept_table import from_table
from namerec.data.own import OwnCorpora
from namerec.data.upload import Upload
from namerec.errors import ConfigError, DataError, JobError, NamerecError, RunError
from namerec.export.archive import contents as zip_contents
from namerec.export.archive import reading as zip_reading
from namerec.export.archive.contents import FORMAT
from namerec.export.archive.importing import Imported, import_run
from namerec.export.archive.packing import zip_files
from namerec.export.source import Source
from namerec.jobs.executors import LocalExecutor
from namerec.runs.deletion import discard, remove, restore
from namerec.runs.folder import RunFolder
from namerec.runs.labels import RunLabel
from namerec.runs.lineage import branch_from, history, initial_weights
from namerec.runs.records import RunStatus
from namerec.runs.store import PRETRAINED, RunStore
from namerec.runs.summary import RunSummary
from namerec.settings import settings
from tests.data.zips import FLAGS, UNPACKED, claiming, link, many_entries
from tests.faults.mutations import mutated, read_everything
from tests.runs.references import as_bits, assert_holds_all, assert_holds_epochs, assert_sentence


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Another data folder, which is the data folder from when it is asked for."""

    def move() -> RunStore:
        monkeypatch.setenv("NAMEREC_HOME", str(tmp_path / "elsewhere"))
        return RunStore(pretrained=None)

    return move


def _named(folder: RunFolder, reference: str, dataset: Dataset) -> None:
    """Has a run be trained on a corpus by another reference."""
    info = folder.info()
    training = info.config.training.model_copy(update={"dataset": reference})
    config = info.config.model_copy(update={"training": training})
    about = info.dataset.model_copy(update={"title": dataset.title})
    folder.write_info(info.model_copy(update={"config": config, "dataset": about}))


def _on_own(folder: RunFolder, dataset: Dataset) -> str:
    """Has a run be trained on a kept corpus; its reference."""
    kept = OwnCorpora().keep(Upload(dataset, ()))
    _named(folder, kept.reference, dataset)
    return kept.reference


def packed(store: RunStore, identity: str, load: Any = catalogue.load) -> bytes:
    (file,) = zip_files(Source.of(store, identity, load))
    assert file.name == f"{identity}.zip"
    assert_sentence(RunError(file.words))
    return file.content


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def listed(files: dict[str, bytes], **others: Any) -> bytes:
    """A manifest of files."""
    said = [
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
    ]
    return json.dumps(
        {"format": 1, "namerec": "0.1.0", "run": "20260101-000000-rnn-0000", "files": said} | others
    ).encode()


def zipped(files: dict[str, bytes], manifest: bytes | None = None) -> bytes:
    """A zip of files with a manifest that fits, or with another one."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("manifest.json", listed(files) if manifest is None else manifest)
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


@pytest.fixture
def files(store, finished) -> dict[str, bytes]:
    """What the zip of a finished run holds, without the manifest."""
    content = unzipped(packed(store, finished.id))
    del content["manifest.json"]
    return content


def assert_nothing_there(store: RunStore) -> None:
    """No run, no corpus, and nothing of an attempt."""
    there = [path for path in store.root.parent.rglob("*") if path.is_file()]
    assert there == []
    assert store.entries() == []


def refused(given: bytes | Path, store: RunStore, kind: type[NamerecError] = RunError) -> str:
    with pytest.raises(kind) as caught:
        import_run(given, store, title="run.zip")
    assert_nothing_there(store)
    assert_sentence(caught.value)
    return str(caught.value)


# -- there and back


def test_a_finished_run_is_the_same_elsewhere(store, finished, solo, elsewhere):
    store.set_label(finished.id, title="The best", pinned=True)
    content = packed(store, finished.id)
    other = elsewhere()
    done = import_run(content, other)
    assert done.added
    assert done.run == finished.id
    assert f"Run {finished.id} was imported." in done.words
    (run,) = other.entries()
    assert isinstance(run, RunSummary)
    assert (run.info, run.status) == (finished.info(), finished.status())
    assert run.label == RunLabel(title="The best")  # who looks at this list pins
    assert_holds_all(other.open(done.run), solo)
    names = {path.name for path in finished.path.iterdir()} - {"lock"}
    assert {path.name for path in other.open(done.run).path.iterdir()} == names


def test_a_stopped_run_on_own_names_goes_on_elsewhere_bit_for_bit(
    store, stopped, solo, tiny_dataset, elsewhere
):
    reference = _on_own(stopped, tiny_dataset)
    content = packed(store, stopped.id)
    assert "names.table" in unzipped(content)
    other = elsewhere()
    assert OwnCorpora().entries() == []
    done = import_run(content, other)
    assert "72 names were added" in done.words
    assert catalogue.load(reference).fingerprint == tiny_dataset.fingerprint
    folder = other.open(done.run)
    assert_holds_epochs(folder, solo, 2)
    for _ in LocalExecutor(catalogue.load).stream(folder):
        pass
    assert_holds_all(folder, solo)


def test_a_run_on_names_of_a_path_finds_them_elsewhere_and_tells_no_path(
    store, stopped, solo, tiny_folder, elsewhere
):
    dataset = catalogue.load(str(tiny_folder))
    assert dataset.fingerprint == solo.dataset.fingerprint
    _named(stopped, str(tiny_folder), dataset)
    content = packed(store, stopped.id)
    assert all(str(tiny_folder).encode() not in file for file in unzipped(content).values())
    other = elsewhere()
    folder = other.open(import_run(content, other).run)
    kept = OwnCorpora().find(dataset.fingerprint)
    assert kept is not None
    assert kept.title == dataset.title
    assert folder.info().config.training.dataset == kept.reference
    for _ in LocalExecutor(catalogue.load).stream(folder):
        pass
    assert_holds_all(folder, solo)
    # And where it comes from it is known again, path and all.
    assert not import_run(content, store).added


def test_names_as_people_write_them_come_through(store, stopped, elsewhere):
    parts: tuple[tuple[str, Part], ...] = (
        ("a, b", "train"),
        ('"c"', "test"),
        ("c", "validation"),
    )
    lines = [
        LabelledName(f'O"Neill, {name}\N{NO-BREAK SPACE}Çelik', category, part)
        for name in ("Ünal", "Ö'Brien", "Ünal")
        for category, part in parts
    ]
    dataset = Dataset.build("Names, “mine”.tsv", lines)
    _on_own(stopped, dataset)
    info = stopped.info()
    about = {"fingerprint": dataset.fingerprint, "names": 9, "categories": dataset.categories}
    stopped.write_info(info.model_copy(update={"dataset": info.dataset.model_copy(update=about)}))
    content = packed(store, stopped.id)
    elsewhere()
    table = unzipped(content)["names.table"]
    assert from_table(table, dataset.title).fingerprint == dataset.fingerprint


def test_a_run_on_a_corpus_that_every_namerec_has_takes_no_names(store, finished, monkeypatch):
    def never(reference: str) -> Dataset:
        raise AssertionError("the names were read")

    assert "names.table" not in unzipped(packed(store, finished.id, never))
    _named(finished, "recall:50", Source.of(store, finished.id).run.info.dataset)  # type: ignore[arg-type]
    assert "names.table" not in unzipped(packed(store, finished.id, never))


def test_a_run_whose_names_are_gone_is_packed_without_them(store, finished, elsewhere):
    _named(finished, "/nowhere", Dataset.build("gone", _two_lines()))
    (file,) = zip_files(Source.of(store, finished.id))
    assert "names are not in it" in file.words
    assert "names.table" not in unzipped(file.content)
    other = elsewhere()
    done = import_run(file.content, other)
    assert "“gone”, are not on this computer" in done.words
    with pytest.raises(DataError, match="Upload the same names again"):
        _ = Source.of(other, done.run).dataset


def _two_lines() -> list[LabelledName]:
    return [LabelledName("Ba", "a"), LabelledName("Bo", "b")]


def test_a_run_that_goes_on_from_another_takes_its_past_along(
    store, finished, solo, tiny_dataset, elsewhere
):
    origin = branch_from(finished, "last", solo.config, tiny_dataset.fingerprint)
    folder = store.create(solo.config, tiny_dataset, origin, race="together")
    content = packed(store, folder.id)
    there = elsewhere()
    arrived = there.open(import_run(content, there).run)
    assert (arrived.info().branch_points, arrived.info().race) == (
        origin.branch_points,
        "",
    )  # no race here
    assert history(arrived) == history(folder)
    first, taken = initial_weights(arrived), initial_weights(folder)
    assert first is not None
    assert taken is not None
    assert as_bits(first.weights) == as_bits(taken.weights)
    assert as_bits(first.moments) == as_bits(taken.moments)


def test_what_a_run_goes_on_from_has_to_be_whole_too(
    store, finished, solo, tiny_dataset, elsewhere
):
    origin = branch_from(finished, "last", solo.config, tiny_dataset.fingerprint)
    content = unzipped(packed(store, store.create(solo.config, tiny_dataset, origin).id))
    del content["manifest.json"]
    there = elsewhere()
    first = content["first.safetensors"]
    for changes, words in (
        ({"first.safetensors": first[:-8] + bytes(8)}, "“first.safetensors”"),
        (
            {"before.jsonl": content["before.jsonl"].replace(b'"epoch": 3,', b'"epoch": 9,')},
            "do not fit the epoch where it starts",
        ),
    ):
        assert words in refused(zipped(content | changes), there)
    for name in ("first.safetensors", "before.jsonl"):
        rest = {other: data for other, data in content.items() if other != name}
        assert f"lacks {name}" in refused(zipped(rest), there)
    assert import_run(zipped(content), there).added


def test_equal_runs_give_equal_bytes(store, finished):
    before = packed(store, finished.id)
    os.utime(finished.path / "config.json", (0, 0))
    assert packed(store, finished.id) == before
    with zipfile.ZipFile(io.BytesIO(before)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    names = list(unzipped(before))
    assert names[0] == "manifest.json"
    manifest = json.loads(unzipped(before)["manifest.json"])
    assert manifest["run"] == finished.id
    for file in manifest["files"]:
        stored = (finished.path / file["name"]).read_bytes()
        assert file["size"] == len(stored)
        assert file["sha256"] == hashlib.sha256(stored).hexdigest()
    assert {"lock", "error.txt"}.isdisjoint(names)


@pytest.mark.parametrize("state", ["queued", "running", "paused"])
def test_a_run_that_had_not_ended_arrives_stopped(store, stopped, solo, elsewhere, state):
    stopped.write_status(stopped.status().model_copy(update={"state": state}))
    content = unzipped(packed(store, stopped.id))
    hand_made = content | {"status.json": (stopped.path / "status.json").read_bytes()}
    del hand_made["manifest.json"]
    there = elsewhere()
    done = import_run(zipped(hand_made, listed(hand_made, run=stopped.id)), there)
    assert "so it is stopped here" in done.words
    (run,) = there.summaries()
    assert run.state == run.status.state == "stopped"
    assert there.resumable(run.id)
    for _ in LocalExecutor(lambda reference: solo.dataset).stream(there.open(run.id)):
        pass
    assert_holds_all(there.open(run.id), solo)


def test_a_run_in_training_is_not_packed(store, stopped):
    stopped.write_status(stopped.status().model_copy(update={"state": "running"}))
    with stopped.lock(), pytest.raises(RunError, match="already being trained"):
        packed(store, stopped.id)
    assert packed(store, stopped.id)


def test_a_damaged_run_is_not_packed(store, finished, monkeypatch):
    (finished.path / "best.safetensors").unlink()
    (finished.path / "best.safetensors").mkdir()
    with pytest.raises(RunError, match=r"“best\.safetensors”") as caught:
        packed(store, finished.id)
    assert_sentence(caught.value)
    (finished.path / "best.safetensors").rmdir()
    monkeypatch.setattr("namerec.export.archive.packing.MAX_BYTES", 1000)
    with pytest.raises(RunError, match="at most 1,000 are packed"):
        packed(store, finished.id)


# -- ids


def test_the_same_run_is_not_doubled(store, finished):
    store.set_label(finished.id, title="named")
    content = packed(store, finished.id)
    store.set_label(finished.id, title="renamed since")
    done = import_run(content, store)
    assert done == Imported(finished.id, done.words, added=False)
    assert "is here already" in done.words
    assert [run.id for run in store.entries()] == [finished.id]
    assert store.summaries()[0].label.title == "renamed since"


def test_an_id_that_is_another_runs_is_made_longer_and_said(store, finished, solo):
    content = packed(store, finished.id)
    (finished.path / "epoch-0001.safetensors").unlink()
    done = import_run(content, store)
    assert done.run.startswith(f"{finished.id}-")
    assert f"Its id was {finished.id}, which another run has here" in done.words
    assert_holds_all(store.open(done.run), solo)
    stored = json.loads((store.root / done.run / "config.json").read_text())
    assert stored["id"] == done.run
    again = import_run(content, store)
    assert (again.run, again.added) == (done.run, False)
    assert len(store.entries()) == 2
    # The new one is packed under its own id, and is still the same run.
    assert not import_run(packed(store, done.run), store).added


def test_an_id_in_the_trash_is_taken_and_a_pretrained_run_is_known(store, finished, tmp_path):
    content = packed(store, finished.id)
    shipped = RunStore(tmp_path / "own" / "runs", pretrained=store.root)
    assert not import_run(content, shipped).added
    discard(store, finished.id)
    done = import_run(content, store)
    assert done.run != finished.id
    restore(store, finished.id)
    assert len(store.entries()) == 2


def test_shipped_runs_are_packed_and_opened_elsewhere(elsewhere):
    smallest = min(RunStore().summaries(), key=lambda run: run.info.parameters)
    content = packed(RunStore(pretrained=PRETRAINED), smallest.id)
    there = elsewhere()
    import_run(content, there)
    (run,) = there.summaries()
    assert not run.pretrained
    assert run.status.scores == smallest.status.scores


# -- what is refused


@pytest.mark.parametrize(
    "name",
    [
        *("/etc/passwd", "../config.json", "runs/config.json", "..\\config.json", "C:\\x", "lock"),
        *("error.txt", "code.py", "epoch-1.safetensors", "names/"),
        *("epoch-0000.safetensors", "epoch-00001.safetensors", "CONFIG.JSON", "x" * 1000),
    ],
)
def test_files_that_no_run_has_are_refused(files, elsewhere, name):
    assert "files that no run has" in refused(zipped(files | {name: b"x"}), elsewhere())


def test_a_name_with_a_nul_in_it_is_another_name(files, elsewhere):
    content = zipped(files | {"label.json!.exe": b"{}"}).replace(b"label.json!", b"label.json\0")
    assert "files that no run has" in refused(content, elsewhere())


def test_files_twice_are_refused(files, elsewhere):
    written = io.BytesIO(zipped(files))
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(written, "a") as archive,
    ):
        archive.writestr("config.json", b"{}")
    assert "files twice: “config.json”" in refused(written.getvalue(), elsewhere())


def test_links_are_refused(files, elsewhere):
    written = io.BytesIO(zipped(files))
    with zipfile.ZipFile(written, "a") as archive:
        archive.writestr(link("label.json"), "/etc/passwd")
    assert "holds links: “label.json”" in refused(written.getvalue(), elsewhere())


def test_encrypted_files_and_other_packings_are_refused(files, elsewhere):
    there = elsewhere()
    assert "holds encrypted files" in refused(claiming(zipped(files), 1, FLAGS, 1, "H"), there)
    assert "another way" in refused(claiming(zipped(files), 1, 10, zipfile.ZIP_LZMA, "H"), there)


def test_what_is_not_listed_or_not_there_is_refused(files, elsewhere):
    there = elsewhere()
    some = {name: content for name, content in files.items() if name != "metrics.jsonl"}
    for holds, lists in ((files, some), (some, files)):
        assert "other files than it lists" in refused(zipped(holds, listed(lists)), there)
    twice = json.loads(listed(files))
    twice["files"].append(twice["files"][0])
    assert "other files" in refused(zipped(files, json.dumps(twice).encode()), there)
    for needed in ("config.json", "status.json"):
        rest = {name: content for name, content in files.items() if name != needed}
        assert f"lacks “{needed}”" in refused(zipped(rest), there)


@pytest.mark.parametrize("manifest", [b"", b"\xff", b"[]", b"{}", b'{"format": 1}', b"[" * 60_000])
def test_a_damaged_list_of_files_is_refused(files, elsewhere, manifest):
    assert "its list of files is damaged" in refused(zipped(files, manifest), elsewhere())


@pytest.mark.parametrize("run", ["../x", ".trash", "", "a/b", "x" * 101])
def test_an_id_that_is_a_path_is_refused(files, elsewhere, run):
    assert "is damaged" in refused(zipped(files, listed(files, run=run)), elsewhere())


def test_a_newer_format_is_told_from_damage(files, elsewhere):
    for run in ("run-1", {"id": 7}):
        newer = listed(files, format=FORMAT + 1, namerec="9.8.7", run=run)
        message = refused(zipped(files, newer), elsewhere())
        assert f"packed by namerec 9.8.7 in format {FORMAT + 1}" in message
        assert "Use namerec 9.8.7." in message
    newer_run = json.loads(files["config.json"]) | {"namerec": "9.8.7", "energy": 1}
    message = refused(zipped(files | {"config.json": json.dumps(newer_run).encode()}), elsewhere())
    assert "The run in “run.zip” was made by namerec 9.8.7" in message
    assert import_run(zipped(files, listed(files, format=1)), elsewhere()).added


def test_a_wrong_hash_is_refused(files, elsewhere):
    for name in ("config.json", "best.safetensors"):
        changed = files | {name: files[name][:-1] + b"?"}
        message = refused(zipped(changed, listed(files)), elsewhere())
        assert f"“{name}” in “run.zip” is not the file that was packed" in message


def test_bombs_are_refused_by_what_they_say_and_by_what_they_hold(files, elsewhere, monkeypatch):
    there = elsewhere()
    big = files | {"label.json": b" " * (zip_contents.most_bytes("label.json") or 0) + b"{}"}
    assert "too large: “label.json”" in refused(zipped(big), there)
    # What a file says of its size is a lie: no more than that is unpacked.
    claims = claiming(zipped(big), list(big).index("label.json") + 1, UNPACKED, 100)
    refused(claims, there)
    monkeypatch.setattr(zip_reading, "MAX_BYTES", 20_000)
    assert "at most 20,000" in refused(zipped(files), there)
    deflated = io.BytesIO()
    with zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("manifest.json", "config.json", "status.json", "metrics.jsonl"):
            archive.writestr(name, b" " * 10_000)
    assert "takes 40,000 bytes" in refused(deflated.getvalue(), there)


def test_100_000_entries_are_refused_before_they_are_listed(elsewhere, monkeypatch):
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "has 100,000 entries" in refused(many_entries(100_000), elsewhere())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all" * 100])
def test_what_is_no_zip_is_refused(elsewhere, content):
    assert "“run.zip” is not a zip of a run" in refused(content, elsewhere())


def test_a_torn_zip_is_refused(files, elsewhere):
    whole = zipped(files)
    for share in (0.3, 0.9, 0.999):
        refused(whole[: int(share * len(whole))], elsewhere())


def test_a_path_that_is_no_file_is_refused(files, elsewhere, tmp_path):
    there = elsewhere()
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "nothing", tmp_path / "pipe"):
        assert "cannot be read" in refused(path, there)
    (tmp_path / "run.zip").write_bytes(zipped(files))
    assert import_run(tmp_path / "run.zip", there).added


def _status(content: bytes, **changes: Any) -> bytes:
    return json.dumps(json.loads(content) | changes).encode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"best.safetensors": None}, "lacks best.safetensors"),
        ({"metrics.jsonl": None}, "lacks metrics.jsonl"),
        ({"predictions.safetensors": None}, "lacks predictions.safetensors"),
        ({"best.safetensors": b"x" * 100}, "is damaged"),
        ({"last.safetensors": b"x" * 100}, "is damaged"),
        ({"epoch-0002.safetensors": b"x" * 100}, "is damaged"),
        ({"predictions.safetensors": b"x" * 100}, "is damaged"),
        ({"config.json": b"{}"}, "content is damaged"),
        ({"status.json": b"{}"}, "content is damaged"),
        ({"before.jsonl": b""}, "does not continue from another run"),
        ({"names.table": b"name,category\nBa,a\nBo,b\n"}, "every namerec has"),
    ],
)
def test_what_is_no_whole_run_is_refused(files, elsewhere, changes, words):
    content = {name: data for name, data in (files | changes).items() if data is not None}
    message = refused(zipped(content), elsewhere())
    assert "“run.zip” does not hold a whole run, so nothing was imported" in message
    assert words in message


def test_what_does_not_fit_together_is_refused(files, elsewhere):
    there = elsewhere()
    config = json.loads(files["config.json"])
    for change, words in (
        ({"parameters": 7}, "number of its parameters"),
        ({"threads": 65}, "needs 65 threads"),
        ({"dataset": config["dataset"] | {"categories": ["a", "b"]}}, "parameters"),
    ):
        changed = json.dumps(config | change).encode()
        assert words in refused(zipped(files | {"config.json": changed}), there)
    for changes, words in (
        ({"scores": {}}, "not for the names that it was scored on"),
        ({"best_epoch": 9}, "best epoch is not one"),
        ({"epoch": 4, "epochs": 4}, "from an earlier epoch than it says"),
    ):
        changed = _status(files["status.json"], **changes)
        assert words in refused(zipped(files | {"status.json": changed}), there)
    last = files["last.safetensors"].replace(b'\\"epoch\\": 3', b'\\"epoch\\": 2')
    assert last != files["last.safetensors"]
    assert "an earlier epoch" in refused(zipped(files | {"last.safetensors": last}), there)
    lines = files["metrics.jsonl"].decode().splitlines(keepends=True)
    records = [json.loads(line) for line in lines]
    for record in records:
        if record["kind"] == "epoch":
            record["validation_confusion"] = [[1]]
    smaller = "".join(json.dumps(record) + "\n" for record in records).encode()
    assert "other categories" in refused(zipped(files | {"metrics.jsonl": smaller}), there)


def test_names_other_than_the_runs_are_refused(store, stopped, tiny_dataset, elsewhere):
    _on_own(stopped, tiny_dataset)
    content = unzipped(packed(store, stopped.id))
    del content["manifest.json"]
    there = elsewhere()
    first, second, *rest = content["names.table"].splitlines(keepends=True)
    for table, words in (
        (b"".join([first, *rest]), "not those it says"),
        (b"name,category\n", "cannot be read"),
        (b"\xff", "cannot be read"),
        (first + second * 1_000_002, "at most 1,000,000"),
    ):
        assert words in refused(zipped(content | {"names.table": table}), there)
    assert import_run(zipped(content), there).added


def test_a_run_that_says_of_names_what_is_not_so_is_refused(files, store, elsewhere):
    # Its answers could be about names beyond the last.
    bundled = catalogue.load("bundled")
    config = json.loads(files["config.json"])
    config["dataset"] |= {"fingerprint": bundled.fingerprint}
    message = refused(zipped(files | {"config.json": json.dumps(config).encode()}), elsewhere())
    assert "names are not those it says" in message


@given(st.integers(0, 2**32), st.booleans())
def test_a_mutated_zip_is_refused_with_a_sentence_or_gives_a_whole_run(
    files, tmp_path, seed, inside
):
    chance = random.Random(seed)
    if inside:  # a file is another one, and the list of files says so
        name = chance.choice(sorted(files))
        content = zipped(files | {name: mutated(files[name], chance)})
    else:
        content = mutated(zipped(files), chance)
    root = tmp_path / f"{seed}-{inside}"
    other = RunStore(root / "runs", pretrained=None)
    try:
        done = import_run(content, other, OwnCorpora(root / "corpora"))
    except NamerecError as error:
        assert_sentence(error)
        assert_nothing_there(other)
    else:
        (run,) = other.entries()
        assert isinstance(run, RunSummary)
        assert run.id == done.run
        read_everything(other, other.open(run.id))
        assert run.info.dataset.fingerprint
    shutil.rmtree(root, ignore_errors=True)


# -- limits and disks


@pytest.mark.parametrize(
    ("variable", "value", "kind"),
    [
        ("MOST_DISK", "1", JobError),
        ("MOST_PARAMETERS", "100", ConfigError),
        ("MOST_UPLOADS", "1", DataError),
    ],
)
def test_the_servers_limits_hold(
    store, stopped, tiny_dataset, elsewhere, monkeypatch, variable, value, kind
):
    _on_own(stopped, tiny_dataset)
    content = packed(store, stopped.id)
    there = elsewhere()
    monkeypatch.setenv(f"NAMEREC_{variable}", value)
    settings.cache_clear()
    if variable == "MOST_DISK":
        monkeypatch.setattr("namerec.export.archive.importing.check_disk", _over_by_a_byte)
    with pytest.raises(kind, match=f"NAMEREC_{variable}"):
        import_run(content, there, kept=1)
    assert_nothing_there(there)
    monkeypatch.undo()
    settings.cache_clear()


def _over_by_a_byte(home: Path, limits: Any, more: int = 0) -> None:
    from namerec.jobs.limits import check_disk

    assert more > 10_000
    check_disk(home, limits, more + 1_000_000)


class KilledError(BaseException):
    """Stands for a process that ends here."""


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KilledError()])
def test_whenever_the_disk_fills_up_or_it_is_killed_there_is_all_of_a_run_or_nothing(
    store, stopped, solo, tiny_dataset, elsewhere, monkeypatch, failure
):
    reference = _on_own(stopped, tiny_dataset)
    content = packed(store, stopped.id)
    there = elsewhere()
    for step in range(100):
        shutil.rmtree(there.root.parent, ignore_errors=True)
        failed = True
        with monkeypatch.context() as patched:
            _fail_at(patched, step, failure)
            try:
                import_run(content, there)
            except (RunError, DataError) as error:
                assert_sentence(error, "No space left")
            except KilledError:
                pass
            else:
                failed = False
        if there.entries():
            (run,) = there.entries()
            assert_holds_epochs(there.open(run.id), solo, 2)
            assert [corpus.id for corpus in OwnCorpora().entries()] == [reference[4:]]
        if not failed:
            assert there.entries()
            if step > 20:  # it failed at every place
                break
        elif isinstance(failure, OSError):
            assert there.entries() == OwnCorpora().entries() == []
            left = [path for path in there.root.parent.rglob("*") if path.is_file()]
            # A table that nothing refers to is no corpus; the next upload clears it away.
            assert {path.parent.name for path in left} <= {"corpora"}
    else:
        raise AssertionError("it never came to an end")


def _fail_at(patched: pytest.MonkeyPatch, step: int, failure: BaseException) -> None:
    """Has the change of the disk of that number fail; a killed process cleans nothing up."""
    done = 0

    def counted(change: Any) -> Any:
        def counting(*given: Any, **more: Any) -> Any:
            nonlocal done
            done += 1
            if done == step + 1:
                raise failure
            return change(*given, **more)

        return counting

    for owner, name in ((Path, "rename"), (Path, "mkdir"), (Path, "replace"), (os, "fsync")):
        patched.setattr(owner, name, counted(getattr(owner, name)))
    if isinstance(failure, KilledError):
        patched.setattr(shutil, "rmtree", lambda *given, **more: None)
        patched.setattr(OwnCorpora, "remove", lambda *given: None)


def test_what_a_killed_import_left_is_cleared_away_by_one_an_hour_later(store, finished, elsewhere):
    content = packed(store, finished.id)
    there = elsewhere()
    arriving = there.root / ".arriving"
    for name in (".old.part", ".new.part"):
        (arriving / name / "x").mkdir(parents=True)
    os.utime(arriving / ".old.part", (0, 0))
    assert there.entries() == []
    import_run(content, there)
    assert os.listdir(arriving) == [".new.part"]
    there.create(finished.info().config, catalogue.load("recall:10"))
    there.open(finished.id).write_status(RunStatus(state="stopped"))
    remove(there, finished.id)
    assert os.listdir(arriving) == [".new.part"]  # nor is one that arrives cleared away
