"""The settings of the Train form: one table of numbers and choices, and what they may be."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, get_args

from namerec.core.corpus.protocols import Sampling
from namerec.core.networks.config import Direction, ModelConfig, Nonlinearity
from namerec.core.training.config import (
    Device,
    OptimizerKind,
    RunConfig,
    Schedule,
    TrainConfig,
)

#: Least learning rate of the form; the validated bound, 0, is itself excluded.
LEAST_ABOVE_ZERO = 1e-6


class Number(NamedTuple):
    """A setting that is a number; its bounds are the validated ones."""

    name: str
    label: str
    help: str
    step: float
    format: str | None = None
    optional: bool = False


class Choice(NamedTuple):
    """A setting that is one of a few words."""

    name: str
    label: str
    help: str
    options: tuple[str, ...]


BASIC: tuple[Number | Choice, ...] = (
    Number("hidden_size", "Hidden units", "Size of the network's memory: units in each layer.", 8),
    Number("num_layers", "Layers", "How many recurrent layers are stacked.", 1),
    Number("epochs", "Epochs", "Passes over the training names.", 1),
    Number(
        "learning_rate",
        "Learning rate",
        "How far each step moves the weights. If the schedule changes it, this is the highest "
        "value.",
        0.001,
        "%g",
    ),
    Number("batch_size", "Batch size", "Names that are read before each step of the weights.", 16),
    Number(
        "dropout",
        "Dropout",
        "Share of hidden units switched off at random during training, 0 to 0.95.",
        0.05,
        "%.2f",
    ),
)
ADVANCED: tuple[Number | Choice, ...] = (
    Choice(
        "sampling",
        "Sampling",
        "How often each language is drawn in training. natural: as often as in the corpus. "
        "balanced: all equally often. square root: in between.",
        get_args(Sampling),
    ),
    Choice(
        "optimizer",
        "Optimizer",
        "The rule that turns gradients into steps.",
        get_args(OptimizerKind),
    ),
    Choice(
        "schedule", "Schedule", "How the learning rate changes during a run.", get_args(Schedule)
    ),
    Number(
        "steps",
        "Steps (0: count in epochs)",
        "Trains for this many steps instead of the epochs above.",
        1000,
    ),
    Number(
        "clip_norm",
        "Clip gradient at (0: never)",
        "A gradient longer than this (Euclidean norm) is shortened to this length.",
        0.5,
        "%g",
    ),
    Number(
        "weight_decay",
        "Weight decay",
        "How strongly each step pulls all weights towards zero; multiplied by the learning rate.",
        0.01,
        "%g",
    ),
    Number(
        "letter_dropout",
        "Letter dropout",
        "Share of letters hidden at random during training, 0 to 0.9.",
        0.01,
        "%.2f",
    ),
    Number(
        "patience",
        "Patience (0: never stop early)",
        "Training ends after this many epochs without a better validation score.",
        1,
    ),
    Number(
        "char_ngrams",
        "Character n-grams (0: none)",
        "Letters in the longest n-gram, 0 or 2 to 5. An n-gram is a few letters in a row. Each one "
        "has a logit (a learned score) for each language, which is added to the network's own.",
        1,
    ),
    Number(
        "ngram_dropout",
        "N-gram dropout",
        "Share of n-grams left out at random during training, 0 to 0.95.",
        0.05,
        "%.2f",
    ),
    Number("seed", "Seed", "The same seed and settings give the same numbers.", 1),
    Number(
        "split_seed",
        "Split seed",
        "The seed that divides the names into parts. Runs with the same split seed are scored on "
        "the same names, even if their seeds differ. Left empty, the seed itself is used.",
        1,
        optional=True,
    ),
    Choice(
        "device",
        "Device",
        "Where training runs: cpu, cuda (a graphics card), or auto.",
        get_args(Device),
    ),
)

#: Settings that only some networks have.
OWN: tuple[Number | Choice, ...] = (
    Choice(
        "nonlinearity",
        "Nonlinearity",
        "What is applied to the new hidden state at every letter. The course report and the "
        "PyTorch tutorial use none, textbooks use tanh.",
        get_args(Nonlinearity),
    ),
    Choice(
        "direction",
        "Direction",
        "forward: the network reads from the first letter to the last. both: a second set of cells "
        "reads from the last to the first, and the answer uses both.",
        get_args(Direction),
    ),
    Number(
        "forget_bias",
        "Forget-gate bias",
        "Added before training to the biases of the forget gates, or of a GRU's update gates: with "
        "1 or 2 the network begins by remembering. The Memory page shows what that does.",
        1.0,
        "%g",
    ),
)

SETTINGS: dict[str, Number | Choice] = {
    setting.name: setting for setting in (*BASIC, *OWN, *ADVANCED)
}


def key(name: str) -> str:
    """Of a setting's control in the session."""
    return f"set_{name}"


@cache
def bounds(name: str) -> tuple[float, float]:
    """The least and the most that a number may be, from its validated definition."""
    schema = (ModelConfig if name in ModelConfig.model_fields else TrainConfig).model_json_schema()
    field: dict[str, Any] = schema["properties"][name]
    if "anyOf" in field:  # a number, or none; for the steps, the form says 0 for none
        field = field["anyOf"][0]
        return (0 if name == "steps" else field["minimum"]), field["maximum"]
    if "exclusiveMinimum" in field:
        return LEAST_ABOVE_ZERO, field["maximum"]
    return field["minimum"], field["maximum"]


def value_of(config: RunConfig, name: str) -> Any:
    """A setting's value, as the form holds it: no number of steps is 0 there."""
    half = config.model if name in ModelConfig.model_fields else config.training
    value = getattr(half, name)
    return 0 if name == "steps" and value is None else value


def setting_words(config: RunConfig, name: str) -> str:
    """A setting and its value in a few words, such as “batch size 128”."""
    value = value_of(config, name)
    label = SETTINGS[name].label.partition(" (")[0]
    label = label[0].lower() + label[1:]
    return f"{label} {value:g}" if isinstance(value, float) else f"{label} {value}"
