"""`memory-task`: the experiment of the Memory page, with several seeds, written to a file."""

import tempfile
from pathlib import Path
from typing import Any

import click

from namerec.cli.common import json_option, print_json, sentences_for_errors

#: Seconds between two looks at the experiment.
_LOOK = 0.5


@click.command()
@click.option("--seeds", type=click.IntRange(1, 20), default=1, show_default=True)
@click.option(
    "--forget-bias", "biases", type=click.FloatRange(-10, 10), multiple=True, default=(3.0,),
    show_default=True, help="Of the LSTMs and the GRU; repeat the option for several experiments.",
)  # fmt: skip
@click.option("--clip", type=click.FloatRange(0, 1000), default=1.0, show_default=True)
@click.option("--hidden", type=click.IntRange(1, 256), default=32, show_default=True)
@click.option(
    "--distance", "distances", type=click.IntRange(5, 250), multiple=True,
    help="Letters of noise; repeat the option for several. Default: those of the Memory page.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="The JSON file for the results."
)
@json_option
@sentences_for_errors
def memory_task(
    seeds: int,
    biases: tuple[float, ...],
    clip: float,
    hidden: int,
    distances: tuple[int, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Measure over how many letters the networks remember one.

    Results that are already in the file are kept, so the same command resumes an interrupted
    experiment. The result that ships with the project was made with:

    namerec memory-task --seeds 3 --forget-bias 3 --forget-bias 2 --forget-bias 1 --forget-bias 0
    --out assets/memory_task.json
    """
    from namerec.core.tasks.memory_curves import DISTANCES, finding, memory_curves
    from namerec.data import catalogue
    from namerec.jobs.executors import LocalExecutor
    from namerec.jobs.manager import JobManager
    from namerec.jobs.memory_task import MemoryKeeper
    from namerec.jobs.memory_task_results import MemoryPlan, MemorySettings, points
    from namerec.runs.store import RunStore

    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        manager = JobManager(RunStore(Path(folder) / "runs", None), LocalExecutor(catalogue.load))
        keeper = MemoryKeeper(
            manager, out if out is not None else Path(folder) / "memory_task.json"
        )
        try:
            for bias in biases:
                settings = MemorySettings(hidden_size=hidden, forget_bias=bias, clip_norm=clip)
                plan = MemoryPlan(
                    settings=settings, seeds=tuple(range(seeds)), distances=distances or DISTANCES
                )
                keeper.complete(plan)
                _follow(keeper)
                matching = keeper.known().matching(settings)
                click.echo(f"Forget-gate bias {bias:g}. {finding(memory_curves(points(matching)))}")
                rows += [entry.model_dump(mode="json") for entry in matching]
        finally:
            keeper.cancel()
            manager.shutdown()
    if as_json:
        print_json({"entries": rows})


def _follow(keeper: Any) -> None:
    """Says what is measured, training by training, until the experiment is over."""
    from namerec.core.tasks.memory_curves import MEMORY_TITLES
    from namerec.errors import TrainingError

    said = -1
    while not keeper.wait(_LOOK):
        progress = keeper.progress()
        if progress is not None and progress.cell is not None and progress.done != said:
            said = progress.done
            click.echo(
                f"{progress.done} of {progress.total} done; {MEMORY_TITLES[progress.cell.network]} "
                f"over {progress.cell.noise} letters, seed {progress.cell.seed}",
                err=True,
            )
    left = keeper.progress()
    if left is not None:
        raise TrainingError(left.message or "The experiment was stopped before it had finished.")
