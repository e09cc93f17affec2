"""The Name and Memory pages: every section opens by its link, and the name stays what it was."""

import pytest

from namerec.ui.memory_sections import SECTIONS as MEMORY_SECTIONS
from namerec.ui.name_sections import SECTIONS
from namerec.ui.server import manager
from tests.pages.references import opened, said


@pytest.mark.parametrize("kind", ["rnn", "lstm", "custom_lstm"])
def test_every_section_opens_for_every_network_and_keeps_the_name(lab, kind):
    run = next(run for run in manager().store.trained() if run.info.config.model.kind == kind)
    opened(lab, "name", run=run.id, name="Dvořák", look="reading")
    for section in SECTIONS:
        lab.query_params["look"] = section
        lab.run()
        assert not lab.exception, section
        assert not lab.error, section
        assert lab.segmented_control(key="look").value == section
        assert "Read as “Dvorak”" in said(lab)
        assert lab.selectbox(key="run").value == run.id


@pytest.mark.parametrize("section", list(MEMORY_SECTIONS))
def test_every_section_of_the_memory_page_opens_by_its_link(lab, section):
    opened(lab, "memory", memory=section)
    assert not lab.exception
    assert not lab.error
    assert lab.segmented_control(key="memory").value == section
