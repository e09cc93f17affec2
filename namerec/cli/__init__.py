"""The lab without a screen: `python -m namerec COMMAND`, for example `train` or `predict`.

Exit codes: 0 done; 1 it could not be done, and a sentence on standard error says why; 2 the command
line itself is wrong; 130 interrupted from the keyboard. With `--json` the last line of standard
output is one JSON object; progress goes to standard error.

What takes long to import, such as PyTorch, is imported inside the commands, so that `--help` does
not wait for it.
"""

import copy
import io
import sys

import click

from namerec.cli.asking import evaluate, predict
from namerec.cli.backups import backup, restore
from namerec.cli.benchmarks import bench
from namerec.cli.comparing import compare
from namerec.cli.corpora import data
from namerec.cli.doctor import doctor
from namerec.cli.exporting import export, import_file
from namerec.cli.lab import lab
from namerec.cli.memory_task import memory_task
from namerec.cli.racing import race
from namerec.cli.stored import runs
from namerec.cli.sweeping import sweep
from namerec.cli.training import train
from namerec.logs import set_up
from namerec.settings import home, share_processors

# A new command is one entry here. Its module imports `common`, never this one or another command.
_COMMANDS = (
    *(train, race, sweep, evaluate, predict, compare, runs, export, import_file),
    *(backup, restore, data, bench, memory_task, doctor, lab),
)


@click.group(commands=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Name Recognition Lab: train recurrent networks on surnames, and ask them."""


_earlier = copy.copy(memory_task)
_earlier.hidden = True
cli.add_command(_earlier, "recall")  # as it was called in earlier versions


def main() -> None:
    """Runs the command line."""
    set_up(home() / "logs")
    share_processors()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the terminal's or the file's encoding does not have is written all the same.
        sys.stdout.reconfigure(errors="backslashreplace")
    cli(prog_name="namerec")
