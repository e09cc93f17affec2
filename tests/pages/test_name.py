"""The Name and Memory pages: every section opens by its link, and the name stays what it was."""

import shutil

import pytest

from namerec.core.evaluation.prediction import after_every_letter
from namerec.data import catalogue
from namerec.text import roughly
from namerec.ui.memory.sections import SECTIONS as MEMORY_SECTIONS
from namerec.ui.name.sections import SECTIONS
from namerec.ui.server.manager import manager
from namerec.ui.shared import services
from tests.conftest import tiny_config
from tests.pages.references import answered, opened, said
from tests.ui.lab import followed


@pytest.mark.parametrize("kind", ["rnn", "lstm", "custom_lstm"])
def test_every_section_opens_for_every_network_and_keeps_the_name(lab, kind):
    run = next(run for run in manager().store.trained() if run.info.config.model.kind == kind)
    opened(lab, "name", run=run.id, name="Dvořák", look="reading")
    for section in SECTIONS:
        followed(lab, look=section)
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


def test_priors_that_cannot_be_applied_hide_nothing(lab, tiny_folder, tmp_path):
    """The corpus of the run is gone: its own answers are shown, and why they are not reweighted."""
    corpus = tmp_path / "gone"
    shutil.copytree(tiny_folder, corpus)
    config = tiny_config("lstm", dataset=str(corpus), epochs=1)
    run_id = manager().start(config, catalogue.load(str(corpus)))
    assert manager().wait(run_id, 30).state == "finished"
    shutil.rmtree(corpus)
    lab.session_state["priors_natural"] = 1.0
    opened(lab, "name", run=run_id, name="Bakaki", look="reading")
    for section in SECTIONS:
        followed(lab, look=section)
        assert not lab.exception, section
        assert "The assumed frequencies cannot be applied to this run" in said(lab)
        if section != "known":  # which is about the names that are gone
            assert not lab.error, section
    followed(lab, look="reading")
    network = services.network(run_id)
    last = after_every_letter(network.model, "Bakaki")[-1]
    winner = network.categories[int(last.argmax())]
    assert answered(lab).endswith(f"probably {winner}, {roughly(float(last.max()))}")
    lab.slider[0].set_value(0.0).run()
    assert "cannot be applied" not in said(lab)
