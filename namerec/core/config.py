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
Direction = Literal["forward", "both"]
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


#: Letters in the longest letter groups that may be asked for; hashing counts in 63 bits.
MOST_GROUPED = 5
#: Rows of votes for each length of group; a surname corpus has a few thousand groups of each.
GROUP_BUCKETS = 16_384


#: Settings that only some networks have: which, and for messages.
SOME_NETWORKS_OWN: dict[str, tuple[tuple[ModelKind, ...], str]] = {
    "nonlinearity": (("rnn",), "RNN; the LSTMs have theirs built in"),
    "direction": (("custom_lstm",), "custom LSTM; the other networks read forward"),
    "forget_bias": (("lstm", "custom_lstm"), "LSTMs; an RNN has no forget gate"),
}
#: Settings of a network that a run may have otherwise than the one it goes on from: they tell how
#: weights are trained. The others tell which there are and, as `forget_bias`, how they are drawn.
FREE_WHEN_GOING_ON = frozenset({"dropout", "group_dropout"})


class _Settings(BaseModel):
    """Frozen, and strict about names: a misspelt setting is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ModelConfig(_Settings):
    """The shape of a network, and how its forget gates begin.

    `forget_bias` is added to the forget gates' biases when a network is made (Jozefowicz et al.,
    "An empirical exploration of recurrent network architectures", ICML 2015: 1 or 2).
    """

    kind: ModelKind = "custom_lstm"
    hidden_size: Annotated[int, Field(ge=1, le=1024)] = 128
    num_layers: Annotated[int, Field(ge=1, le=4)] = 1
    dropout: Annotated[float, Field(ge=0, le=0.95)] = 0.0
    nonlinearity: Nonlinearity = "none"
    direction: Direction = "forward"
    letter_groups: Annotated[int, Field(ge=0, le=MOST_GROUPED)] = 0
    group_dropout: Annotated[float, Field(ge=0, le=0.95)] = 0.0
    forget_bias: Annotated[float, Field(ge=-10, le=10)] = 0.0

    @model_validator(mode="after")
    def _some_settings_belong_to_some_networks(self) -> ModelConfig:
        for name, (kinds, words) in SOME_NETWORKS_OWN.items():
            if (
                self.kind not in kinds
                and getattr(self, name) != ModelConfig.model_fields[name].default
            ):
                raise ValueError(f"{name} belongs to the {words}")
        return self

    @model_validator(mode="after")
    def _one_letter_is_no_group(self) -> ModelConfig:
        if self.letter_groups == 1:
            raise ValueError("letter_groups is the longest group's letters: 0 for none, or 2 to 5")
        return self

    @property
    def title(self) -> str:
        """The network's screen name, which says of an RNN whether its recurrence is squashed."""
        if self.kind == "rnn":
            return "RNN (tanh)" if self.nonlinearity == "tanh" else "RNN (linear)"
        return MODEL_TITLES[self.kind]

    def parameter_count(self, categories: int) -> int:
        """Trainable numbers in this network for so many categories."""
        hidden, layers = self.hidden_size, self.num_layers
        directions = 2 if self.direction == "both" else 1
        inputs = [ALPHABET_SIZE] + [directions * hidden] * (layers - 1)
        votes = max(self.letter_groups - 1, 0) * GROUP_BUCKETS * categories
        if self.kind == "rnn":
            steps = sum((size + hidden + 1) * hidden for size in inputs)
            return votes + steps + (inputs[-1] + hidden + 1) * categories
        biases = 2 if self.kind == "lstm" else 1  # nn.LSTM keeps two of them
        gates = sum(4 * hidden * (size + hidden + biases) for size in inputs)
        return votes + directions * gates + (directions * hidden + 1) * categories


#: How often a run counted in steps is evaluated.
EVALUATIONS_PER_RUN = 20
#: Most names a run counted in steps may draw: a stretch's draw is kept in memory, 8 bytes a name.
MOST_DRAWN = 400_000_000


class TrainConfig(_Settings):
    """How a network is trained, and on what.

    `steps`, if set, replaces `epochs`: training then takes that many optimizer steps and is
    evaluated `EVALUATIONS_PER_RUN` times on the way; each such stretch counts as an epoch.
    `split_seed`, if set, divides the names in place of `seed`.
    """

    dataset: Annotated[str, Field(min_length=1, max_length=4096)] = "bundled"
    protocol: Protocol = "leak-free"
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    split_seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
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

    @property
    def split_draw(self) -> int:
        """The seed of the split: runs that differ in `seed` alone can be averaged if it is set."""
        return self.seed if self.split_seed is None else self.split_seed

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


#: Training settings that a preset leaves to the person, unless it names them.
PERSONAL = frozenset({"dataset", "protocol", "seed", "split_seed", "device"})

# Settings by preset, for both halves of a RunConfig, and what one kind of network has otherwise.
# Every form, CLI option and test reads this.
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
        # The report's `nn.LSTM` had two layers. At the RNN's rate both LSTMs are far from done by
        # then (about 31 % and 51 %); at ten times of it they reach the report's figures.
        "kinds": {
            "lstm": {"num_layers": 2, "learning_rate": 0.05},
            "custom_lstm": {"learning_rate": 0.05},
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
        "kinds": {
            "rnn": {"nonlinearity": "tanh"},
            "custom_lstm": {"direction": "both", "letter_groups": 5, "group_dropout": 0.8},
        },
    },
}


def preset(name: PresetName, kind: ModelKind, **training: Any) -> RunConfig:
    """The settings of a preset for one kind of network.

    Args:
        name: Which preset.
        kind: Which network.
        training: Training settings to put on top, such as `seed=1`.

    Raises:
        ConfigError: If a setting put on top is unknown or out of bounds.
    """
    table = PRESET_TABLE[name]
    own = table.get("kinds", {}).get(kind, {})
    model, settings = (
        {**table[half], **{field: own[field] for field in own if field in fields}}
        for half, fields in (
            ("model", ModelConfig.model_fields),
            ("training", TrainConfig.model_fields),
        )
    )
    return validated(
        {"model": {**model, "kind": kind}, "training": {**settings, **training}, "preset": name}
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
    return named(validated(values), config.preset)


def named(config: RunConfig, name: PresetName | Literal["own"]) -> RunConfig:
    """The same settings, with the name of a preset if they are its own."""
    if name != "own":
        decided = PRESET_TABLE[name]["training"]
        personal = {field: getattr(config.training, field) for field in PERSONAL - decided.keys()}
        as_preset = preset(name, config.model.kind, **personal)
        if (as_preset.model, as_preset.training) == (config.model, config.training):
            return as_preset
    return config.model_copy(update={"preset": "own"})


def _in_words(error: ValidationError) -> str:
    sentences = []
    for problem in error.errors(include_url=False):
        where = str(problem["loc"][-1]) if problem["loc"] else "settings"
        given = problem["input"]
        shown = f" (given: {given!r})" if isinstance(given, str | int | float) else ""
        sentences.append(f"{where}: {problem['msg']}{shown}.")
    return "These settings cannot be used. " + " ".join(sentences)
