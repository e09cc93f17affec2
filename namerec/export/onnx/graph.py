"""A run's network as ONNX, which many programs and languages can run without this one.

The graph is put together from the weights with ONNX's own recurrent operators, so that whoever
opens it finds the network's structure, and names of any length can be read, many at once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import namerec
from namerec.core.corpus.alphabet import LETTERS, MAX_LETTERS
from namerec.core.networks.name_model import NameModel
from namerec.export import about
from namerec.export.onnx import layers as onnx_layers
from namerec.export.onnx.check import ensure_agreement
from namerec.export.onnx.ngrams import with_ngram_logits
from namerec.export.onnx.nodes import Drawing
from namerec.export.source import MadeFile, Source

if TYPE_CHECKING:
    from onnx import GraphProto

#: Versions of ONNX's operators and of its file: of 2022, which what runs ONNX has long known.
OPERATORS, FILE = 17, 8

#: What the file says of how a text becomes letters.
NORMALISATION = (
    "A letter’s number is its place in “alphabet”, from 0. Other text has to be written in these "
    "letters first: accents are taken off (Unicode NFD without combining marks), letters and vowel "
    "signs of other scripts are written in Latin letters (anyascii), everything else outside the "
    "alphabet is left out, runs of blanks become one, and what is behind letter "
    f"{MAX_LETTERS} is cut off."
)

_USE = """\
import json
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("{file}")
about = session.get_modelmeta().custom_metadata_map
alphabet, categories = about["alphabet"], json.loads(about["categories"])
names = ["Schmidt", "Li"]
lengths = np.array([len(name) for name in names])
letters = np.zeros((len(names), lengths.max()), dtype=np.int64)
for row, name in zip(letters, names):
    row[:len(name)] = [alphabet.index(letter) for letter in name]
inputs = {{"letters": letters, "lengths": lengths}}
(probabilities,) = session.run(["probabilities"], inputs)
for name, row in zip(names, probabilities):
    print(name, categories[row.argmax()], row.max())
"""


def onnx_files(source: Source) -> list[MadeFile]:
    """A run's network at its best epoch as one `.onnx` file, checked.

    Raises:
        RunError: If there is no network, or the file does not answer as the network does.
    """
    content = as_onnx(source)
    return [MadeFile(file_name(source), content, ensure_agreement(source, content).words)]


def file_name(source: Source) -> str:
    """What the file is called."""
    return f"{source.run.id}.onnx"


def as_onnx(source: Source) -> bytes:
    """The file, not compared with the network yet.

    Inputs are `letters`, int64, (names, longest), filled up behind a name's end with anything, and
    `lengths`, int64, (names,), 1 or more each. Outputs are `log_probabilities` and `probabilities`,
    float32, (names, categories).

    Raises:
        RunError: If there is no network.
    """
    from onnx import checker, helper

    model, info = source.model, source.run.info
    made = helper.make_model(
        graph_of(model),
        ir_version=FILE,
        opset_imports=[helper.make_opsetid("", OPERATORS)],
        producer_name="namerec",
        producer_version=namerec.__version__,
        doc_string=(
            f"{info.config.model.title} that guesses a name’s category, run {info.id}.\n\n"
            f"To use it in Python:\n\n{_USE.format(file=file_name(source))}"
        ),
    )
    helper.set_model_props(
        made,
        {
            "alphabet": LETTERS,
            "categories": json.dumps(info.dataset.categories, ensure_ascii=False),
            "normalisation": NORMALISATION,
            "run": info.id,
            "network": info.config.model.title,
            "trained_on": about.trained_on(source),
            "scores": json.dumps(about.scores(source)),
        },
    )
    content = bytes(made.SerializeToString(deterministic=True))
    checker.check_model(content, full_check=True)
    return content


def graph_of(model: NameModel) -> GraphProto:
    """A network as a graph, in float32, without dropout."""
    from onnx import TensorProto, helper

    g = Drawing()
    read = onnx_layers.letters(g)
    last = onnx_layers.READERS[model.config.kind](g, model, read)
    answer = onnx_layers.output(g, model.output_layer, last)
    if model.ngrams is not None:
        answer = with_ngram_logits(g, model.ngrams, read, answer)
    logarithms = g.node("LogSoftmax", [answer], "log_probabilities", axis=1)
    outputs = [logarithms, g.node("Exp", [logarithms], "probabilities")]
    shape: list[str | int | None] = ["names", model.categories]
    return helper.make_graph(
        g.nodes,
        model.config.kind,
        [
            helper.make_tensor_value_info("letters", TensorProto.INT64, ["names", "longest"]),
            helper.make_tensor_value_info("lengths", TensorProto.INT64, ["names"]),
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs],
        g.weights,
        doc_string=repr(model),
    )
