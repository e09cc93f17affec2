"""What a shared server refuses: too large, too long, too many. Pure functions over `Settings`.

Each message says the number given, the limit, which variable sets it, and what to do. They are
asked before a run is made and before any of its memory is taken; all of it takes milliseconds.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from namerec.core.corpus.dataset import Dataset
from namerec.core.training.config import RunConfig
from namerec.errors import ConfigError, DataError, JobError
from namerec.jobs.memory import MEGABYTE, RESERVE, available, largest_part, need, stored
from namerec.jobs.owner import LAB, Owner
from namerec.jobs.snapshot import JobSnapshot
from namerec.settings import Settings, variable
from namerec.text import count, counted

#: Bytes of a kept corpus's description with the most categories.
_DESCRIPTION = 64_000
#: Part of the waiting places that only people get of whom no run waits yet.
KEPT_FREE = 0.1


def check_start(
    configs: Sequence[RunConfig],
    dataset: Dataset,
    *,
    home: Path,
    settings: Settings,
    owner: Owner = LAB,
    owners: Mapping[str, Owner] | None = None,
    jobs: Sequence[JobSnapshot] = (),
    promised: int = 0,
) -> None:
    """Refuses runs that this server's limits do not allow, each and all at once.

    Args:
        configs: What is to be trained, at the same time.
        dataset: On which names.
        home: The data folder.
        settings: The limits.
        owner: Who asks, as `ui.server.access.owner` says.
        owners: Who asked for which job, by run id.
        jobs: All that train or wait.
        promised: Bytes that these jobs will still store.

    Raises:
        ConfigError: If a network is too large, or they need more memory than there is.
        JobError: If there are too many jobs, or the data folder is full.
    """
    known, asked, categories = dict(owners or {}), list(jobs), len(dataset.categories)
    free, taken = available(), 0
    for place, config in enumerate(configs):
        check_queue(owner=owner, owners=known, jobs=asked, settings=settings)
        check_network(config, categories, settings)
        check_memory(config, dataset, settings, free)
        more = stored(config, len(dataset), categories)
        check_disk(home, settings, more, promised)
        if taken:
            try:
                check_memory(config, dataset, settings, free - taken)
            except ConfigError as error:
                raise ConfigError(
                    f"{error} The networks of a race are in memory at the same time."
                ) from None
        taken += need(config, dataset).total
        promised += more
        # As if it were there already; behind others it would wait.
        twin = JobSnapshot(f"asked {place}", config, "queued", place=1 if jobs else 0)
        known[twin.run_id] = owner
        asked.append(twin)


def check_queue(
    *, owner: Owner, owners: Mapping[str, Owner], jobs: Sequence[JobSnapshot], settings: Settings
) -> None:
    """Refuses one more job.

    Raises:
        JobError: If this person has, or those at this address or all together have, too many.
    """
    own = sum(owners.get(job.run_id, LAB) == owner for job in jobs)
    if own >= settings.most_jobs_per_user:
        raise JobError(
            f"You have {counted(own, 'run')} in training or waiting; at most "
            f"{settings.most_jobs_per_user:,} are allowed at a time "
            f"({variable('most_jobs_per_user')}). Wait until one ends, or stop one."
        )
    waiting = [owners.get(job.run_id, LAB) for job in jobs if job.place]
    lane = [other for other in waiting if other.lane == owner.lane]
    if owner.address:
        _check_room(len(lane), "your address", "most_queued_per_address", owner in lane, settings)
    _check_room(len(waiting), "all users", "most_queued", bool(lane), settings)


def _check_room(
    waiting: int, whose: str, limit: str, has_a_place: bool, settings: Settings
) -> None:
    """Refuses one more run that waits; the last places are for who has none yet.

    Raises:
        JobError: If there is no room.
    """
    most = getattr(settings, limit)
    kept_free = math.ceil(most * KEPT_FREE)
    if waiting >= most - kept_free * has_a_place:
        raise JobError(
            f"{counted(waiting, 'run')} of {whose} are waiting; at most {most:,} are allowed "
            f"({variable(limit)}), the last {kept_free:,} for people of whom no run waits. Try "
            "again when some of them have finished."
        )


def check_network(config: RunConfig, categories: int, settings: Settings) -> None:
    """Refuses a network of too many weights.

    Raises:
        ConfigError: If it has more than are allowed.
    """
    parameters = config.model.parameter_count(categories)
    if parameters > settings.most_parameters:
        raise ConfigError(
            f"This network has {parameters:,} trainable parameters; at most "
            f"{settings.most_parameters:,} are allowed here ({variable('most_parameters')}). "
            "Lower hidden_size, num_layers or char_ngrams."
        )


def check_memory(
    config: RunConfig, dataset: Dataset, settings: Settings, free: int | None = None
) -> None:
    """Refuses a training that would not fit, before any memory is taken.

    Args:
        config: What is to be trained.
        dataset: On which names.
        settings: The limits.
        free: Bytes that can be taken; what the system says if None.

    Raises:
        ConfigError: If the estimate is over the setting, or over what is free less a reserve.
    """
    estimate = need(config, dataset).total
    free = available() if free is None else free
    limits = [(max(0, free - RESERVE), "are free for a training on this computer now")]
    if settings.most_memory:
        said = f"are allowed here ({variable('most_memory')})"
        limits.append((settings.most_memory * MEGABYTE, said))
    limit, said = min(limits)
    if estimate > limit:
        name, value = largest_part(config, dataset)
        raise ConfigError(
            f"This training would need about {_megabytes(estimate)} of memory; "
            f"{_megabytes(limit)} {said}. Lowering {name} (now {value}) saves the most."
        )


def check_disk(home: Path, settings: Settings, more: int = 0, promised: int = 0) -> None:
    """Refuses to store more in a data folder that is full.

    Args:
        home: The data folder.
        settings: The limits.
        more: Bytes that are about to be stored.
        promised: Bytes that runs in training or waiting will still store.

    Raises:
        JobError: If they would not fit.
    """
    if not settings.most_disk:
        return
    used, limit = folder_bytes(home), settings.most_disk * MEGABYTE
    if used + promised + more > limit:
        others = f", runs in training or waiting will add about {_megabytes(promised)},"
        raise JobError(
            f"The data folder holds {_megabytes(used)}{others if promised else ''} and this would "
            f"add about {_megabytes(more)}; {_megabytes(limit)} are allowed "
            f"({variable('most_disk')}). Delete runs or corpora that are no longer needed, and "
            f"empty the trash. The data folder is {home}."
        )


def check_upload(kept: int, home: Path, settings: Settings, more: int = 0) -> None:
    """Refuses one more corpus of a browser session.

    Args:
        kept: How many this session has kept already.
        home: The data folder.
        settings: The limits.
        more: Bytes that will be kept of the upload, see `corpus_bytes`.

    Raises:
        DataError: If it has kept as many as are allowed.
        JobError: If the data folder is full.
    """
    if kept >= settings.most_uploads:
        raise DataError(
            f"{'1 corpus' if kept == 1 else f'{count(kept)} corpora'} of yours were stored in this "
            f"session; at most {settings.most_uploads:,} are allowed ({variable('most_uploads')}). "
            "Use one of them."
        )
    check_disk(home, settings, more)


def out_of_time(seconds: float, settings: Settings) -> str:
    """Why a run that has been trained for so long must end now; empty while it may go on.

    Args:
        seconds: Of training so far, pauses left out, since the run was first started.
        settings: The limits.
    """
    if not settings.most_minutes or seconds < 60 * settings.most_minutes:
        return ""
    return (
        f"Stopped after {seconds / 60:.1f} minutes of training; {settings.most_minutes:g} are "
        f"allowed ({variable('most_minutes')}). Its best whole epoch is kept. To finish in time, "
        "lower epochs, steps or hidden_size."
    )


def corpus_bytes(dataset: Dataset) -> int:
    """Estimates the bytes that a kept corpus takes: a line a name, with its category and part.

    What was uploaded says little of it: names repeat, and a zip of them is a hundredth.
    """
    # Comma, comma, line end, a pair of quotes in each cell, and the longest part's name.
    beside = [len(category.encode()) + 17 for category in dataset.categories]
    names = sum(len(name.encode()) for name in dataset.names)
    counts = np.bincount(dataset.labels, minlength=len(beside))
    return names + int(counts @ np.array(beside)) + _DESCRIPTION


def still_to_store(size: int, folder: Path) -> int:
    """Bytes that a run will still store, of so many it takes in the end."""
    return max(0, size - folder_bytes(folder))


def folder_bytes(folder: Path) -> int:
    """Bytes of all files in a folder and below; what cannot be looked at counts as nothing."""
    total, folders = 0, [os.fspath(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return total


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:,.0f} MB"
