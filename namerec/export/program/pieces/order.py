"""The order of the names.

For each epoch the names are drawn again and divided into batches.
"""

import math
from collections import Counter
from collections.abc import Iterator

import torch

from namerec.export.program.pieces.chance import GENERATOR
from namerec.export.program.pieces.names import TRAIN, Name
from namerec.export.program.pieces.settings import BATCH_SIZE, EPOCHS, POWER, STEPS

#: if steps
# The run counts in steps: they are cut into stretches, and each counts as an epoch.
ENDS = [round(STEPS * epoch / EPOCHS) for epoch in range(EPOCHS + 1)]
#: else
ENDS = [math.ceil(len(TRAIN) / BATCH_SIZE) * epoch for epoch in range(EPOCHS + 1)]
#: end
#: if weighted
SUPPORT = Counter(name.label for name in TRAIN)
WEIGHTS = torch.tensor([SUPPORT[name.label] ** POWER for name in TRAIN], dtype=torch.float64)
#: end


def batches(epoch: int) -> Iterator[list[Name]]:
    """One epoch's batches; ENDS says at which step it begins and ends."""
    #: if steps
    count = (ENDS[epoch] - ENDS[epoch - 1]) * BATCH_SIZE
    #: else
    count = len(TRAIN)
    #: end
    #: if weighted
    # Names are drawn, not dealt out: one can come twice, so that rare categories come more often.
    drawn = torch.multinomial(WEIGHTS, count, replacement=True, generator=GENERATOR).tolist()
    #: else
    #: if steps
    rounds = math.ceil(count / len(TRAIN))
    orders = [torch.randperm(len(TRAIN), generator=GENERATOR) for _ in range(rounds)]
    drawn = torch.cat(orders)[:count].tolist()
    #: else
    drawn = torch.randperm(count, generator=GENERATOR).tolist()
    #: end
    #: end
    #: if batched
    # Of 32 batches together the names are sorted by length, so that a batch holds names of similar
    # length while its names stay a random draw.
    together = 32 * BATCH_SIZE
    for begin in range(0, len(drawn), together):
        some = drawn[begin : begin + together]
        drawn[begin : begin + together] = sorted(some, key=lambda place: len(TRAIN[place].text))
    #: end
    begins = range(0, len(drawn), BATCH_SIZE)
    for place in torch.randperm(len(begins), generator=GENERATOR).tolist():
        begin = begins[place]
        yield [TRAIN[number] for number in drawn[begin : begin + BATCH_SIZE]]
