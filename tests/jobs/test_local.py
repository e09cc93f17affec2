import pytest
import torch

from namerec.jobs.local import local_manager, rehearse
from namerec.runs.store import PRETRAINED
from namerec.settings import home
from tests.conftest import tiny_config
from tests.jobs.fakes import LIMIT
from tests.jobs.references import allow
from tests.runs.references import Solo, assert_holds_all


@pytest.mark.parametrize("workers", [1, 2])
def test_this_machines_manager_trains_on_its_corpora_in_its_data_folder(
    workers, tiny_dataset, tiny_folder, monkeypatch
):
    """In this process, or in others."""
    allow(monkeypatch, workers=workers)
    manager = local_manager()
    try:
        assert manager.most_running == workers
        assert manager.store.root == home() / "runs"
        assert manager.store.pretrained == PRETRAINED
        config = tiny_config(dataset=str(tiny_folder))
        run_id = manager.start(config, tiny_dataset)
        assert manager.wait(run_id, LIMIT).state == "finished"
        assert_holds_all(manager.store.open(run_id), Solo(config, tiny_dataset))
    finally:
        manager.shutdown()


def test_a_rehearsal_stores_nothing_and_touches_no_randomness():
    before = torch.get_rng_state()
    rehearse()
    assert torch.equal(torch.get_rng_state(), before)
    assert not home().exists()
