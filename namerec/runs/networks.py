"""From a stored run to a network that can be asked."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from namerec.core.models import NameModel, build
from namerec.errors import RunError
from namerec.runs.folder import RunFolder
from namerec.runs.records import RunInfo


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A run's network at its best epoch, in evaluation mode."""

    info: RunInfo
    model: NameModel

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of its outputs."""
        return self.info.dataset.categories


def load_network(folder: RunFolder) -> TrainedNetwork:
    """Rebuilds a run's network from its settings and weights.

    Raises:
        RunError: If the run has no finished epoch, or its files are damaged or do not fit together.
    """
    info = folder.info()
    weights = folder.best_weights()
    model = build(info.config.model, len(info.dataset.categories))
    expected = {name: tensor.shape for name, tensor in model.state_dict().items()}
    if {name: tensor.shape for name, tensor in weights.items()} != expected:
        raise RunError(
            f"The weights of run {folder.id} do not fit its settings. Train it again, or put "
            "“best.safetensors” back from a copy."
        )
    if not all(bool(torch.isfinite(tensor).all()) for tensor in weights.values()):
        raise RunError(
            f"The weights of run {folder.id} hold values that are not finite numbers. Train it "
            "again with a lower learning rate, or put “best.safetensors” back from a copy."
        )
    model.load_state_dict(weights)
    model.eval()
    return TrainedNetwork(info, model)
