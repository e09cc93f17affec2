"""How good the answers are.

Accuracy is the share of right answers. Macro recall is the mean of the categories' own shares, so
that small categories count as much as large ones.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F

from namerec.export.program.pieces.names import Name
from namerec.export.program.pieces.network_custom_lstm import model
from namerec.export.program.pieces.packing import pack


class Scores(NamedTuple):
    """How good the answers on some names are."""

    loss: float  # in nats
    accuracy: float  # 0 to 1
    macro_recall: float  # 0 to 1


@torch.no_grad()
def evaluate(names: list[Name]) -> Scores:
    """Asks the network for some names, with everything that is random in training switched off."""
    model.eval()
    ordered = sorted(names, key=lambda name: len(name.text))
    texts = [name.text for name in ordered]
    labels = torch.tensor([name.label for name in ordered])
    begins = range(0, len(texts), 2048)
    answers = torch.cat([model(pack(texts[begin : begin + 2048])) for begin in begins])
    right = (answers.argmax(dim=1) == labels).double()
    recalls = [right[labels == label].mean() for label in labels.unique()]
    return Scores(
        loss=F.nll_loss(answers.double(), labels).item(),
        accuracy=right.mean().item(),
        macro_recall=torch.stack(recalls).mean().item(),
    )
