"""`export` and `import`: runs are carried away as files, and a packed run is brought here."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from namerec.cli.common import json_option, print_json, sentences_for_errors
from namerec.data.text import listed
from namerec.errors import RunError
from namerec.export.kinds import EXPORTS

if TYPE_CHECKING:
    from namerec.export.source import MadeFile


def _with_kinds(command: click.Command) -> click.Command:
    """Adds what there is to choose from to a command's help."""
    kinds = "\n".join(f"{kind}: {export.help}\n" for kind, export in EXPORTS.items())
    command.help = f"{inspect.cleandoc(command.help or '')}\n\n{kinds}"
    return command


@_with_kinds
@click.command()
@click.argument("run_ids", nargs=-1, required=True, metavar="RUN...")
@click.option("--to", "kind", type=click.Choice(list(EXPORTS)), required=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="FOLDER",
    help="The folder for the files; it is created if it does not exist. Default: the current "
    "folder.",
)
@click.option("--force", is_flag=True, help="Overwrite existing files.")
@json_option
@sentences_for_errors
def export(run_ids: tuple[str, ...], kind: str, out: Path, force: bool, as_json: bool) -> None:
    """Export runs as files.

    A report is about all RUNs together; of everything else each of several gets its own folder.
    """
    from namerec.export.kinds import make
    from namerec.export.source import Source
    from namerec.runs.store import RunStore

    store = RunStore()
    sources = [Source.of(store, identity) for identity in dict.fromkeys(run_ids)]
    files = make(kind, sources)
    _write(files, out, force)
    said = set()
    for file in files:
        click.echo(f"{out / file.name}  {len(file.content):,} bytes")
        if file.words and file.words not in said:
            click.echo(f"  {file.words}")
        said.add(file.words)
    if as_json:
        rows = [
            {"file": str(out / file.name), "bytes": len(file.content), "words": file.words}
            for file in files
        ]
        print_json({"runs": [source.run.id for source in sources], "to": kind, "files": rows})


def _write(files: Sequence[MadeFile], out: Path, force: bool) -> None:
    """Writes files, each whole or not at all.

    Raises:
        RunError: If one is there already and none is to be replaced, or the disk refuses.
    """
    from namerec.disk import write_whole

    there = [file.name for file in files if (out / file.name).exists()]
    if there and not force:
        raise RunError(
            f"In {out.absolute()} there is already {listed(there)}, so nothing was written. Give "
            "another folder with --out, or overwrite with --force."
        )
    try:
        for file in files:
            path = out / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, file.content)
    except OSError as error:
        raise RunError(
            f"“{file.name}” cannot be written to {out.absolute()}: {error.strerror}. Free some "
            "space, or give another folder with --out."
        ) from None


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.zip")
@json_option
@sentences_for_errors
def import_file(file: Path, as_json: bool) -> None:
    """Import a run that was exported elsewhere with export RUN --to zip.

    It is checked before it is put among the runs, and nothing in it is ever run as a program.
    """
    from namerec.export.archive.importing import import_run
    from namerec.runs.store import RunStore

    imported = import_run(file, RunStore())
    click.echo(imported.words)
    if as_json:
        print_json({"run": imported.run, "added": imported.added})
