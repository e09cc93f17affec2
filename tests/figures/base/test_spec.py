import json

import numpy as np
import plotly.graph_objects as go

from namerec.core.evaluation.matrices import MatrixView
from namerec.figures.base.spec import as_spec
from namerec.figures.base.theme import DARK
from namerec.figures.confusion.matrix import confusion_figure
from namerec.figures.inside.gates import gate_figure
from namerec.figures.inside.probabilities import ribbon_figure
from namerec.figures.training.curves import accuracy_figure, loss_figure
from tests.figures.records import history, matrix, trace


def test_every_figure_becomes_plain_json():
    figures = [
        loss_figure(history(), DARK),
        accuracy_figure(history(baselines=(("majority", 0.5),)), DARK),
        confusion_figure(matrix([[1, 2], [3, 4]]), DARK, view=MatrixView()),
        gate_figure(trace(), "f", 0, DARK),
        ribbon_figure(trace(), DARK),
    ]
    for figure in figures:
        text = json.dumps(as_spec(figure), allow_nan=False)
        assert "bdata" not in text
        assert set(json.loads(text)) == {"data", "layout"}


def test_fractions_are_rounded_and_whole_numbers_are_not():
    figure = go.Figure(go.Scatter(x=np.array([1_234_567]), y=[0.123456789]))
    (line,) = as_spec(figure)["data"]
    assert line["x"] == [1_234_567]
    assert line["y"] == [0.12346]


def test_packed_arrays_are_lists_of_their_shape_again():
    z = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert as_spec(go.Figure(go.Heatmap(z=z)))["data"][0]["z"] == [[0, 1, 2], [3, 4, 5]]


def test_what_is_not_finite_becomes_a_gap():
    figure = go.Figure(go.Scatter(y=np.array([1.0, np.nan, np.inf])))
    assert as_spec(figure)["data"][0]["y"] == [1, None, None]


def test_the_template_is_left_out():
    assert "template" not in as_spec(loss_figure(history(), DARK))["layout"]
