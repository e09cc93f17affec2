"""Every corpus by its reference; whatever is none is told so."""

import contextlib
import re
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset
from namerec.data import bundled, tutorial
from namerec.data.catalogue import available, load, stamp
from namerec.errors import DataError


def test_the_bundled_corpus_is_there_without_any_download():
    dataset = load("bundled")
    assert dataset.title == "bundled corpus"
    assert len(dataset.categories) == 18
    assert dataset.unreadable == ()


def test_a_checkout_without_the_bundled_corpus_says_so(tmp_path):
    with pytest.raises(DataError, match="whole checkout"):
        bundled.read_bundled(tmp_path / "assets")


def test_the_tutorial_corpus_that_is_not_there_says_how_to_get_it():
    with pytest.raises(DataError, match="not on this computer yet") as failure:
        load("tutorial")
    for way in ("python -m namerec data download", "button", "NAMEREC_NAMES_DIR"):
        assert way in str(failure.value)


def test_a_folder_of_your_own_stands_in_for_the_tutorial_corpus(monkeypatch, tiny_folder):
    monkeypatch.setenv("NAMEREC_NAMES_DIR", str(tiny_folder))
    dataset = load("tutorial")
    assert dataset.categories == ("Alphan", "Betan", "Gamman")
    assert dataset.title == "tutorial corpus (changed copy)"


def test_a_whole_copy_of_the_tutorial_corpus_has_its_plain_title(monkeypatch, tiny_folder):
    monkeypatch.setenv("NAMEREC_NAMES_DIR", str(tiny_folder))
    monkeypatch.setattr(tutorial, "is_original", lambda folder: folder == tiny_folder)
    assert load("tutorial").title == "tutorial corpus"


def test_a_folder_is_loaded_under_its_own_name(tiny_folder, tiny_dataset):
    dataset = load(str(tiny_folder))
    assert dataset.title == tiny_folder.name
    assert sorted(dataset.names) == sorted(tiny_dataset.names)


def test_a_table_gives_the_same_dataset_as_a_folder_of_the_same_names(tiny_folder, tmp_path):
    from_folder = load(str(tiny_folder))
    path = tmp_path / "tiny.csv"
    rows = [
        f"{name},{from_folder.categories[label]}"
        for name, label in zip(from_folder.names, from_folder.labels, strict=True)
    ]
    path.write_text("name,category\n" + "\n".join(rows))
    from_table = load(str(path))
    assert from_table.title == "tiny.csv"
    assert from_table.fingerprint == from_folder.fingerprint


def test_a_path_may_begin_at_home_or_here(tiny_folder, monkeypatch):
    monkeypatch.setenv("HOME", str(tiny_folder.parent))
    monkeypatch.chdir(tiny_folder)
    titles = {load(path).title for path in (".", f"~/{tiny_folder.name}", f"../{tiny_folder.name}")}
    assert titles == {tiny_folder.name}


def test_a_folder_named_like_a_corpus_is_reached_by_its_path(tiny_folder, tmp_path, monkeypatch):
    shutil.copytree(tiny_folder, tmp_path / "bundled")
    monkeypatch.chdir(tmp_path)
    assert load("./bundled").categories == ("Alphan", "Betan", "Gamman")
    assert len(load("bundled").categories) == 18


@pytest.mark.parametrize(
    "reference",
    [
        *("", " \n", "nowhere", "a\0b", "~a\0b/c", "~nobody/x", "x" * 300, "x" * 100_000, "\ud800"),
        *("/" * 5000, "\udcff", "~\ud800", "/dev/null", "Bundled corpus", "../" * 1000),
    ],
)
def test_what_is_no_corpus_is_told_with_what_is_allowed(reference):
    with pytest.raises(DataError) as failure:
        load(reference)
    assert str(failure.value).isprintable()
    assert len(str(failure.value)) < 500


@given(reference=st.text())
def test_any_text_is_a_corpus_or_a_data_error(reference):
    with contextlib.suppress(DataError):
        assert isinstance(load(reference), Dataset)


def test_the_list_says_what_is_installed_and_where(monkeypatch, tiny_folder):
    listed = {info.reference: info for info in available()}
    assert list(listed) == ["bundled", "tutorial"]
    assert listed["bundled"].installed
    assert not listed["tutorial"].installed
    assert listed["tutorial"].where == str(tutorial.download_folder())
    monkeypatch.setenv("NAMEREC_NAMES_DIR", str(tiny_folder))
    listed = {info.reference: info for info in available()}
    assert listed["tutorial"].installed
    assert listed["tutorial"].where == str(tiny_folder)


def test_a_corpus_that_is_listed_as_installed_loads_under_its_listed_title():
    for info in available():
        if info.installed:
            assert load(info.reference).title == info.title
        else:
            with pytest.raises(DataError, match=re.escape("NAMEREC_NAMES_DIR")):
                load(info.reference)


def test_a_memory_task_is_made_and_never_listed():
    dataset = load("memory-task:7")
    assert {name[0] for name in dataset.names} == set(dataset.categories) == set("abcdefgh")
    assert set(dataset.lengths.tolist()) == {8}
    assert stamp("memory-task:7") == ""
    assert not any(info.reference.startswith("memory-task") for info in available())
    with pytest.raises(DataError, match="5 to 250"):
        load("memory-task:lots")
