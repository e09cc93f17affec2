import numpy as np
import pytest

from namerec.core.inside.attribution import Attribution
from namerec.figures.base.theme import DARK, LIGHT, alt_text, colour_at, contrast
from namerec.figures.inside.attribution import MOST_WITH_NUMBERS, attribution_figure, signed


def attributed(letters: str, values: list[float], category: str = "Irish") -> Attribution:
    total = sum(values)
    return Attribution(
        letters, category, "integrated gradients", np.array(values), -3.0, total - 3.0, 32
    )


STORY = attributed("O b", [1.5, -0.25, 0.0])


@pytest.mark.parametrize(
    ("value", "written"), [(1.234, "+1.23"), (-1.2, "−1.20"), (0.004, "0.00"), (-0.0, "0.00")]
)
def test_numbers_are_written_with_their_sign(value, written):
    assert signed(value) == written


def test_one_bar_a_letter_in_the_colour_of_its_sign():
    figure = attribution_figure([STORY], LIGHT)
    (bars,) = figure.data
    assert list(bars.y) == [1.5, -0.25, 0]
    assert list(bars.text) == ["+1.50", "−0.25", "0.00"]
    assert list(figure.layout.xaxis.ticktext) == ["O", "␣", "b"]
    above, below, zero = bars.marker.color
    assert (above, below) == tuple(colour_at(LIGHT.diverging, place) for place in (0.84, 0.16))
    assert zero == above
    assert bars.hovertext[1] == "letter 2 ‘␣’: −0.250 nats for Irish"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_bars_stand_out_from_the_page(theme):
    above, below, _ = attribution_figure([STORY], theme).data[0].marker.color
    assert min(contrast(above, theme.background), contrast(below, theme.background)) > 3


def test_two_categories_are_two_rows_on_one_scale():
    other = attributed("O b", [-4.0, 0.5, 1.0], "<b>x</b>")
    layout = attribution_figure([STORY, other], DARK).layout
    assert layout.yaxis.range == layout.yaxis2.range
    assert layout.yaxis.range[1] >= 4
    assert layout.yaxis.range[0] == -layout.yaxis.range[1]
    assert layout.yaxis.domain[0] > layout.yaxis2.domain[1]
    assert layout.yaxis2.domain[0] == pytest.approx(0)
    assert "&lt;b&gt;x&lt;/b&gt;" in layout.annotations[1].text
    assert {layout.yaxis.title.text, layout.yaxis2.title.text} == {"contribution (nats)"}


def test_long_names_have_bars_without_numbers():
    letters = "a" * (MOST_WITH_NUMBERS + 1)
    (bars,) = attribution_figure([attributed(letters, [0.1] * len(letters))], LIGHT).data
    assert bars.text is None
    assert len(bars.hovertext) == len(letters)


def test_noise_does_not_fill_the_figure():
    layout = attribution_figure([attributed("X", [1e-6])], LIGHT).layout
    assert layout.yaxis.range[1] > 0.04


def test_no_letters_give_the_titled_empty_figure():
    figure = attribution_figure([], LIGHT)
    assert not figure.data
    assert figure.layout.annotations[0].text == "There is no letter to explain."
    assert figure.layout.xaxis.title.text == "letter"


def test_the_words_for_those_who_cannot_see():
    words = alt_text(attribution_figure([STORY], LIGHT))
    assert "“O b”" in words
    assert "Irish: O +1.50, ␣ −0.25, b 0.00" in words
    assert "nats, by integrated gradients" in words
