import io
import subprocess
import sys
import zipfile
from typing import Any

import pytest

from namerec.data import catalogue
from namerec.errors import RunError
from namerec.export import kinds
from namerec.export.kinds import EXPORTS, Export, make, one_file
from namerec.export.source import MadeFile, Source
from tests.conftest import ROOT


@pytest.fixture
def sources(store, finished, stopped, solo) -> list[Source]:
    def load(reference: str) -> Any:
        return solo.dataset if reference == "bundled" else catalogue.load(reference)

    return [Source.of(store, folder.id, load) for folder in (finished, stopped)]


def test_the_table_costs_no_import_of_what_makes_files():
    code = "import sys, namerec.export.kinds\nprint(' '.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "matplotlib", "plotly", "pandas", "onnx", "nbformat"} & set(loaded)


@pytest.mark.parametrize("kind", EXPORTS)
def test_every_kind_has_words_and_a_maker_that_refuses_to_make_something_of_nothing(kind):
    with pytest.raises((TypeError, RunError), match=r"source|runs"):  # raised by the maker itself
        EXPORTS[kind].make()
    assert EXPORTS[kind].title[0].isupper()
    assert kind.isidentifier()


def test_what_is_made_of_one_run_is_not_made_of_two(sources):
    for export in EXPORTS.values():
        if not export.several:
            with pytest.raises(TypeError, match="takes 1 positional argument"):
                export.make(*sources)


def test_tables_are_the_weights_settings_curves_and_answers(sources, store, solo):
    finished = sources[0]
    names = [file.name.removeprefix(finished.run.id) for file in make("tables", [finished])]
    assert sorted(names) == [
        "-curves.csv",
        "-predictions.csv",
        "-settings.json",
        "-weights.safetensors",
    ]
    fresh = Source.of(store, store.create(solo.config, solo.dataset).id, finished.load)
    names = [file.name.removeprefix(fresh.run.id) for file in make("tables", [fresh])]
    assert sorted(names) == ["-curves.csv", "-settings.json"]  # there is no network yet


def test_of_several_runs_each_gets_a_folder_and_a_zip_keeps_its_name(sources, monkeypatch):
    first, second = (source.run.id for source in sources)
    files = [file.name for file in make("zip", sources)]
    assert files == [f"{first}.zip", f"{second}.zip"]
    files = [file.name for file in make("tables", sources)]
    assert len(set(files)) == len(files) == 8
    assert {file.partition("/")[0] for file in files} == {first, second}
    together = Export(
        "One", "One.", lambda *runs: [MadeFile(f"{len(runs)}.txt", b"")], several=True
    )
    monkeypatch.setitem(kinds.EXPORTS, "report", together)
    assert [file.name for file in make("report", sources)] == ["2.txt"]


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../x", "/x", "a/../x", "a/b/c", "a\\b", "C:x", "x\0", ".hidden", "a\n"),
        *("a/", "-option", "x" * 300),
    ],
)
def test_a_name_that_could_leave_the_folder_is_never_handed_on(sources, monkeypatch, name):
    monkeypatch.setitem(kinds.EXPORTS, "onnx", Export("X", "X.", lambda _: [MadeFile(name, b"")]))
    with pytest.raises(ValueError, match="no safe name"):
        make("onnx", sources[:1])


def test_one_file_is_the_only_one_or_a_zip_of_all():
    first = MadeFile("a.txt", b"first", "Said.")
    assert one_file([first], "stem") is first
    files = [first, MadeFile("folder/b.txt", b"second" * 100, "More."), MadeFile("c", b"", "Said.")]
    packed = one_file(files, "stem")
    assert packed.name == "stem.zip"
    assert packed == one_file(files, "stem")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            file.name: file.content for file in files
        }
