"""`runs`: what is stored is listed, named, deleted and brought back, and copied elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from namerec.cli.common import json_option, print_json, sentences_for_errors
from namerec.core.corpus.protocols import part_name

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary


@click.group()
def runs() -> None:
    """List stored runs, and name, delete, restore and copy them."""


@runs.command("list")
@click.option("--deleted", is_flag=True, help="List the deleted runs, which can be restored.")
@click.option("--trials", is_flag=True, help="List the trials of sweeps that did not win, too.")
@json_option
@sentences_for_errors
def list_runs(deleted: bool, trials: bool, as_json: bool) -> None:
    """List all runs, the newest first; of deleted runs, the last deleted first."""
    from namerec.runs.deletion import discarded
    from namerec.runs.store import RunStore
    from namerec.runs.summary import RunSummary

    store = RunStore()
    rows: list[dict[str, Any]] = []
    left_out = 0
    for run in discarded(store) if deleted else store.entries():
        if not isinstance(run, RunSummary):
            state = "newer" if run.newer else "damaged"
            click.echo(f"{run.id}: {state}: {run.reason}", err=True)
            rows.append({"run": run.id, "state": state, "reason": run.reason})
            continue
        if run.unscored_trial and not trials:
            left_out += 1
            continue
        click.echo(_line(run))
        if run.newer:
            click.echo(f"{run.id}: newer: {run.newer}", err=True)
        rows.append(_values(run))
    if left_out:
        click.echo(f"{left_out} runs of sweeps are left out; --trials lists them.", err=True)
    if as_json:
        print_json({"runs": rows})


def _line(run: RunSummary) -> str:
    """A run for a person."""
    config, test = run.info.config, run.status.scores.get("test")
    measured = "not scored"
    if test:
        measured = f"{100 * test.accuracy:.1f} % on {part_name(test.protocol, 'test')}"
    pin = "  pinned" if run.label.pinned else ""
    title = f"  “{run.label.title}”" if run.label.title else ""
    return (
        f"{run.id}  {run.state}  {config.model.kind}  {config.preset}  "
        f"{config.training.dataset}  {config.training.protocol}  {measured}{pin}{title}"
    )


def _values(run: RunSummary) -> dict[str, Any]:
    """The same for a program."""
    config, test = run.info.config, run.status.scores.get("test")
    return {
        "run": run.id,
        "state": run.state,
        "model": config.model.kind,
        "preset": config.preset,
        "dataset": config.training.dataset,
        "split": config.training.protocol,
        "accuracy": test.accuracy if test else None,
        "pretrained": run.pretrained,
        "title": run.label.title,
        "note": run.label.note,
        "pinned": run.label.pinned,
        "newer": run.newer,
        "sweep": run.info.trial.sweep if run.info.trial else None,
        "trial": run.info.trial.number if run.info.trial else None,
    }


@runs.command("label")
@click.argument("run_id", metavar="RUN")
@click.option("--title", help="The run's title; “” for none.")
@click.option("--note", help="A note on the run; “” for none.")
@click.option("--pin/--no-pin", default=None, help="Whether the run is pinned to the top of lists.")
@sentences_for_errors
def label_run(run_id: str, title: str | None, note: str | None, pin: bool | None) -> None:
    """Set a run's title, note and pin; what is not given stays as it is."""
    from namerec.runs.labels import LabelChanges
    from namerec.runs.store import RunStore

    if title is None and note is None and pin is None:
        raise click.UsageError("Give --title, --note, --pin or --no-pin.")
    changes: LabelChanges = {}
    if title is not None:
        changes["title"] = title
    if note is not None:
        changes["note"] = note
    if pin is not None:
        changes["pinned"] = pin
    label = RunStore().set_label(run_id, **changes)
    named = f"now has the title “{label.title}”" if label.title else "has no title"
    click.echo(f"Run {run_id} {named}{', and is pinned' if label.pinned else ''}.")


@runs.command("delete")
@click.argument("run_ids", nargs=-1, required=True, metavar="RUN...")
@sentences_for_errors
def delete_runs(run_ids: tuple[str, ...]) -> None:
    """Delete runs that have ended. They can be restored for 30 days."""
    from namerec.runs.deletion import discard
    from namerec.runs.store import RunStore

    for run_id in run_ids:
        discard(RunStore(), run_id)
        click.echo(f"Run {run_id} was deleted. Undo with: python -m namerec runs restore {run_id}")


@runs.command("restore")
@click.argument("run_id", metavar="RUN")
@sentences_for_errors
def restore_run(run_id: str) -> None:
    """Restore a deleted run."""
    from namerec.runs.deletion import restore
    from namerec.runs.store import RunStore

    restore(RunStore(), run_id)
    click.echo(f"Run {run_id} was restored.")


@runs.command("empty-trash")
@sentences_for_errors
def empty() -> None:
    """Remove all deleted runs for good, which frees disk space."""
    from namerec.runs.deletion import discarded, empty_trash
    from namerec.runs.store import RunStore

    store = RunStore()
    number = len(discarded(store))
    empty_trash(store)
    click.echo(f"{number:,} deleted {'run is' if number == 1 else 'runs are'} gone for good.")


@runs.command("copy")
@click.argument("run_id", metavar="RUN")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@sentences_for_errors
def copy_run(run_id: str, folder: Path) -> None:
    """Copy a finished run into FOLDER, without the files that are needed only to resume it.

    The pretrained runs in assets/pretrained were made so.
    """
    from namerec.runs.copying import copy_finished
    from namerec.runs.store import RunStore

    target = copy_finished(RunStore(), run_id, folder)
    click.echo(f"Run {run_id} was copied to {target}.")
