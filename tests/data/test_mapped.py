import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from namerec.core.corpus import dataset as dataset_module
from namerec.core.corpus.dataset import Dataset
from namerec.data import catalogue, mapped
from namerec.errors import DataError
from namerec.settings import cache_home
from tests.conftest import ROOT, tiny_lines

PARTS = ("train", "validation", "test")


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch):
    monkeypatch.setattr(catalogue, "MAX_BYTES", 100)
    monkeypatch.setattr(dataset_module, "LINES_AT_ONCE", 10)
    monkeypatch.setattr(mapped, "LINES_AT_ONCE", 10)


@pytest.fixture
def table(tmp_path) -> Path:
    """The tiny dataset with parts and a line that cannot be read, as a table."""
    path: Path = tmp_path / "names.csv"
    rows = [f"{x.name},{x.category},{PARTS[i % 3]}" for i, x in enumerate(tiny_lines())]
    path.write_text("\n".join(["name,language,split", *rows, "123,Alphan,test"]) + "\n", "utf-8")
    return path


def tables() -> list[Path]:
    return [path for path in (cache_home() / "tables").iterdir() if path.is_dir()]


def assert_same(one: Dataset, other: Dataset) -> None:
    assert (one.fingerprint, one.categories) == (other.fingerprint, other.categories)
    assert (one.names, one.unreadable) == (other.names, other.unreadable)
    for name in ("letters", "lengths", "labels", "given_parts"):
        mine, others = getattr(one, name), getattr(other, name)
        assert np.array_equal(mine, others)
        assert getattr(mine, "dtype", None) == getattr(others, "dtype", None)


def test_a_large_table_gives_the_dataset_that_a_small_one_gives(table, monkeypatch):
    said: list[int] = []
    large = catalogue.load(str(table), said.append)
    again = catalogue.load(str(table), said.append)
    monkeypatch.setattr(catalogue, "MAX_BYTES", 10**6)
    small = catalogue.load(str(table))
    assert_same(large, small)
    assert_same(again, small)
    assert [line.name for line in large.unreadable] == ["123"]
    assert said == [0, 10, 20, 30, 40, 50, 60, 70]  # encoded once
    assert not large.letters.flags.owndata


def test_a_large_folder_gives_the_dataset_that_a_small_one_gives(tiny_folder, monkeypatch):
    large = catalogue.load(str(tiny_folder))
    monkeypatch.setattr(catalogue, "MAX_BYTES", 10**6)
    assert_same(large, catalogue.load(str(tiny_folder)))


def test_a_changed_corpus_has_a_table_of_its_own(table):
    before = catalogue.load(str(table))
    table.write_text(table.read_text("utf-8").replace("Bak", "Dak", 1), "utf-8")
    after = catalogue.load(str(table))
    assert (before.names[0][0], after.names[0][0]) == ("B", "D")
    assert len(tables()) == 2


@pytest.mark.parametrize("file", ["letters.npy", "names.npy", "table.json"])
@pytest.mark.parametrize("left", [0, 40])
def test_a_table_with_a_file_cut_short_is_made_anew(table, file, left):
    whole = catalogue.load(str(table))
    names = tuple(whole.names)
    path = tables()[0] / file
    content = path.read_bytes()
    path.unlink()  # what is mapped stays
    path.write_bytes(content[:left])
    assert tuple(catalogue.load(str(table)).names) == names
    assert path.read_bytes() == content


_KILLED = """
import os, signal, sys
from pathlib import Path
from namerec.data import mapped
from namerec.data.table import table_lines


def array(*given, save=mapped.np.save, **more):
    save(*given, **more)
    os.kill(os.getpid(), signal.SIGKILL)

mapped.np.save = array
source = Path(sys.argv[1])
mapped.load("names.csv", [source], lambda: table_lines(source))
"""


def test_a_table_whose_making_was_killed_is_made_anew(table):
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(table)], cwd=ROOT)
    assert killed.returncode == -9
    [aside] = tables()
    assert [path.name for path in aside.iterdir()] == ["names.npy"]
    dataset = catalogue.load(str(table))
    assert len(dataset) == 72
    [made] = tables()
    assert made.name + ".part" == aside.name
    assert json.loads((made / "table.json").read_text())["fingerprint"] == dataset.fingerprint


def test_a_large_corpus_that_cannot_be_read_is_told_with_its_line(table):
    table.write_bytes(table.read_bytes() + b"Caf\xe9,Alphan,test\n")
    with pytest.raises(DataError, match=r"“names.csv” is not UTF-8 text: see line 75\."):
        catalogue.load(str(table))
    table.write_text("name,language\n" + "a,b,c\n" * 50, "utf-8")
    with pytest.raises(DataError, match="There are 3 cells in line 2"):
        catalogue.load(str(table))


def test_a_table_that_cannot_be_kept_is_told(table, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NAMEREC_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"cannot be kept in .*set NAMEREC_CACHE"):
        catalogue.load(str(table))
