"""A wheel built from this tree, in an environment and a folder that hold nothing else of it.

What it needs is not installed again, which would take minutes: the environment sees this one's.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import sysconfig
import urllib.error
import urllib.request
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faults.servers import Server


def done(*command: object, folder: Path) -> str:
    ended = subprocess.run(
        list(map(str, command)), cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


class InstalledLab(Server):
    """The lab of an installed wheel, started in a folder."""

    def __init__(self, program: Path, folder: Path) -> None:
        super().__init__(folder.parent / "home")
        self.program, self.folder = program, folder

    def command(self) -> list[str]:
        return [str(self.program), "lab", "--server.port", str(self.port)]


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    """The `namerec` of an environment into which the wheel is installed."""
    folder: Path = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    build = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder)
    done(*pip, *build, ROOT, folder=folder)
    (wheel,) = folder.glob("namerec-*.whl")
    environment = folder / "environment"
    venv.create(environment)
    paths = sysconfig.get_paths("venv", {"base": str(environment), "platbase": str(environment)})
    python = Path(paths["scripts"], Path(sys.executable).name)
    done(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, folder=folder)
    Path(paths["purelib"], "needed.pth").write_text(sysconfig.get_path("purelib"))
    return Path(paths["scripts"], "namerec")


@pytest.fixture
def empty(tmp_path, monkeypatch) -> Path:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    folder: Path = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_an_installed_lab_predicts_and_has_its_own_corpus(program, empty):
    answer = done(program, "predict", "Nakamura", "--json", folder=empty)
    (prediction,) = json.loads(answer.splitlines()[-1])["predictions"]
    assert prediction["top"][0][0] == "Japanese"
    assert str(program.parents[1]) in done(program, "data", "list", folder=empty)
    assert list(empty.iterdir()) == []


def test_an_installed_lab_opens_from_a_folder_whose_settings_it_does_not_heed(program, empty):
    (empty / ".streamlit").mkdir()
    (empty / ".streamlit" / "config.toml").write_text(
        '[server]\naddress = "0.0.0.0"\nallowedHosts = []\n', encoding="utf-8"
    )
    with InstalledLab(program, empty) as lab:
        with urllib.request.urlopen(f"{lab.url}/name") as page:
            assert b"<title>" in page.read()
        with urllib.request.urlopen(f"{lab.url}/api/predict?name=Nakamura") as answer:
            (prediction,) = json.load(answer)["predictions"]
        assert prediction["top"][0][0] == "Japanese"
        foreign = urllib.request.Request(lab.url, headers={"Host": "other.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(foreign)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", lab.port), 5)
