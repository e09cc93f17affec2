"""Reads and computes what a report tells of stored runs."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import Part, part_words
from namerec.core.evaluation.contrast import Contrast, contrast
from namerec.core.evaluation.results import ConfusionMatrix, PredictedNames
from namerec.core.evaluation.scores import confusion
from namerec.core.inside.gradients import gradient_norms
from namerec.core.inside.name_samples import sample
from namerec.core.networks.models import describe
from namerec.errors import DataError, NamerecError, RunError
from namerec.export.about import NAMES_GONE
from namerec.export.report.document import said
from namerec.export.report.facts import Absent, Gradients, Pair, ReportFacts, RunFacts
from namerec.export.source import Source
from namerec.figures.base.words import BASELINE_LINES
from namerec.figures.training.curves import History
from namerec.jobs.local import local_baselines
from namerec.runs.lineage import History as Lineage
from namerec.runs.lineage import gap
from namerec.runs.lineage import history as lineage_of
from namerec.runs.networks import BEFORE_TRAINING, load_network
from namerec.runs.summary import RunSummary

#: Most runs of one report: as many as there are colours that can be told apart on one figure.
MOST_RUNS = 8
#: Longest title of a run, in letters, where it stands for the run.
_LONGEST_TITLE = 40


def report_facts(sources: Sequence[Source]) -> ReportFacts:
    """Reads and computes all that a report tells.

    Args:
        sources: One run or several.

    Raises:
        RunError: If there are none, too many, or one cannot be read.
    """
    if not 1 <= len(sources) <= MOST_RUNS:
        raise RunError(
            f"A report is made from 1 to {MOST_RUNS} runs; {len(sources)} were given. Choose 1 to "
            f"{MOST_RUNS} runs."
        )
    runs = tuple(map(_run_facts, sources, _names([source.run for source in sources])))
    pairs = tuple(
        Pair(a, b, _contrast(runs[a], runs[b])) for a, b in combinations(range(len(runs)), 2)
    )
    return ReportFacts(runs, pairs)


def run_facts(source: Source) -> RunFacts:
    """The same of one run."""
    return report_facts([source]).runs[0]


def _names(runs: Sequence[RunSummary]) -> list[str]:
    """A title that a person gave, and the network; with the run's id where several are the same."""
    names = []
    for run in runs:
        network, title = run.info.config.model.title, run.label.title
        names.append(f"{said(title, _LONGEST_TITLE)}, {network}" if title else network)
    return [
        name if names.count(name) == 1 else f"{name}, run {run.id}"
        for name, run in zip(names, runs, strict=True)
    ]


def _run_facts(source: Source, name: str) -> RunFacts:
    info = source.run.info
    lineage = lineage_of(source.folder)
    answers = source.folder.predictions()
    try:
        corpus: Dataset | Absent = source.dataset
    except DataError:
        corpus = Absent(f"Its {NAMES_GONE}.")
    return RunFacts(
        name=name,
        run=source.run,
        structure=describe(info.config.model, len(info.dataset.categories)),
        lineage=lineage,
        gap=gap(source.folder, source.run.status),
        history=_history(source, lineage, corpus),
        scores=dict(source.run.status.scores),
        answers=answers,
        matrices=_matrices(source, answers),
        gradients=_gradients(source, corpus),
        spellings=corpus if isinstance(corpus, Absent) else corpus.spellings(),
    )


def _history(source: Source, lineage: Lineage, corpus: Dataset | Absent) -> History:
    protocol = source.run.info.config.training.protocol
    history = History.of(
        lineage.steps,
        lineage.epochs,
        protocol=protocol,
        held_out=part_words(protocol, "validation"),
        baselines=() if isinstance(corpus, Absent) else _baselines(source, corpus),
    )
    branch_points = tuple(
        (branch_point.step, f"continued from epoch {branch_point.epoch}")
        for branch_point in lineage.branch_points
    )
    return replace(history, branch_points=branch_points)


def _baselines(source: Source, corpus: Dataset) -> tuple[tuple[str, float], ...]:
    """Those that were computed once, on validation names; none are computed here."""
    training = source.run.info.config.training
    known = local_baselines().known(corpus, training.protocol, training.split_draw)
    lines = [
        (words, known.scores[kind].accuracy["validation"])
        for kind, words in BASELINE_LINES.items()
        if kind in known.scores
    ]
    if "validation" in known.ceiling:
        lines.append(("label ceiling", known.ceiling["validation"]))
    return tuple(lines)


def _matrices(source: Source, answers: dict[Part, PredictedNames]) -> dict[Part, ConfusionMatrix]:
    info, best = source.run.info, source.run.status.best_epoch
    protocol, categories = info.config.training.protocol, info.dataset.categories
    counts = {part: confusion(given, categories) for part, given in answers.items()}
    if not counts:
        for epoch in source.folder.metrics()[1]:
            if epoch.epoch == best and len(epoch.validation_confusion) == len(categories):
                counts["validation"] = np.array(epoch.validation_confusion, dtype=np.int64)
    shown = tuple(said(category) for category in categories)
    return {
        part: ConfusionMatrix(counted, shown, part, protocol) for part, counted in counts.items()
    }


def _gradients(source: Source, corpus: Dataset | Absent) -> Gradients | Absent:
    if isinstance(corpus, Absent):
        return corpus
    try:
        part = source.split.validation
        model = source.model
        indices = sample(model, part)
        before = load_network(source.folder, BEFORE_TRAINING).model
        return Gradients(
            before=gradient_norms(before, corpus, indices),
            after=gradient_norms(model, corpus, indices),
            names=len(indices),
            available=len(part),
            mean_length=float(corpus.lengths.mean()),
            most_length=int(corpus.lengths.max()),
        )
    except NamerecError as error:
        return Absent(str(error))


def _contrast(a: RunFacts, b: RunFacts) -> Contrast | Absent:
    for facts in (a, b):
        if "test" not in facts.answers:
            return Absent(f"{facts.name} is not finished, so it has no predictions for test names.")
    if a.asked != b.asked:
        return Absent("They were not tested on the same names.")
    if isinstance(a.spellings, Absent):
        return Absent(f"Their {NAMES_GONE}.")
    try:
        return contrast(
            a.answers["test"], a.asked, b.answers["test"], b.asked, spellings=a.spellings
        )
    except NamerecError as error:
        return Absent(str(error))
