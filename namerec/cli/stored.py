"""`runs`: what is stored is listed, and finished runs are copied elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from namerec.cli.common import json_option, print_json, sentences_for_errors


@click.group()
def runs() -> None:
    """Look at stored runs."""


@runs.command("list")
@json_option
@sentences_for_errors
def list_runs(as_json: bool) -> None:
    """List all runs, newest first."""
    from namerec.runs.store import RunStore, RunSummary

    rows: list[dict[str, Any]] = []
    for run in RunStore().entries():
        if not isinstance(run, RunSummary):
            click.echo(f"{run.id}: damaged: {run.reason}", err=True)
            rows.append({"run": run.id, "state": "damaged", "reason": run.reason})
            continue
        config, test = run.info.config, run.status.scores.get("test")
        measured = "not scored"
        if test:
            names = "training names" if test.protocol == "report" else "test"
            measured = f"{100 * test.accuracy:.1f} % on {names}"
        click.echo(
            f"{run.id}  {run.state}  {config.model.kind}  {config.preset}  "
            f"{config.training.dataset}  {config.training.protocol}  {measured}"
        )
        rows.append(
            {
                "run": run.id,
                "state": run.state,
                "model": config.model.kind,
                "preset": config.preset,
                "dataset": config.training.dataset,
                "split": config.training.protocol,
                "accuracy": test.accuracy if test else None,
                "pretrained": run.pretrained,
            }
        )
    if as_json:
        print_json({"runs": rows})


@runs.command("copy")
@click.argument("run_id", metavar="RUN")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@sentences_for_errors
def copy_run(run_id: str, folder: Path) -> None:
    """Copy a finished run into FOLDER, without what only going on with it needs.

    The pretrained runs in assets/pretrained were made so.
    """
    from namerec.runs.store import RunStore

    target = RunStore().copy_finished(run_id, folder)
    click.echo(f"Run {run_id} is now in {target}.")
