"""A packed run on its way into the list: where it is unpacked, its id, and whether it is whole."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise

import numpy as np
from scipy.special import logsumexp

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import Part
from namerec.core.tasks.memory_task import is_memory_task, noise_of
from namerec.core.training.loop import Progress
from namerec.core.training.records import EpochRecord
from namerec.data import catalogue, tutorial
from namerec.data.kept_table import from_table
from namerec.data.own import OwnCorpora
from namerec.data.text import checked_category
from namerec.data.upload import MAX_NAMES
from namerec.errors import DataError, RunError
from namerec.export.archive.arrival_scores import check_scores
from namerec.export.archive.contents import Manifest, PackedFile, is_own, run_files
from namerec.jobs.limits import check_network
from namerec.runs import metrics
from namerec.runs.fitting import check_weights
from namerec.runs.folder import BEST, LAST, METRICS, PREDICTIONS, RunFolder
from namerec.runs.lineage import BEFORE, FIRST, initial_weights
from namerec.runs.records import RunInfo, RunStatus, is_device
from namerec.runs.store import RunStore
from namerec.settings import MOST_THREADS, settings

#: Lengths of what is put behind an id that is another run's here, hexadecimal digits.
_SUFFIXES = (4, 8, 16)
#: What every finished run is scored on.
_SCORED: frozenset[Part] = frozenset({"validation", "test"})
#: How far a share may be from the counts that it is made of.
_ROUNDING = 1e-6
#: How far the logarithm of the sum of a name's probabilities, in 32 bits, may be from 0.
_SUM_ROUNDING = 1e-3


def check_run(folder: RunFolder) -> None:
    """Checks that all files of a run are there, can be read and belong together.

    Raises:
        RunError: If not.
        ConfigError: If its network is larger than is allowed here.
    """
    info, status = folder.info(), folder.status()
    categories = len(info.dataset.categories)
    check_network(info.config, categories, settings())  # before anything of its size is made
    if info.parameters != info.config.model.parameter_count(categories):
        raise RunError("The number of its parameters is not that of its network.")
    if info.threads > MOST_THREADS:  # going on with it would start so many
        raise RunError(f"It needs {info.threads:,} threads; at most {MOST_THREADS} are allowed.")
    _check_task(info)
    _check_presence(folder, info, status)
    own = _checked_epochs(folder, info)
    if (folder.path / BEST).exists():
        check_weights(folder.best_weights(), info, BEST)
    if (folder.path / LAST).exists():
        _check_progress(folder.checkpoint().progress, status, own)
    _check_best(folder, status, own)
    initial_weights(folder)
    for epoch in folder.milestones():
        folder.milestone_weights(epoch)
    _check_predictions(folder, status)
    check_scores(folder, info, status)


def _check_task(info: RunInfo) -> None:
    categories, reference = info.dataset.categories, info.config.training.dataset
    try:
        as_kept = tuple(checked_category(category, "its settings") for category in categories)
        if is_memory_task(reference):
            noise_of(reference)
    except DataError as error:
        raise RunError(str(error)) from None
    if as_kept != categories or len(set(categories)) != len(categories):
        raise RunError("Its categories are not written as namerec keeps them, each once.")


def _check_predictions(folder: RunFolder, status: RunStatus) -> None:
    answers = folder.predictions()
    if status.state != "finished":
        if status.scores:
            raise RunError("It has scores, but is not finished.")
    elif not set(answers) == set(status.scores) == _SCORED:
        raise RunError("Its predictions are not for the names that it was scored on.")
    for answered in answers.values():
        if not len(answered.labels):
            raise RunError("It has answers on no names.")
        sums = logsumexp(answered.log_probabilities.astype(np.float64), axis=1)
        if not (np.abs(sums) <= _SUM_ROUNDING).all():
            raise RunError("The probabilities in its answers do not add up to 1.")


def _check_presence(folder: RunFolder, info: RunInfo, status: RunStatus) -> None:
    there = {path.name for path in folder.path.iterdir()}
    needed = {FIRST, BEFORE} if info.branch_points else set()
    if status.best_epoch or LAST in there:
        needed |= {BEST, METRICS}
    if status.state == "finished":
        needed |= {BEST, METRICS, PREDICTIONS}
    missing = sorted(needed - there)
    if missing:
        raise RunError(f"It lacks {', '.join(missing)}.")
    if not info.branch_points and there & {FIRST, BEFORE}:
        raise RunError(
            "It has the files of a continued run, but does not continue from another run."
        )
    if not status.best_epoch <= status.epoch <= max(status.epochs, status.epoch):
        raise RunError("Its best epoch is not one of the epochs it has finished.")


def _checked_epochs(folder: RunFolder, info: RunInfo) -> list[EpochRecord]:
    """The run's own epochs."""
    own, before = folder.recorded().epochs, metrics.read(folder.path / BEFORE).epochs
    for point in info.branch_points[-1:]:
        beyond = (record.step > point.step or record.epoch > point.epoch for record in before)
        ends = (record.epoch == point.epoch for record in before if record.step == point.step)
        if any(beyond) or not all(ends):
            raise RunError(
                "The records of the run that it continues from do not fit the epoch where it "
                "starts."
            )
    if not all(one.epoch < other.epoch for one, other in pairwise(own)):
        raise RunError("Its records are not in the order of its epochs.")
    categories = len(info.dataset.categories)
    if any(len(record.validation_confusion) != categories for record in (*before, *own)):
        raise RunError("Its records are for other categories.")
    if not all(_agrees_with_its_counts(record) for record in (*before, *own)):
        raise RunError("An accuracy in its records does not match the counts next to it.")
    return own


def _check_best(folder: RunFolder, status: RunStatus, own: list[EpochRecord]) -> None:
    """Whether the best epoch is the records', or where theirs is missing, what else tells of it."""
    best = [record for record in own if record.best and record.epoch <= status.epoch]
    found: tuple[int, float | None] = (0, None)
    if best:
        found = (best[-1].epoch, best[-1].validation_accuracy)
    said = (status.best_epoch, status.validation_accuracy)
    if status.best_epoch > found[0] and status.best_epoch not in {record.epoch for record in own}:
        scored = status.scores.get("validation")
        found = (status.best_epoch, scored.accuracy if scored else None)
        if scored is None and (folder.path / LAST).exists():
            progress = folder.progress()
            if progress.epoch > status.epoch:  # killed before its status was stored
                return
            found = (progress.best_epoch, progress.best_score[0])
    if said != found:
        raise RunError("Its best epoch is not the one in its records.")


def _agrees_with_its_counts(record: EpochRecord) -> bool:
    counts = np.array(record.validation_confusion, dtype=np.float64)
    share = np.trace(counts) / max(counts.sum(), 1.0)
    return bool(abs(share - record.validation_accuracy) <= _ROUNDING)


def _check_progress(progress: Progress, status: RunStatus, own: list[EpochRecord]) -> None:
    if progress.epoch < status.epoch:  # which is stored after it
        raise RunError(f"Its “{LAST}” is from an earlier epoch than it says it has finished.")
    ends = {record.epoch: record.step for record in own}
    known = ends.get(progress.epoch, progress.step)  # unless its record is in a gap
    if known != progress.step or progress.best_epoch > progress.epoch:
        raise RunError(f"Its “{LAST}” is from another epoch than its records say.")


def names_that_came(content: bytes, info: RunInfo) -> Dataset:
    """The names that were packed with a run.

    Raises:
        RunError: If they are not those it was trained on.
    """
    lines = content.count(b"\n")
    if lines > MAX_NAMES + 1:
        raise RunError(f"It has {lines:,} names; at most {MAX_NAMES:,} are kept.")
    try:
        dataset = from_table(content, info.dataset.title[:200].strip() or "names")
    except DataError as error:
        raise RunError(f"Its names cannot be read. {error}") from None
    if not is_own(info.config.training.dataset):
        raise RunError("It holds names, but was trained on a corpus that every namerec has.")
    _ensure_same_data(dataset, info)
    return dataset


def names_here(info: RunInfo, corpora: OwnCorpora) -> Dataset | None:
    """The names that a run was trained on, if they are on this computer.

    Raises:
        RunError: If they are, and the run says something of them that is not so.
    """
    reference = info.config.training.dataset
    if reference == catalogue.TUTORIAL and tutorial.installed() is None:
        return None
    try:
        if is_own(reference):
            kept = corpora.find(info.dataset.fingerprint)
            dataset = None if kept is None else corpora.load(kept.id)
        else:
            dataset = catalogue.load(reference)
    except DataError:
        return None
    if dataset is None or dataset.fingerprint != info.dataset.fingerprint:
        return None
    _ensure_same_data(dataset, info)
    return dataset


def _ensure_same_data(dataset: Dataset, info: RunInfo) -> None:
    said = info.dataset
    if (dataset.fingerprint, len(dataset), dataset.categories) != (
        said.fingerprint,
        said.names,
        said.categories,
    ):
        raise RunError("Its names are not those it says it was trained on.")


def free_identity(store: RunStore, manifest: Manifest) -> tuple[str, bool]:
    """The id that a packed run gets, and whether it is here under that already.

    An id that is another run's, or that Windows keeps for a device, is made longer by what is in
    the packed one, so that bringing that again finds it.

    Raises:
        RunError: If all of them are other runs'.
    """
    content = json.dumps(manifest.of_the_run(), sort_keys=True).encode()
    digest = hashlib.sha256(content).hexdigest()
    for digits in (0, *_SUFFIXES):
        suffix = f"-{digest[:digits]}" if digits else ""
        identity = manifest.run[: 100 - len(suffix)] + suffix
        if is_device(identity):
            continue
        if not store.taken(identity):
            return identity, False
        if _is_the_same(store, identity, manifest):
            return identity, True
    raise RunError(
        f"Run {manifest.run} cannot be imported: its id is another run's here, and so is every "
        "other that it could have. Rename the folder of one of them."
    )


def _is_the_same(store: RunStore, identity: str, manifest: Manifest) -> bool:
    expected = manifest.of_the_run()
    try:
        folder = store.open(identity)
        # One after the other, so that one file at a time is in memory.
        found = {
            name: PackedFile.of(name, content).sha256
            for name, content in run_files(folder, manifest.run)
            if name in expected
        }
    except RunError:  # damaged, or in the trash: this one is to stand beside it
        return False
    return found == expected
