"""The initial weights.

The run went on from another one: the weights that it began with are in `first.npz`, one array for
each of the network's parameters, in their order.
"""

import numpy as np
import torch

from namerec.export.program.pieces.names import FOLDER
from namerec.export.program.pieces.network_custom_lstm import model

with np.load(FOLDER / "first.npz") as first, torch.no_grad():
    for number, parameter in enumerate(model.parameters()):
        parameter.copy_(torch.from_numpy(first[f"weight.{number}"]))
