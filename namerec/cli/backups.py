"""`backup` and `restore`: the data folder as one file, and such a file brought back."""

from __future__ import annotations

from pathlib import Path

import click

from namerec.cli.common import json_option, print_json, sentences_for_errors
from namerec.runs.records import is_run_id
from namerec.settings import home
from namerec.text import counted


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--trash", is_flag=True, help="Include the deleted runs, which can be restored.")
@json_option
@sentences_for_errors
def backup(file: Path, trash: bool, as_json: bool) -> None:
    """Back up the data folder: all runs, corpora and results, in one FILE.

    It can be made at any time, also while runs are trained. Downloads and the log are not in it.
    """
    from namerec.export.backup.making import back_up

    made = back_up(home(), file, trash=trash)
    click.echo(
        f"{file} has {counted(len(made.runs), 'run')}, in all {counted(made.files, 'file')} of "
        f"{made.size:,} bytes. Restore with: python -m namerec restore {file}"
    )
    for path in made.left_out:
        click.echo(f"{path} is not in it: no file of namerec's has such a path.", err=True)
    if as_json:
        print_json(
            {
                "file": str(file),
                "runs": list(made.runs),
                "files": made.files,
                "bytes": made.size,
                "left_out": list(made.left_out),
            }
        )


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@json_option
@sentences_for_errors
def restore(file: Path, as_json: bool) -> None:
    """Restore what the backup FILE has and the data folder lacks.

    Every file in it is verified before anything is written. What the data folder has stays as it
    is. Runs that were in training are interrupted, and can be resumed.
    """
    from namerec.export.backup.restoring import restore as bring_back

    found = bring_back(file, home())
    click.echo(f"Restored to {home()}: {_counted(found.restored)}.")
    if found.same:
        click.echo(f"Here already, with the same content: {_counted(found.same)}.")
    if found.different:
        click.echo(f"Here already, and left as it is: {', '.join(found.different)}.")
    if as_json:
        print_json(
            {
                "restored": list(found.restored),
                "same": list(found.same),
                "different": list(found.different),
            }
        )


def _counted(names: tuple[str, ...]) -> str:
    runs = sum(map(is_run_id, names))
    others = len(names) - runs
    said = [counted(runs, "run")] if runs else []
    said += [counted(others, "other file")] if others else []
    return " and ".join(said) or "nothing"
