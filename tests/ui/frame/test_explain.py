"""Every page says what one is looking at."""

import re

import pytest

from namerec.files import ROOT
from namerec.ui.frame.explain import TEXTS
from namerec.ui.frame.shell import PAGES, page_name


@pytest.mark.parametrize("entry", PAGES, ids=page_name)
def test_every_page_draws_its_text(entry):
    source = (ROOT / entry.file).read_text(encoding="utf-8")
    assert f'\nwhat_am_i_looking_at("{page_name(entry)}")\n' in source


@pytest.mark.parametrize("page", TEXTS)
def test_a_text_is_three_to_six_sentences_that_explain_the_fields_words(page):
    text = TEXTS[page]
    assert 3 <= len(re.findall(r"[.?!](?= |$)", text)) <= 6
    assert text.count("*") % 2 == 0, "terms have a star at both ends"
    assert len(re.findall(r"\*[^*]+\*", text)) >= 2
    assert len(text) < 620
