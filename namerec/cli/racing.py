"""`race`: networks trained in turn with one set of settings, and a verdict."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from namerec.cli.common import (
    INTERRUPTED,
    EarlierChoice,
    json_option,
    print_json,
    score_values,
    sentences_for_errors,
)
from namerec.core.corpus.protocols import PROTOCOLS
from namerec.core.networks.kinds import MODEL_KINDS, ModelKind
from namerec.core.training.config import PRESETS
from namerec.core.training.presets import PRESET_TABLE
from namerec.errors import ConfigError, RunError, TrainingError

if TYPE_CHECKING:
    from namerec.core.tasks.verdict import Entrant
    from namerec.jobs.manager import JobManager
    from namerec.runs.summary import RunSummary

#: Seconds between two looks at the race.
_LOOK = 0.2


@click.command()
@click.option(
    "--model", "networks", type=click.Choice(MODEL_KINDS), multiple=True,
    default=MODEL_KINDS, help="Which take part; repeat for two or more. Default: all.",
)  # fmt: skip
@click.option(
    "--preset", "preset_name", type=EarlierChoice(PRESETS), default="fast", show_default=True,
    help="The preset for all networks; settings that it has for only one network are left out.",
)  # fmt: skip
@click.option(
    "--dataset", default="bundled", show_default=True, metavar="bundled|tutorial|PATH",
    help="A corpus by name, or a folder of text files, or a CSV or TSV file.",
)  # fmt: skip
@click.option("--split", "protocol", type=EarlierChoice(PROTOCOLS), help="Default: the preset's.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--epochs", type=click.IntRange(1, 1000), help="Default: the preset's.")
@click.option(
    "--rnn", "nonlinearity", type=click.Choice(("none", "tanh")),
    help="The nonlinearity in the RNN's recurrence. Default: the preset's.",
)  # fmt: skip
@json_option
@sentences_for_errors
def race(
    networks: tuple[ModelKind, ...],
    preset_name: Any,
    dataset: str,
    protocol: str | None,
    seed: int,
    epochs: int | None,
    nonlinearity: Any,
    as_json: bool,
) -> None:
    """Train several networks with one set of settings, and compare them.

    They train in turns, so that at any moment all have trained for the same number of seconds.
    Each network gets the same numbers and seconds as when it trains alone. Every run is stored.
    """
    from namerec.core.tasks.race import left_out, race_configs
    from namerec.core.tasks.verdict_words import verdict_sentences
    from namerec.data import catalogue
    from namerec.jobs.executors import LocalExecutor
    from namerec.jobs.manager import JobManager
    from namerec.jobs.race import entrants, judged, races
    from namerec.runs.store import RunStore

    shared: dict[str, Any] = {"dataset": dataset, "seed": seed}
    if protocol is not None:
        shared["protocol"] = protocol
    if epochs is not None:
        if "steps" in PRESET_TABLE[preset_name]["training"]:
            raise ConfigError(
                f"The preset {preset_name} is counted in steps, so --epochs cannot be given with "
                "it. Leave --epochs out, or choose another preset."
            )
        shared["epochs"] = epochs
    configs = race_configs(preset_name, nonlinearity, networks, **shared)
    names = catalogue.load(dataset)
    if words := left_out(preset_name, networks):
        click.echo(words, err=True)
    manager = JobManager(RunStore(), LocalExecutor(catalogue.load))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stored and ended as by Ctrl-C
    try:
        try:
            identity = manager.start_race(configs, names)
            runs = races(manager.store.summaries())[identity]
            for run in runs:
                click.echo(f"run {run.id}", err=True)
            _follow(manager, runs)
        finally:
            manager.shutdown()
    except KeyboardInterrupt:
        click.echo(
            "\nStopped. Resume each run with: python -m namerec train --resume RUN", err=True
        )
        sys.exit(INTERRUPTED)
    entered = entrants(manager.store, [(run, manager.look(run.id)) for run in runs])
    verdict = judged(entered, runs[0].info, names.spellings())
    said = verdict_sentences(verdict)
    if not verdict.ranking:
        raise TrainingError(" ".join(said))
    for run, entrant in zip(runs, entered, strict=True):
        click.echo(_line(run.id, entrant))
    for sentence in said:
        click.echo(sentence)
    if as_json:
        values = [_values(run, entrant) for run, entrant in zip(runs, entered, strict=True)]
        print_json({"race": identity, "networks": values, "verdict": said})


def _follow(manager: JobManager, runs: list[RunSummary]) -> None:
    """Shows a progress bar over all steps until all have ended."""
    done = 0
    with click.progressbar(length=1000, label="race", file=sys.stderr) as bar:
        while True:
            snapshots = [manager.look(run.id) for run in runs]
            held = [job.message for job in snapshots if job.state == "paused" and job.message]
            if held:
                raise RunError(held[0])
            shares = [1.0 if job.ended else job.progress for job in snapshots]
            now = round(1000 * sum(shares) / len(shares))
            bar.update(now - done)
            done = now
            if all(job.ended for job in snapshots):
                return
            time.sleep(_LOOK)


def _line(run_id: str, entrant: Entrant) -> str:
    if entrant.test is None:
        return f"{entrant.title:<16} {entrant.state} (run {run_id})"
    return (
        f"{entrant.title:<16} accuracy {100 * entrant.test.accuracy:.2f} %, macro recall "
        f"{100 * entrant.test.macro_recall:.2f} %, {entrant.seconds:.1f} s, "
        f"{entrant.names_per_second:,.0f} names/s, {entrant.parameters:,} parameters "
        f"(run {run_id})"
    )


def _values(run: RunSummary, entrant: Entrant) -> dict[str, Any]:
    scores = score_values(entrant.test) if entrant.test is not None else {}
    return {
        "run": run.id,
        "model": run.info.config.model.kind,
        "state": entrant.state,
        **scores,
        "seconds": round(entrant.seconds, 3),
        "parameters": entrant.parameters,
        "names_per_second": round(entrant.names_per_second, 1),
    }
