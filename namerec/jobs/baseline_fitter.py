"""The program that fits baselines for a server: `python -m namerec.jobs.baseline_fitter`.

Reads a corpus and then kinds of baselines from its standard input, and writes a line of JSON for
each; see `namerec.jobs.baseline_process`, which starts it.
"""

from __future__ import annotations

import io
import os
import queue
import sys
import threading
import traceback
from typing import BinaryIO, cast, get_args

import numpy as np

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import Protocol
from namerec.core.corpus.splits import Split
from namerec.core.evaluation.baselines import BASELINE_KINDS
from namerec.jobs.baseline_process import SIZE_BYTES
from namerec.jobs.baselines import scored


def unpacked(archive: bytes) -> tuple[Dataset, Split]:
    """A dataset, as far as baselines ask for it, and split.

    Args:
        archive: As `baseline_process.packed` gives it, without its length.

    Raises:
        ValueError: If it is no such archive.
    """
    with np.load(io.BytesIO(archive), allow_pickle=False) as given:
        protocol = str(given["protocol"])
        if protocol not in get_args(Protocol):
            raise ValueError(f"There is no split protocol “{protocol}”.")
        split = Split(
            cast("Protocol", protocol),
            int(given["seed"]),
            train=given["train"],
            validation=given["validation"],
            test=given["test"],
        )
        dataset = Dataset(
            title="",
            categories=tuple(map(str, given["categories"])),
            names=("",) * len(given["labels"]),
            letters=given["letters"],
            lengths=given["lengths"],
            labels=given["labels"],
            given_parts=None,
            unreadable=(),
            fingerprint="",
        )
    return dataset, split


def main() -> None:
    """See the module's text."""
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    size = int.from_bytes(source.read(SIZE_BYTES), "big")
    dataset, split = unpacked(source.read(size))
    _import_what_fits()
    questions: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(source, questions), daemon=True).start()
    while True:
        asked = questions.get()
        [kind] = (kind for kind in BASELINE_KINDS if kind == asked)
        answers.write(scored(kind, dataset, split).model_dump_json().encode() + b"\n")
        answers.flush()


def _listen(source: BinaryIO, questions: queue.SimpleQueue[str]) -> None:
    """Passes questions on; the end of the input is the end of whoever asks, and so of this."""
    try:
        for line in source:
            questions.put(line.decode().strip())
    finally:
        os._exit(0)


def _import_what_fits() -> None:
    # Before a thread waits for input: Windows may then not load what scikit-learn is made of.
    from sklearn import dummy, linear_model, naive_bayes  # noqa: F401


if __name__ == "__main__":
    try:
        main()
    except BaseException:  # noqa: BLE001 - no interpreter ends in order while a thread reads
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
