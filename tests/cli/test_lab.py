"""`lab` hands over to Streamlit: what it is called with."""

from __future__ import annotations

import os
import sys

import pytest

from namerec.files import ROOT
from tests.cli.references import ask

RUN = ["-P", "-m", "streamlit", "run", str(ROOT / "dashboard.py")]


class HandedOverError(Exception):
    """In place of another program, which never comes back."""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        (["--server.port", "8600"], ["--server.port", "8600"]),
        (["--dataset", "my names"], ["--", "--dataset", "my names"]),
        (
            ["--server.port=8600", "--dataset=mine.csv", "--theme.base", "dark"],
            ["--server.port=8600", "--theme.base", "dark", "--", "--dataset", "mine.csv"],
        ),
    ],
)
def test_options_go_to_streamlit_and_the_corpus_to_the_lab(monkeypatch, given, expected):
    def hand_over(program, arguments):
        raise HandedOverError(program, arguments)

    monkeypatch.setattr(os, "execv", hand_over)
    with pytest.raises(HandedOverError) as handed:
        ask("lab", *given)
    assert handed.value.args == (sys.executable, [sys.executable, *RUN, *expected])


def test_its_help_says_where_the_options_are_from():
    result = ask("lab", "--help")
    assert result.exit_code == 0
    assert "Streamlit's own, for example --server.port 8600" in result.stdout
