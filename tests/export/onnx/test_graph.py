import contextlib
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from namerec.core.corpus.alphabet import ALPHABET_SIZE, LETTERS
from namerec.core.corpus.packing import pack_names
from namerec.core.evaluation.prediction import probabilities
from namerec.core.networks.name_model import NameModel
from namerec.errors import RunError
from namerec.export.onnx import check as onnx_check
from namerec.export.onnx.check import check, ensure_agreement
from namerec.export.onnx.graph import FILE, OPERATORS, as_onnx, graph_of, onnx_files
from namerec.export.source import Source
from namerec.runs.folder import BEST
from namerec.runs.tensors import write_tensors
from tests.core.references import network, plain_answer, random_names
from tests.export.sources import trained, without_corpus

Names = list[np.ndarray]

KINDS: dict[str, list[dict[str, Any]]] = {
    "rnn": [{}, {"nonlinearity": "tanh"}],
    "lstm": [{}],
    "custom_lstm": [{}, {"direction": "both"}],
    "gru": [{}, {"direction": "both"}],
}
SHAPES: list[dict[str, Any]] = [
    {"kind": kind, "num_layers": layers, "char_ngrams": ngrams} | own
    for kind, owns in KINDS.items()
    for own in owns
    for layers in (1, 3)
    for ngrams in (0, 5)
]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs"))


def with_ngram_logits(model: NameModel) -> NameModel:
    """A network whose n-grams have learned something, if it has any."""
    if model.ngrams is not None:
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            model.ngrams.logits.uniform_(-1, 1, generator=generator)
    return model


def session_of(model: NameModel) -> Any:
    versions = [helper.make_opsetid("", OPERATORS)]
    made = helper.make_model(graph_of(model), ir_version=FILE, opset_imports=versions)
    onnx.checker.check_model(made, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        made.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def asked(session: Any, names: Names, width: int = 0, padding: int = 0) -> list[np.ndarray]:
    """Log-probabilities and probabilities, of names filled up to a width with anything."""
    lengths = np.array([len(name) for name in names])
    letters = np.full((len(names), max(width, *lengths)), padding, dtype=np.int64)
    for row, name in zip(letters, names, strict=True):
        row[: len(name)] = name
    inputs = {"letters": letters, "lengths": lengths}
    answers: list[np.ndarray] = session.run(["log_probabilities", "probabilities"], inputs)
    return answers


@torch.no_grad()
def own(model: NameModel, names: Names) -> np.ndarray:
    return np.asarray(model(pack_names(names)).numpy())


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "-".join(map(str, shape.values())))
def test_every_network_answers_as_it_does_itself_for_names_of_1_to_64_letters(shape):
    model = with_ngram_logits(network(**shape))
    session = session_of(model)
    names = random_names([1, 2, 3, 4, 64, 7, 1, 30])
    logarithms, shares = asked(session, names)
    assert logarithms.dtype == np.float32
    assert logarithms == pytest.approx(own(model, names), abs=2e-5)
    assert shares == pytest.approx(np.exp(own(model, names)), abs=2e-5)
    for name, row in zip(names, logarithms, strict=True):
        (alone,) = asked(session, [name])[0]
        assert alone == pytest.approx(row, abs=1e-5)


def test_the_recurrent_part_is_the_plain_loop_over_letters_and_layers():
    for shape in SHAPES:
        if shape["char_ngrams"] == 0 and "direction" not in shape:
            model = network(**shape)
            names = random_names([5, 1])
            expected = torch.stack([plain_answer(model, name.tolist()) for name in names])
            found = asked(session_of(model), names)[0]
            assert found == pytest.approx(expected.detach().numpy(), abs=2e-5)


@given(st.data())
def test_any_names_of_any_lengths_with_any_padding_in_any_network(data):
    kind = data.draw(st.sampled_from(list(KINDS)))
    shape = data.draw(st.sampled_from(KINDS[kind]))
    model = with_ngram_logits(
        network(
            kind,
            categories=data.draw(st.integers(2, 5)),
            seed=data.draw(st.integers(0, 9)),
            hidden_size=data.draw(st.integers(1, 6)),
            num_layers=data.draw(st.integers(1, 4)),
            char_ngrams=data.draw(st.sampled_from([0, 0, 2, 3, 4, 5])),
            **shape,
        )
    )
    letter = st.integers(0, ALPHABET_SIZE - 1)
    name = st.lists(letter, min_size=1, max_size=64).map(lambda it: np.array(it, dtype=np.uint8))
    names = data.draw(st.lists(name, min_size=1, max_size=5))
    width, padding = data.draw(st.integers(0, 70)), data.draw(st.integers(-(2**62), 2**62))
    found = asked(session_of(model), names, width, padding)[0]
    assert found == pytest.approx(own(model, names), abs=5e-5)


def test_what_stands_behind_a_name_is_erased_before_anything_reads_it(source):
    made = onnx.load_from_string(as_onnx(source))
    made.graph.output.append(
        helper.make_tensor_value_info("spelling", onnx.TensorProto.INT64, None)
    )
    session = onnxruntime.InferenceSession(made.SerializeToString())
    letters = np.array([[3, 4, 999], [5, -1, 2**62], [6, 7, 8]])
    inputs = {"letters": letters, "lengths": np.array([2, 1, 3])}
    (spelling,) = session.run(["spelling"], inputs)
    assert spelling.tolist() == [[3, 4, 0], [5, 0, 0], [6, 7, 8]]


def test_the_file_says_what_it_is_and_what_its_scores_were_measured_on(source):
    (file,) = onnx_files(source)
    assert file.name == f"{source.run.id}.onnx"
    onnx.checker.check_model(file.content, full_check=True)
    about = {entry.key: entry.value for entry in onnx.load_from_string(file.content).metadata_props}
    assert about["alphabet"] == LETTERS
    assert json.loads(about["categories"]) == ["=Alphan", "Betan", "Gamman"]
    assert about["run"] == source.run.id
    assert about["network"] == "LSTM (custom)"
    assert "training names, leak-free split, of the 72 of “tiny”" in about["trained_on"]
    scores = json.loads(about["scores"])["test"]
    assert scores["measured on"] == "test names, leak-free split"
    assert scores["accuracy"] == source.run.status.scores["test"].accuracy
    assert "anyascii" in about["normalisation"]


def test_the_same_run_makes_the_same_file(source):
    assert as_onnx(source) == as_onnx(source)


def test_the_lines_of_python_in_the_file_run_and_answer_as_the_network(
    source, tmp_path, monkeypatch
):
    (file,) = onnx_files(source)
    (tmp_path / file.name).write_bytes(file.content)
    monkeypatch.chdir(tmp_path)
    code = onnx.load_from_string(file.content).doc_string.split("To use it in Python:\n\n")[1]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, {})
    said = [line.split() for line in printed.getvalue().splitlines()]
    expected = probabilities(source.model, ["Schmidt", "Li"])
    for (name, category, share), wanted, row in zip(said, ("Schmidt", "Li"), expected, strict=True):
        assert (name, category) == (wanted, source.run.info.dataset.categories[row.argmax()])
        assert float(share) == pytest.approx(row.max(), abs=1e-5)


def test_the_difference_is_measured_and_said(source):
    (file,) = onnx_files(source)
    difference = check(source, file.content)
    held_out = len(source.split.test)
    assert difference.names == (
        f"{held_out} test names, leak-free split, and {1002 - held_out} made-up names, "
        "the shortest of 1 letter, the longest of 64"
    )
    assert 0 < difference.probabilities < 1e-5
    assert 0 < difference.log_probabilities < 1e-4
    assert difference.names in file.words
    assert f"{difference.log_probabilities:.2g} nats" in file.words


def test_without_the_corpus_it_is_compared_on_made_up_names(source):
    (file,) = onnx_files(without_corpus(source))
    assert "on 1,002 made-up names" in file.words
    few = check(without_corpus(source), file.content, names=3)
    assert few.names.startswith("5 made-up names")


def test_a_difference_is_the_largest_of_any_name_and_category(source):
    raised = np.array([1, 0, 0])
    content = changed(as_onnx(source), "output_biases", lambda biases: biases + raised)
    model = source.model
    letters, lengths = source.dataset.letters, source.dataset.lengths
    names = [row[:length] for row, length in zip(letters, lengths, strict=True)]
    held_out = [names[index] for index in source.split.test]
    before = own(model, held_out).astype(np.float64)
    after = before + raised
    after -= np.log(np.exp(after).sum(axis=1, keepdims=True))
    difference = check(source, content, names=len(held_out))
    assert difference.log_probabilities >= np.abs(after - before).max() - 1e-5
    assert difference.probabilities >= np.abs(np.exp(after) - np.exp(before)).max() - 1e-5
    assert 0.2 < difference.log_probabilities <= 1
    assert not difference.is_rounding


@pytest.mark.parametrize(
    ("weight", "change"),
    [
        ("layer_1_recurrent_weights", lambda values: values + 0.01),
        ("layer_1_recurrent_weights", lambda values: np.roll(values, 5, axis=1)),  # of other gates
        ("layer_1_biases", np.negative),
        ("output_weights", lambda values: values[::-1]),
        ("output_biases", lambda values: values * np.nan),
    ],
)
def test_a_file_with_a_wrong_weight_is_refused(source, weight, change):
    content = changed(as_onnx(source), weight, change)
    with pytest.raises(RunError, match="was not made: it does not answer as the network does"):
        ensure_agreement(source, content)


def unsteady(source: Source, size: float) -> Source:
    """The run with weights so large that rounding decides the answers to some names."""
    generator = torch.Generator().manual_seed(1)
    weights = {
        name: torch.randn(tensor.shape, generator=generator) * size
        for name, tensor in source.folder.best_weights().items()
    }
    write_tensors(source.folder.path / BEST, weights, {"epoch": "3"})
    return source


def test_names_on_which_a_network_is_unsteady_are_left_out_and_said(tmp_path):
    source = unsteady(trained(tmp_path), 5)
    (file,) = onnx_files(source)
    difference = check(source, file.content)
    assert 0.01 < difference.unsteady < 0.5
    assert f"Left out are {100 * difference.unsteady:.2g} % of these names" in file.words
    assert difference.is_rounding


def test_on_an_unsteady_network_a_wrong_file_is_still_refused(tmp_path):
    source = unsteady(trained(tmp_path), 5)
    content = changed(as_onnx(source), "output_biases", lambda biases: biases + np.eye(1, 3)[0])
    with pytest.raises(RunError, match="does not answer as the network does"):
        ensure_agreement(source, content)


def test_a_network_that_is_unsteady_on_most_names_is_refused_with_the_reason(tmp_path, monkeypatch):
    source = unsteady(trained(tmp_path), 5)
    monkeypatch.setattr(onnx_check, "LEAST_STEADY", 0.9)
    with pytest.raises(RunError, match="nearly diverged"):
        onnx_files(source)


def changed(content: bytes, weight: str, change: Callable[[np.ndarray], np.ndarray]) -> bytes:
    """A file with other values of one weight."""
    made = onnx.load_from_string(content)
    for stored in made.graph.initializer:
        if stored.name == weight:
            values = np.ascontiguousarray(change(numpy_helper.to_array(stored)), dtype=np.float32)
            stored.CopyFrom(numpy_helper.from_array(values, weight))
    return bytes(made.SerializeToString())
