import ast
import json
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.export.program.notebook import NOTEBOOK, notebook_files
from namerec.export.program.script import script_files
from tests.conftest import tiny_lines
from tests.export import programs
from tests.export.programs import assert_reaches_the_run, trained, written

#: Puts what a notebook has come to into the last cell's output.
ASKED = """import json
print(json.dumps([CURVE, best_epoch, {part: scores for part, scores in RESULTS.items()}]))"""


@pytest.fixture(autouse=True)
def _own_plots(monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # of this process: the notebook has its own


@pytest.fixture(scope="module")
def awkward() -> Dataset:
    return programs.with_awkward_names(tiny_lines())


def _read(content: bytes) -> Any:
    notebook = nbformat.reads(content.decode(), as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    return notebook


def _code(notebook: Any) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def _text(notebook: Any) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def test_the_notebook_reaches_the_runs_curve(awkward, tmp_path, monkeypatch):
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    config = programs.settings("custom_lstm", {"dropout": 0.2}, letter_dropout=0.05)
    source = trained(tmp_path / "runs", config, awkward)
    files = notebook_files(source)
    folder = written(files, tmp_path / "made")
    notebook = _read(files[0].content)
    notebook.cells.append(nbformat.v4.new_code_cell(ASKED))  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()

    *_, drawn, _, _, _, asked = (cell for cell in notebook.cells if cell.cell_type == "code")
    curve, best_epoch, results = json.loads(asked.outputs[0].text)
    made = {
        "CURVE": curve,
        "best_epoch": best_epoch,
        "RESULTS": {part: programs.Results(*scores) for part, scores in results.items()},
    }
    assert_reaches_the_run(made, source, 2e-5)
    assert [output.output_type for output in drawn.outputs] == ["display_data"]
    assert "image/png" in drawn.outputs[0].data


def test_the_notebooks_code_is_the_scripts(awkward, tmp_path):
    source = trained(tmp_path / "runs", programs.settings("lstm", {}, epochs=1), awkward)
    script = script_files(source)[0].content.decode()
    imports, *code = _code(_read(notebook_files(source)[0].content))
    own = {"curves", "asked_notebook"}
    shared = [cell for cell in code if cell in script]
    assert len(code) - len(shared) == len(own) + 1  # and the names, which lie in its own folder
    assert set(script.splitlines()) >= {
        line for line in imports.splitlines() if "find_spec" not in line
    }
    assert notebook_files(source)[1:] == script_files(source)[1:]


def test_the_same_run_gives_the_same_bytes(awkward, tmp_path):
    source = trained(tmp_path / "runs", programs.settings("rnn", {}, epochs=1), awkward)
    files = notebook_files(source)
    assert files == notebook_files(source)
    notebook = _read(files[0].content)
    identities = [cell.id for cell in notebook.cells]
    assert len(identities) == len(set(identities))
    assert (files[0].name, notebook.nbformat) == (NOTEBOOK, 4)
    assert all(cell.outputs == [] for cell in notebook.cells if cell.cell_type == "code")


def test_what_people_have_written_is_in_no_text_and_no_code(tmp_path):
    title = "<script>alert(1)</script> $x$ \n# ![a](b)\nimport os"
    lines = [LabelledName(line.name, f"<b>{line.category}</b>") for line in tiny_lines()]
    config = programs.settings("rnn", {}, epochs=1)
    tame, odd = (
        _read(notebook_files(trained(tmp_path / str(number), config, dataset))[0].content)
        for number, dataset in enumerate(
            (Dataset.build("tame", tiny_lines()), Dataset.build(title, lines))
        )
    )
    assert _text(tame) == _text(odd)
    assert not any("alert" in text for text in _text(odd))
    trees = [[ast.dump(ast.parse(cell)) for cell in _code(notebook)] for notebook in (tame, odd)]
    different = [
        number for number, (one, other) in enumerate(zip(*trees, strict=True)) if one != other
    ]
    assert set(different) <= {1}  # the settings, with the runs' own scores
    assert "'<script>alert(1)</script> $x$ \\n# ![a](b)\\nimport os'" in _code(odd)[0]
