"""Copies of finished runs, to look into."""

from __future__ import annotations

from pathlib import Path

from namerec.disk import open_regular, write_whole
from namerec.errors import RunError
from namerec.runs.folder import milestone_file
from namerec.runs.lineage import BEFORE, FIRST
from namerec.runs.store import RunStore

#: The files of a finished run that looking into it needs, besides its milestones.
LOOKED_INTO = (
    "config.json",
    "status.json",
    "metrics.jsonl",
    "best.safetensors",
    "predictions.safetensors",
)


def copy_finished(store: RunStore, identity: str, folder: Path) -> Path:
    """Copies a finished run, without what only going on with it needs.

    Returns:
        The copy's own folder inside of `folder`.

    Raises:
        RunError: If the run is not finished, the folder has it already, or the copy cannot be
            written.
    """
    run = store.open(identity)
    status = run.status()
    if status.state != "finished":
        raise RunError(
            f"Run {identity} is {run.state(status)}; only finished runs are copied. Resume it "
            f"first: python -m namerec train --resume {identity}"
        )
    target = folder / identity
    try:
        target.mkdir(parents=True)
        taken_over = (FIRST, BEFORE) if run.info().branch_points else ()
        for name in (*LOOKED_INTO, *taken_over, *map(milestone_file, run.milestones())):
            with open_regular(run.path / name) as file:
                write_whole(target / name, file.read())
    except FileExistsError as error:
        raise RunError(
            f"Run {identity} was not copied: {error.filename} already exists. Move it away, or "
            "give another folder to copy to."
        ) from None
    except OSError as error:
        raise RunError(f"The copy cannot be written to {target}: {error.strerror}.") from None
    return target
