import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.figures.base.theme import (
    DARK,
    LEAST_CONTRAST,
    LIGHT,
    alt_text,
    base_layout,
    colour_at,
    contrast,
    faded,
    luminance,
    new_figure,
    readable_on,
    theme_for,
)
from tests.conftest import ROOT

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


@THEMES
def test_a_theme_has_the_colours_of_the_pages(theme):
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][theme.name]
    assert theme.text == config["textColor"]
    assert theme.background == config["backgroundColor"]
    assert theme.accent == config["primaryColor"]
    assert list(theme.categorical) == config["chartCategoricalColors"]
    assert [colour for _, colour in theme.sequential] == config["chartSequentialColors"]


@THEMES
def test_words_can_be_read_on_the_page_and_in_hover_boxes(theme):
    for ground in (theme.background, theme.surface):
        assert contrast(theme.text, ground) >= LEAST_CONTRAST
        assert contrast(theme.muted, ground) >= LEAST_CONTRAST


@THEMES
def test_the_diverging_scale_leaves_the_background_evenly_to_both_sides(theme):
    scale = theme.diverging
    assert colour_at(scale, 0.5) == theme.background
    for side in (1, -1):
        arm = [
            contrast(colour_at(scale, 0.5 + side * step / 20), theme.background)
            for step in range(11)
        ]
        assert arm == sorted(arm)
    for step in range(1, 11):
        below, above = (contrast(colour_at(scale, 0.5 + side * step / 20), theme.background)
                        for side in (-1, 1))  # fmt: skip
        assert below == pytest.approx(above, rel=0.25)


@THEMES
@given(position=st.floats(0, 1))
def test_text_can_be_read_on_any_colour_of_a_scale(theme, position):
    for scale in (theme.sequential, theme.diverging):
        ground = colour_at(scale, position)
        assert contrast(readable_on(ground, theme), ground) >= LEAST_CONTRAST


def test_colours_are_mixed_between_their_neighbours():
    scale = ((0.0, "#000000"), (0.5, "#204060"), (1.0, "#ffffff"))
    assert colour_at(scale, 0) == "#000000"
    assert colour_at(scale, 0.25) == "#102030"
    assert colour_at(scale, 0.5) == "#204060"
    assert colour_at(scale, 1) == "#ffffff"


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert luminance("#808080") == pytest.approx(0.2159, abs=1e-4)


def test_only_dark_is_dark():
    assert theme_for("dark") is DARK
    assert theme_for("light") is theme_for(None) is theme_for("sepia") is LIGHT


def test_figures_have_no_ground_of_their_own():
    layout = base_layout(LIGHT, height=200, alt="")
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0,0,0,0)"
    assert layout["height"] == 200


def test_a_figure_carries_its_words():
    assert alt_text(new_figure(DARK, height=10, alt="A line.")) == "A line."


def test_faded_colours_keep_their_hue():
    assert faded("#0a141e", 0.5) == "rgba(10,20,30,0.5)"
