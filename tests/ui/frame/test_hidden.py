"""The words that a link can hide."""

from namerec.ui.dataset.page import VIEWS
from namerec.ui.evaluate.sections import SECTIONS as EVALUATE
from namerec.ui.frame import hidden
from namerec.ui.guide.page import SECTIONS as GUIDE
from namerec.ui.memory.sections import SECTIONS as MEMORY
from namerec.ui.name.sections import SECTIONS as NAME
from namerec.ui.runs.sections import SECTIONS as RUNS


def test_every_section_of_a_page_has_a_word_that_hides_it():
    pages = (EVALUATE, NAME, MEMORY, RUNS, VIEWS, GUIDE)
    assert {key for page in pages for key in page} - {"names"} == hidden.SECTIONS
