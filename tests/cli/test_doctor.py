"""`doctor` on a data folder that is well, and on one where everything is damaged."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import namedtuple
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from namerec.cli import checkup
from namerec.data.own import OwnCorpora
from namerec.runs.folder import RunFolder
from namerec.settings import home, settings
from tests.cli.references import ask, by_itself


@pytest.fixture(autouse=True)
def _settings_and_versions(monkeypatch):
    monkeypatch.setattr(checkup, "pinned", lambda: {"click": version("click")})
    settings.cache_clear()
    yield
    settings.cache_clear()


def examined(code: int) -> dict[str, Any]:
    result = ask("doctor", "--json")
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    answer = json.loads(result.stdout.splitlines()[-1])
    assert answer["well"] == (code == 0)
    assert isinstance(answer, dict)
    return answer


def problems(title: str) -> list[str]:
    found = examined(1)[title]["problems"]
    assert all(problem.endswith((".", "RUN")) for problem in found)
    return list(found)


def test_a_data_folder_that_is_not_there_yet_is_well():
    result = ask("doctor")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "All is well."
    assert not home().exists()


def test_it_says_what_there_is(run: RunFolder, monkeypatch):
    monkeypatch.setenv("NAMEREC_MOST_QUEUED", "7")
    settings.cache_clear()
    answer = examined(0)
    assert answer["runs"]["facts"] == {"finished": 1, "damaged": 0}
    assert answer["corpora"]["facts"] == {"kept": 0, "damaged": 0}
    assert answer["settings"]["facts"]["NAMEREC_MOST_QUEUED"] == "7"
    assert answer["folders"]["facts"]["data"] == str(home())
    assert answer["machine"]["facts"]["training threads"] == 1
    assert answer["machine"]["facts"]["trainings at a time"] == 1
    assert set(answer) == {"well", "problems", *checkup.LOOKS}


def test_a_run_that_was_killed_is_shown_with_how_to_go_on(run: RunFolder):
    status = run.status()
    run.write_status(status.model_copy(update={"state": "running"}))
    facts = examined(0)["runs"]["facts"]
    assert facts["interrupted"] == 1
    assert "--resume" in facts["to go on"]


def test_every_damaged_run_is_told_with_its_reason(run: RunFolder):
    (run.path / "status.json").write_bytes(b"\xff{")
    for number in range(12):
        (home() / "runs" / f"empty-{number:02d}").mkdir()
    told = problems("runs")
    assert len(told) == checkup.MOST_TOLD + 1
    assert any("“status.json” of run" in reason for reason in told)
    assert any("“config.json” of run empty-00" in reason for reason in told)
    assert told[-1] == "3 more of the same kind."


@pytest.mark.parametrize("file", ["best.safetensors", "last.safetensors", "metrics.jsonl"])
def test_a_torn_file_of_a_listed_run_is_told(run: RunFolder, file):
    whole = (run.path / file).read_bytes()
    (run.path / file).write_bytes(whole[: len(whole) // 3])
    (told,) = problems("runs")
    assert f"“{file}”" in told
    assert run.id in told


def test_a_best_network_that_is_missing_is_told(run: RunFolder):
    (run.path / "best.safetensors").unlink()
    (told,) = problems("runs")
    assert "“best.safetensors” is missing" in told


def test_a_run_that_was_handed_over_without_its_checkpoint_is_well(run: RunFolder):
    (run.path / "last.safetensors").unlink()
    assert examined(0)["runs"]["facts"]["finished"] == 1


def test_a_damaged_corpus_is_told():
    root = OwnCorpora().root
    root.mkdir(parents=True)
    (root / f"{'a' * 16}.json").write_text("{")
    (told,) = problems("corpora")
    assert "is damaged" in told


def test_what_was_left_over_is_told_and_what_is_being_written_is_not(run: RunFolder):
    old, new = run.path / "last.safetensors.1-2.part", run.path / "best.safetensors.1-2.part"
    for path in (old, new):
        path.write_bytes(b"")
    os.utime(old, (time.time() - 3700,) * 2)
    orphan = home() / "runs" / "gone" / "lock"
    orphan.parent.mkdir()
    orphan.write_bytes(b"")
    (run.path / "lock").write_bytes(b"")
    told = problems("debris")
    assert [str(old) in told[0], str(orphan) in told[1], len(told)] == [True, True, 2]


def test_a_removal_that_was_killed_is_told_as_one(run: RunFolder):
    aside = home() / "runs" / f".{run.id}.part"
    shutil.copytree(run.path, aside)
    (aside / "x.1-2.part").write_bytes(b"")
    os.utime(aside / "x.1-2.part", (0, 0))
    assert examined(0)["debris"]["facts"]["left over"] == 0  # it may be going on
    os.utime(aside, (0, 0))
    (told,) = problems("debris")
    assert told.startswith(f"{aside} is left over")


def test_a_file_that_is_renamed_into_place_meanwhile_is_no_problem(run: RunFolder, monkeypatch):
    def walk(folder: Path) -> list[tuple[str, list[str], list[str]]]:
        return [(str(run.path), [], ["status.json.1-2.part"])]

    monkeypatch.setattr(os, "walk", walk)
    assert examined(0)["debris"]["facts"]["left over"] == 0


def test_a_data_folder_that_is_a_file_is_told(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NAMEREC_HOME", str(tmp_path / "file"))
    told = problems("folders")
    assert "data folder" in told[0]
    assert "NAMEREC_HOME" in told[0]


def test_a_disk_that_is_nearly_full_is_told(monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(5_000_000))
    (told,) = problems("folders")
    assert told.startswith("Only 5 MB are free")


def test_settings_that_are_wrong_or_misspelt_are_told(monkeypatch):
    monkeypatch.setenv("NAMEREC_MOST_MINUETS", "1")
    monkeypatch.setenv("NAMEREC_MOST_QUEUED", "0")
    told = problems("settings")
    assert "NAMEREC_MOST_MINUETS" in told[0]
    assert told[1].startswith("NAMEREC_MOST_QUEUED is “0”")


def test_versions_that_are_missing_or_others_are_told(monkeypatch):
    wanted = {"click": "0.1", "no-such-package": "1.0"}
    monkeypatch.setattr(checkup, "pinned", lambda: wanted)
    told = problems("versions")
    assert told[0].startswith("click is 8")
    assert told[1] == "no-such-package 1.0 is not installed."
    assert (
        told[2] == "Run pip install click==0.1 no-such-package==1.0 to install the tested versions."
    )


def test_a_look_that_fails_is_a_problem_and_the_others_go_on(monkeypatch):
    def fail(findings: checkup.Findings) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setitem(checkup.LOOKS, "runs", fail)
    answer = examined(1)
    assert "PermissionError" in answer["runs"]["problems"][0]
    assert answer["machine"]["facts"]


def test_a_file_name_cannot_forge_a_line(run: RunFolder):
    path = Path(os.fsdecode(os.fsencode(run.path) + b"/x\nAll is well.\x1b[2J\xff.part"))
    path.write_bytes(b"")
    os.utime(path, (0, 0))
    lines = ask("doctor").stdout.splitlines()
    assert "All is well." not in lines
    assert any("x\\nAll is well.\\x1b" in line for line in lines)


def test_every_requirement_is_looked_up_and_the_logs_folder_is_left_alone():
    result = by_itself("doctor", "--json")
    facts = json.loads(result.stdout.splitlines()[-1])["versions"]["facts"]
    assert {"python", "namerec", "torch", "streamlit", "plotly", "pydantic-settings"} <= set(facts)
    assert not home().exists()


def test_the_licence_of_each_installed_package_is_listed(tmp_path, monkeypatch):
    for name, told in {
        "new": "License-Expression: MIT\nLicense: other",
        "older": "Classifier: License :: OSI Approved :: BSD License\nLicense: " + "text " * 99,
        "free": "License: Apache 2.0",
        "silent": "License: UNKNOWN",
    }.items():
        (tmp_path / f"{name}-1.dist-info").mkdir()
        (tmp_path / f"{name}-1.dist-info/METADATA").write_text(
            f"Name: {name}\nVersion: 1\n{told}\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    lines = ask("doctor", "--licences", "--json").stdout.splitlines()
    told_as = ["free 1: Apache 2.0", "new 1: MIT", "older 1: BSD License", "silent 1: unknown"]
    assert set(told_as) < set(lines)
    assert {"package": "new", "version": "1", "licence": "MIT"} in json.loads(lines[-1])["licences"]
    assert f"click {version('click')}: BSD-3-Clause" in lines
