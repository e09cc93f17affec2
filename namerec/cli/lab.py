"""`lab`: the app for a browser, from any folder."""

import os
import sys

import click

from namerec.files import ROOT


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--dataset", metavar="PATH", help="A corpus of your own, in addition to the others.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def lab(dataset: str | None, options: tuple[str, ...]) -> None:
    """Start the lab and print its address for a browser.

    Further OPTIONS are Streamlit's own, for example --server.port 8600.
    """
    # -P: nothing in the folder where it is started is taken for a module.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(ROOT / "dashboard.py"), *options]
    if dataset is not None:
        command += ["--", "--dataset", dataset]
    os.execv(sys.executable, command)  # noqa: S606 - our own program, and signals reach it
