"""What a run says of itself in files that leave the lab: settings, names, split and scores."""

from typing import Any

from namerec.core.corpus.protocols import PARTS, PROTOCOL_WORDS, Part, part_words
from namerec.errors import DataError
from namerec.export.source import Source
from namerec.runs.records import RunInfo
from namerec.text import count, counted

#: Why nothing can be made of a run's names; where they were looked for says nothing to others.
NAMES_GONE = "names are no longer on this computer"


def measured_on(source: Source, part: Part) -> str:
    """Which names a number on a part of the run's split was measured on; also if they are gone."""
    return part_words(source.run.info.config.training.protocol, part)


def lineage_epoch(info: RunInfo, own: int) -> int:
    """A run's own epoch, counted from the first run of its lineage on; 0, for none, stays."""
    return own + info.branch_points[-1].epoch if own and info.branch_points else own


def best_epoch_words(source: Source) -> str:
    """Which epoch a run's weights are of: in the count of its lineage, and in its own."""
    info, status = source.run.info, source.run.status
    best, done = (lineage_epoch(info, own) for own in (status.best_epoch, status.epoch))
    if not info.branch_points:
        return f"epoch {best} of {done}"
    return (
        f"epoch {best} of {done}, counted from the first run (epoch {status.best_epoch} of "
        f"{status.epoch} of this run)"
    )


def branch_words(info: RunInfo) -> str:
    """What a run goes on from, the latest first; nothing for one with weights of its own."""
    return ", which ".join(
        f"continues from {branch_point.run} after {counted(branch_point.epoch, 'epoch')}"
        for branch_point in reversed(info.branch_points)
    )


def trained_on(source: Source) -> str:
    """Which names the network has seen, and after which epoch, in words."""
    info = source.run.info
    protocol = PROTOCOL_WORDS[info.config.training.protocol]
    joined = f"the run {branch_words(info)}; " if info.branch_points else ""
    among = "the best of this run" if info.branch_points else "the best"
    return (
        f"{measured_on(source, 'train')}, of the {count(info.dataset.names)} of "
        f"“{info.dataset.title}” ({protocol}); {joined}the weights are those of "
        f"{best_epoch_words(source)}, {among} on the validation part"
    )


def scores(source: Source) -> dict[str, dict[str, Any]]:
    """The finished run's scores by part, each with what it was measured on; else none."""
    return {
        part: {"measured on": measured_on(source, part)} | given.model_dump()
        for part, given in source.run.status.scores.items()
    }


def settings(source: Source) -> dict[str, Any]:
    """All that decided the run's numbers, as JSON values.

    `names` of the split are counts by part, and None if the corpus is no longer there. Epochs are
    counted from the first run of the lineage on where nothing else is said.
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
        "goes on from": [
            branch_point.model_dump(mode="json") for branch_point in info.branch_points
        ],
        "best epoch": lineage_epoch(info, source.run.status.best_epoch),
        "best epoch in the run's own count": source.run.status.best_epoch,
        "scores": scores(source),
        "versions": info.versions,
        "threads": info.threads,
    }
