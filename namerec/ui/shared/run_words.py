"""What runs are called, and what their settings are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from namerec.core.evaluation.matrices import as_cell_text
from namerec.core.networks.kinds import MODEL_TITLES
from namerec.core.training.config import RunConfig
from namerec.core.training.differences import Value, effective_settings, settings_that_differ
from namerec.text import duration
from namerec.ui.frame.settings_table import SETTINGS

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

#: Letters that stand for the runs of a comparison, in their order.
LETTERS = "ABCDEFGH"
#: What does not apply to a run.
NONE = "–"

_SETTING_TITLES = {name: setting.label.partition(" (")[0] for name, setting in SETTINGS.items()}
_SETTING_TITLES |= {"kind": "Network", "protocol": "Split", "split_seed": "Seed of the split"}


def run_title(run: RunSummary) -> str:
    """The title that somebody gave a run, else its network and preset."""
    return run.label.title or config_title(run.info.config)


def config_title(config: RunConfig) -> str:
    """A network and its preset."""
    preset = "" if config.preset == "own" else f" · {config.preset}"
    return f"{config.model.title}{preset}"


def with_safe_texts(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """A table in whose columns of people's texts no spreadsheet sees a formula.

    What a table's own toolbar saves is what is drawn.
    """
    return table.assign(**{column: table[column].map(as_cell_text) for column in columns})


def settings_table(config: RunConfig) -> pd.DataFrame:
    """All settings of a run that have an effect."""
    rows = effective_settings(config).items()
    shown = [(_title(name), _words(name, value)) for name, value in rows if value is not None]
    return pd.DataFrame(shown, columns=["Setting", "Value"])


def differences_table(configs: Sequence[RunConfig], columns: Sequence[str]) -> pd.DataFrame:
    """The settings in which runs differ, a column a run; no rows if they do not."""
    rows = [
        (_title(name), *(_words(name, value) for value in values))
        for name, values in settings_that_differ(configs).items()
    ]
    return pd.DataFrame(rows, columns=["Setting", *columns])


def _title(name: str) -> str:
    return _SETTING_TITLES.get(name, name.replace("_", " ").capitalize())


def _words(name: str, value: Value) -> str:
    if value is None:
        return NONE
    if name == "kind":
        return {str(kind): title for kind, title in MODEL_TITLES.items()}[str(value)]
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) and not name.endswith("seed") else str(value)


#: Settings that `summary_words` says.
_IN_SUMMARY = frozenset(
    {"hidden_size", "num_layers", "epochs", "steps", "optimizer", "learning_rate", "batch_size"}
    | {"seed"}
)


def summary_words(config: RunConfig) -> str:
    """The settings in one line."""
    model, training = config.model, config.training
    length = f"{training.steps:,} steps" if training.steps else f"{training.epochs} epochs"
    layers = f"{model.num_layers} layers of " if model.num_layers > 1 else ""
    return (
        f"{MODEL_TITLES[model.kind]} · {layers}{model.hidden_size} hidden units · {length} · "
        f"{training.optimizer} {training.learning_rate:g} · batch {training.batch_size} · "
        f"{training.protocol} split · seed {training.seed}"
    )


def wait_words(seconds: float | None) -> str:
    """How long a run that waits still waits, behind other words; empty if nobody knows."""
    return "" if seconds is None else f", about {duration(seconds)}"
