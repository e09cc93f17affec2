"""Deleting runs, for good or so that they can be brought back."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

from namerec.disk import UNFINISHED
from namerec.errors import RunError
from namerec.runs.folder import RunFolder
from namerec.runs.records import ACTIVE_STATES, RunState
from namerec.runs.store import RunStore
from namerec.runs.summary import RunSummary
from namerec.runs.trash import DAYS
from namerec.text import shown


def remove(store: RunStore, identity: str) -> None:
    """Removes a run of this data folder that has ended, whole or not at all, and for good.

    Raises:
        RunError: If there is no such run, it waits for its turn or is worked on, it ships with
            the project, or the folder cannot be changed; then nothing is removed.
    """
    # Aside first: killed in the middle of it, no half of a run is ever listed.
    with _ended(store, identity) as folder:
        folder.path.rename(store.root / f".{identity}{UNFINISHED}")
    for aside in store.root.glob(f".*{UNFINISHED}"):  # and what was left of one that was killed
        shutil.rmtree(aside, ignore_errors=True)


def discard(store: RunStore, identity: str) -> None:
    """Deletes a run as `remove` does, but so that it can be brought back.

    Interrupted and damaged runs are deleted as well.

    It counts for the data folder's size until the trash is emptied. What was deleted more than
    `trash.DAYS` days ago goes for good now.

    Raises:
        RunError: As `remove`, or if a run of that id was deleted before.
    """
    if identity in store.trash:
        raise RunError(
            f"The trash already holds another run {identity}. Empty the trash first, or give one "
            "of the two folders another name."
        )
    # Whoever worked on it would hold it now: one that says so was interrupted.
    with _ended(store, identity, frozenset({"queued"})) as folder:
        store.trash.put(folder.path)
    with contextlib.suppress(OSError):  # this run is deleted, whatever becomes of the older
        store.trash.empty(days=DAYS)


def restore(store: RunStore, identity: str) -> None:
    """Brings a deleted run back, as it was.

    Raises:
        RunError: If it is not in the trash, its id is another run's by now, or the folder
            cannot be changed; then the trash stays as it is.
    """
    if identity not in store.trash:
        raise RunError(
            f"There is no run “{shown(identity)}” in the trash. Deleted runs stay there for {DAYS} "
            "days, or until the trash is emptied."
        )
    try:
        store.trash.where(identity).rename(store.root / identity)
    except FileNotFoundError:  # brought back or emptied by somebody else at this moment
        raise RunError(
            f"Run {identity} is no longer in the trash. The list of runs shows which runs there "
            "are."
        ) from None
    except OSError as error:
        raise RunError(
            f"Run {identity} cannot be restored to {store.root}: {error.strerror}. Make that "
            "folder writable, or rename a folder of the same name there."
        ) from None


def discarded(store: RunStore) -> list[RunSummary]:
    """The deleted runs that can be brought back, the most recently deleted first."""
    runs = (store.summary(RunFolder(store.trash.where(name))) for name in store.trash.ids())
    return [run for run in runs if isinstance(run, RunSummary)]


def empty_trash(store: RunStore) -> None:
    """Removes all deleted runs for good.

    Raises:
        RunError: If the folder cannot be changed.
    """
    try:
        store.trash.empty()
    except OSError as error:
        raise RunError(
            f"The deleted runs cannot be removed from {store.trash.path}: {error.strerror}. "
            "Make that folder writable, or delete it."
        ) from None


@contextlib.contextmanager
def _ended(
    store: RunStore, identity: str, busy: frozenset[RunState] = ACTIVE_STATES
) -> Iterator[RunFolder]:
    """Holds a run that is in none of the `busy` states, to be moved out of the list."""
    folder = store.own(identity, "it is not removed")
    try:
        with folder.lock():
            if (state := _stored_state(folder)) in busy:
                raise RunError(
                    f"Run {identity} is {state}; only runs that have ended can be deleted. Stop it "
                    "first."
                )
            yield folder
    except OSError as error:
        raise RunError(
            f"Run {identity} cannot be removed from {store.root}: {error.strerror}. Make that "
            "folder writable, or delete the run's own folder."
        ) from None


def _stored_state(folder: RunFolder) -> RunState | None:
    try:
        return folder.status().state
    except RunError:  # damaged: nobody goes on with it
        return None
