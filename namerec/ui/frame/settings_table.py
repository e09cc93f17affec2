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
    Number("hidden_size", "Hidden units", "Size of the network's memory, units a layer.", 8),
    Number("num_layers", "Layers", "Recurrent layers on top of each other.", 1),
    Number("epochs", "Epochs", "Passes over the training names.", 1),
    Number(
        "learning_rate",
        "Learning rate",
        "Size of a step downhill (the highest one, if the schedule changes it).",
        0.001,
        "%g",
    ),
    Number("batch_size", "Batch size", "Names a step looks at before it moves the weights.", 16),
    Number(
        "dropout",
        "Dropout",
        "Share of hidden units silenced at random while training, 0 to 0.95.",
        0.05,
        "%.2f",
    ),
)
ADVANCED: tuple[Number | Choice, ...] = (
    Choice(
        "sampling",
        "Sampling",
        "Whether large languages are seen as often as they are large, or all equally often.",
        get_args(Sampling),
    ),
    Choice("optimizer", "Optimizer", "How a gradient becomes a step.", get_args(OptimizerKind)),
    Choice("schedule", "Schedule", "How the learning rate moves over a run.", get_args(Schedule)),
    Number(
        "steps",
        "Steps (0: count in epochs)",
        "Trains for this many optimizer steps instead of the epochs above.",
        1000,
    ),
    Number(
        "clip_norm",
        "Clip gradient at (0: never)",
        "Longest gradient a step may follow, Euclidean norm.",
        0.5,
        "%g",
    ),
    Number(
        "weight_decay",
        "Weight decay",
        "Pull of all weights towards zero, per step and learning rate.",
        0.01,
        "%g",
    ),
    Number(
        "letter_dropout",
        "Letter dropout",
        "Share of letters blanked at random while training, 0 to 0.9.",
        0.01,
        "%.2f",
    ),
    Number(
        "patience",
        "Patience (0: never stop early)",
        "Epochs without a better validation score after which training ends.",
        1,
    ),
    Number(
        "char_ngrams",
        "Character n-grams (0: none)",
        "Letters in the longest n-gram, 0 or 2 to 5. Each run of neighbouring letters has a logit "
        "for each language, which is added to the network's: an n-gram model inside it.",
        1,
    ),
    Number(
        "ngram_dropout",
        "N-gram dropout",
        "Share of n-grams left out at random while training, 0 to 0.95.",
        0.05,
        "%.2f",
    ),
    Number("seed", "Seed", "The same seed and settings give the same numbers.", 1),
    Number(
        "split_seed",
        "Split seed",
        "Divides the names in place of the seed: with it, runs that differ in their seed alone are "
        "scored on the same names. Left empty, the seed divides them.",
        1,
        optional=True,
    ),
    Choice("device", "Device", "Where the numbers are crunched.", get_args(Device)),
)

#: Settings that only some networks have.
OWN: tuple[Number | Choice, ...] = (
    Choice(
        "nonlinearity",
        "Nonlinearity",
        "The report's and the tutorial's RNN has none in its recurrence.",
        get_args(Nonlinearity),
    ),
    Choice(
        "direction",
        "Direction",
        "Forward: from the first letter on. Both: a second set of cells reads from the end, and "
        "the answer is made of both.",
        get_args(Direction),
    ),
    Number(
        "forget_bias",
        "Forget-gate bias",
        "Added to the forget gates' biases before training: with 1 or 2 the cells begin by "
        "remembering. The Memory page shows what that does.",
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
