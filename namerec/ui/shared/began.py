"""How a run that goes on from another one has fared against what it began with, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from namerec.runs.measured import part_words
from namerec.text import count, percent, plain

if TYPE_CHECKING:
    from namerec.jobs.snapshot import JobSnapshot


def began_words(snapshot: JobSnapshot) -> str:
    """The accuracy at which a run began beside the best of its own epochs, as Markdown.

    A run's best epoch is sought among its own ones, so that it may end worse than it began.

    Args:
        snapshot: The run.

    Returns:
        A sentence or two; empty for a run that begins with weights of its own, and for one whose
        records of what was before are damaged.
    """
    before = snapshot.before
    if not before.joints:
        return ""
    joint = before.joints[-1]
    began = next((record for record in before.history if record.epoch == joint.epoch), None)
    if began is None:
        return ""
    # A joint counts from the first run of the line on; people know a run by its own epochs.
    epoch = joint.epoch - (before.joints[-2].epoch if len(before.joints) > 1 else 0)
    part = part_words(snapshot.config.training.protocol, "validation")
    words = (
        f"Began at {percent(began.validation_accuracy)} accuracy on {part} "
        f"(epoch {count(epoch)} of run {joint.run}); "
    )
    best = next((record for record in reversed(snapshot.history) if record.best), None)
    if best is None:
        return plain(f"{words}no epoch of its own yet.")
    words += f"best since: {percent(best.validation_accuracy)} (its epoch {count(best.epoch)})."
    if best.validation_accuracy < began.validation_accuracy:
        words += " None of its own epochs is as good as what it began with."
    return plain(words)
