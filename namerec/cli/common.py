"""What the commands share: options, exit codes, the network they ask, and how they answer."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from namerec.core.corpus.protocols import name_now, part_words
from namerec.core.evaluation.results import Scores
from namerec.errors import NamerecError

if TYPE_CHECKING:
    from namerec.runs.networks import TrainedNetwork

# Exit code of a command that Ctrl-C has ended, as shells have it: 128 and the signal's number.
INTERRUPTED = 130

_Command = TypeVar("_Command", bound=Callable[..., Any])


class EarlierChoice(click.Choice[str]):
    """A choice among split protocols or presets that takes their earlier names too."""

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """See the base class; says what an earlier name is called now."""
        now = name_now(value)
        if now != value:
            click.echo(f"“{value}” is now called “{now}”.", err=True)
        return super().convert(now, param, ctx)


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object as the last line."
)


def sentences_for_errors(command: _Command) -> _Command:
    """Turns an error of ours into its sentence and exit code 1, and Ctrl-C into 130."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except NamerecError as error:
            raise click.ClickException(str(error)) from None
        except KeyboardInterrupt:
            click.echo("\nInterrupted.", err=True)
            sys.exit(INTERRUPTED)

    return wrapped  # type: ignore[return-value]


def trained_network(run_id: str | None) -> TrainedNetwork:
    """The network of a run; of the best one there is if none is named.

    Raises:
        RunError: If there is no such run, or none at all, or it has no finished epoch, or its files
            are damaged.
    """
    from namerec.runs.networks import load_network
    from namerec.runs.store import RunStore

    return load_network(RunStore().open_or_best(run_id))


def score_values(scores: Scores) -> dict[str, Any]:
    """Scores as every JSON answer has them: shares of one, in six decimals."""
    return {
        "part": scores.part,
        "names": scores.names,
        "accuracy": round(scores.accuracy, 6),
        "macro_recall": round(scores.macro_recall, 6),
        "macro_f1": round(scores.macro_f1, 6),
        "top3": round(scores.top3, 6),
    }


def scores_line(scores: Scores) -> str:
    """Scores for a person, in percent, with what they were measured on."""
    measured = f"{scores.names:,} {part_words(scores.protocol, scores.part)}"
    return (
        f"accuracy {100 * scores.accuracy:.2f} %, macro recall {100 * scores.macro_recall:.2f} %, "
        f"macro F1 {100 * scores.macro_f1:.2f} %, top 3 {100 * scores.top3:.2f} % "
        f"(measured on {measured})"
    )


def print_json(values: dict[str, Any]) -> None:
    """Writes the last line of a command that was asked for JSON."""
    click.echo(json.dumps(values))  # in ASCII, which every encoding has
