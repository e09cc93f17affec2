"""What a run says of itself in files that leave the lab: settings, names, split and scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from namerec.core.config import PROTOCOL_WORDS
from namerec.core.results import PARTS, Part
from namerec.core.splits import Split
from namerec.errors import DataError
from namerec.export.source import Source


def measured_on(source: Source, part: Part) -> str:
    """Which names a number on a part of the run's split was measured on; also if they are gone."""
    training = source.run.info.config.training
    none = np.empty(0, dtype=np.int64)
    return Split(training.protocol, training.split_draw, none, none, none).words(part)


def trained_on(source: Source) -> str:
    """Which names the network has seen, and after which epoch, in words."""
    info, status = source.run.info, source.run.status
    protocol = PROTOCOL_WORDS[info.config.training.protocol]
    return (
        f"{measured_on(source, 'train')}, of the {info.dataset.names:,} of “{info.dataset.title}” "
        f"({protocol}); the weights are those of epoch {status.best_epoch} of {status.epoch}, the "
        "best on the validation part"
    )


def scores(source: Source) -> dict[str, dict[str, Any]]:
    """The finished run's scores by part, each with what it was measured on; else none."""
    return {
        part: {"measured on": measured_on(source, part)} | given.model_dump()
        for part, given in source.run.status.scores.items()
    }


def settings(source: Source) -> dict[str, Any]:
    """All that decided the run's numbers, as JSON values.

    `names` of the split are counts by part, and None if the corpus is no longer there.
    """
    info, training = source.run.info, source.run.info.config.training
    try:
        names = {part: len(source.split.part(part)) for part in PARTS}
    except DataError:
        names = None
    return {
        "run": info.id,
        "created": info.created.isoformat(),
        "network": info.config.model.title,
        "parameters": info.parameters,
        "config": info.config.model_dump(mode="json"),
        "corpus": info.dataset.model_dump(mode="json"),
        "split": {
            "protocol": training.protocol,
            "seed": training.split_draw,
            "words": PROTOCOL_WORDS[training.protocol],
            "names": names,
        },
        "goes on from": [joint.model_dump(mode="json") for joint in info.joints],
        "best epoch": source.run.status.best_epoch,
        "scores": scores(source),
        "versions": info.versions,
        "threads": info.threads,
    }
