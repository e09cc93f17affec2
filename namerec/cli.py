"""The lab without a screen: `python -m namerec train|evaluate|predict|runs|data`.

Exit codes: 0 done; 1 it could not be done, and a sentence on standard error says why; 2 the command
line itself is wrong; 130 interrupted from the keyboard. With `--json` the last line of standard
output is one JSON object; progress goes to standard error.
"""

from __future__ import annotations

import functools
import io
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from namerec.core.alphabet import normalise
from namerec.core.config import (
    MODEL_KINDS,
    PRESETS,
    PROTOCOLS,
    Protocol,
    RunConfig,
    preset,
    with_settings,
)
from namerec.core.results import PARTS, EpochRecord, Part, Scores, StepRecord
from namerec.errors import ConfigError, DataError, NameInputError, NamerecError

_Command = TypeVar("_Command", bound=Callable[..., Any])
_INTERRUPTED = 130

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Make the last line one JSON object."
)


def main() -> None:
    """Runs the command line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the terminal's or the file's encoding does not have is written all the same.
        sys.stdout.reconfigure(errors="backslashreplace")
    cli(prog_name="namerec")


def _sentences_for_errors(command: _Command) -> _Command:
    """Turns an error of ours into its sentence and exit code 1, and Ctrl-C into 130."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except NamerecError as error:
            raise click.ClickException(str(error)) from None
        except KeyboardInterrupt:
            click.echo("\nInterrupted.", err=True)
            sys.exit(_INTERRUPTED)

    return wrapped  # type: ignore[return-value]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Name Recognition Lab: train recurrent networks on surnames, and ask them."""


@cli.command()
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
@_sentences_for_errors
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
    from namerec.jobs.executors import LocalExecutor
    from namerec.runs.store import RunStore

    store = RunStore()
    if resume is not None:
        _refuse_other_settings()
        folder = store.open(store.resumable(resume).id)
    else:
        config = preset(preset_name, model, seed=seed, dataset=dataset)
        chosen = _assigned(assignments)
        if protocol is not None:
            chosen = {"protocol": protocol, **chosen}
        config = with_settings(config, chosen)
        folder = store.create(config, catalogue.load(config.training.dataset))
    click.echo(f"run {folder.id}", err=True)
    stream = LocalExecutor(catalogue.load).stream(folder)
    try:
        _follow(stream, folder.info().config)
    except KeyboardInterrupt:
        stream.close()
        click.echo(f"\nStopped. Go on with: python -m namerec train --resume {folder.id}", err=True)
        sys.exit(_INTERRUPTED)
    info, status = folder.info(), folder.status()
    scored = status.scores["test"]
    scores = Scores(**scored.model_dump())
    click.echo(_scores_line(scores))
    if as_json:
        _print_json(
            {
                "run": folder.id,
                "model": info.config.model.kind,
                "preset": info.config.preset,
                "dataset": info.config.training.dataset,
                "split": info.config.training.protocol,
                **_score_values(scores),
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


@cli.command()
@click.option("--run", "run_id", metavar="RUN", help="Default: the best run there is.")
@click.option("--part", type=click.Choice(PARTS), default="test", show_default=True)
@click.option("--dataset", metavar="PATH", help="Other names than those it was trained on.")
@json_option
@_sentences_for_errors
def evaluate(run_id: str | None, part: Part, dataset: str | None, as_json: bool) -> None:
    """Score a run's network on a part of its split, or on other names."""
    import numpy as np

    from namerec.core.evaluation import predict_names, score
    from namerec.core.splits import make_split
    from namerec.data import catalogue

    network = _network(run_id)
    training = network.info.config.training
    reference = dataset or training.dataset
    own = catalogue.load(training.dataset)
    if own.fingerprint != network.info.dataset.fingerprint:
        raise DataError(
            f"The names in “{training.dataset}” are not those this run was trained on, so its "
            "training names cannot be told from others. Put the old files back, or train again."
        )
    names = own if dataset is None else catalogue.load(dataset)
    names = names.with_categories(network.categories)
    # Of other names nothing was trained on by design: they are split without a leak.
    protocol: Protocol = training.protocol if dataset is None else "leak-free"
    split = make_split(names, protocol, training.seed)
    scores = score(predict_names(network.model, names, split.part(part)), split, part)
    click.echo(_scores_line(scores))
    result = {
        "run": network.info.id,
        "model": network.info.config.model.kind,
        "dataset": reference,
        "split": protocol,
        **_score_values(scores),
    }
    if dataset is not None:
        trained_on = own.keys()[make_split(own, training.protocol, training.seed).train]
        known = {key.rstrip(b"\0") for key in trained_on.tolist()}
        asked = [key.rstrip(b"\0") for key in names.keys()[split.part(part)].tolist()]
        seen = int(np.sum([key in known for key in asked]))
        click.echo(f"{seen:,} of these {len(asked):,} names were among its training names.")
        result["seen_in_training"] = seen
    if as_json:
        _print_json(result)


@cli.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--run", "run_id", metavar="RUN", help="Default: the best run there is.")
@click.option("--top", type=click.IntRange(1, 200), default=3, show_default=True)
@json_option
@_sentences_for_errors
def predict(names: tuple[str, ...], run_id: str | None, top: int, as_json: bool) -> None:
    """Say which languages names are probably from; names from standard input if none are given."""
    from namerec.core.prediction import predict as rank

    # An argument that is not UTF-8 arrives with surrogates in it, which cannot be written again.
    given: Iterable[str] = (name.encode(errors="replace").decode() for name in names)
    if not names:
        if sys.stdin is None or sys.stdin.isatty():
            raise NameInputError(
                "No names were given. Write them behind the command, or give one a line on "
                "standard input."
            )
        text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="replace")
        given = (line.rstrip("\r\n") for line in text)
    network = _network(run_id)
    normalised = [normalise(name) for name in given]
    ranked = iter(
        list(rank(network.model, network.categories, [name for name in normalised if name.letters]))
    )
    rows = []
    for name in normalised:
        best = next(ranked).top(top) if name.letters else ()
        rows.append(
            {
                "name": name.original,
                "normalised": name.letters,
                "top": [[category, round(probability, 6)] for category, probability in best],
            }
        )
        answer = ", ".join(f"{category} {100 * share:.1f} %" for category, share in best)
        click.echo(f"{name.original}: {answer or 'nothing in it can be read'}")
    if as_json:
        _print_json({"run": network.info.id, "predictions": rows})


@cli.group()
def runs() -> None:
    """Look at stored runs."""


@runs.command("list")
@json_option
@_sentences_for_errors
def list_runs(as_json: bool) -> None:
    """List all runs, newest first."""
    from namerec.runs.store import RunStore, RunSummary

    rows: list[dict[str, Any]] = []
    for run in RunStore().entries():
        if not isinstance(run, RunSummary):
            click.echo(f"{run.id}: damaged: {run.reason}", err=True)
            rows.append({"run": run.id, "state": "damaged", "reason": run.reason})
            continue
        config, test = run.info.config, run.status.scores.get("test")
        measured = "not scored"
        if test:
            names = "training names" if test.protocol == "report" else "test"
            measured = f"{100 * test.accuracy:.1f} % on {names}"
        click.echo(
            f"{run.id}  {run.state}  {config.model.kind}  {config.preset}  "
            f"{config.training.dataset}  {config.training.protocol}  {measured}"
        )
        rows.append(
            {
                "run": run.id,
                "state": run.state,
                "model": config.model.kind,
                "preset": config.preset,
                "dataset": config.training.dataset,
                "split": config.training.protocol,
                "accuracy": test.accuracy if test else None,
                "pretrained": run.pretrained,
            }
        )
    if as_json:
        _print_json({"runs": rows})


@runs.command("copy")
@click.argument("run_id", metavar="RUN")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@_sentences_for_errors
def copy_run(run_id: str, folder: Path) -> None:
    """Copy a finished run into FOLDER, without what only going on with it needs.

    The pretrained runs in assets/pretrained were made so.
    """
    from namerec.runs.store import RunStore

    target = RunStore().copy_finished(run_id, folder)
    click.echo(f"Run {run_id} is now in {target}.")


@cli.command()
@click.option("--quick", is_flag=True, help="Fewer rounds, no growth: under 45 seconds.")
@click.option("--threads", type=click.IntRange(1, 64), help="PyTorch's threads; default: as set.")
@json_option
@_sentences_for_errors
def bench(quick: bool, threads: int | None, as_json: bool) -> None:
    """Time the networks' training steps against each other, in turns, in one run."""
    from dataclasses import asdict

    import torch

    from namerec.bench.report import run
    from namerec.data import catalogue
    from namerec.runs.machine import thread_count

    torch.set_num_threads(threads or thread_count())
    report = run(
        catalogue.load("bundled"), quick=quick, say=lambda line: click.echo(f"  {line}", err=True)
    )
    click.echo(
        f"{'contestant':<17}{'batch':>6}{'layers':>7}{'hidden':>7}{'threads':>8}"
        f"{'names/s':>10}  quartiles"
    )
    for row in report.rows:
        low, high = row["quartiles"]
        click.echo(
            f"{row['contestant']:<17}{row['batch']:>6}{row['layers']:>7}{row['hidden']:>7}"
            f"{row['threads']:>8}{row['names_per_second']:>10,.0f}  {low:,.0f} to {high:,.0f}"
            f"{'  (' + row['note'] + ')' if row['note'] else ''}"
        )
    for name, ratio in report.ratios.items():
        click.echo(f"{name}: {ratio:.2f}")
    for name, value in report.times.items():
        click.echo(f"{name}: {value:,.4g}")
    if as_json:
        _print_json(asdict(report))


@cli.group()
def data() -> None:
    """Look at corpora, and fetch the tutorial's."""


@data.command("list")
@json_option
@_sentences_for_errors
def list_data(as_json: bool) -> None:
    """List the corpora that have a short name."""
    from namerec.data import catalogue

    rows = []
    for corpus in catalogue.available():
        state = "here" if corpus.installed else "not here yet"
        click.echo(f"{corpus.reference}: {corpus.description} ({state}: {corpus.where})")
        rows.append(
            {
                "dataset": corpus.reference,
                "title": corpus.title,
                "installed": corpus.installed,
                "where": corpus.where,
            }
        )
    if as_json:
        _print_json({"datasets": rows})


@data.command()
@json_option
@_sentences_for_errors
def download(as_json: bool) -> None:
    """Fetch the tutorial corpus (18 files, 200 kB) and check every file."""
    from namerec.data import tutorial

    def progress(done: int, files: int) -> None:
        click.echo(f"\r{done} of {files} files", nl=done == files, err=True)

    folder = tutorial.fetch(progress)
    click.echo(f"The tutorial corpus is in {folder}.")
    if as_json:
        _print_json({"dataset": "tutorial", "where": str(folder)})


def _network(run_id: str | None) -> Any:
    from namerec.errors import RunError
    from namerec.runs.networks import load_network
    from namerec.runs.store import RunStore

    store = RunStore()
    if run_id is None:
        trained = store.trained()
        if not trained:
            raise RunError("There is no trained run yet. Train one: python -m namerec train")
        run_id = trained[0].id
    return load_network(store.open(run_id))


def _score_values(scores: Scores) -> dict[str, Any]:
    return {
        "part": scores.part,
        "names": scores.names,
        "accuracy": round(scores.accuracy, 6),
        "macro_recall": round(scores.macro_recall, 6),
        "macro_f1": round(scores.macro_f1, 6),
        "top3": round(scores.top3, 6),
    }


def _scores_line(scores: Scores) -> str:
    if scores.protocol == "report":
        measured = f"{scores.names:,} training names drawn uniformly over categories"
    else:
        measured = f"{scores.names:,} {scores.part} names, {scores.protocol} split"
    return (
        f"accuracy {100 * scores.accuracy:.2f} %, macro recall {100 * scores.macro_recall:.2f} %, "
        f"macro F1 {100 * scores.macro_f1:.2f} %, top 3 {100 * scores.top3:.2f} % "
        f"(measured on {measured})"
    )


def _print_json(values: dict[str, Any]) -> None:
    click.echo(json.dumps(values))  # in ASCII, which every encoding has
