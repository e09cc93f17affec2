"""Ask the network.

A name of the corpus is read as the run read it. In any other name accents are taken off, and
whatever is then still outside the 57 letters is left out. The lab writes letters of other scripts
in Latin ones, which takes a package of its own and is not done here: type such names in Latin
letters.
"""

import unicodedata

import torch

from namerec.export.program.pieces.names import BY_LABEL, LETTERS, TABLE
from namerec.export.program.pieces.network_custom_lstm import model
from namerec.export.program.pieces.packing import pack

READ = {row["name"]: row["read"] for row in TABLE}


def as_read(name: str) -> str:
    """A name in the 57 letters, at most 64 of them if it is not in the corpus."""
    if name in READ:
        return READ[name]
    letters = [letter for letter in unicodedata.normalize("NFD", name) if letter in LETTERS]
    return " ".join("".join(letters).split())[:64].rstrip()


@torch.no_grad()
def predict(name: str, places: int = 3) -> list[tuple[str, float]]:
    """The likeliest categories of a name with their probabilities, 0 to 1, the likeliest first."""
    text = as_read(name)
    if not any(letter.isalpha() for letter in text):
        raise ValueError(f"There is no letter in {name!r} that can be read.")
    model.eval()
    shares, labels = model(pack([text]))[0].exp().topk(min(places, len(BY_LABEL)))
    return [
        (BY_LABEL[label], share)
        for label, share in zip(labels.tolist(), shares.tolist(), strict=True)
    ]
