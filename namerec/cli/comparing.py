"""`compare`: runs beside the baselines, mean and spread over their splits."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from namerec.cli.common import json_option, print_json, sentences_for_errors
from namerec.core.networks.kinds import MODEL_TITLES
from namerec.core.training.config import RunConfig
from namerec.errors import DataError

if TYPE_CHECKING:
    from namerec.bench.accuracy import Contestant, MeanAndSpread, Row, Summary
    from namerec.runs.folder import RunFolder


@click.command()
@click.argument("run_ids", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--most-lost",
    type=click.FloatRange(0, 1),
    default=0.03,
    show_default=True,
    help="Validation accuracy that may be lost in favour of macro recall when all categories are "
    "treated as equally common.",
)
@json_option
@sentences_for_errors
def compare(run_ids: tuple[str, ...], most_lost: float, as_json: bool) -> None:
    """Compare finished runs with the baselines, on the test names of their splits.

    Runs that differ in their seeds alone are one row, with mean and standard deviation; runs of one
    split (train them with --set split_seed=N) are also averaged.
    """
    from namerec.bench.accuracy import rows_of_split, summarised
    from namerec.core.corpus.splits import make_split
    from namerec.data import catalogue
    from namerec.runs.store import RunStore

    store = RunStore()
    folders = [store.open(identity) for identity in dict.fromkeys(run_ids)]
    training = folders[0].info().config.training
    dataset = catalogue.load(training.dataset)
    by_split: dict[int, list[Contestant]] = {}
    for folder in folders:
        info = folder.info()
        settings = info.config.training
        if (info.dataset.fingerprint, settings.protocol) != (
            dataset.fingerprint,
            training.protocol,
        ):
            raise DataError(
                f"Run {folder.id} is on “{settings.dataset}” by the {settings.protocol} split, "
                f"which cannot be compared with “{training.dataset}” by the {training.protocol} "
                "split. Choose runs on the same names and the same split."
            )
        by_split.setdefault(settings.split_draw, []).append(_contestant(folder))
    rows: list[Row] = []
    for draw, contestants in sorted(by_split.items()):
        split = make_split(dataset, training.protocol, draw)
        rows += rows_of_split(
            dataset, split, contestants, most_lost, lambda line: click.echo(line, err=True)
        )
    summaries = summarised(rows)
    for line in _table(summaries):
        click.echo(line)
    click.echo(
        f"Measured on {training.dataset}: {split.words('test')}, seeds "
        f"{', '.join(map(str, sorted(by_split)))}; mean and standard deviation of n values. Priors "
        "are weakened as long as macro recall on validation names rises and at most "
        f"{100 * most_lost:.1f} points of accuracy on them are lost."
    )
    if as_json:
        print_json({"rows": [asdict(summary) for summary in summaries]})


def _contestant(folder: RunFolder) -> Contestant:
    from namerec.bench.accuracy import Contestant

    info, status = folder.info(), folder.status()
    answers = folder.predictions()
    if not answers:
        raise DataError(f"Run {folder.id} is {status.state}; only finished runs can be compared.")
    return Contestant(
        label=run_label(info.config),
        answers=answers,
        sampling=info.config.training.sampling,
        seconds=status.seconds,
        parameters=info.parameters,
    )


def run_label(config: RunConfig) -> str:
    """Network and preset, or the settings that differ from Fast if it is none."""
    title = MODEL_TITLES[config.model.kind]
    if config.preset != "own":
        return f"{title}, {config.preset}"
    from namerec.core.training.presets import PERSONAL, preset

    fast = preset("fast", config.model.kind)
    own = config.model.model_dump() | config.training.model_dump()
    usual = fast.model.model_dump() | fast.training.model_dump()
    differing = [
        f"{name}={value}"
        for name, value in own.items()
        if name not in PERSONAL and value != usual[name]
    ]
    return f"{title}, {' '.join(differing) or 'fast'}"


def _table(summaries: list[Summary]) -> list[str]:
    width = max(len(summary.label) for summary in summaries) + 2
    lines = [
        f"{'':<{width}}{'n':>2}{'accuracy':>14}{'macro recall':>14}{'validation':>14}"
        f"{'seconds':>9}{'parameters':>12}"
    ]
    for row in summaries:
        seconds = f"{row.seconds:.0f}" if row.seconds is not None else ""
        parameters = f"{row.parameters:,}" if row.parameters is not None else ""
        lines.append(
            f"{row.label:<{width}}{row.count:>2}{_share(row.accuracy):>14}"
            f"{_share(row.macro_recall):>14}{_share(row.validation_accuracy):>14}"
            f"{seconds:>9}{parameters:>12}"
        )
    return lines


def _share(mean_and_spread: MeanAndSpread | None) -> str:
    if mean_and_spread is None:
        return ""
    mean, spread = mean_and_spread
    return f"{100 * mean:.1f} %" if spread is None else f"{100 * mean:.1f} ± {100 * spread:.1f} %"
