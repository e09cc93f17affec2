import os
from pathlib import Path

import pytest

from namerec.data import catalogue
from namerec.export import kinds
from namerec.export.kinds import EXPORTS, Export
from namerec.export.source import MadeFile
from namerec.runs.store import RunStore
from tests.cli.references import answered, ask, refused
from tests.runs.references import assert_holds_all


@pytest.fixture
def made(monkeypatch):
    """A kind whose files are small."""

    def make(source):
        return [
            MadeFile("a.txt", source.run.id.encode(), "Said once."),
            MadeFile("more/b.txt", b"b", "Said once."),
        ]

    monkeypatch.setitem(kinds.EXPORTS, "figures", Export("Small", "Small.", make))
    return make


def test_files_are_written_and_what_there_is_to_say_is_said_once(run, made, tmp_path):
    out = tmp_path / "new" / "folder"
    values = answered("export", run.id, "--to", "figures", "--out", str(out))
    assert values == {
        "runs": [run.id],
        "to": "figures",
        "files": [
            {"file": str(out / "a.txt"), "bytes": len(run.id), "words": "Said once."},
            {"file": str(out / "more" / "b.txt"), "bytes": 1, "words": "Said once."},
        ],
    }
    assert (out / "a.txt").read_text() == run.id
    assert (out / "more" / "b.txt").read_bytes() == b"b"
    assert len(list(out.rglob("*"))) == 3
    said = ask("export", run.id, "--to", "figures", "--out", str(tmp_path / "other")).stdout
    assert said.count("Said once.") == 1
    assert f"{tmp_path / 'other' / 'a.txt'}  {len(run.id)} bytes\n" in said


def test_files_go_into_the_present_folder_if_none_is_given(run, made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ask("export", run.id, "--to", "figures").exit_code == 0
    assert sorted(os.listdir(tmp_path)) == ["a.txt", "more"]


def test_nothing_that_is_there_is_replaced_unless_it_is_asked_for(run, made, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.txt").write_text("mine")
    order = ("export", run.id, "--to", "figures", "--out", str(tmp_path))
    message = refused(*order)
    assert "already “more/b.txt”" in message
    assert "--force" in message
    assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "more" / "b.txt").read_text() == "mine"
    assert ask(*order, "--force").exit_code == 0
    assert (tmp_path / "more" / "b.txt").read_text() == "b"


def test_a_folder_that_cannot_be_written_is_told(run, made, tmp_path):
    (tmp_path / "more").write_text("a file")
    message = refused("export", run.id, "--to", "figures", "--out", str(tmp_path))
    assert "“more/b.txt” cannot be written" in message
    (tmp_path / "a.txt").unlink()
    (tmp_path / "a.txt").mkdir()
    assert "cannot be written" in refused(
        "export", run.id, "--to", "figures", "--out", str(tmp_path), "--force"
    )


def test_each_of_several_runs_gets_a_folder(run, trained, store, made, tmp_path):
    other = trained.store(store)
    ids = (run.id, other.id, run.id)
    values = answered("export", *ids, "--to", "figures", "--out", str(tmp_path))
    assert values["runs"] == [run.id, other.id]
    for folder in (run, other):
        assert (tmp_path / folder.id / "a.txt").read_text() == folder.id
    assert len(values["files"]) == 4


def test_a_packed_run_is_brought_to_another_computer(
    run, trained, tiny_folder, tmp_path, monkeypatch
):
    asked = ("predict", "Bakaovic", "Dorussen", "--top", "3")
    there = answered(*asked)
    ask("export", run.id, "--to", "zip", "--out", str(tmp_path))
    monkeypatch.setenv("NAMEREC_HOME", str(tmp_path / "elsewhere"))
    file = str(tmp_path / f"{run.id}.zip")
    assert answered("import", file) == {"run": run.id, "added": True}
    assert answered(*asked) == there
    assert_holds_all(RunStore(pretrained=None).open(run.id), trained)
    (row,) = answered("runs", "list")["runs"]
    assert row["dataset"].startswith("own:")
    loaded, original = catalogue.load(row["dataset"]), catalogue.load(str(tiny_folder))
    assert loaded.fingerprint == original.fingerprint
    scores = answered("evaluate", "--run", run.id)
    assert scores["accuracy"] == round(trained.final.scores["test"].accuracy, 6)
    again = ask("import", file, "--json")
    assert "is here already" in again.stdout
    assert '"added": false' in again.stdout


def test_what_is_no_packed_run_is_refused(run, tmp_path):
    assert "cannot be read" in refused("import", str(tmp_path / "nothing.zip"))
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04")
    assert "“x.zip” is not a zip of a run" in refused("import", str(tmp_path / "x.zip"))


def test_runs_and_kinds_that_are_not_there_are_told(run, tmp_path):
    assert "There is no run “x”" in refused("export", "x", "--to", "zip", "--out", str(tmp_path))
    assert ask("export", run.id, "--to", "exe").exit_code == 2
    assert ask("export", "--to", "zip").exit_code == 2
    assert ask("export", run.id).exit_code == 2
    assert list(Path(tmp_path).iterdir()) == []


def test_the_help_says_of_every_kind_what_it_is():
    text = " ".join(ask("export", "--help").stdout.split())
    for kind, export in EXPORTS.items():
        assert f"{kind}: {export.help}" in text
