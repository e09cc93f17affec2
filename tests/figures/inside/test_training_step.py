import numpy as np
import pytest

from namerec.core.inside.training_step import LetterShare, TrainingStep, WeightPlace
from namerec.figures.base.theme import DARK, LIGHT, alt_text, colour_at
from namerec.figures.inside.training_step import compact, moved, moved_figure, shares_figure

BEFORE = np.log([0.5, 0.02, 0.2, 0.1, 0.08, 0.06, 0.04])
AFTER = np.log([0.3, 0.4, 0.1, 0.08, 0.06, 0.04, 0.02])
CATEGORIES = ("Alphan", "Betan <b>", "Gamman", "Deltan", "Epsilan", "Zetan", "Etan")


def step(*products: float, label: int = 1) -> TrainingStep:
    shares = tuple(LetterShare("O b"[place % 3], value, 1.0, value) for place, value in
                   enumerate(products))  # fmt: skip
    return TrainingStep(
        label=label,
        before=BEFORE,
        after=AFTER,
        place=WeightPlace("f", 0, 3),
        weight=0.25,
        gradient=sum(products),
        shares=shares,
        quotient=sum(products),
        norm=2.0,
        rate=0.1,
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (-0.12345, "−0.1235"),
        (12.3456, "12.35"),
        (1234.5, "1234" if f"{1234.5:.0f}" == "1234" else "1235"),
        (-0.00056, "−5.60×10⁻⁴"),
        (2e7, "2.00×10⁷"),
        (float("inf"), "∞"),
        (float("nan"), "not a number"),
    ],
)
def test_numbers_keep_four_digits(value, written):
    assert compact(value) == written


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_one_bar_a_letter_in_the_colour_of_its_sign(theme):
    figure = shares_figure(step(0.5, -0.25, 0.0), theme)
    (bars,) = figure.data
    assert list(bars.y) == [0.5, -0.25, 0]
    assert list(bars.text) == ["0.5000", "−0.2500", "0"]
    assert list(figure.layout.xaxis.ticktext) == ["O", "␣", "b"]
    above, below, _ = bars.marker.color
    assert (above, below) == tuple(colour_at(theme.diverging, place) for place in (0.84, 0.16))
    assert "0.2500 in all" in alt_text(figure)
    assert "␣ −0.2500" in alt_text(figure)


def test_a_weight_that_plays_no_part_is_said_to():
    figure = shares_figure(step(0.0, 0.0), LIGHT)
    assert not figure.data
    assert "plays no part" in figure.layout.annotations[0].text


def test_a_long_name_has_bars_without_numbers():
    assert shares_figure(step(*[0.1] * 40), LIGHT).data[0].text is None


def test_the_right_category_is_shown_though_it_is_unlikely():
    rows = moved(step(0.1), CATEGORIES)
    assert [row.category for row in rows] == [
        "Alphan", "Gamman", "Deltan", "Epsilan", "Zetan", "Betan <b>",
    ]  # fmt: skip
    assert [row.right for row in rows] == [False] * 5 + [True]
    assert rows[-1].before == pytest.approx(0.02)
    assert rows[-1].after == pytest.approx(0.4)
    assert len(moved(step(0.1, label=2), CATEGORIES)) == 5


def test_two_bars_a_category_before_and_after():
    figure = moved_figure(step(0.1), CATEGORIES, DARK)
    before, after = figure.data
    assert (before.name, after.name) == ("before", "after")
    np.testing.assert_allclose(before.x, [50, 20, 10, 8, 6, 2])
    np.testing.assert_allclose(after.x, [30, 10, 8, 6, 4, 40])
    assert figure.layout.yaxis.ticktext[5] == "<b>Betan &lt;b&gt; ✓</b>"
    assert figure.layout.xaxis.title.text == "probability (%)"
    assert "Betan <b> (right) 2.0 % before, 40 % after" in alt_text(figure)
