"""`bench`: the networks' training steps are timed against each other."""

import click

from namerec.cli.common import json_option, print_json, sentences_for_errors


@click.command()
@click.option(
    "--quick", is_flag=True, help="Fewer rounds, and no series of growing sizes: under 45 seconds."
)
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    help="Number of PyTorch threads. Default: PyTorch's setting.",
)
@click.option(
    "--lines",
    type=click.IntRange(1000),
    help="Measure a made-up corpus of so many lines instead: encoded, split and trained on.",
)
@json_option
@sentences_for_errors
def bench(quick: bool, threads: int | None, lines: int | None, as_json: bool) -> None:
    """Time the networks' training steps against each other, in turns, in one run."""
    from dataclasses import asdict

    import torch

    from namerec.bench.report import run
    from namerec.data import catalogue
    from namerec.settings import settings

    torch.set_num_threads(threads or settings().threads)
    if lines is not None:
        from namerec.bench.large import measure

        measured = measure(lines, lambda line: click.echo(f"  {line}", err=True))
        for name, value in measured.items():
            click.echo(f"{name}: {value:,}")
        if as_json:
            print_json(measured)
        return
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
        print_json(asdict(report))
