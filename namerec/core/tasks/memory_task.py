"""The memory task: a first letter, then noise, then the question which the first letter was.

Surnames are too short to show what gates are for. Here the answer lies as many letters back as one
likes, and everything between says nothing about it.

Source: a classification form of the long time lag tasks in Hochreiter and Schmidhuber, "Long
short-term memory", Neural Computation 9(8), 1997, section 5.2: one signal, then distractors.
"""

import hashlib
import re

import numpy as np

from namerec.core.corpus.alphabet import decode, encode
from namerec.core.corpus.dataset import Dataset
from namerec.core.tasks.memory_curves import FIRST_LETTERS
from namerec.errors import DataError

#: A reference to the task's sequences is this and the letters of noise: `memory-task:50`.
PREFIX = "memory-task:"
#: What runs, zips and command lines of earlier versions have in its place.
_EARLIER_PREFIX = "recall:"
#: The noise has none of the first letters in it, so that nothing has to be counted: what is
#: measured is for how long a letter is kept, not whether a network knows when a name began.
NOISE_LETTERS = "ijklmnopqrstuvwxyz"
#: Letters of noise that may be asked for: fewer leave too few distinct sequences, more do not fit
#: a length stored in eight bits.
NOISE_BOUNDS = (5, 250)
#: Sequences of a dataset, an eighth of them for each first letter.
SEQUENCES = 4000
# The same sequences on every machine and for every run of one distance.
_SEED = 0x5EC0


def reference(noise: int) -> str:
    """What the catalogue loads the task's sequences by."""
    return f"{PREFIX}{noise}"


def is_memory_task(dataset: str) -> bool:
    """Whether a dataset's reference stands for this task, and its runs for an experiment."""
    return dataset.startswith((PREFIX, _EARLIER_PREFIX))


def noise_of(dataset: str) -> int:
    """The letters of noise that a reference asks for.

    Raises:
        DataError: If it does not say a number that is allowed.
    """
    digits = dataset.removeprefix(PREFIX).removeprefix(_EARLIER_PREFIX)
    least, most = NOISE_BOUNDS
    if not re.fullmatch("[1-9][0-9]{0,2}", digits) or not least <= int(digits) <= most:
        raise DataError(
            f"“{ascii(dataset[:40])[1:-1]}” is not a memory task. Give “{PREFIX}” and the number "
            f"of noise letters, {least} to {most}, for example “{reference(50)}”."
        )
    return int(digits)


def memory_dataset(noise: int) -> Dataset:
    """The task's sequences as a dataset: a sequence's category is its first letter.

    No two sequences are equal, so that the leak-free split works as on any corpus.

    Args:
        noise: Letters of noise after the first letter, within `NOISE_BOUNDS`.
    """
    labels = np.arange(SEQUENCES, dtype=np.int64) % len(FIRST_LETTERS)
    letters = np.empty((SEQUENCES, noise + 1), dtype=np.uint8)
    letters[:, 0] = encode(FIRST_LETTERS)[labels]
    generator = np.random.default_rng([_SEED, noise])
    unlike = np.zeros(0, dtype=np.int64)
    while len(unlike) < SEQUENCES:  # rows that equal another one are drawn again
        again = np.setdiff1d(np.arange(SEQUENCES), unlike)
        letters[again, 1:] = generator.choice(encode(NOISE_LETTERS), (len(again), noise))
        unlike = np.unique(letters, axis=0, return_index=True)[1]
    text = decode(letters.ravel())
    width = noise + 1
    return Dataset(
        title=f"a first letter and {noise} letters of noise",
        categories=tuple(FIRST_LETTERS),
        names=tuple(text[begin : begin + width] for begin in range(0, len(text), width)),
        letters=letters,
        lengths=np.full(SEQUENCES, width, dtype=np.uint8),
        labels=labels,
        given_parts=None,
        unreadable=(),
        # The word of earlier versions: the same sequences stay the same names.
        fingerprint=hashlib.sha256(f"recall {width}\n{text}".encode()).hexdigest(),
    )
