"""Sections of pages under AppTest."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from namerec.core.networks.name_model import NameModel
from namerec.ui.server.manager import manager
from namerec.ui.shared import services
from tests.core.references import network


@pytest.fixture
def own_manager() -> Iterator[None]:
    """A manager over the pretrained runs and an empty data folder."""
    manager.clear()
    yield
    manager().shutdown()
    manager.clear()


@pytest.fixture
def both_ways(monkeypatch: pytest.MonkeyPatch) -> NameModel:
    """A network of two layers that read in both directions, in place of every run's own."""
    model = network(
        "custom_lstm", direction="both", num_layers=2, categories=18, dtype=torch.float32
    )
    own = services.network
    monkeypatch.setattr(services, "network", lambda run_id: replace(own(run_id), model=model))
    return model
