"""Imports a packed run.

Nobody's zip is trusted: it is unpacked aside, checked as a run, and only then put into the list.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from namerec.core.corpus.dataset import Dataset
from namerec.data.own import OwnCorpora
from namerec.data.upload import Upload
from namerec.disk import flush_folder, write_whole
from namerec.errors import RunError
from namerec.export.archive.arrival import (
    check_run,
    free_identity,
    names_here,
    names_that_came,
)
from namerec.export.archive.arrival_scores import check_answers
from namerec.export.archive.aside import alone, aside_of
from namerec.export.archive.contents import Manifest, config_content, status_content
from namerec.export.archive.reading import RunZip, opened
from namerec.jobs.limits import check_disk, check_upload, corpus_bytes
from namerec.runs.folder import CONFIG, STATUS, RunFolder
from namerec.runs.labels import read_label, write_label
from namerec.runs.lineage import gap
from namerec.runs.records import ACTIVE_STATES, RunInfo, is_device
from namerec.runs.store import RunStore
from namerec.settings import settings
from namerec.text import shown


@dataclass(frozen=True, slots=True)
class Imported:
    """What has become of a zip.

    Attributes:
        run: The run's id here.
        words: What there is to say about it, in sentences.
        added: Whether it is new here.
    """

    run: str
    words: str
    added: bool = True


def import_run(
    given: bytes | Path,
    store: RunStore,
    corpora: OwnCorpora | None = None,
    *,
    title: str = "",
    kept: int = 0,
) -> Imported:
    """Puts a packed run into the list, whole or not at all.

    It keeps its id if that is free here. Nobody works on it, whatever state it was packed in.

    Args:
        given: The zip, or where it is.
        store: Where the run goes.
        corpora: Where its names go; those of the data folder if None.
        title: What messages call the zip; its file's name if empty.
        kept: Corpora that this browser session has kept already.

    Raises:
        RunError: If it is no zip of a whole run, or cannot be stored.
        ConfigError: If its network is larger than is allowed here.
        DataError: If its names cannot be kept.
        JobError: If the data folder is full.
    """
    corpora = corpora if corpora is not None else OwnCorpora()
    name = title or (given.name if isinstance(given, Path) else "the zip")
    with opened(given, name) as packed:
        identity, here = free_identity(store, packed.manifest)
        try:
            # Whoever had the list before may have brought the same run.
            with contextlib.nullcontext() if here else alone(store.root):
                if not here:
                    identity, here = free_identity(store, packed.manifest)
                if here:
                    same = (
                        f"Run {identity} is here already, with the same content; nothing was added."
                    )
                    return Imported(identity, same, added=False)
                check_disk(store.root.parent, settings(), packed.size)
                with aside_of(store.root) as aside:
                    folder = RunFolder(aside / identity)
                    folder.path.mkdir()
                    packed.unpack(folder.path)
                    with _told_whole(f"“{shown(name)}”"):
                        arrival = _checked(folder, packed, corpora)
                        words = _settle(folder, packed.manifest, arrival)
                    _put(folder, store, arrival.names, corpora, kept)
        except OSError as error:
            raise RunError(
                f"The run cannot be stored in {store.root}: {error.strerror or error}. Free some "
                "space, or set NAMEREC_HOME to a folder that can be written."
            ) from None
    return Imported(identity, words)


@contextlib.contextmanager
def _told_whole(quoted: str) -> Iterator[None]:
    try:
        yield
    except RunError as error:
        raise RunError(
            f"{quoted} does not hold a whole run, so nothing was imported. {error}"
        ) from None


@dataclass(frozen=True, slots=True, eq=False)
class _Arrival:
    """A run that has been unpacked and checked.

    Attributes:
        info: What it is.
        names: Those that came with it and are to be kept; None for none.
        named: Whether its names are, or will be, here.
    """

    info: RunInfo
    names: Dataset | None
    named: bool


def _checked(folder: RunFolder, packed: RunZip, corpora: OwnCorpora) -> _Arrival:
    check_run(folder)
    info, table = folder.info(), packed.names()
    came = None if table is None else names_that_came(table, info)
    here = names_here(info, corpora)
    names = came if here is None else here
    if names is not None:
        check_answers(folder, names)
    return _Arrival(info, came if here is None else None, named=names is not None)


def _settle(folder: RunFolder, manifest: Manifest, arrival: _Arrival) -> str:
    """Makes an unpacked run one of this computer; says what there is to say.

    Raises:
        RunError: If it could not be read as it is stored here.
    """
    status = folder.status()
    write_whole(folder.path / CONFIG, config_content(arrival.info, folder.id))
    write_whole(folder.path / STATUS, status_content(status))
    label = read_label(folder.path)
    if label.pinned:  # what is at the top of lists here is for whoever looks at them to say
        write_label(folder.path, label.model_copy(update={"pinned": False}))
    folder.info(), folder.status()  # what was read can be longer, or nothing, written again
    words = [f"Run {folder.id} was imported."]
    if folder.id != manifest.run:
        why = "Windows keeps for a device" if is_device(manifest.run) else "another run has here"
        words.append(f"Its id was {manifest.run}, which {why}.")
    if status.state in ACTIVE_STATES:
        words.append("It had not ended when it was exported, so it is stopped here.")
    if missing := gap(folder, status):
        words.append(missing.words)
    if arrival.names is not None:
        words.append(f"Its {len(arrival.names):,} names were added to your corpora.")
    if not arrival.named:
        title = shown(arrival.info.dataset.title)
        words.append(
            f"The names it was trained on, “{title}”, are not on this computer. Upload them on the "
            "Dataset page to see its names and to resume it."
        )
    return " ".join(words)


def _put(
    folder: RunFolder, store: RunStore, names: Dataset | None, corpora: OwnCorpora, kept: int
) -> None:
    """Renames an unpacked run into the list; its names first, so that it is never without them."""
    target = store.root / folder.id
    flush_folder(folder.path)
    try:
        if names is not None:
            check_upload(kept, store.root.parent, settings(), corpus_bytes(names))
            corpora.keep(Upload(names, (f"These names came with run {folder.id}.",)))
        folder.path.rename(target)
    except BaseException:
        if names is not None and not _is_used(names, store):  # they were not here before
            came = corpora.find(names.fingerprint)
            if came is not None:
                corpora.remove(came.id)
        raise
    with contextlib.suppress(OSError):  # it is there
        flush_folder(store.root)


def _is_used(names: Dataset, store: RunStore) -> bool:
    """Whether a run in the list was trained on names, so that they are not to be taken from it."""
    used = (run.info.dataset.fingerprint for run in store.summaries())
    return names.fingerprint in used
