"""Races: runs that were started together, with one set of settings, and what they came to."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np

from namerec.core.evaluation.contrast import AskedNames
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.tasks.verdict import Entrant, Verdict, judge
from namerec.jobs.snapshot import JobSnapshot
from namerec.runs.records import RunInfo
from namerec.runs.store import RunStore
from namerec.runs.summary import RunSummary


def new_race() -> str:
    """What the runs of one race have in common: when it began, and four digits drawn at random."""
    now = datetime.now(UTC).astimezone()
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def races(runs: Iterable[RunSummary]) -> dict[str, list[RunSummary]]:
    """The races among some runs: by race, in the order in which they come; networks in ours."""
    found: dict[str, list[RunSummary]] = {}
    for run in runs:
        if run.info.race:
            found.setdefault(run.info.race, []).append(run)
    for entered in found.values():
        entered.sort(key=lambda run: MODEL_KINDS.index(run.info.config.model.kind))
    return found


def entrants(store: RunStore, race: Sequence[tuple[RunSummary, JobSnapshot]]) -> list[Entrant]:
    """What the runs of a race came to.

    Raises:
        RunError: If a run's answers are damaged.
    """
    result = []
    for run, snapshot in race:
        answers = store.open(run.id).predictions()  # none of a run that did not finish
        result.append(
            Entrant(
                title=run.info.config.model.title,
                state=snapshot.state,
                epochs=snapshot.history,
                test=next((scores for scores in snapshot.scores if scores.part == "test"), None),
                answers=answers.get("test"),
                seconds=snapshot.seconds,
                names_per_second=snapshot.names_per_second,
                parameters=run.info.parameters,
            )
        )
    return result


def judged(entered: Sequence[Entrant], info: RunInfo, spellings: np.ndarray | None) -> Verdict:
    """The verdict on a race.

    Args:
        entered: Who took part.
        info: Of any of its runs: they share names and split.
        spellings: Of all names, as in `core.contrast.contrast`.
    """
    training = info.config.training
    asked = AskedNames(info.dataset.fingerprint, training.protocol, training.split_draw, "test")
    return judge(entered, asked, spellings)
