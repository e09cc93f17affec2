"""From a stored run to a network that can be asked."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from namerec.core.networks.models import build
from namerec.core.networks.name_model import NameModel
from namerec.runs.fitting import check_weights
from namerec.runs.folder import BEST, RunFolder
from namerec.runs.lineage import initial_weights
from namerec.runs.records import RunInfo

#: Stands for the weights that a run began with.
BEFORE_TRAINING = 0
#: Bytes of the networks kept in memory; a preset's take 0.1 to 6 MB, the largest that can be set
#: 400, and what takes more than all of this is read anew each time.
MOST_KEPT_BYTES = 512 * 1024**2

_kept: dict[Path, tuple[int, TrainedNetwork]] = {}
_keeping = threading.Lock()


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A run's network at one of its epochs, in evaluation mode."""

    info: RunInfo
    model: NameModel

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of its outputs."""
        return self.info.dataset.categories

    @property
    def size(self) -> int:
        """Bytes of its weights."""
        return 4 * self.info.parameters


def load_network(folder: RunFolder, epoch: int | None = None) -> TrainedNetwork:
    """Rebuilds a run's network from its settings and weights.

    Args:
        folder: The run's.
        epoch: One of its milestones; `BEFORE_TRAINING` for the weights that it began with, which
            are drawn anew from its seed, or are another run's; None for its best epoch.

    Raises:
        RunError: If the run has no such epoch, or its files are damaged or do not fit together.
    """
    info = folder.info()
    model = build(info.config.model, len(info.dataset.categories), info.config.training.seed)
    if epoch is None:
        weights = folder.best_weights()
        check_weights(weights, info, BEST)
        model.load_state_dict(weights)
    elif epoch == BEFORE_TRAINING:
        if (initial := initial_weights(folder)) is not None:
            model.load_state_dict(initial.weights)
    else:
        model.load_state_dict(folder.milestone_weights(epoch))
    model.eval()
    return TrainedNetwork(info, model)


def kept_network(folder: RunFolder) -> TrainedNetwork:
    """A run's network at its best epoch; those read last are kept while their files stay the same.

    Raises:
        RunError: As `load_network`.
    """
    weights = folder.path / BEST
    stamp = weights.stat().st_mtime_ns if weights.exists() else 0
    with _keeping:
        known = _kept.pop(folder.path, None)
        network = known[1] if known and known[0] == stamp else load_network(folder)
        if network.size <= MOST_KEPT_BYTES:
            while sum(other.size for _, other in _kept.values()) > MOST_KEPT_BYTES - network.size:
                _kept.pop(next(iter(_kept)))
            _kept[folder.path] = (stamp, network)
    return network
