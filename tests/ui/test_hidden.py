"""The words that a link can hide."""

from namerec.ui import hidden
from namerec.ui.dataset import VIEWS
from namerec.ui.evaluate_sections import SECTIONS as EVALUATE
from namerec.ui.guide import SECTIONS as GUIDE
from namerec.ui.memory_sections import SECTIONS as MEMORY
from namerec.ui.name_sections import SECTIONS as NAME
from namerec.ui.runs_sections import SECTIONS as RUNS


def test_every_section_of_a_page_has_a_word_that_hides_it():
    pages = (EVALUATE, NAME, MEMORY, RUNS, VIEWS, GUIDE)
    assert {key for page in pages for key in page} - {"names"} == hidden.SECTIONS
