"""The optimizer.

It turns the gradient of the loss, which says for every weight in which direction the loss grows,
into a step that makes the loss smaller.
"""

#: if moments
import numpy as np
import torch

#: end
from namerec.export.program.pieces.names import FOLDER
from namerec.export.program.pieces.network_custom_lstm import model
from namerec.export.program.pieces.settings import LEARNING_RATE, OPTIMIZER, WEIGHT_DECAY

optimizer = OPTIMIZER(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)
#: if moments
# What the optimizer of the run before remembered of its gradients was taken over with the weights.
remembered = optimizer.state_dict()
with np.load(FOLDER / "first.npz") as first:
    for key in first.files:
        if key.startswith("optimizer."):
            _, number, quantity = key.split(".")
            of_parameter = remembered["state"].setdefault(int(number), {})
            of_parameter[quantity] = torch.from_numpy(first[key])
optimizer.load_state_dict(remembered)
#: end
