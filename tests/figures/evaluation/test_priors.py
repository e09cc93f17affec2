import numpy as np
import pytest

from namerec.core.evaluation.priors import PriorSweep
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.evaluation.priors import prior_curves, priors_figure

TEST = "test names, leak-free split"
SWEEP = PriorSweep(
    np.array([1.0, 0.75, 0.5, 0.25, 0.0]),
    np.array([0.826, 0.825, 0.82, 0.81, 0.79]),
    np.array([0.52, 0.55, 0.57, 0.58, 0.584]),
)


@pytest.mark.parametrize(
    ("prior_strength", "marked", "beginning"),
    [
        (1.0, 0, "Every team as frequent as in the training data: accuracy 82.6 %"),
        (0.7, 1, "25 % of the way from the training data to every team equally likely: accuracy"),
        (0.0, 4, "Every team equally likely: accuracy 79.0 %, macro recall 58.4 %"),
    ],
)
def test_the_chosen_point_is_the_nearest_one_and_says_what_it_assumes(
    prior_strength, marked, beginning
):
    shown = prior_curves(SWEEP, prior_strength, TEST, "team")
    assert shown.marked == marked
    assert shown.sentence.startswith(beginning)
    assert shown.sentence.endswith(f" % ({TEST}).")
    assert shown.equally == [0, 25, 50, 75, 100]
    assert shown.accuracy == pytest.approx([82.6, 82.5, 82, 81, 79])
    assert shown.macro_recall == pytest.approx([52, 55, 57, 58, 58.4])


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_priors_figure_shows_both_scores_and_marks_the_chosen(theme):
    figure = priors_figure(SWEEP, 0.25, theme, measured_on=TEST)
    accuracy, its_mark, recall, recalls_mark = figure.data
    assert list(accuracy.y) == pytest.approx([82.6, 82.5, 82, 81, 79])
    assert list(recall.y) == pytest.approx([52, 55, 57, 58, 58.4])
    assert list(its_mark.x) == list(recalls_mark.x) == [75]
    assert (its_mark.text[0], recalls_mark.text[0]) == ("81.0 %", "58.0 %")
    assert accuracy.name == "accuracy"
    assert recall.name == "macro recall"
    assert TEST in accuracy.hovertemplate
    assert (accuracy.line.color, recall.line.color) == (theme.validation, theme.macro_recall)
    assert figure.layout.shapes[0].x0 == 75
    assert figure.layout.xaxis.ticktext[0] == "as in the<br>training data"
    assert figure.layout.xaxis.title.text == "assumed frequency of each language"
    assert figure.layout.yaxis.title.text == "accuracy, recall (%)"
    assert list(figure.layout.yaxis.range) == [45, 90]


def test_scores_that_hardly_move_look_like_it():
    still = SWEEP._replace(macro_recall=SWEEP.accuracy, accuracy=SWEEP.accuracy * 0 + 0.823)
    low, high = priors_figure(still, 1, LIGHT, measured_on=TEST).layout.yaxis.range
    assert (low, high) == (70, 90)


def test_priors_are_told_to_those_who_cannot_see():
    assert alt_text(priors_figure(SWEEP, 0, LIGHT, measured_on=TEST)) == (
        "Accuracy and macro recall by how frequent categories are taken to be. Every language "
        f"equally likely: accuracy 79.0 %, macro recall 58.4 % ({TEST})."
    )


@pytest.mark.parametrize("sweep", [PriorSweep(*np.empty((3, 0))), SWEEP._replace(
    accuracy=np.full(5, np.nan), macro_recall=np.full(5, np.nan)
)])  # fmt: skip
def test_without_answers_the_priors_figure_is_empty_and_titled(sweep):
    figure = priors_figure(sweep, 0.5, LIGHT, measured_on=TEST)
    assert not figure.data
    assert figure.layout.yaxis.title.text == "accuracy, recall (%)"
    assert figure.layout.annotations[0].text == "No answers were measured."
    assert alt_text(figure).endswith("No answers were measured.")


def test_markup_in_the_words_is_shown_literally():
    figure = priors_figure(SWEEP, 0.5, LIGHT, measured_on="<b>x</b>", noun="<i>y</i>")
    figure.layout.meta = None  # the words for those who cannot see are plain text
    drawn = figure.to_json().encode().decode("unicode_escape")
    assert "<b>x" not in drawn
    assert "<i>y" not in drawn
    assert "&lt;b&gt;x" in drawn
