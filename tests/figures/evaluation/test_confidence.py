import numpy as np
import pytest

from namerec.core.evaluation.calibration import (
    Reliability,
    RiskCoverage,
    Selection,
    at_coverage,
    reliability,
    risk_coverage,
)
from namerec.core.evaluation.results import PredictedNames
from namerec.figures.base.points import MOST_POINTS
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.evaluation.confidence import (
    LEAST_ANSWERED,
    coverage_figure,
    coverage_line,
    reliability_figure,
    reliability_line,
    selection_words,
)

TEST = "test names, leak-free split"
NARROW = "\u202f"
# Four bins: empty, one wrong answer, empty, three answers of which two are right.
BINS = Reliability(
    np.array([0, 0.25, 0.5, 0.75, 1]),
    np.array([0, 1, 0, 3]),
    np.array([np.nan, 0.4, np.nan, 0.9]),
    np.array([np.nan, 0.0, np.nan, 2 / 3]),
)
BETTER = BINS._replace(confidence=np.array([np.nan, 0.3, np.nan, 0.7]))
NOBODY = PredictedNames(np.empty(0, int), np.empty(0, int), np.empty((0, 3), np.float32))


def curve(names: int) -> RiskCoverage:
    """The surer half right, the other half wrong."""
    answered = np.arange(1, names + 1)
    hits = np.minimum(answered, names // 2)
    return RiskCoverage(answered / names, hits / answered, np.linspace(0.9, 0.3, names))


def test_a_reliability_line_has_a_point_for_every_bin_with_answers():
    line = reliability_line(BINS, "as trained", TEST)
    assert line.confidence == pytest.approx([40, 90])
    assert line.accuracy == pytest.approx([0, 66.667], abs=0.001)
    assert line.middle == pytest.approx([12.5, 37.5, 62.5, 87.5])
    assert line.names == [0, 1, 0, 3]
    # (1 * 0.4 + 3 * (0.9 - 2/3)) / 4
    assert line.name == "as trained: error 28 %"
    assert line.words == [
        f"0 % right where confidence is 40 %\n(1 answer; {TEST})",
        f"67 % right where confidence is 90 %\n(3 answers; {TEST})",
    ]
    assert line.bars[3] == "3 answers with confidence\nover 75 %, up to 100 %"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_reliability_figure_shows_both_lines_and_their_counts(theme):
    figure = reliability_figure(BINS, theme, measured_on=TEST, after=BETTER, temperature=1.5)
    diagonal, before, bars, after, bars_after = figure.data
    assert list(diagonal.x) == list(diagonal.y) == [0, 100]
    assert list(before.x) == pytest.approx([40, 90])
    assert list(after.x) == pytest.approx([30, 70])
    assert list(before.y) == list(after.y)
    assert after.name == "temperature 1.50: error 10 %"
    assert list(bars.y) == list(bars_after.y) == [0, 1, 0, 3]
    assert bars.yaxis == "y2"
    assert TEST in before.hovertext[0]
    assert before.line.color == theme.validation
    assert figure.layout.font.color == theme.text
    assert figure.layout.xaxis.title.text == "confidence: probability of its answer (%)"
    assert figure.layout.yaxis.title.text == "accuracy (%)"
    assert figure.layout.yaxis2.title.text == "answers"
    assert figure.layout.yaxis2.domain[1] < figure.layout.yaxis.domain[0]


def test_without_a_temperature_there_is_one_line():
    figure = reliability_figure(BINS, LIGHT, measured_on=TEST)
    assert [trace.name for trace in figure.data if trace.name] == ["as trained: error 28 %"]
    assert "emperature" not in figure.to_json()


def test_reliability_is_told_to_those_who_cannot_see():
    figure = reliability_figure(BINS, LIGHT, measured_on=TEST, after=BETTER, temperature=1.5)
    assert alt_text(figure) == (
        "Accuracy by confidence. On average it is 78 % sure and right in 50 % of the cases; the "
        f"expected calibration error is 28 % (4 {TEST}). With temperature 1.50 it is 60 % sure on "
        "average, and the error is 10 %."
    )


def test_without_answers_the_reliability_figure_is_empty_and_titled():
    figure = reliability_figure(reliability(NOBODY), LIGHT, measured_on=TEST)
    assert not figure.data
    assert figure.layout.yaxis.title.text == "accuracy (%)"
    assert figure.layout.annotations[0].text == "No answers were measured."
    assert alt_text(figure) == "Accuracy by confidence. No answers were measured."


def test_the_coverage_line_starts_where_an_accuracy_means_something():
    line = coverage_line(curve(100), 0.8, TEST)
    assert line.coverage[0] == LEAST_ANSWERED
    assert line.coverage[-1] == 100
    assert line.accuracy[0] == 100
    assert line.accuracy[-1] == 50
    assert line.marked == pytest.approx((80, 62.5))
    assert line.words[0] == f"100 % right on the surest 20 %\n({TEST})"
    few = coverage_line(curve(4), 0.1, TEST)
    assert few.coverage == [100]
    assert few.marked == (25, 100)


def test_a_long_coverage_line_is_thinned_out():
    line = coverage_line(curve(5000), 0.3, TEST)
    assert len(line.coverage) == len(line.words) <= MOST_POINTS
    assert line.marked == (30, 100)


@pytest.mark.parametrize(("coverage", "side"), [(0.9, "bottom left"), (0.2, "top right")])
def test_the_chosen_coverage_is_marked(coverage, side):
    figure = coverage_figure(curve(100), coverage, DARK, measured_on=TEST)
    line, drop, mark = figure.data
    accuracy = 100 * min(0.5 / coverage, 1)
    assert list(mark.x) == [pytest.approx(100 * coverage)]
    assert list(mark.y) == [pytest.approx(accuracy)]
    assert mark.text[0].endswith(f" % right on {100 * coverage:.0f} %")
    assert mark.textposition == side
    assert list(drop.x) == [mark.x[0]] * 2
    assert line.line.color == DARK.validation
    assert TEST in line.hovertext[0]
    assert figure.layout.yaxis.range[0] == 40  # below the lowest, 50
    assert figure.layout.yaxis.range[1] > 100
    assert figure.layout.xaxis.title.text == "names answered, the surest first (%)"
    assert figure.layout.yaxis.title.text == "accuracy on these (%)"


def test_without_answers_the_coverage_figure_is_empty_and_titled():
    figure = coverage_figure(risk_coverage(NOBODY), 0.8, LIGHT, measured_on=TEST)
    assert not figure.data
    assert figure.layout.xaxis.title.text == "names answered, the surest first (%)"
    assert figure.layout.annotations[0].text == "No answers were measured."
    assert alt_text(figure).endswith("No answers were measured.")


def test_silence_on_the_least_sure_in_a_plain_sentence():
    chosen = Selection(2571, 2057, 0.91, 0.48, 0.824, 0.6)
    assert selection_words(chosen, TEST) == (
        f"If it may say “I don’t know” on the least sure 20 %, it is right on 91 % of the other "
        f"2{NARROW}057, instead of 82 % of all 2{NARROW}571 ({TEST}). Of the names it leaves out, "
        "it would get 48 % right."
    )
    everything = at_coverage(curve(100), 1.0)
    assert selection_words(everything, TEST) == (
        f"If it has to answer every name, it is right on 50 % of all 100 ({TEST})."
    )
    figure = coverage_figure(curve(100), 1.0, LIGHT, measured_on=TEST)
    assert alt_text(figure).endswith(selection_words(everything, TEST))


def test_markup_in_what_was_measured_is_shown_literally():
    words = "<b>names</b>"
    for figure in (
        reliability_figure(BINS, LIGHT, measured_on=words, after=BETTER),
        coverage_figure(curve(50), 0.8, LIGHT, measured_on=words),
    ):
        told = figure.to_json().encode().decode("unicode_escape")
        figure.layout.meta = None  # the words for those who cannot see are plain text
        drawn = figure.to_json().encode().decode("unicode_escape")
        assert words in told
        assert words not in drawn
        assert "&lt;b&gt;names" in drawn
