"""`train`: a network is trained, or a run gone on with, and the run stored."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from namerec.cli.common import (
    INTERRUPTED,
    EarlierChoice,
    json_option,
    print_json,
    score_values,
    scores_line,
    sentences_for_errors,
)
from namerec.core.corpus.protocols import PROTOCOLS, part_name
from namerec.core.evaluation.results import Scores
from namerec.core.networks.kinds import MODEL_KINDS, USUAL_NETWORK
from namerec.core.training.config import PRESETS, RunConfig
from namerec.core.training.presets import assigned, preset, with_settings
from namerec.core.training.records import EpochRecord, StepRecord
from namerec.errors import RunError

if TYPE_CHECKING:
    from namerec.core.corpus.dataset import Dataset
    from namerec.runs.folder import RunFolder
    from namerec.runs.lineage import Point
    from namerec.runs.store import RunStore

#: Options that may stand beside `--resume` and `--from`, by their parameters.
_WITH_RESUME = frozenset({"resume", "distributed", "as_json"})
_WITH_FROM = frozenset({"branch_of", "point", "seed", "assignments", "distributed", "as_json"})


@click.command()
@click.option("--model", type=click.Choice(MODEL_KINDS), default=USUAL_NETWORK, show_default=True)
@click.option(
    "--preset", "preset_name", type=EarlierChoice(PRESETS), default="fast", show_default=True
)
@click.option(
    "--dataset",
    default="bundled",
    show_default=True,
    metavar="bundled|tutorial|PATH",
    help="A corpus by name, or a folder of text files, or a CSV or TSV file.",
)
@click.option("--split", "protocol", type=EarlierChoice(PROTOCOLS), help="Default: the preset's.")
@click.option(
    "--seed", type=click.IntRange(0), help="Default: 0, or with --from the seed of that run."
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any other setting; repeat the option for several.",
)
@click.option("--resume", metavar="RUN", help="Resume a stopped or interrupted run instead.")
@click.option(
    "--from",
    "branch_of",
    metavar="RUN",
    help="Start a new run with the weights, the settings and the split of another run.",
)
@click.option(
    "--at",
    "point",
    type=click.Choice(["best", "last"]),
    default="best",
    show_default=True,
    help="With --from: start from that run's best epoch, or from the last one stored.",
)
@click.option(
    "--distributed",
    is_flag=True,
    help="Train in all processes that torchrun starts with this one; see docs/cluster.md.",
)
@json_option
@sentences_for_errors
def train(
    model: Any,
    preset_name: Any,
    dataset: str,
    protocol: str | None,
    seed: int | None,
    assignments: tuple[str, ...],
    resume: str | None,
    branch_of: str | None,
    point: Point,
    distributed: bool,
    as_json: bool,
) -> None:
    """Train a network and store the run."""
    from namerec.data import catalogue
    from namerec.jobs.executors import LocalExecutor
    from namerec.jobs.limits import check_disk, still_to_store
    from namerec.jobs.memory import stored
    from namerec.runs.lineage import gap
    from namerec.runs.store import RunStore
    from namerec.settings import home, settings

    store, peers, again = RunStore(), None, None
    if distributed:
        from namerec.jobs.distributed import Lead, follow, joined, note_run, noted_run

        peers = click.get_current_context().with_resource(joined())
        if peers.rank > 0:
            follow(peers, catalogue.load)
            return
        again = noted_run()
    processes = peers.world if peers else 1
    if again is not None:
        folder = store.open(again)
    elif resume is not None:
        _refuse_beside("--resume", _WITH_RESUME, "continues with the settings it was started with")
        summary, folder = store.resumable(resume), store.open(resume)
        run = summary.info
        if missing := gap(folder, summary.status):
            click.echo(missing.words, err=True)
        size = stored(run.config, run.dataset.names, len(run.dataset.categories))
        check_disk(home(), settings(), still_to_store(size, folder.path))
    elif branch_of is not None:
        _refuse_beside(
            "--from",
            _WITH_FROM,
            "has the network, the names and the split of the run it continues from",
        )
        chosen = assigned(assignments)
        if seed is not None:
            chosen = {"seed": str(seed), **chosen}
        folder = _branch(store, store.open(branch_of), point, chosen, processes)
    else:
        if _given("point"):
            raise click.UsageError(
                "--at chooses the epoch of another run to start from, so it needs --from RUN."
            )
        config = preset(preset_name, model, seed=seed or 0, dataset=dataset)
        chosen = assigned(assignments)
        if protocol is not None:
            chosen = {"protocol": protocol, **chosen}
        config = with_settings(config, chosen)
        names = catalogue.load(config.training.dataset, _say_encoded)
        _ensure_room(config, names)
        folder = store.create(config, names, processes=processes)
    executor = LocalExecutor(catalogue.load)
    if peers:
        note_run(folder.id)
        if processes > 1:
            executor = LocalExecutor(catalogue.load, Lead(peers), processes=processes)
    click.echo(f"run {folder.id}", err=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stored and ended as by Ctrl-C
    try:
        with contextlib.closing(executor.stream(folder)) as stream:
            _follow(stream, folder.info().config)
    except KeyboardInterrupt:
        click.echo(
            f"\nStopped. Resume with: python -m namerec train --resume {folder.id}", err=True
        )
        sys.exit(INTERRUPTED)
    info, status = folder.info(), folder.status()
    scored = status.scores["test"]
    scores = Scores(**scored.model_dump())
    click.echo(scores_line(scores))
    if as_json:
        print_json(
            {
                "run": folder.id,
                "model": info.config.model.kind,
                "preset": info.config.preset,
                "dataset": info.config.training.dataset,
                "split": info.config.training.protocol,
                **score_values(scores),
                "seconds": round(status.seconds, 3),
                "parameters": info.parameters,
                "names_per_second": round(status.names_per_second, 1),
            }
        )


def _branch(
    store: RunStore, source: RunFolder, point: Point, chosen: dict[str, str], processes: int
) -> RunFolder:
    """A new run with the settings of another one, and what is chosen on top of them."""
    from namerec.data import catalogue
    from namerec.jobs.corpora import corpus_of
    from namerec.runs.lineage import branch_from, branch_settings

    info, load = source.info(), cache(catalogue.load)
    if "dataset" not in chosen:  # the names may be elsewhere by now
        chosen = {"dataset": corpus_of(info, load), **chosen}
    config = with_settings(branch_settings(info.config), chosen)
    names = load(config.training.dataset)
    origin = branch_from(source, point, config, names.fingerprint)
    _ensure_room(config, names)
    return store.create(config, names, origin, processes=processes)


def _say_encoded(lines: int) -> None:
    click.echo(f"\r{lines:,} names encoded", nl=False, err=True)


def _ensure_room(config: RunConfig, names: Dataset) -> None:
    """Refuses a new run that this computer's limits have no room for."""
    from namerec.jobs.limits import check_start
    from namerec.settings import home, settings

    check_start([config], names, home=home(), settings=settings())


def _given(name: str) -> bool:
    """Whether an option stands on the command line."""
    source = click.get_current_context().get_parameter_source(name)
    return source is ParameterSource.COMMANDLINE


def _refuse_beside(option: str, allowed: frozenset[str], words: str) -> None:
    """Options that the run which goes on decides itself are a mistake beside `option`."""
    for other in click.get_current_context().command.params:
        if _given(other.name or "") and other.name not in allowed:
            raise click.UsageError(
                f"{other.opts[0]} cannot be given with {option}: the run {words}."
            )


def _follow(stream: Iterable[object], config: RunConfig) -> None:
    """Shows a progress bar for a stream of records until it ends."""
    from namerec.core.training.loop import Plan
    from namerec.jobs.executors import Held

    bar: Any = None
    done = 0
    part = part_name(config.training.protocol, "validation")
    try:
        for record in stream:
            if isinstance(record, Plan):
                bar = click.progressbar(
                    length=record.steps, label=config.model.kind, file=sys.stderr, show_pos=True
                )
                bar.__enter__()
            elif isinstance(record, Held):
                raise RunError(record.message)
            elif isinstance(record, StepRecord) and bar is not None:
                bar.update(record.step - done)
                done = record.step
            elif isinstance(record, EpochRecord) and bar is not None:
                bar.label = (
                    f"{config.model.kind}, {part} accuracy {100 * record.validation_accuracy:.1f} %"
                )
    finally:
        if bar is not None:
            bar.render_finish()
