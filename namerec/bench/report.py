"""The whole benchmark: one run, one table, one map of ratios."""

import statistics
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import torch

from namerec.bench.contestants import TorchRNN, network, report_loops, training_step
from namerec.bench.measure import Timing, batches, matrix_product_rate, race, timed
from namerec.core.corpus.alphabet import LETTERS
from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.packing import pack
from namerec.core.evaluation.prediction import probabilities
from namerec.core.evaluation.scores import predict_names
from namerec.core.inside.traces import trace
from namerec.core.networks.built_in import BuiltIn
from namerec.core.networks.kinds import KINDS, USUAL_NETWORK, Kind
from namerec.core.networks.prefixes import share_prefixes
from namerec.text import counted

HIDDEN = 128
#: Names of a round with the two loops, which take one after the other what we take as one batch.
LOOP_NAMES = 1024


@dataclass
class Report:
    """What was measured.

    Attributes:
        threads: PyTorch's threads.
        rows: One a contestant: name, batch, layers, hidden, median names a second and quartiles.
        ratios: Medians of ratios taken round by round.
        times: Seconds (or bytes, as the name says) of single things.
    """

    threads: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    ratios: dict[str, float] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)

    def add(self, timings: dict[str, Timing], batch: int, layers: int, note: str = "") -> None:
        """Adds a race's contestants to the rows."""
        for name, timing in timings.items():
            low, high = timing.spread
            self.rows.append(
                {
                    "contestant": name,
                    "batch": batch,
                    "layers": layers,
                    "hidden": HIDDEN,
                    "threads": self.threads,
                    "names_per_second": round(timing.names_per_second, 1),
                    "quartiles": [round(low, 1), round(high, 1)],
                    "note": note,
                }
            )


def run(dataset: Dataset, *, quick: bool, say: Callable[[str], None]) -> Report:
    """Measures everything.

    Args:
        dataset: The names the steps are timed on.
        quick: Fewer rounds, and no growth to a million names.
        say: Takes a line about what is being measured.
    """
    report = Report(torch.get_num_threads())
    categories = len(dataset.categories)
    rounds = 15 if quick else 60
    for kind in KINDS.values():
        if kind.gates and kind.twin is None:
            _beside_built_in(report, kind, dataset, quick=quick, say=say)
    say("RNN, batch 256")
    rnns = {
        "rnn": training_step(network("rnn", HIDDEN, 1, categories, tanh=True)),
        "rnn without tanh": training_step(network("rnn", HIDDEN, 1, categories, tanh=False)),
        "nn.RNN": training_step(TorchRNN(HIDDEN, 1, categories)),
    }
    timings = race(rnns, batches(dataset, 256, 0), rounds, 2)
    report.add(timings, 256, 1)
    report.ratios["rnn/nn.RNN@256"] = timings["rnn"].faster_than(timings["nn.RNN"])
    if not (loops := report_loops(HIDDEN, categories)):
        say("left out: the report's and the tutorial's loops, which only a checkout holds")
    else:
        say("the report's and the tutorial's loops, one name at a time")
        ours = training_step(network("custom_lstm", HIDDEN, 1, categories, tanh=False))
        turns = 4 if quick else 10
        timings = race({"ours": ours, **loops}, batches(dataset, LOOP_NAMES, 0), turns, 1)
        report.add({name: timings[name] for name in loops}, 1, 1)
        # One name at a time against our largest batch: what a person who rewrites the loop gains.
        report.ratios["custom_lstm/report_loop"] = timings["ours"].faster_than(
            timings["report_loop"]
        )
    _single_things(report, dataset)
    if not quick:
        _growth(report, say)
    return report


def _beside_built_in(
    report: Report, kind: Kind, dataset: Dataset, *, quick: bool, say: Callable[[str], None]
) -> None:
    """Times a hand-written network with gates and PyTorch's own in turns."""
    categories, rounds = len(dataset.categories), 15 if quick else 60
    theirs = str(kind.variants[0].counterpart)
    for batch, layers in ((64, 1), (256, 1), (1024, 1), (256, 2)):
        say(f"{kind.title}, batch {batch}, {counted(layers, 'layer')}")
        ours = network(kind.key, HIDDEN, layers, categories, tanh=False)
        pair = {
            kind.key: training_step(ours),
            theirs: training_step(BuiltIn(ours.config, categories)),
        }
        timings = race(pair, batches(dataset, batch, 0), rounds, max(1, 512 // batch))
        report.add(timings, batch, layers)
        ratio = f"{kind.key}/{theirs}@{batch}"
        suffix = f"x{layers}layers" if layers > 1 else ""
        report.ratios[ratio + suffix] = timings[kind.key].faster_than(timings[theirs])
        if batch == 256 and layers == 1:
            similar = batches(dataset, batch, 0, similar=True)
            alike = race(pair, similar, rounds, max(1, 512 // batch))
            report.add(alike, batch, layers, "names of one length")
            report.ratios[f"{ratio}onelength"] = alike[kind.key].faster_than(alike[theirs])
        if batch == 1024 and kind.key == USUAL_NETWORK:
            work = _work(dataset, batch, 10 if quick else 30)
            report.ratios["letters_read@1024"] = work.letters
            report.ratios["matmul_share@1024"] = (
                work.operations
                * timings[kind.key].names_per_second
                / matrix_product_rate(10 if quick else 30)
            )


class _Work(NamedTuple):
    """What a training step of the custom LSTM has to compute.

    Attributes:
        letters: Share of the names' letters, since prefixes that names share are read once.
        operations: Of the recurrent products, a name. The letters' part is a gather and counts
            nothing.
    """

    letters: float
    operations: float


def _work(dataset: Dataset, batch: int, rounds: int) -> _Work:
    """The mean over some batches of names drawn at random."""
    letters = rows = multiplied = 0
    for names in islice(batches(dataset, batch, 0), rounds):
        read = share_prefixes(pack(names.letters, names.lengths), 4 * HIDDEN)
        letters += int(names.lengths.sum())
        rows += len(read.letters)
        # Forward and to the gradient of the states, each that names go on from; to that of the
        # weights, each behind the first letters.
        multiplied += 2 * sum(read.continued) + len(read.letters) - read.sizes[0]
    operations = 2 * HIDDEN * 4 * HIDDEN * multiplied / (rounds * batch)
    return _Work(rows / letters, operations)


def _single_things(report: Report, dataset: Dataset) -> None:
    """Evaluating 20,050 names, and everything the Name page asks of a network for one name."""
    model = network("custom_lstm", HIDDEN, 1, len(dataset.categories), tanh=False)
    many = np.resize(np.arange(len(dataset)), 20_050)
    everything = _repeated(dataset, many)
    report.times["evaluate_20050_names_seconds"] = statistics.median(
        timed(lambda: predict_names(model, everything, np.arange(len(everything))))
        for _ in range(3)
    )

    def one_name() -> None:
        probabilities(model, ["Kuroyanagi"])
        trace(model, dataset.categories, "Kuroyanagi")

    report.times["typed_name_with_traces_seconds"] = statistics.median(
        timed(one_name) for _ in range(20)
    )


def _repeated(dataset: Dataset, indices: np.ndarray) -> Dataset:
    lines = (
        LabelledName(dataset.names[index], dataset.categories[dataset.labels[index]])
        for index in indices
    )
    return Dataset.build("repeated", lines)


def _growth(report: Report, say: Callable[[str], None]) -> None:
    """Generated names from 1,000 to 1,000,000: speed should stay level, memory grow in line."""
    for count in (1_000, 10_000, 100_000, 1_000_000):
        say(f"growth, {count:,} generated names")
        lines = list(_generated(count))
        report.times[f"encode_{count}_names_seconds"] = timed(
            lambda lines=lines: Dataset.build("generated", lines)  # type: ignore[misc]
        )
        del lines
        tracemalloc.start()
        dataset = Dataset.build("generated", _generated(count))
        held, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        report.times[f"bytes_a_name_at_{count}"] = held / count
        report.times[f"most_bytes_a_name_at_{count}"] = most / count
        step = training_step(network("custom_lstm", HIDDEN, 1, 2, tanh=False))
        timings = race({"custom_lstm": step}, batches(dataset, 256, 0), 20, 10)
        report.times[f"names_per_second_of_{count}"] = timings["custom_lstm"].names_per_second


def _generated(count: int) -> Iterator[LabelledName]:
    """Names of random letters, 2 to 20 of them and 7 in the mean."""
    generator = np.random.default_rng(0)
    lengths = np.clip(generator.normal(7, 2, count).round(), 2, 20).astype(int)
    for length in lengths.tolist():
        letters = "".join(LETTERS[index] for index in generator.integers(0, 52, length).tolist())
        yield LabelledName(letters, "even" if length % 2 else "odd")
