"""Ways to run the command line, and what it must answer."""

import json
import subprocess
import sys
from typing import Any

from click.testing import CliRunner, Result

from namerec.cli import cli
from tests.conftest import ROOT

# Settings that train in well under a second.
TINY = ("--set", "hidden_size=8", "--set", "epochs=3", "--set", "batch_size=16")
TRAIN_KEYS = [
    "run",
    "model",
    "preset",
    "dataset",
    "split",
    "part",
    "names",
    "accuracy",
    "macro_recall",
    "macro_f1",
    "top3",
    "seconds",
    "parameters",
    "names_per_second",
]


def ask(*arguments: str, given: bytes | str | None = None) -> Result:
    """Runs the command line; whatever else than an exit escapes is a failure of the test."""
    result = CliRunner().invoke(cli, arguments, input=given)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def answered(*arguments: str, given: bytes | str | None = None) -> dict[str, Any]:
    """The JSON object on the last line of a command that was done."""
    result = ask(*arguments, "--json", given=given)
    assert result.exit_code == 0, result.output
    *said, last = result.stdout.splitlines()
    assert not any(line.startswith("{") for line in said)
    values = json.loads(last)
    assert isinstance(values, dict)
    return values


def refused(*arguments: str, given: bytes | str | None = None) -> str:
    """The sentence of a command that could not be done."""
    result = ask(*arguments, given=given)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    *_, sentence = result.stderr.splitlines()
    assert sentence.startswith("Error: ")
    assert "Traceback" not in result.stderr
    return sentence.removeprefix("Error: ")


def by_itself(*arguments: str, **more: Any) -> "subprocess.CompletedProcess[bytes]":
    """`python -m namerec` as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "namerec", *arguments],
        cwd=ROOT,
        capture_output=True,
        timeout=240,
        **more,
    )
