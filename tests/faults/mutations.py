"""Random changes to the files of a run, and all that can be asked of what is left of it."""

from __future__ import annotations

import random
from contextlib import suppress

from namerec.core.corpus.alphabet import normalise
from namerec.core.evaluation.prediction import predict
from namerec.errors import NamerecError
from namerec.runs.folder import RunFolder
from namerec.runs.networks import load_network
from namerec.runs.store import RunStore

#: What stands in JSON where something else is expected.
_VALUES = (
    b"null true -1 0 1.5 1e999 NaN -Infinity 99999999999999999999999999 [] {} [[]] "
    b'"" "../../etc/passwd" "\\u0000" "\\ud800" "<script>" [[[[[[[[]]]]]]]] {"a":{"a":{}}}'
).split()


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The content with one to three changes."""
    for _ in range(chance.randint(1, 3)):
        # Where the beginning matters more than its share: the header of a tensor file.
        end = len(content) if chance.random() < 0.5 else min(len(content), 3000)
        at = chance.randrange(end) if end else 0
        kind = chance.randrange(6)
        if kind == 0:
            content = content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]
        elif kind == 1:
            content = content[:at]
        elif kind == 2:
            content = content[:at] + content[at + chance.randint(1, 50) :]
        elif kind == 3:
            content = content[:at] + chance.randbytes(chance.randint(1, 50)) + content[at:]
        elif kind == 4:
            other = chance.randrange(len(content)) if content else 0
            content = content[:at] + content[other : other + 50] + content[at + 50 :]
        else:
            content = _with_value(content, at, chance.choice(_VALUES))
    return content


def _with_value(content: bytes, at: int, value: bytes) -> bytes:
    """Puts a value in the place of the next one behind a colon."""
    colon = content.find(b":", at)
    ends = [end for mark in b",}\n" if (end := content.find(mark, colon)) > 0]
    if colon < 0 or not ends:
        return content
    return content[: colon + 1] + value + content[min(ends) :]


def read_everything(store: RunStore, run: RunFolder) -> None:
    """Asks for all there is, and lets nothing but our own errors pass."""
    store.summary(run)
    for read in (run.metrics, run.predictions, run.progress, run.milestones, run.resumed):
        with suppress(NamerecError):
            read()
    for epoch in (None, 1):
        with suppress(NamerecError):
            network = load_network(run, epoch)
            predict(network.model, network.categories, [normalise("Bakaovic")])


def sweep(store: RunStore, run: RunFolder, number: int, seed: int) -> int:
    """Changes one file after the other, each time of an otherwise whole run, and reads it.

    Args:
        store: The run's.
        run: Put back after every change.
        number: Of changes.
        seed: Of all that is random; a failure names it with the number of the change.

    Returns:
        How many changed runs were read.
    """
    whole = {file: file.read_bytes() for file in sorted(run.path.iterdir()) if file.is_file()}
    files = [file for file in whole if file.name != "lock"]
    for place in range(number):
        chance = random.Random(f"{seed}-{place}")
        file = files[place % len(files)]
        file.write_bytes(mutated(whole[file], chance))
        try:
            read_everything(store, run)
        except Exception as error:
            raise AssertionError(f"change {place} of seed {seed}, to {file.name}") from error
        for left in set(run.path.iterdir()) - set(whole):
            left.unlink()
        for changed, content in whole.items():
            if not changed.exists() or changed.read_bytes() != content:
                changed.write_bytes(content)
    return number
