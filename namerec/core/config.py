"""What can be set: the network, its training, and the presets. Validated, JSON both ways."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from namerec.core.alphabet import ALPHABET_SIZE
from namerec.errors import ConfigError

ModelKind = Literal["rnn", "lstm", "custom_lstm"]
Protocol = Literal["leak-free", "raw", "report", "given"]
Sampling = Literal["natural", "square root", "balanced"]
OptimizerKind = Literal["sgd", "adam", "adamw"]
Schedule = Literal["constant", "cosine", "one-cycle"]
Nonlinearity = Literal["none", "tanh"]
Device = Literal["cpu", "cuda", "auto"]
PresetName = Literal["report", "fast", "best"]

MODEL_KINDS: tuple[ModelKind, ...] = get_args(ModelKind)
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
PRESETS: tuple[PresetName, ...] = get_args(PresetName)

#: What the held-out numbers of a protocol mean.
PROTOCOL_WORDS: dict[Protocol, str] = {
    "leak-free": "leak-free split: no name is in two parts",
    "raw": "raw random split: duplicates kept, so some held-out names were trained on",
    "report": "training names, drawn uniformly over categories: nothing is held out",
    "given": "the split given by the corpus itself",
}

#: Screen names of the networks, in the order they are offered.
MODEL_TITLES: dict[ModelKind, str] = {
    "rnn": "RNN",
    "lstm": "LSTM (built-in)",
    "custom_lstm": "LSTM (custom)",
}


class _Settings(BaseModel):
    """Frozen, and strict about names: a misspelt setting is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ModelConfig(_Settings):
    """The shape of a network."""

    kind: ModelKind = "custom_lstm"
    hidden_size: Annotated[int, Field(ge=1, le=1024)] = 128
    num_layers: Annotated[int, Field(ge=1, le=4)] = 1
    dropout: Annotated[float, Field(ge=0, le=0.95)] = 0.0
    nonlinearity: Nonlinearity = "none"

    @model_validator(mode="after")
    def _only_the_rnn_has_a_nonlinearity_to_choose(self) -> ModelConfig:
        if self.kind != "rnn" and self.nonlinearity != "none":
            raise ValueError("nonlinearity belongs to the RNN; the LSTMs have theirs built in")
        return self

    def parameter_count(self, categories: int) -> int:
        """Trainable numbers in this network for so many categories."""
        hidden, layers = self.hidden_size, self.num_layers
        inputs = [ALPHABET_SIZE] + [hidden] * (layers - 1)
        if self.kind == "rnn":
            steps = sum((size + hidden + 1) * hidden for size in inputs)
            return steps + (inputs[-1] + hidden + 1) * categories
        biases = 2 if self.kind == "lstm" else 1  # nn.LSTM keeps two of them
        gates = sum(4 * hidden * (size + hidden + biases) for size in inputs)
        return gates + (hidden + 1) * categories


#: How often a run counted in steps is evaluated.
EVALUATIONS_PER_RUN = 20
#: Most names a run counted in steps may draw: a stretch's draw is kept in memory, 8 bytes a name.
MOST_DRAWN = 400_000_000


class TrainConfig(_Settings):
    """How a network is trained, and on what.

    `steps`, if set, replaces `epochs`: training then takes that many optimizer steps and is
    evaluated `EVALUATIONS_PER_RUN` times on the way; each such stretch counts as an epoch.
    """

    dataset: Annotated[str, Field(min_length=1, max_length=4096)] = "bundled"
    protocol: Protocol = "leak-free"
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    sampling: Sampling = "natural"
    optimizer: OptimizerKind = "adamw"
    learning_rate: Annotated[float, Field(gt=0, le=10)] = 0.004
    schedule: Schedule = "one-cycle"
    batch_size: Annotated[int, Field(ge=1, le=8192)] = 128
    epochs: Annotated[int, Field(ge=1, le=1000)] = 30
    steps: Annotated[int, Field(ge=1, le=2_000_000)] | None = None
    clip_norm: Annotated[float, Field(ge=0, le=1000)] = 1.0
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.01
    letter_dropout: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    patience: Annotated[int, Field(ge=0, le=1000)] = 0
    device: Device = "cpu"

    @model_validator(mode="after")
    def _a_stretch_fits_in_memory(self) -> TrainConfig:
        if self.steps is not None and self.steps * self.batch_size > MOST_DRAWN:
            raise ValueError(
                f"{self.steps:,} steps of {self.batch_size:,} names are more than the "
                f"{MOST_DRAWN:,} a run may draw; lower one of them"
            )
        return self


class RunConfig(_Settings):
    """Everything that decides a run's numbers."""

    model: ModelConfig = ModelConfig()
    training: TrainConfig = TrainConfig()
    preset: PresetName | Literal["own"] = "own"


# Settings by preset, for both halves of a RunConfig. Every form, CLI option and test reads this.
PRESET_TABLE: dict[PresetName, dict[str, dict[str, Any]]] = {
    # The course report's recipe: one name at a time, categories drawn uniformly.
    "report": {
        "model": {"hidden_size": 128, "num_layers": 1, "dropout": 0.0},
        "training": {
            "protocol": "report",
            "sampling": "balanced",
            "optimizer": "sgd",
            "learning_rate": 0.005,
            "schedule": "constant",
            "batch_size": 1,
            "steps": 100_000,
            "clip_norm": 0.0,
            "weight_decay": 0.0,
            "letter_dropout": 0.0,
        },
    },
    "fast": {
        "model": {"hidden_size": 128, "num_layers": 1, "dropout": 0.3},
        "training": {
            "optimizer": "adamw",
            "learning_rate": 0.006,
            "schedule": "one-cycle",
            "batch_size": 128,
            "epochs": 20,
            "clip_norm": 1.0,
            "weight_decay": 0.01,
            "letter_dropout": 0.03,
        },
    },
    "best": {
        "model": {"hidden_size": 128, "num_layers": 1, "dropout": 0.5},
        "training": {
            "optimizer": "adamw",
            "learning_rate": 0.006,
            "schedule": "one-cycle",
            "batch_size": 128,
            "epochs": 40,
            "clip_norm": 1.0,
            "weight_decay": 0.05,
            "letter_dropout": 0.05,
        },
    },
}


def preset(name: PresetName, kind: ModelKind, **training: Any) -> RunConfig:
    """The settings of a preset for one kind of network.

    Args:
        name: Which preset.
        kind: Which network. The report's `nn.LSTM` had two layers; every other default is shared.
        training: Training settings to put on top, such as `seed=1`.

    Raises:
        ConfigError: If a setting put on top is unknown or out of bounds.
    """
    settings = PRESET_TABLE[name]
    model = {**settings["model"], "kind": kind}
    if name == "report" and kind == "lstm":
        model["num_layers"] = 2
    return validated(
        {"model": model, "training": {**settings["training"], **training}, "preset": name}
    )


def validated(settings: dict[str, Any]) -> RunConfig:
    """Builds a RunConfig from plain values.

    Raises:
        ConfigError: Naming each setting that is wrong, what was given and what is allowed.
    """
    try:
        return RunConfig.model_validate(settings)
    except ValidationError as error:
        raise ConfigError(_in_words(error)) from None


def with_settings(config: RunConfig, assignments: dict[str, str]) -> RunConfig:
    """Puts settings given as text (`{"hidden_size": "64"}`) on top of a configuration.

    Raises:
        ConfigError: If a name is unknown or a value is out of bounds.
    """
    values = config.model_dump()
    for name, text in assignments.items():
        if name in ModelConfig.model_fields and name != "kind":
            values["model"][name] = text
        elif name in TrainConfig.model_fields:
            values["training"][name] = None if text.lower() == "none" else text
        else:
            known = sorted({*ModelConfig.model_fields, *TrainConfig.model_fields} - {"kind"})
            raise ConfigError(f"There is no setting “{name}”. Known settings: {', '.join(known)}.")
    changed = validated(values)
    if changed != config and _leaves_preset(config, assignments):
        changed = changed.model_copy(update={"preset": "own"})
    return changed


def _leaves_preset(config: RunConfig, assignments: dict[str, str]) -> bool:
    """Whether an assignment touches what the preset itself decides."""
    if config.preset == "own":
        return True
    table = PRESET_TABLE[config.preset]
    return any(name in table["model"] or name in table["training"] for name in assignments)


def _in_words(error: ValidationError) -> str:
    sentences = []
    for problem in error.errors(include_url=False):
        where = str(problem["loc"][-1]) if problem["loc"] else "settings"
        given = problem["input"]
        shown = f" (given: {given!r})" if isinstance(given, str | int | float) else ""
        sentences.append(f"{where}: {problem['msg']}{shown}.")
    return "These settings cannot be used. " + " ".join(sentences)
