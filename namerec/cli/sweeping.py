"""`sweep`: a search over settings, each trial of which is a run; to be stopped and resumed."""

from __future__ import annotations

import re
import signal
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import click

from namerec.cli.common import (
    INTERRUPTED,
    EarlierChoice,
    json_option,
    print_json,
    sentences_for_errors,
)
from namerec.core.corpus.protocols import PROTOCOLS
from namerec.core.networks.kinds import MODEL_KINDS, USUAL_NETWORK
from namerec.core.tasks.sweep import (
    MOST_SEEDS,
    MOST_TRIALS,
    Choices,
    Pruning,
    Range,
    SweepPlan,
    parsed_choices,
    parsed_range,
)
from namerec.core.training.config import PRESETS
from namerec.core.training.presets import assigned, preset, with_settings
from namerec.errors import ConfigError, TrainingError

if TYPE_CHECKING:
    from namerec.cluster.folder import SweepFolder
    from namerec.cluster.outcome import Outcome, OverSeeds

_UNITS = {"s": 1, "m": 60, "h": 3600, "": 1}


class _Duration(click.ParamType[float]):
    """A span of time such as 90s, 20m or 1.5h, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """See the base class."""
        found = re.fullmatch(r"(\d{1,7}(?:\.\d{1,3})?)([smh]?)", str(value).strip())
        seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
        if not seconds:
            self.fail(f"“{value}” is no span of time. Give it as 90s, 20m or 1.5h.", param, ctx)
        return seconds


@click.group(invoke_without_command=True)
@click.option("--model", type=click.Choice(MODEL_KINDS), default=USUAL_NETWORK, show_default=True)
@click.option(
    "--preset", "preset_name", type=EarlierChoice(PRESETS), default="fast", show_default=True,
    help="The settings of what is not searched.",
)  # fmt: skip
@click.option(
    "--dataset", default="bundled", show_default=True, metavar="bundled|tutorial|PATH",
    help="A corpus by name, or a folder of text files, or a CSV or TSV file.",
)  # fmt: skip
@click.option("--split", "protocol", type=EarlierChoice(PROTOCOLS), help="Default: the preset's.")
@click.option(
    "--set", "assignments", multiple=True, metavar="NAME=VALUE",
    help="Any other setting that all trials have; repeat for several.",
)  # fmt: skip
@click.option(
    "--set-range", "ranges", multiple=True, metavar="NAME=LOW..HIGH[:log]",
    help="A setting to search between two numbers; repeat for several.",
)  # fmt: skip
@click.option(
    "--choice", "choices", multiple=True, metavar="NAME=VALUE,VALUE",
    help="A setting to search among values; repeat for several.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The first.")
@click.option(
    "--seeds", type=click.IntRange(1, MOST_SEEDS), default=1, show_default=True,
    help="Runs of each trial, one a seed; their mean counts.",
)  # fmt: skip
@click.option("--trials", type=click.IntRange(1, MOST_TRIALS), default=40, show_default=True)
@click.option(
    "--prune", type=click.Choice(get_args(Pruning)), default="median", show_default=True,
    help="How trials that do badly are ended early.",
)  # fmt: skip
@click.option("--budget", type=_Duration(), help="Most time it may take, such as 20m.")
@click.option("--name", default="", help="What it is called. Default: the time and the network.")
@json_option
@click.pass_context
@sentences_for_errors
def sweep(
    context: click.Context,
    model: Any,
    preset_name: Any,
    dataset: str,
    protocol: str | None,
    assignments: tuple[str, ...],
    ranges: tuple[str, ...],
    choices: tuple[str, ...],
    seed: int,
    seeds: int,
    trials: int,
    prune: Any,
    budget: float | None,
    name: str,
    as_json: bool,
) -> None:
    """Search for good settings: many trainings, judged on validation names.

    Each trial is a run, or one a seed. Test names are asked when the search has ended, and
    of the best trial alone. `sweep resume NAME` carries on what was stopped or killed.
    """
    from namerec.cluster.installed import ensure_installed

    ensure_installed()
    if context.invoked_subcommand is not None:
        return
    chosen = assigned(assignments)
    if protocol is not None:
        chosen = {"protocol": protocol, **chosen}
    base = with_settings(preset(preset_name, model, seed=seed, dataset=dataset), chosen)
    pairs: list[tuple[str, Range | Choices]] = [parsed_range(base, given) for given in ranges]
    pairs += [parsed_choices(base, given) for given in choices]
    space: dict[str, Range | Choices] = {}
    for setting, searched in pairs:
        if setting in space or setting in chosen:
            raise ConfigError(f"{setting} is given twice. Fix it, or search it once.")
        space[setting] = searched
    plan = SweepPlan.checked(
        base, space, seeds=seeds, trials=trials, prune=prune, budget=budget or 0.0
    )
    from namerec.cluster.folder import create_sweep
    from namerec.data import catalogue
    from namerec.jobs.limits import check_start
    from namerec.settings import home, settings

    names = catalogue.load(base.training.dataset)
    check_start(plan.configs({}), names, home=home(), settings=settings())
    _carry_on(create_sweep(plan, name), as_json)


@sweep.command()
@click.argument("name")
@click.option("--trials", type=click.IntRange(1, MOST_TRIALS), help="Trials in all.")
@click.option("--budget", type=_Duration(), help="Most time in all, such as 40m.")
@json_option
@sentences_for_errors
def resume(name: str, trials: int | None, budget: float | None, as_json: bool) -> None:
    """Carry on a sweep that was stopped or killed, or give it more trials or time."""
    from namerec.cluster.folder import open_sweep

    folder = open_sweep(name)
    more = {"trials": trials, "budget": budget}
    changes = {field: value for field, value in more.items() if value is not None}
    if changes:
        with folder.hold():
            folder.write_plan(folder.plan().model_copy(update=changes))
    _carry_on(folder, as_json)


@sweep.command("list")
@json_option
@sentences_for_errors
def list_sweeps(as_json: bool) -> None:
    """List all sweeps, the newest first."""
    from namerec.cluster.folder import all_sweeps
    from namerec.cluster.outcome import outcome
    from namerec.runs.store import RunStore

    store = RunStore()
    found = [outcome(folder, store) for folder in all_sweeps()]
    for one in found:
        best = "" if one.winner is None else f", best {100 * one.winner.validation.mean:.2f} %"
        click.echo(f"{one.name}  {one.state}, {len(one.trials)} of {one.plan.trials} trials{best}")
    if as_json:
        print_json({"sweeps": [_values(one) for one in found]})


def _carry_on(folder: SweepFolder, as_json: bool) -> None:
    """Carries a sweep on in this process, and says what it has come to."""
    from namerec.cluster.outcome import outcome
    from namerec.cluster.search import Search
    from namerec.data import catalogue
    from namerec.jobs.local import local_manager

    click.echo(f"sweep {folder.name}", err=True)
    manager = local_manager()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stored and ended as by Ctrl-C
    try:
        try:
            search = Search(folder, manager, catalogue.load, said=partial(click.echo, err=True))
            search.run(threading.Event())
        finally:
            manager.shutdown()
    except KeyboardInterrupt:
        click.echo(
            f"\nStopped. Resume with: python -m namerec sweep resume {folder.name}", err=True
        )
        sys.exit(INTERRUPTED)
    found = outcome(folder, manager.store)
    for line in _lines(found):
        click.echo(line)
    if as_json:
        print_json(_values(found))
    if found.winner is None:
        reasons = [trial.reason for trial in found.trials if trial.reason]
        raise TrainingError(
            f"No trial of sweep {folder.name} is complete, so it has no winner. "
            f"{reasons[0] if reasons else 'Resume it with more time: --budget.'}"
        )


def _lines(found: Outcome) -> list[str]:
    counts = ", ".join(
        f"{found.count(state)} {state}" for state in ("complete", "pruned", "failed", "running")
        if found.count(state)
    )  # fmt: skip
    lines = [f"{len(found.trials)} trials ({counts}) in {found.seconds:.0f} s"]
    best = found.winner
    if best is not None:
        settings = ", ".join(f"{name}={value}" for name, value in best.trial.values.items())
        lines.append(f"best: trial {best.trial.number} (run {best.run}): {settings}")
        lines.append(f"validation accuracy {_over_seeds(best.validation)}")
        if best.test is not None:
            lines.append(f"test accuracy {_over_seeds(best.test)}, {best.names:,} names")
    return lines


def _over_seeds(score: OverSeeds) -> str:
    spread = "" if score.spread is None else f" ± {100 * score.spread:.2f}"
    return f"{100 * score.mean:.2f}{spread} % (n = {len(score.values)})"


def _values(found: Outcome) -> dict[str, Any]:
    best = found.winner
    return {
        "sweep": found.name,
        "state": found.state,
        "trials": len(found.trials),
        "pruned": found.count("pruned"),
        "failed": found.count("failed"),
        "seconds": round(found.seconds, 3),
        "best": None
        if best is None
        else {
            "trial": best.trial.number,
            "run": best.run,
            "runs": list(best.trial.runs),
            "settings": best.trial.values,
            "validation": _score_values(best.validation),
            "test": None if best.test is None else _score_values(best.test),
        },
    }


def _score_values(score: OverSeeds) -> dict[str, Any]:
    return {
        "accuracy": round(score.mean, 6),
        "spread": None if score.spread is None else round(score.spread, 6),
        "n": len(score.values),
    }
