"""Corpora of your own: kept, listed, found, removed, and what damage does to them."""

import contextlib
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.data import catalogue
from namerec.data.kept import DamagedCorpus, OwnCorpus
from namerec.data.own import OwnCorpora
from namerec.data.text import checked_name
from namerec.data.upload import Upload, read_upload
from namerec.errors import DataError
from namerec.settings import home
from tests.data.zips import NAMES, zipped

TABLE = b"name,label,split\nPappas,Greek,train\nRitsos,Greek,test\nNA,Czech,dev\nNull,Czech,test\n"


@pytest.fixture
def corpora(tmp_path) -> OwnCorpora:
    return OwnCorpora(tmp_path / "corpora")


def upload_of(number: int) -> Upload:
    letters = "".join(chr(ord("a") + int(digit)) for digit in str(number))
    return read_upload(f"name,label\n{letters}x,A\n{letters}y,A\nPa,B\nPo,B\n".encode(), "n.csv")


def spelled(letter: str) -> Upload:
    """The same names to the network, however the first is spelled."""
    table = f"name,label\nM{letter}ller,A\nAbt,A\nPa,B\nPo,B\n"
    return read_upload(table.encode(), "n.csv", title=f"with {letter}")


def file_of(corpora: OwnCorpora, corpus: OwnCorpus, ending: str) -> Path:
    return corpora.where(corpus) if ending == "csv" else corpora.root / f"{corpus.id}.json"


def age(corpora: OwnCorpora) -> None:
    for path in corpora.root.iterdir():
        os.utime(path, (time.time() - 7200,) * 2)


def files_in(corpora: OwnCorpora) -> list[str]:
    return sorted(path.name for path in corpora.root.iterdir())


@pytest.mark.parametrize(
    ("raw", "file_name"), [(TABLE, "n.csv"), (zipped(NAMES), "n.zip")], ids=["table", "archive"]
)
def test_what_is_kept_is_loaded_as_it_was_uploaded(corpora, raw, file_name):
    upload = read_upload(raw, file_name)
    corpus = corpora.keep(upload)
    loaded = corpora.load(corpus.id)
    assert loaded.fingerprint == upload.dataset.fingerprint == corpus.fingerprint
    assert loaded.names == upload.dataset.names
    assert loaded.title == file_name
    assert (loaded.given_parts is None) == (file_name == "n.zip")
    assert files_in(corpora) == [corpus.table_name, f"{corpus.id}.json"]


def test_the_description_says_what_was_kept(corpora):
    upload = read_upload(TABLE + b"Solo,Alone,train\n", "n.csv")
    corpus = corpora.keep(upload)
    assert corpus == corpora.describe(corpus.id)
    assert (corpus.names, corpus.categories, corpus.has_split) == (4, ("Czech", "Greek"), True)
    assert corpus.notices == upload.notices
    assert "“Alone”" in corpus.notices[0]
    assert corpus.reference == f"own:{corpus.fingerprint[:16]}"


def test_the_files_are_plain_csv_and_json(corpora):
    corpus = corpora.keep(read_upload(TABLE, "n.csv"))
    table = corpora.where(corpus).read_text("utf-8")
    assert table.startswith("name,category,split\nPappas,Greek,train\n")
    assert json.loads((corpora.root / f"{corpus.id}.json").read_text())["names"] == 4


def test_a_kept_corpus_is_removed_and_gone(corpora):
    corpus = corpora.keep(upload_of(1))
    other = corpora.keep(upload_of(2))
    corpora.remove(corpus.id)
    assert corpora.entries() == [other]
    assert corpora.find(corpus.fingerprint) is None
    assert files_in(corpora) == [other.table_name, f"{other.id}.json"]
    for ask in (corpora.load, corpora.describe, corpora.stamp, corpora.remove):
        with pytest.raises(DataError, match=r"no longer, on this computer\. Upload the same"):
            ask(corpus.id)


def test_the_same_names_uploaded_again_are_the_same_corpus(corpora):
    first = corpora.keep(upload_of(1))
    again = corpora.keep(upload_of(1))
    assert again.reference == first.reference
    assert corpora.entries() == [again]
    corpora.remove(first.id)
    corpora.keep(upload_of(1))
    assert corpora.load(first.id).fingerprint == first.fingerprint


def test_a_corpus_is_found_by_its_fingerprint(corpora):
    corpus = corpora.keep(upload_of(1))
    assert corpora.find(corpus.fingerprint) == corpus
    assert corpora.find(corpus.fingerprint[:-1] + "x") is None
    assert corpora.find(upload_of(2).dataset.fingerprint) is None
    assert corpora.find("") is None


def test_the_newest_is_listed_first_and_a_hundred_are_listed_quickly(corpora):
    kept = [corpora.keep(upload_of(number)) for number in range(100)]
    began = time.process_time()
    listed = corpora.entries()
    assert time.process_time() - began < 10
    assert listed == kept[::-1]


def test_without_a_folder_nothing_is_listed(tmp_path):
    assert OwnCorpora(tmp_path / "nowhere").entries() == []
    (tmp_path / "file").write_text("in the way")
    assert OwnCorpora(tmp_path / "file").entries() == []


def _tear(path, content: bytes) -> None:
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("ending", ["csv", "json"])
@pytest.mark.parametrize(
    "damage",
    [
        _tear,
        lambda path, content: path.write_bytes(b""),
        lambda path, content: path.write_bytes(b"\xff" * len(content)),
        lambda path, content: path.write_bytes(content.replace(b"Greek", b"Grrek")),
        lambda path, content: path.write_bytes(content + b"x"),
    ],
    ids=["torn", "empty", "no text", "changed", "longer"],
)
def test_a_damaged_corpus_is_a_data_error_and_the_others_stay(corpora, ending, damage):
    corpus = corpora.keep(read_upload(TABLE, "n.csv"))
    other = corpora.keep(upload_of(1))
    path = file_of(corpora, corpus, ending)
    damage(path, path.read_bytes())
    if ending == "json" and b"Grrek" in path.read_bytes():
        # The words in a description are not what a network learns.
        assert corpora.load(corpus.id).fingerprint == corpus.fingerprint
    else:
        with pytest.raises(DataError, match=f"“own:{corpus.id}” is damaged"):
            corpora.load(corpus.id)
    assert other in corpora.entries()
    assert corpora.load(other.id).fingerprint == other.fingerprint
    corpora.remove(corpus.id)
    assert corpora.entries() == [other]
    assert files_in(corpora) == [other.table_name, f"{other.id}.json"]


def test_a_torn_table_is_seen_without_reading_it(corpora):
    corpus = corpora.keep(read_upload(TABLE, "n.csv"))
    _tear(corpora.where(corpus), corpora.where(corpus).read_bytes())
    (listed,) = corpora.entries()
    assert isinstance(listed, DamagedCorpus)
    assert listed.id == corpus.id
    assert "its table of names is incomplete. Upload the same names again" in listed.reason


def test_a_table_with_other_names_of_the_same_size_is_not_taken_for_the_corpus(corpora):
    corpus = corpora.keep(read_upload(TABLE, "n.csv"))
    path = corpora.where(corpus)
    path.write_bytes(path.read_bytes().replace(b"Pappas", b"Poppas"))
    with pytest.raises(DataError, match="its names have changed since they were stored"):
        corpora.load(corpus.id)


def test_a_description_under_another_id_is_damage(corpora):
    corpus = corpora.keep(upload_of(1))
    path = file_of(corpora, corpus, "json")
    path.rename(path.with_stem("0" * 16))
    with pytest.raises(DataError, match="it describes another corpus"):
        corpora.load("0" * 16)


def test_an_upload_again_repairs_what_is_damaged(corpora):
    corpus = corpora.keep(upload_of(1))
    corpora.where(corpus).write_bytes(b"")
    corpora.keep(upload_of(1))
    assert corpora.load(corpus.id).fingerprint == corpus.fingerprint


@pytest.mark.parametrize("killed_at", [0, 1])
def test_a_process_killed_while_keeping_leaves_no_corpus_and_its_debris_is_removed(
    corpora, monkeypatch, killed_at
):
    writes = []

    def die(descriptor: int) -> None:
        writes.append(descriptor)
        if len(writes) > 2 * killed_at:  # each file is flushed, then its folder
            raise KeyboardInterrupt

    upload = upload_of(1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", die)
        with pytest.raises(KeyboardInterrupt):
            corpora.keep(upload)
    assert corpora.entries() == []
    assert not any(corpora.root.glob("*.part"))
    (corpora.root / "abc.json.1234.part").write_bytes(b"half")
    age(corpora)
    (corpora.root / "fresh.part").write_bytes(b"half")
    corpus = corpora.keep(upload_of(2))
    assert files_in(corpora) == sorted([corpus.table_name, f"{corpus.id}.json", "fresh.part"])


@pytest.mark.parametrize("flushes", range(4))
def test_a_process_killed_while_replacing_leaves_the_earlier_corpus_or_the_new_one(
    corpora, monkeypatch, flushes
):
    earlier, later = spelled("u"), spelled("ü")
    assert earlier.dataset.fingerprint == later.dataset.fingerprint
    corpus = corpora.keep(earlier)
    flushed: list[int] = []

    def die(descriptor: int) -> None:
        if len(flushed) == flushes:
            raise KeyboardInterrupt
        flushed.append(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", die)
        with pytest.raises(KeyboardInterrupt):
            corpora.keep(later)
    # The last flush is of the folder in which the description has its name already.
    expected = later if flushes == 3 else earlier
    assert corpora.load(corpus.id).names == expected.dataset.names
    assert corpora.load(corpus.id).title == expected.dataset.title


def test_what_was_replaced_is_told_and_its_table_goes_once_nobody_can_be_at_it(corpora):
    first = corpora.keep(spelled("u"))
    assert not any("Replaced" in notice for notice in first.notices)
    age(corpora)
    second = corpora.keep(spelled("ü"))
    assert "Replaced: “with u”, stored since" in second.notices[-1]
    assert files_in(corpora) == [second.table_name, f"{second.id}.json"]
    third = corpora.keep(spelled("ú"))
    tables = sorted([second.table_name, third.table_name])
    assert files_in(corpora) == [*tables, f"{third.id}.json"]
    corpora.remove(third.id)
    assert files_in(corpora) == []


def test_a_damaged_description_keeps_its_tables_until_it_is_removed(corpora):
    corpora.keep(spelled("u"))
    corpus = corpora.keep(spelled("ü"))
    file_of(corpora, corpus, "json").write_bytes(b"{")
    age(corpora)
    other = corpora.keep(upload_of(1))
    assert len(list(corpora.root.glob("*.csv"))) == 3
    corpora.remove(corpus.id)
    assert files_in(corpora) == [other.table_name, f"{other.id}.json"]


def test_a_corpus_kept_before_tables_were_called_after_their_content_is_read_and_replaced(corpora):
    corpus = corpora.keep(upload_of(1))
    corpora.where(corpus).rename(corpora.root / f"{corpus.id}.csv")
    path = file_of(corpora, corpus, "json")
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items()
                                if k != "table"}))  # fmt: skip
    age(corpora)
    assert corpora.load(corpus.id).fingerprint == corpus.fingerprint
    again = corpora.keep(upload_of(1))
    assert files_in(corpora) == [again.table_name, f"{again.id}.json"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"cannot be stored in .*file.*set NAMEREC_HOME"):
        OwnCorpora(tmp_path / "file").keep(upload_of(1))


def test_names_that_take_too_much_room_written_out_are_refused(corpora, monkeypatch):
    monkeypatch.setattr("namerec.data.own.MAX_BYTES", 20)
    with pytest.raises(DataError, match="MiB written out"):
        corpora.keep(upload_of(1))
    assert corpora.entries() == []


@pytest.mark.parametrize(
    "identity", ["", "../../etc", "x" * 16, "\0", "0" * 15, "\ud800", "0" * 400]
)
def test_what_is_no_id_is_no_corpus(corpora, identity):
    with pytest.raises(DataError, match="is not, or no longer, on this computer") as failure:
        corpora.load(identity)
    assert str(failure.value).isprintable()


def test_an_id_leads_nowhere_but_into_the_folder_of_corpora(corpora):
    corpus = corpora.keep(upload_of(1))
    for ending in ("csv", "json"):
        path = file_of(corpora, corpus, ending)
        path.rename(corpora.root.parent / path.name)
    for ask in (corpora.load, corpora.remove):
        with pytest.raises(DataError, match="is not, or no longer, on this computer"):
            ask(f"../{corpus.id}")
    assert (corpora.root.parent / corpus.table_name).exists()


def test_a_description_with_another_fingerprint_is_damage(corpora):
    corpus = corpora.keep(upload_of(1))
    path = corpora.root / f"{corpus.id}.json"
    path.write_text(path.read_text().replace(corpus.fingerprint, "0" * 64))
    with pytest.raises(DataError, match="its description is incomplete"):
        corpora.describe(corpus.id)


lines = st.lists(
    st.builds(
        LabelledName,
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(
            lambda text: checked_name(text, "here")
        ),
        st.sampled_from(["Old, Greek", 'The "Czech"', "NA"]),
        st.just("train"),
    )
    | st.sampled_from([LabelledName("Pa", "NA", "test"), LabelledName("Po", "Old, Greek", "test")]),
    min_size=2,
    max_size=8,
)


@given(lines=lines)
def test_any_names_are_loaded_with_the_fingerprint_they_were_kept_with(corpora, lines):
    try:
        dataset = Dataset.build("any", lines)
    except DataError:
        return
    corpus = corpora.keep(Upload(dataset, ()))
    loaded = corpora.load(corpus.id)
    assert loaded.fingerprint == dataset.fingerprint
    assert loaded.names == dataset.names


@given(
    content=st.binary(max_size=60)
    | st.recursive(st.none(), st.lists).map(json.dumps).map(str.encode)
)
def test_any_description_is_a_corpus_or_a_data_error(corpora, content):
    upload = upload_of(1)
    path = corpora.root / f"{upload.dataset.fingerprint[:16]}.json"
    if not path.exists():
        corpora.keep(upload)
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        corpora.load(path.stem)
    assert len(corpora.entries()) == 1


# -- in the catalogue


def test_a_kept_corpus_is_listed_after_the_others_and_loaded_by_its_reference():
    corpus = OwnCorpora().keep(read_upload(TABLE, "my names.csv"))
    listed = catalogue.available()
    assert [info.reference for info in listed] == ["bundled", "tutorial", corpus.reference]
    assert listed[-1].title == "my names.csv"
    assert listed[-1].installed
    assert "2 categories, 4 lines" in listed[-1].description
    dataset = catalogue.load(corpus.reference)
    assert dataset.title == "my names.csv"
    assert dataset.fingerprint == corpus.fingerprint


def test_a_damaged_one_keeps_no_other_from_the_catalogue():
    corpora = OwnCorpora()
    damaged, other = corpora.keep(upload_of(1)), corpora.keep(upload_of(2))
    (corpora.root / f"{damaged.id}.json").write_bytes(b"{")
    assert [info.reference for info in catalogue.available()][2:] == [other.reference]
    with pytest.raises(DataError, match="is damaged: its description is incomplete"):
        catalogue.load(damaged.reference)


def test_a_corpus_that_is_gone_says_so_and_its_stamp_too():
    for ask in (catalogue.load, catalogue.stamp):
        with pytest.raises(
            DataError, match=r"“own:0123456789abcdef” is not, or no longer, on this computer"
        ):
            ask("own:0123456789abcdef")


def test_the_stamp_changes_when_the_corpus_is_replaced():
    corpora = OwnCorpora()
    corpus = corpora.keep(upload_of(1))
    before = catalogue.stamp(corpus.reference)
    assert catalogue.stamp(corpus.reference) == before
    os.utime(corpora.where(corpus), (1, 1))
    assert catalogue.stamp(corpus.reference) != before


def test_a_folder_called_like_a_kept_corpus_is_reached_by_its_path(
    tiny_folder, tmp_path, monkeypatch
):
    (tmp_path / "own:x").symlink_to(tiny_folder)
    monkeypatch.chdir(tmp_path)
    assert catalogue.load("./own:x").categories == ("Alphan", "Betan", "Gamman")


@pytest.mark.parametrize("value", ["~/lab", "/somewhere/else", "", None])
def test_corpora_lie_in_the_data_folder_that_runs_lie_in(monkeypatch, value):
    if value is None:
        monkeypatch.delenv("NAMEREC_HOME")
    else:
        monkeypatch.setenv("NAMEREC_HOME", value)
    assert OwnCorpora().root == home() / "corpora"


def test_what_is_listed_is_a_corpus_or_damage(corpora):
    corpora.keep(upload_of(1))
    assert isinstance(corpora.entries()[0], OwnCorpus)
