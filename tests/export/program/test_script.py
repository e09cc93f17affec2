import ast
import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.evaluation.scores import predict_names
from namerec.core.networks.kinds import KINDS, MODEL_KINDS
from namerec.errors import DataError, DivergedError
from namerec.export.program.script import SCRIPT, script_files
from namerec.export.source import Source
from namerec.runs.lineage import branch_from
from tests.conftest import tiny_lines
from tests.export import programs
from tests.export.programs import assert_reaches_the_run, executed, trained, written

#: Difference of losses in nats that the order of sums makes in a few dozen steps.
ROUNDING = 2e-5


@pytest.fixture(scope="module")
def awkward() -> Dataset:
    return programs.with_awkward_names(tiny_lines())


def _text(source: Source) -> str:
    return script_files(source)[0].content.decode()


def _defined(tree: ast.Module) -> set[str]:
    """Names that a program's own lines, not those within functions, give something to."""
    found: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found.add(statement.name)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            found |= {each.asname or each.name for each in statement.names}
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
            found |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return found


def _used(tree: ast.Module) -> set[str]:
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Load)}


# The same curve

SHAPES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "rnn": ("rnn", {}, {}),
    "rnn of three layers": (
        "rnn",
        {"nonlinearity": "tanh", "num_layers": 3, "dropout": 0.3},
        {"letter_dropout": 0.1, "sampling": "balanced", "optimizer": "sgd", "learning_rate": 0.2},
    ),
    "lstm": ("lstm", {"num_layers": 2, "forget_bias": 1.5}, {"steps": 21, "schedule": "cosine"}),
    "lstm with dropout between layers": (
        "lstm",
        {"num_layers": 2, "dropout": 0.4},
        {"protocol": "course", "sampling": "square root", "optimizer": "adam"},
    ),
    "custom lstm, one name a step": (
        "custom_lstm",
        {"num_layers": 2, "dropout": 0.3, "forget_bias": -1.0},
        {"batch_size": 1, "clip_norm": 0.0, "protocol": "raw", "weight_decay": 0.0, "epochs": 2},
    ),
    "custom lstm with everything": (
        "custom_lstm",
        {
            "num_layers": 2,
            "direction": "both",
            "dropout": 0.3,
            "char_ngrams": 4,
            "ngram_dropout": 0.5,
        },
        {"letter_dropout": 0.1, "schedule": "constant", "split_seed": 4, "seed": 7},
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_script_reaches_the_runs_curve(shape, awkward, tmp_path):
    kind, model, training = SHAPES[shape]
    source = trained(tmp_path / "runs", programs.settings(kind, model, **training), awkward)
    made = executed(script_files(source), tmp_path / "made")
    assert_reaches_the_run(made, source, ROUNDING)
    assert "Largest difference from the run's validation accuracy: 0.00 points" in made["printed"]


def test_the_built_in_lstms_losses_are_the_runs_bit_for_bit(awkward, tmp_path):
    config = programs.settings("lstm", {"dropout": 0.2}, letter_dropout=0.05)
    source = trained(tmp_path / "runs", config, awkward)
    made = executed(script_files(source), tmp_path / "made")
    assert [row["train_loss"] for row in made["CURVE"]] == [
        record.train_loss for record in source.folder.metrics()[1]
    ]


@settings(
    max_examples=8,
    phases=[Phase.generate],  # to shrink an example would train some hundred networks
)
@given(
    model=st.fixed_dictionaries(
        {
            "kind": st.sampled_from(MODEL_KINDS),
            "num_layers": st.integers(1, 2),
            "dropout": st.sampled_from([0.0, 0.4]),
            "char_ngrams": st.sampled_from([0, 0, 0, 2]),
        }
    ),
    training=st.fixed_dictionaries(
        {
            "seed": st.integers(0, 2**31 - 1),
            "protocol": st.sampled_from(["leak-free", "raw", "course"]),
            "sampling": st.sampled_from(["natural", "square root", "balanced"]),
            "optimizer": st.sampled_from(["sgd", "adam", "adamw"]),
            "schedule": st.sampled_from(["constant", "cosine", "one-cycle"]),
            "batch_size": st.integers(2, 40),
            "steps": st.sampled_from([None, 9]),
            "clip_norm": st.sampled_from([0.0, 0.5]),
            "letter_dropout": st.sampled_from([0.0, 0.2]),
            "patience": st.sampled_from([0, 1]),
        }
    ),
)
def test_any_settings_give_the_runs_curve_and_only_code_that_they_need(
    model, training, awkward, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("any")
    kind = model.pop("kind")
    source = trained(folder / "runs", programs.settings(kind, model, **training), awkward)
    tree = ast.parse(_text(source))
    assert _defined(tree) <= _used(tree)
    made = executed(script_files(source), folder / "made")
    assert_reaches_the_run(made, source, ROUNDING)


@pytest.mark.parametrize(
    ("kind", "point"), [*zip(MODEL_KINDS, cycle(("best", "last")), strict=False)]
)
def test_a_run_that_goes_on_from_another_begins_where_that_ended(kind, point, awkward, tmp_path):
    shape = {"num_layers": 2} | ({"forget_bias": 1.0} if KINDS[kind].keeps else {})
    first = trained(tmp_path / "runs", programs.settings(kind, shape), awkward)
    config = programs.settings(kind, shape, seed=5, split_seed=0, epochs=2)
    origin = branch_from(first.folder, point, config, awkward.fingerprint)
    assert bool(origin.moments) == (point == "last")
    source = trained(tmp_path / "runs", config, awkward, origin)
    files = script_files(source)
    assert [file.name for file in files][3:] == ["first.npz"]
    assert_reaches_the_run(executed(files, tmp_path / "made"), source, ROUNDING)
    assert files == script_files(source)
    assert "NumPy" in files[0].words


def test_training_ends_when_the_runs_did_for_want_of_better_epochs(awkward, tmp_path):
    config = programs.settings("lstm", {}, patience=2, epochs=40, learning_rate=0.05)
    source = trained(tmp_path / "runs", config, awkward)
    assert source.run.status.epoch < 40
    assert_reaches_the_run(executed(script_files(source), tmp_path / "made"), source, ROUNDING)


def test_a_run_that_was_stopped_is_trained_to_its_end(awkward, tmp_path):
    config = programs.settings("lstm", {}, epochs=3)
    whole = trained(tmp_path / "whole", config, awkward)
    stopped = trained(tmp_path / "stopped", config, awkward, epochs=2)
    made = executed(script_files(stopped), tmp_path / "made")
    assert len(made["RUN_CURVE"]) == 2
    assert_reaches_the_run(made, whole, ROUNDING)
    assert "It is stopped after 2 epochs" in _text(stopped)
    assert made["printed"].count("; the run's") == 2


def test_a_run_that_diverged_diverges_again(awkward, tmp_path):
    config = programs.settings(
        "rnn", {}, optimizer="sgd", learning_rate=9.0, schedule="constant", clip_norm=0.0, epochs=9
    )
    with pytest.raises(DivergedError, match=r"at step (\d+)") as diverged:
        trained(tmp_path / "runs", config, awkward)
    (run,) = (tmp_path / "runs").iterdir()
    source = programs.source_of(run, awkward)
    step = re.search(r"at step (\d+)", str(diverged.value))
    assert step is not None
    with pytest.raises(ArithmeticError) as again:
        executed(script_files(source), tmp_path / "made")
    # Rounding is large just before numbers are too large to be held.
    words = re.fullmatch(r"Training has diverged at step (\d+)\.", str(again.value))
    assert words is not None
    assert abs(int(words[1]) - int(step[1])) <= 1


# The script by itself


def test_the_script_runs_on_its_own_and_prints_its_numbers_beside_the_runs(awkward, tmp_path):
    config = programs.settings("custom_lstm", {"dropout": 0.2})
    source = trained(tmp_path / "runs", config, awkward)
    folder = written(script_files(source), tmp_path / "made")
    finished = subprocess.run(
        [sys.executable, "-I", folder / SCRIPT, "Müller", "Bakaovic"],
        cwd="/",
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert finished.returncode == 0, finished.stderr
    printed = finished.stdout
    curve = re.findall(r"validation accuracy ([\d.]+)%; the run's ([\d.]+)%", printed)
    assert curve == [
        (f"{100 * record.validation_accuracy:.2f}",) * 2 for record in source.folder.metrics()[1]
    ]
    for part in ("validation", "test"):
        accuracy, recall = (
            f"{getattr(source.run.status.scores[part], name):.2%}"
            for name in ("accuracy", "macro_recall")
        )
        assert (
            f"Measured on {part} names, leak-free split:\n"
            f"  accuracy     {accuracy}; the run's {accuracy}\n"
            f"  macro recall {recall}; the run's {recall}\n"
        ) in printed
    assert re.search(r"^Müller: \w+ \d+%, \w+ \d+%, \w+ \d+%$", printed, re.MULTILINE)


def test_the_script_imports_pytorch_and_nothing_else_that_python_has_not(awkward, tmp_path):
    source = trained(tmp_path / "runs", programs.settings("rnn", {}, epochs=1), awkward)
    text = _text(source)
    assert "namerec" not in text
    modules = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE))
    assert modules - sys.stdlib_module_names == {"torch"}


def test_a_plain_runs_script_has_nothing_of_what_other_runs_need(awkward, tmp_path):
    plain = programs.settings("rnn", {}, schedule="constant", clip_norm=0.0, batch_size=1, epochs=1)
    text = _text(trained(tmp_path / "runs", plain, awkward))
    for word in ("dropout", "dropped", "cycle", "clip", "LSTM", "ngrams", "PATIENCE", "mirror",
                 "multinomial", "STEPS", "pool", "np.", "#: "):  # fmt: skip
        assert word not in text, word


def test_the_settings_piece_names_what_a_program_may_ask_for():
    pieces = Path(script_files.__code__.co_filename).with_name("pieces")
    tree = ast.parse((pieces / "settings.py").read_text(encoding="utf-8"))
    asked: set[str] = set()
    for piece in pieces.glob("*.py"):
        for node in ast.walk(ast.parse(piece.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.ImportFrom)
                and node.module == "namerec.export.program.pieces.settings"
            ):
                asked |= {each.name for each in node.names}
    assert _defined(tree) - {"torch"} == asked


# The tables


def test_the_parts_in_the_table_are_the_splits_own(awkward, tmp_path):
    for protocol in ("leak-free", "raw", "course"):
        config = programs.settings("rnn", {}, protocol=protocol, epochs=1)
        source = trained(tmp_path / protocol, config, awkward)
        made = executed(script_files(source), tmp_path / f"made-{protocol}")
        split = source.split
        for part, names in (("train", made["TRAIN"]), ("test", made["TEST"])):
            indices = split.part(part)  # type: ignore[arg-type]
            in_order = indices if part == "train" else np.sort(indices)
            assert [(name.text, name.label) for name in names] == [
                (awkward.normalised(index), awkward.labels[index]) for index in in_order
            ]
        assert tuple(made["CATEGORIES"]) == awkward.categories


def test_what_people_have_written_never_becomes_code(tmp_path):
    """Hostile titles, categories and names change comments and tables, and no line of code."""
    hostile = {
        "Alphan": '"""\nraise SystemExit(1)\n"""',
        "Betan": "=cmd()|' /C calc'!A0",
        "Gamman": "'{x}\u2028\r\nimport os;,\"",
    }
    tame = Dataset.build("tame", tiny_lines())
    lines = [LabelledName(line.name, hostile[line.category], line.part) for line in tiny_lines()]
    odd = Dataset.build('# coding: utf-7\n\u2028import os"""\\', lines)
    config = programs.settings("lstm", {})
    sources = [
        trained(tmp_path / str(number), config, dataset)
        for number, dataset in enumerate((tame, odd))
    ]
    assert ascii(odd.title) in _text(sources[1])
    tame_tree, odd_tree = (ast.parse(_text(source)) for source in sources)
    made = executed(script_files(sources[1]), tmp_path / "made")
    assert_reaches_the_run(made, sources[1], ROUNDING)
    # Categories that a spreadsheet would run as formulas stand behind an apostrophe.
    assert {category.removeprefix("'") for category in made["CATEGORIES"]} == {
        category.removeprefix("'") for category in hostile.values()
    }
    scores = {"RUN_ACCURACY", "RUN_MACRO_RECALL"}
    for one, other in zip(tame_tree.body, odd_tree.body, strict=True):
        if not (isinstance(one, ast.Assign) and _defined(ast.Module([one], [])) <= scores):
            assert ast.dump(one) == ast.dump(other)
    assert all(ord(letter) < 128 for line in _text(sources[1]).splitlines() if "corpus:" in line
               for letter in line)  # fmt: skip


# Predictions


def test_a_name_is_answered_as_by_the_runs_network(awkward, tmp_path):
    source = trained(tmp_path / "runs", programs.settings("custom_lstm", {}), awkward)
    made = executed(script_files(source), tmp_path / "made")
    answers = predict_names(source.model, awkward, np.arange(len(awkward)))
    for index in (0, 20, 21, 25):
        expected = np.exp(answers.log_probabilities[index])
        given = made["predict"](awkward.names[index])
        assert [category for category, _ in given] == [
            awkward.categories[label] for label in np.argsort(-expected)
        ]
        assert np.allclose([share for _, share in given], np.sort(expected)[::-1], atol=1e-6)
    assert made["as_read"]("Gärsson-Łé  x") == "Garssone x"
    assert len(made["as_read"]("ab" * 90)) == 64
    with pytest.raises(ValueError, match="no letter in '1, 2'"):
        made["predict"]("1, 2")


def test_a_corpus_that_is_gone_cannot_be_exported(awkward, tmp_path):
    source = trained(tmp_path / "runs", programs.settings("rnn", {}, epochs=1), awkward)
    other = Dataset.build("other", tiny_lines())
    with pytest.raises(DataError, match="has changed since it was trained"):
        script_files(replace(source, load=lambda reference: other))
