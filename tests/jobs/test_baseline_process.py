"""The process that fits baselines: the real one, and stand-ins that fail as it might."""

import io
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import numpy as np
import pytest

from namerec.core.corpus.splits import make_split
from namerec.core.evaluation.baselines import BASELINE_KINDS
from namerec.errors import JobError
from namerec.jobs.baseline_fitter import unpacked
from namerec.jobs.baseline_process import (
    NICENESS,
    SIZE_BYTES,
    BaselineProcess,
    packed,
)
from namerec.jobs.baselines import BaselineKeeper, measured, scored
from tests.conftest import ROOT
from tests.core.references import unequal_dataset
from tests.jobs.fakes import LIMIT, wait_until

#: Answers every question with its own priority and process, and what was asked.
ECHO = """
import os, sys
source = sys.stdin.buffer
source.read(int.from_bytes(source.read(8), "big"))
for line in source:
    print(os.getpriority(os.PRIO_PROCESS, 0), os.getpid(), line.decode().strip(), flush=True)
"""
#: Adds itself to a file; the first of them never answers.
FIRST_IS_MUTE = """
import os, sys, time
source = sys.stdin.buffer
source.read(int.from_bytes(source.read(8), "big"))
first = not os.path.exists(sys.argv[1])
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
if first:
    time.sleep(600)
for line in source:
    print("answer to", line.decode().strip(), flush=True)
"""
#: Adds itself to a file; the third never answers, the sixth does, and all others are killed.
KILLED_TWICE_AND_TWICE = """
import os, signal, sys, time
source = sys.stdin.buffer
source.read(int.from_bytes(source.read(8), "big"))
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
with open(sys.argv[1]) as file:
    number = len(file.readlines())
if number == 3:
    time.sleep(600)
if number < 6:
    os.kill(os.getpid(), signal.SIGKILL)
for line in source:
    print("answer to", line.decode().strip(), flush=True)
"""


@pytest.fixture(scope="module")
def dataset():
    return unequal_dataset({"Äb": 40, "Cd": 30, "Ef": 20})


@pytest.fixture(scope="module")
def split(dataset):
    return make_split(dataset, "leak-free", 3)


def _python(code: str, *given: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", code, *given)


def _idle() -> bool:
    return False


def _gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_what_a_process_is_given_is_all_that_scores_depend_on(dataset, split):
    content = packed(dataset, split)
    assert int.from_bytes(content[:SIZE_BYTES], "big") == len(content) - SIZE_BYTES
    names, parts = unpacked(content[SIZE_BYTES:])
    assert (names.categories, len(names)) == (dataset.categories, len(dataset))
    assert (parts.protocol, parts.seed) == (split.protocol, split.seed)
    for field in ("letters", "lengths", "labels"):
        assert np.array_equal(getattr(names, field), getattr(dataset, field))
    for part in ("train", "validation", "test"):
        assert np.array_equal(parts.part(part), split.part(part))


def test_arrays_that_would_run_code_are_refused(dataset, split):
    content = packed(dataset, split)
    with pytest.raises(ValueError, match="pickle"):
        unpacked(_with(content[SIZE_BYTES:], labels=np.array([print], dtype=object)))
    with pytest.raises(ValueError, match="no split protocol"):
        unpacked(_with(content[SIZE_BYTES:], protocol=np.array("magic")))


def _with(archive: bytes, **changed: np.ndarray) -> bytes:
    with np.load(io.BytesIO(archive)) as given:
        arrays = dict(given) | changed
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_the_process_gives_the_scores_that_are_computed_here(tmp_path, dataset, split, monkeypatch):
    """The real one, all the way: started, asked, ended, with nothing left running."""
    # Of the lowest priority it would get next to nothing of a busy machine.
    monkeypatch.setattr("namerec.jobs.baseline_process.NICENESS", 0)
    keeper = BaselineKeeper(tmp_path)
    keeper.ask(dataset, split)
    wait_until(lambda: not keeper.underway(dataset, split.protocol, split.seed), 3 * LIMIT)
    known = keeper.known(dataset, split.protocol, split.seed)
    assert known.complete
    assert known.scores == {kind: scored(kind, dataset, split) for kind in BASELINE_KINDS}


def test_one_process_of_low_priority_answers_every_question_and_is_gone_afterwards(dataset, split):
    with BaselineProcess(dataset, split, _idle, _python(ECHO)) as process:
        answers = [process.ask(kind).decode().split() for kind in BASELINE_KINDS]
    assert [(int(nice), kind) for nice, _, kind in answers] == [
        (NICENESS, kind) for kind in BASELINE_KINDS
    ]
    [child] = {int(child) for _, child, _ in answers}
    assert _gone(child)


def test_nothing_is_started_for_nothing(dataset, split):
    with BaselineProcess(dataset, split, _idle, ("/no/such/program",)):
        pass


def test_what_cannot_be_started_is_told(tmp_path, dataset, split, caplog):
    def ask(process, kind):
        with BaselineProcess(dataset, split, _idle, ("/no/such/program",)) as broken:
            return measured(broken, kind)

    keeper = BaselineKeeper(tmp_path, ask)
    keeper.ask(dataset, split)
    wait_until(lambda: not keeper.underway(dataset, split.protocol, split.seed))
    assert "No such file" in caplog.text
    assert not keeper.known(dataset, split.protocol, split.seed).scores


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "code -9 at regression"),
        ("import sys; sys.exit('x' * 9999 + 'the end')", "code 1 at regression.*the end"),
        ("raise MemoryError", "MemoryError"),
        ("import sys; sys.stdin.close(); print('half a line', end='')", "code 0 .*nothing"),
    ],
)
def test_a_process_that_dies_says_why(dataset, split, code, words):
    with (
        BaselineProcess(dataset, split, _idle, _python(code)) as process,
        pytest.raises(JobError, match=f"(?s){words}") as raised,
    ):
        process.ask("regression")
    assert len(str(raised.value)) < 4500


def test_an_answer_that_is_no_scores_is_a_failure(dataset, split):
    with (
        BaselineProcess(dataset, split, _idle, _python(ECHO)) as process,
        pytest.raises(ValueError, match="BaselineScores"),
    ):
        measured(process, "majority")


def test_a_training_ends_the_process_and_another_answers_afterwards(tmp_path, dataset, split):
    """Held before it begins, then in the middle; the question is answered in the end."""
    said = tmp_path / "said"
    busy = threading.Event()
    busy.set()
    answers: list[bytes] = []
    looks: list[bool] = []

    def looked() -> bool:
        looks.append(busy.is_set())
        return looks[-1]

    with BaselineProcess(dataset, split, looked, _python(FIRST_IS_MUTE, str(said))) as process:
        asker = threading.Thread(target=lambda: answers.append(process.ask("naive_bayes")))
        asker.start()
        wait_until(lambda: len(looks) >= 2)
        assert not said.exists()
        busy.clear()
        wait_until(lambda: said.exists() and said.read_text().endswith("\n"))
        first = int(said.read_text())
        busy.set()
        wait_until(lambda: _gone(first))
        assert answers == []
        busy.clear()
        asker.join(LIMIT)
    assert answers == [b"answer to naive_bayes\n"]
    assert len(said.read_text().split()) == 2


def test_kills_count_in_a_row_and_not_over_a_training_between(tmp_path, dataset, split):
    said = tmp_path / "said"
    busy = threading.Event()
    answers: list[bytes] = []
    command = _python(KILLED_TWICE_AND_TWICE, str(said))
    with BaselineProcess(dataset, split, busy.is_set, command) as process:
        asker = threading.Thread(target=lambda: answers.append(process.ask("majority")))
        asker.start()
        wait_until(lambda: said.exists() and len(said.read_text().splitlines()) == 3)
        third = int(said.read_text().splitlines()[2])
        busy.set()
        wait_until(lambda: _gone(third))
        busy.clear()
        asker.join(LIMIT)
    assert answers == [b"answer to majority\n"]
    assert len(said.read_text().split()) == 6


def test_another_answers_for_a_process_that_was_killed(tmp_path, dataset, split, caplog):
    said = tmp_path / "said"
    answers: list[bytes] = []
    with BaselineProcess(dataset, split, _idle, _python(FIRST_IS_MUTE, str(said))) as process:
        asker = threading.Thread(target=lambda: answers.append(process.ask("naive_bayes")))
        asker.start()
        wait_until(lambda: said.exists() and said.read_text().endswith("\n"))
        os.kill(int(said.read_text()), signal.SIGKILL)
        asker.join(LIMIT)
    assert answers == [b"answer to naive_bayes\n"]
    assert caplog.messages == [
        "the baseline process was killed at naive_bayes; it is started again"
    ]


def test_a_process_ends_with_its_server_however_that_ends(dataset, split):
    """A server is killed whose process, the real one, has answered and could go on."""
    server = """
import subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-m", "namerec.jobs.baseline_fitter"],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
)
child.stdin.write(sys.stdin.buffer.read(int(sys.argv[1])) + b"majority\\n")
child.stdin.flush()
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.buffer.read()
"""
    corpus = packed(dataset, split)
    with subprocess.Popen(
        [sys.executable, "-S", "-c", server, str(len(corpus))],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(corpus)
        process.stdin.flush()
        child = int(process.stdout.readline())
        assert not _gone(child)
        process.send_signal(signal.SIGKILL)
        try:
            wait_until(lambda: _ended(child))
        finally:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def _ended(process: int) -> bool:
    """Whether a process has ended; an orphan may stay a zombie where nobody reaps it."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return _gone(process)
