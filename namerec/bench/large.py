"""A corpus of any number of lines: made up, encoded into a table on disk, split, and trained on."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from namerec.core.corpus.splits import make_split
from namerec.core.networks.config import ModelConfig
from namerec.core.training.config import RunConfig, TrainConfig
from namerec.core.training.loop import train
from namerec.core.training.records import StepRecord
from namerec.data import mapped
from namerec.data.table import table_lines

#: Seconds of training that are measured.
TRAINED = 20.0
#: Most names written at once, of one category.
_PIECE = 50_000
_CATEGORIES = 18
_BATCH = 1024


def measure(lines: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measures it, on one process; the table is made in a folder that is deleted at the end.

    Args:
        lines: Of the corpus.
        say: Told what is done.

    Returns:
        Seconds of the processor, names in each of them, and the most memory of the process up to
        each stage, in MB.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "names.csv"
        say(f"{lines:,} lines are made up")
        _write(source, lines)
        before = _peak()
        begun = time.process_time()
        tables = Path(folder) / "tables"
        dataset = mapped.load("made up", [source], lambda: table_lines(source), tables=tables)
        encoded = time.process_time()
        peak_encoding = _peak()
        say("encoded")
        split = make_split(dataset, "leak-free", 0)
        divided = time.process_time()
        peak_splitting = _peak()
        say("split")
        config = RunConfig(
            model=ModelConfig(hidden_size=128), training=TrainConfig(batch_size=_BATCH, epochs=1)
        )
        first, last, steps = 0.0, 0.0, 0
        started = time.process_time()
        for record in train(config, dataset, split):
            if not isinstance(record, StepRecord):
                break
            last, steps = time.process_time(), record.step
            first = first or last
            if last - first > TRAINED:
                break
        on_disk = sum(file.stat().st_size for file in tables.rglob("*") if file.is_file())
        return {
            "lines": lines,
            "encoded per second": round(lines / (encoded - begun)),
            "seconds to split": round(divided - encoded, 1),
            "seconds to the first step": round(first - started, 2),
            "trained per second": round((steps - 1) * _BATCH / max(last - first, 1e-9)),
            "bytes a name on disk": round(on_disk / lines, 1),
            "bytes a name in encoding": round((peak_encoding - before) / lines),
            "MB before": round(before / 1e6),
            "MB in encoding": round(peak_encoding / 1e6),
            "MB in splitting": round(peak_splitting / 1e6),
            "MB in training": round(_peak() / 1e6),
            "MB at the end": round(psutil.Process().memory_info().rss / 1e6),
        }


def _write(path: Path, lines: int) -> None:
    """Made-up names: three syllables, of which each category likes others."""
    draw = random.Random(0)
    syllables = [a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er")]
    with path.open("w", encoding="utf-8") as file:
        file.write("name,category\n")
        piece = min(_PIECE, lines // _CATEGORIES)
        for begin in range(0, lines, piece):
            number = min(piece, lines - begin)
            category = begin // piece % _CATEGORIES
            own = draw.choices(syllables[category * 7 :][:21], k=number)
            names = zip(*(draw.choices(syllables, k=number) for _ in range(3)), own, strict=True)
            file.writelines(f"{''.join(name).title()},Language {category}\n" for name in names)


def _peak() -> int:
    """Most memory the process has held, bytes."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024
