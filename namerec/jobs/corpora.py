"""Where the names of a stored run are now."""

from __future__ import annotations

from collections.abc import Callable

from namerec.core.corpus.dataset import Dataset
from namerec.data import catalogue
from namerec.data.own import OwnCorpora
from namerec.errors import DataError
from namerec.runs.records import RunInfo


def corpus_of(info: RunInfo, load: Callable[[str], Dataset] = catalogue.load) -> str:
    """Where a run's names are: where they were, or kept after an upload of the same names.

    Args:
        info: The run's.
        load: Reads a corpus; the pages give one that remembers.

    Returns:
        The reference of a corpus with the fingerprint that the run remembers.

    Raises:
        DataError: If they are gone, or other names are there.
    """
    remembered, reference = info.dataset, info.config.training.dataset
    words = f"The corpus of this run, “{remembered.title}”,"
    try:
        if load(reference).fingerprint == remembered.fingerprint:
            return reference
        gone = DataError(
            f"{words} has changed since it was trained, so its names cannot be listed. Put the "
            "old files back, upload the same names on the Dataset page, or train again."
        )
    except DataError as error:
        gone = DataError(f"{words} is gone, so its names cannot be listed. {error}")
    kept = OwnCorpora().find(remembered.fingerprint)
    if kept is None:
        raise gone
    return kept.reference
