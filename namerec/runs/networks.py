"""From a stored run to a network that can be asked."""

from __future__ import annotations

from dataclasses import dataclass

from namerec.core.models import NameModel, build
from namerec.runs.fitting import check_weights
from namerec.runs.folder import BEST, RunFolder
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
    check_weights(weights, info, BEST)
    model = build(info.config.model, len(info.dataset.categories))
    model.load_state_dict(weights)
    model.eval()
    return TrainedNetwork(info, model)
