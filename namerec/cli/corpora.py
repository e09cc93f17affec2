"""`data`: the corpora that have a short name are listed, and the tutorial's is fetched."""

import click

from namerec.cli.common import json_option, print_json, sentences_for_errors


@click.group()
def data() -> None:
    """List the corpora, and download the tutorial corpus."""


@data.command("list")
@json_option
@sentences_for_errors
def list_data(as_json: bool) -> None:
    """List the corpora that have a short name."""
    from namerec.data import catalogue

    rows = []
    for corpus in catalogue.available():
        state = "here" if corpus.installed else "not downloaded yet"
        click.echo(f"{corpus.reference}: {corpus.description} ({state}: {corpus.where})")
        rows.append(
            {
                "dataset": corpus.reference,
                "title": corpus.title,
                "installed": corpus.installed,
                "where": corpus.where,
            }
        )
    if as_json:
        print_json({"datasets": rows})


@data.command()
@json_option
@sentences_for_errors
def download(as_json: bool) -> None:
    """Download the tutorial corpus (18 files, 200 kB) and check every file."""
    from namerec.data import tutorial

    def progress(done: int, files: int) -> None:
        click.echo(f"\r{done} of {files} files", nl=done == files, err=True)

    folder = tutorial.fetch(progress)
    click.echo(f"The tutorial corpus is in {folder}.")
    if as_json:
        print_json({"dataset": "tutorial", "where": str(folder)})
