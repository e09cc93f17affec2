"""`evaluate` and `predict`: a trained network is scored, or asked about names."""

import io
import sys
from collections.abc import Iterable

import click

from namerec.cli.common import (
    json_option,
    print_json,
    score_values,
    scores_line,
    sentences_for_errors,
    trained_network,
)
from namerec.core.corpus.alphabet import normalise
from namerec.core.corpus.protocols import PARTS, Part, Protocol
from namerec.errors import DataError, NameInputError
from namerec.text import roughly


@click.command()
@click.option("--run", "run_id", metavar="RUN", help="Default: the best run.")
@click.option("--part", type=click.Choice(PARTS), default="test", show_default=True)
@click.option("--dataset", metavar="PATH", help="Names other than those it was trained on.")
@json_option
@sentences_for_errors
def evaluate(run_id: str | None, part: Part, dataset: str | None, as_json: bool) -> None:
    """Score a run's network on a part of its split, or on other names."""
    import numpy as np

    from namerec.core.corpus.splits import make_split
    from namerec.core.evaluation.scores import predict_names, score
    from namerec.data import catalogue

    network = trained_network(run_id)
    training = network.info.config.training
    reference = dataset or training.dataset
    own = catalogue.load(training.dataset)
    if own.fingerprint != network.info.dataset.fingerprint:
        raise DataError(
            f"The names in “{training.dataset}” are not those that this run was trained on, so it "
            "is not known which of them were training names. Put the old files back, or train "
            "again."
        )
    names = own if dataset is None else catalogue.load(dataset)
    names = names.with_categories(network.categories)
    # Of other names nothing was trained on by design: they are split without a leak.
    protocol: Protocol = training.protocol if dataset is None else "leak-free"
    split = make_split(names, protocol, training.split_draw)
    scores = score(predict_names(network.model, names, split.part(part)), split, part)
    click.echo(scores_line(scores))
    result = {
        "run": network.info.id,
        "model": network.info.config.model.kind,
        "dataset": reference,
        "split": protocol,
        **score_values(scores),
    }
    if dataset is not None:
        trained_on = own.keys()[make_split(own, training.protocol, training.split_draw).train]
        known = {key.rstrip(b"\0") for key in trained_on.tolist()}
        asked = [key.rstrip(b"\0") for key in names.keys()[split.part(part)].tolist()]
        seen = int(np.sum([key in known for key in asked]))
        click.echo(f"{seen:,} of these {len(asked):,} names were among its training names.")
        result["seen_in_training"] = seen
    if as_json:
        print_json(result)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--run", "run_id", metavar="RUN", help="Default: the best run.")
@click.option("--top", type=click.IntRange(1, 200), default=3, show_default=True)
@json_option
@sentences_for_errors
def predict(names: tuple[str, ...], run_id: str | None, top: int, as_json: bool) -> None:
    """Say which languages names are probably from; names from standard input if none are given."""
    from namerec.core.evaluation.prediction import predict as rank

    # An argument that is not UTF-8 arrives with surrogates in it, which cannot be written again.
    given: Iterable[str] = (name.encode(errors="replace").decode() for name in names)
    if not names:
        if sys.stdin is None or sys.stdin.isatty():
            raise NameInputError(
                "No names were given. Give them after the command, or one a line on standard input."
            )
        text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="replace")
        given = (line.rstrip("\r\n") for line in text)
    network = trained_network(run_id)
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
        answer = ", ".join(f"{category} {roughly(share)}" for category, share in best)
        click.echo(f"{name.original}: {answer or 'no letter in it can be read'}")
    if as_json:
        print_json({"run": network.info.id, "predictions": rows})
