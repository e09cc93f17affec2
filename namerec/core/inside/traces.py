"""Gates, cell and hidden state for one name, letter by letter, for every network.

What is shown is computed by the equations in `cells` with the network's own weights and nothing
else; tests hold it against the networks' own output.
"""

import torch

from namerec.core.evaluation.prediction import after_every_letter
from namerec.core.inside.reading import one_hot_text, read
from namerec.core.inside.trace import GateTrace
from namerec.core.networks.name_model import NameModel


@torch.no_grad()
def trace(model: NameModel, categories: tuple[str, ...], letters: str) -> GateTrace:
    """Reads one name and keeps everything.

    Args:
        model: Any network; it is put into evaluation mode.
        categories: Names of its outputs.
        letters: A normalised name of one letter or more.

    Returns:
        All states and gates after each letter, and the probabilities after each letter.
    """
    model.eval()
    reading = read(model, one_hot_text(model, [letters]))
    return GateTrace(
        letters=letters,
        values={
            symbol: reading.stacked(symbol)[:, :, 0].float().cpu().numpy()
            for symbol in reading.steps[0][0]
        },
        probabilities=after_every_letter(model, letters),
        categories=categories,
        kind=model.config.kind,
        directions=model.directions,
    )
