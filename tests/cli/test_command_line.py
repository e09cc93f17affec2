import json
import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from namerec.cli import cli, main
from tests.cli.references import ask, by_itself
from tests.conftest import ROOT


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--model", "transformer"),
        ("train", "--preset", "own"),
        ("train", "--split", "fair"),
        ("train", "--seed", "-1"),
        ("train", "--seed", "one"),
        ("train", "--set"),
        ("train", "--nothing"),
        ("evaluate", "--part", "all"),
        ("predict", "--top", "0", "Bakaovic"),
        ("predict", "--top", "201", "Bakaovic"),
        ("runs",),
        ("runs", "delete"),
        ("data", "upload"),
        ("fly",),
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_told_with_exit_code_2(arguments):
    result = ask(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: " in result.stderr or "requires an argument" in result.stderr
    assert "Traceback" not in result.stderr


def commands(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    """A group and all below it, as they are written."""
    yield before
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        else:
            yield (*before, name)


@pytest.mark.parametrize("command", list(commands(cli)), ids=" ".join)
def test_every_command_explains_itself(command):
    for option in ("-h", "--help"):
        result = ask(*command, option)
        assert result.exit_code == 0
        assert "Usage: " in result.stdout


def test_the_process_reads_and_writes_names_in_whatever_encoding(run):
    said = by_itself(
        "predict", "--run", run.id, "--json", input="Žižković\n\nM".encode() + b"\xfcller\n"
    )
    assert said.returncode == 0, said.stderr.decode()
    rows = json.loads(said.stdout.decode().splitlines()[-1])["predictions"]
    assert [row["normalised"] for row in rows] == ["Zizkovic", "", "Mller"]
    # An argument that is not UTF-8, and a file that cannot hold every letter.
    arguments = ("predict", "--run", run.id, "--json", os.fsdecode(b"M\xfcller"), "Žižka 😀")
    poor = by_itself(*arguments, env=os.environ | {"PYTHONIOENCODING": "latin-1"})
    assert poor.returncode == 0, poor.stderr.decode()
    first, second, last = poor.stdout.decode("latin-1").splitlines()
    assert first.startswith("M?ller: ")
    assert second.startswith("\\u017di\\u017eka \\U0001f600: ")
    names = [row["name"] for row in json.loads(last)["predictions"]]
    assert names == ["M?ller", "Žižka 😀"]


def test_the_program_tells_errors_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["namerec", "train", "--set", "hidden_size=0"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said, complaint = capsys.readouterr()
    assert said == ""
    assert complaint.startswith("Error: These settings cannot be used. hidden_size: ")
    assert "Traceback" not in complaint


def test_the_module_and_the_program_are_the_same(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["namerec", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "namerec [OPTIONS] COMMAND" in capsys.readouterr().out


def test_asking_for_help_or_a_list_does_not_wait_for_torch():
    for arguments in (["--help"], ["train", "--help"]):
        code = f"""
import sys
from namerec.cli import cli
try:
    cli({arguments!r})
except SystemExit:
    pass
sys.exit("torch" in sys.modules)
"""
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
        assert done.returncode == 0, done.stderr
