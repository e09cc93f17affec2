"""What `doctor` looks at: versions, folders, settings, runs, corpora, memory. It only looks.

Every look gives facts to show and problems to mend, and no look can fail: what goes wrong in one is
a problem of its own.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import namerec
from namerec.disk import UNFINISHED, debris, existing, unwritable
from namerec.errors import NamerecError
from namerec.files import ROOT
from namerec.settings import OTHER_VARIABLES, home, settings, unknown_variables

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

#: Bytes that should be free: a few hundred runs.
LITTLE_SPACE = 200_000_000
#: Problems of one kind that are told one by one.
MOST_TOLD = 10


@dataclass
class Findings:
    """What one look has found.

    Attributes:
        title: What it looked at.
        facts: What is so, by name.
        problems: What is not as it should be, each a sentence or two that say how to mend it.
    """

    title: str
    facts: dict[str, str | int | float | None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def tell(self, problems: list[str]) -> None:
        """Adds problems of one kind, the first few one by one."""
        self.problems += problems[:MOST_TOLD]
        if len(problems) > MOST_TOLD:
            self.problems.append(f"{len(problems) - MOST_TOLD:,} more of the same kind.")


def check_up() -> Iterator[Findings]:
    """Looks at everything, one thing after the other."""
    for title, look in LOOKS.items():
        findings = Findings(title)
        try:
            look(findings)
        except NamerecError as error:
            findings.problems.append(str(error))
        except Exception as error:  # noqa: BLE001 - it must go on whatever is damaged
            findings.problems.append(
                f"This could not be checked ({type(error).__name__}: {str(error)[:200]})."
            )
        yield findings


def _versions(findings: Findings) -> None:
    findings.facts["python"] = platform.python_version()
    findings.facts["namerec"] = namerec.__version__
    wrong = {}
    for name, wanted in pinned().items():
        try:
            present = version(name)
        except PackageNotFoundError:
            findings.facts[name] = None
            wrong[f"{name}=={wanted}"] = f"{name} {wanted} is not installed."
            continue
        findings.facts[name] = present
        if present.split("+")[0] != wanted:  # torch's says after a plus what it was built for
            wrong[f"{name}=={wanted}"] = (
                f"{name} is {present}, but namerec was tested with {wanted}."
            )
    if wrong:
        findings.tell(list(wrong.values()))
        findings.problems.append(
            f"Run pip install {' '.join(wrong)} to install the tested versions."
        )


def pinned() -> dict[str, str]:
    """The version of each requirement that namerec was tested with."""
    file = ROOT / "requirements.txt"
    lines = file.read_text("utf-8").splitlines() if file.is_file() else requires("namerec") or []
    pairs = (line.partition(";")[0].partition("==") for line in lines)
    return {name.strip(): wanted.strip() for name, is_pin, wanted in pairs if is_pin}


def _folders(findings: Findings) -> None:
    from namerec.data.tutorial import download_folder
    from namerec.jobs.limits import folder_bytes

    for name, folder in (("data", home()), ("logs", home() / "logs"), ("cache", download_folder())):
        findings.facts[name] = str(folder)
        variable = "NAMEREC_CACHE" if name == "cache" else "NAMEREC_HOME"
        if words := unwritable(name, folder, variable):
            findings.problems.append(words)
        if name == "data":
            free = shutil.disk_usage(existing(folder)).free
            findings.facts |= {
                "data MB": _megabytes(folder_bytes(folder)),
                "free MB": free // 10**6,
            }
            if free < LITTLE_SPACE:
                findings.problems.append(
                    f"Only {_megabytes(free)} MB are free for {folder}. Delete runs that are no "
                    "longer needed, or set NAMEREC_HOME to a folder on another disk."
                )


def _settings(findings: Findings) -> None:
    for name in sorted(OTHER_VARIABLES):
        if name in os.environ:
            findings.facts[name] = os.environ[name]
    findings.tell(
        [
            f"The variable {name} is not known: check its spelling, or unset it."
            for name in unknown_variables()
        ]
    )
    findings.facts |= {name: str(value) for name, value in settings().changed().items()}


def _runs(findings: Findings) -> None:
    from namerec.runs.store import RunStore
    from namerec.runs.summary import DamagedRun

    store = RunStore()
    entries = store.entries()
    damaged = [entry for entry in entries if isinstance(entry, DamagedRun)]
    readable = [entry for entry in entries if not isinstance(entry, DamagedRun)]
    states = Counter[str](entry.state for entry in readable)
    findings.facts |= dict(states) | {"damaged": sum(not run.newer for run in damaged)}
    findings.tell([run.reason for run in damaged])
    findings.tell([run.newer for run in readable if run.newer])
    findings.tell([damage for run in readable if not run.newer for damage in _damage(run)])
    if states["interrupted"]:
        findings.facts["to go on"] = "python -m namerec train --resume RUN"


def _damage(run: RunSummary) -> Iterator[str]:
    """What of a listed run's other files is damaged; of its networks only the headers are read."""
    from namerec.runs.folder import BEST
    from namerec.runs.lineage import gap
    from namerec.runs.store import RunStore
    from namerec.runs.tensors import read_metadata

    try:
        folder = RunStore().open(run.id)
        if run.has_network:
            read_metadata(folder.path / BEST)
        folder.progress()
        missing = gap(folder, run.status)
    except NamerecError as error:
        yield str(error)
        return
    if missing:
        yield f"Run {run.id}: {missing.words} Put its “metrics.jsonl” back from a copy if you can."


def _corpora(findings: Findings) -> None:
    from namerec.data.kept import DamagedCorpus
    from namerec.data.own import OwnCorpora

    entries = OwnCorpora().entries()
    damaged = [entry for entry in entries if isinstance(entry, DamagedCorpus)]
    findings.facts |= {"kept": len(entries) - len(damaged), "damaged": len(damaged)}
    findings.tell([corpus.reason for corpus in damaged])


def _debris(findings: Findings) -> None:
    unfinished = list(debris(home()))
    locks = [
        Path(folder, "lock")
        for folder, _, files in os.walk(home())
        if "lock" in files and "config.json" not in files and not folder.endswith(UNFINISHED)
    ]
    findings.facts |= {"left over": len(unfinished), "locks without a run": len(locks)}
    findings.tell([f"{path} is left over from a killed program. Delete it." for path in unfinished])
    findings.tell([f"{path} locks a run that does not exist. Delete it." for path in locks])


def _machine(findings: Findings) -> None:
    from namerec.jobs.cores import most_trainings
    from namerec.jobs.memory import PROCESS, RESERVE, available

    free = available()
    findings.facts["free memory MB"] = _megabytes(free)
    findings.facts |= {"processors": os.cpu_count(), "training threads": settings().threads}
    findings.facts["trainings at a time"] = most = most_trainings(settings())
    if most > 1:
        findings.facts["MB of a process that trains"] = f"{_megabytes(PROCESS)} and the training"
    if settings().workers > most:
        findings.problems.append(
            "NAMEREC_WORKERS asks for processes that train beside each other, which there are on "
            "Linux alone. Trainings take turns here; unset it."
        )
    if free < 2 * RESERVE:
        findings.problems.append(
            f"Only {_megabytes(free)} MB of memory are free, so most trainings will be refused. "
            "Close other programs, or raise this container's memory limit."
        )


def _browser_tests(findings: Findings) -> None:
    """Facts alone: the lab needs none of this."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    findings.facts["chromium"] = chromium
    findings.facts["playwright"] = "installed" if find_spec("playwright") else None
    missing = [name for name, there in findings.facts.items() if there is None]
    findings.facts["can run"] = f"no, without {' and '.join(missing)}" if missing else "yes"


def _megabytes(size: int) -> int:
    return round(size / 10**6)


#: All looks, in the order they are shown. A new one is one entry here.
LOOKS: dict[str, Callable[[Findings], None]] = {
    "versions": _versions,
    "folders": _folders,
    "settings": _settings,
    "runs": _runs,
    "corpora": _corpora,
    "debris": _debris,
    "machine": _machine,
    "browser tests": _browser_tests,
}
