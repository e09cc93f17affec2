"""Runs that are started together, a single one or a race: whether they may be, and their jobs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from namerec.core.corpus.dataset import Dataset
from namerec.core.training.config import RunConfig
from namerec.errors import ConfigError, NamerecError
from namerec.jobs.job import Job
from namerec.jobs.limits import check_memory, check_start, folder_bytes
from namerec.jobs.memory import available, need, stored
from namerec.jobs.snapshot import JobSnapshot, Lineage
from namerec.runs.lineage import Origin
from namerec.runs.store import RunStore
from namerec.settings import Settings


def check_together(
    configs: Sequence[RunConfig],
    dataset: Dataset,
    *,
    owner: str,
    owners: Mapping[str, str],
    jobs: Sequence[JobSnapshot],
    home: Path,
    promised: int = 0,
    settings: Settings,
) -> None:
    """Refuses runs that this server's limits do not allow, each and all at once.

    Args:
        configs: What is to be trained, at the same time.
        dataset: On which names.
        owner: Who asks, as in `limits.check_start`, like the following.
        owners: Who asked for which job, by run id.
        jobs: All that train or wait.
        home: The data folder.
        promised: Bytes that these jobs will still store.
        settings: The limits.

    Raises:
        ConfigError: If a network is too large, or they need more memory than there is.
        JobError: If there are too many jobs, or the data folder is full.
    """
    known, asked = dict(owners), list(jobs)
    free, taken = available(), 0
    for place, config in enumerate(configs):
        check_start(
            config,
            dataset,
            owner=owner,
            owners=known,
            jobs=asked,
            home=home,
            promised=promised,
            settings=settings,
        )
        if taken and free is not None:
            try:
                check_memory(config, dataset, settings, free - taken)
            except ConfigError as error:
                raise ConfigError(
                    f"{error} The networks of a race are in memory at the same time."
                ) from None
        taken += need(config, dataset).total
        promised += stored(config, len(dataset), len(dataset.categories))
        # As if it were there already; behind others it would wait.
        twin = JobSnapshot(f"asked {place}", config, "queued", place=1 if jobs else 0)
        known[twin.run_id] = owner
        asked.append(twin)


def made_together(
    store: RunStore,
    configs: Sequence[RunConfig],
    dataset: Dataset,
    *,
    owner: str,
    origin: Origin | None = None,
    race: str = "",
) -> list[Job]:
    """Makes runs, all or none, and their jobs.

    Args:
        store: Where.
        configs: Networks and settings.
        dataset: The names.
        owner: Who asks.
        origin: Where they begin in another run, as in `RunStore.create`, like the next.
        race: What they have in common.

    Raises:
        RunError: If the data folder cannot be written.
    """
    jobs: list[Job] = []
    try:
        for config in configs:
            folder = store.create(config, dataset, origin, race)
            size = stored(config, len(dataset), len(dataset.categories))
            job = Job(folder, config, owner, size + folder_bytes(folder.path))
            job.publish(race=race)
            if origin is not None:
                job.publish(before=Lineage.of(origin.branch_points, origin.steps, origin.epochs))
            jobs.append(job)
    except NamerecError:
        for job in jobs:  # nobody has seen them yet
            shutil.rmtree(job.folder.path, ignore_errors=True)
        raise
    return jobs
