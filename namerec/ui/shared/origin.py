"""How a run that goes on from another one has fared against what it began with, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from namerec.core.corpus.protocols import part_words
from namerec.text import count, percent, plain

if TYPE_CHECKING:
    from namerec.jobs.snapshot import JobSnapshot


def origin_words(snapshot: JobSnapshot) -> str:
    """The accuracy at which a run began beside the best of its own epochs, as Markdown.

    A run's best epoch is sought among its own ones, so that it may end worse than it began.

    Returns:
        A sentence or two; empty for a run that begins with weights of its own, and for one whose
        records of what was before are damaged.
    """
    before = snapshot.before
    if not before.branch_points:
        return ""
    branch_point = before.branch_points[-1]
    origin = next((record for record in before.history if record.epoch == branch_point.epoch), None)
    if origin is None:
        return ""
    # It counts from the first run of the lineage on; people know a run by its own epochs.
    epoch = branch_point.epoch - (
        before.branch_points[-2].epoch if len(before.branch_points) > 1 else 0
    )
    part = part_words(snapshot.config.training.protocol, "validation")
    words = (
        f"Started at {percent(origin.validation_accuracy)} accuracy on {part} "
        f"(epoch {count(epoch)} of run {branch_point.run}); "
    )
    best = next((record for record in reversed(snapshot.history) if record.best), None)
    if best is None:
        return plain(f"{words}it has no epoch of its own yet.")
    words += (
        f"best since then: {percent(best.validation_accuracy)} (its epoch {count(best.epoch)})."
    )
    if best.validation_accuracy < origin.validation_accuracy:
        words += " None of its own epochs is as good as the one it started from."
    return plain(words)
