"""`train`: a network is trained, or a run gone on with, and the run stored."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterable
from typing import Any

import click
from click.core import ParameterSource

from namerec.cli.common import (
    INTERRUPTED,
    json_option,
    print_json,
    score_values,
    scores_line,
    sentences_for_errors,
)
from namerec.core.config import MODEL_KINDS, PRESETS, PROTOCOLS, RunConfig, preset, with_settings
from namerec.core.results import EpochRecord, Scores, StepRecord
from namerec.errors import ConfigError, RunError


@click.command()
@click.option("--model", type=click.Choice(MODEL_KINDS), default="custom_lstm", show_default=True)
@click.option(
    "--preset", "preset_name", type=click.Choice(PRESETS), default="fast", show_default=True
)
@click.option(
    "--dataset",
    default="bundled",
    show_default=True,
    metavar="bundled|tutorial|PATH",
    help="A corpus by name, or a folder of text files, or a CSV or TSV file.",
)
@click.option("--split", "protocol", type=click.Choice(PROTOCOLS), help="Default: the preset's.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Any other setting; repeat."
)
@click.option("--resume", metavar="RUN", help="Go on with a stopped or interrupted run instead.")
@json_option
@sentences_for_errors
def train(
    model: Any,
    preset_name: Any,
    dataset: str,
    protocol: str | None,
    seed: int,
    assignments: tuple[str, ...],
    resume: str | None,
    as_json: bool,
) -> None:
    """Train a network and store the run."""
    from namerec.data import catalogue
    from namerec.disk import home
    from namerec.jobs.executors import LocalExecutor
    from namerec.jobs.limits import check_disk, check_memory, check_network, still_to_store
    from namerec.jobs.memory import stored
    from namerec.runs.store import RunStore
    from namerec.settings import settings

    store = RunStore()
    if resume is not None:
        _refuse_other_settings()
        run = store.resumable(resume).info
        folder = store.open(resume)
        size = stored(run.config, run.dataset.names, len(run.dataset.categories))
        check_disk(home(), settings(), still_to_store(size, folder.path))
    else:
        config = preset(preset_name, model, seed=seed, dataset=dataset)
        chosen = _assigned(assignments)
        if protocol is not None:
            chosen = {"protocol": protocol, **chosen}
        config = with_settings(config, chosen)
        names = catalogue.load(config.training.dataset)
        categories = len(names.categories)
        check_network(config, categories, settings())
        check_memory(config, names, settings())
        check_disk(home(), settings(), stored(config, len(names), categories))
        folder = store.create(config, names)
    click.echo(f"run {folder.id}", err=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stored and ended as by Ctrl-C
    try:
        with contextlib.closing(LocalExecutor(catalogue.load).stream(folder)) as stream:
            _follow(stream, folder.info().config)
    except KeyboardInterrupt:
        click.echo(f"\nStopped. Go on with: python -m namerec train --resume {folder.id}", err=True)
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


def _refuse_other_settings() -> None:
    """A run goes on with its own settings, so that others beside `--resume` are a mistake."""
    context = click.get_current_context()
    for option in context.command.params:
        name = option.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in ("resume", "as_json"):
            raise click.UsageError(
                f"{option.opts[0]} cannot be given with --resume: a run goes on with the settings "
                "it was begun with."
            )


def _assigned(assignments: Iterable[str]) -> dict[str, str]:
    result = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip():
            raise ConfigError(f"“{assignment}” is not NAME=VALUE, for example hidden_size=64.")
        result[name.strip()] = value.strip()
    return result


def _follow(stream: Iterable[object], config: RunConfig) -> None:
    """Shows a progress bar for a stream of records until it ends."""
    from namerec.core.training import Plan
    from namerec.jobs.executors import Held

    bar: Any = None
    done = 0
    part = "training names" if config.training.protocol == "report" else "validation"
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
