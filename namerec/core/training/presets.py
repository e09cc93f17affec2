"""The presets, and settings put on top of them."""

from collections.abc import Iterable
from typing import Any, Literal

from namerec.core.networks.config import RENAMED, ModelConfig
from namerec.core.networks.kinds import KINDS, ModelKind
from namerec.core.training.config import PresetName, RunConfig, TrainConfig, validated
from namerec.errors import ConfigError

#: Training settings that a preset leaves to the person, unless it names them.
PERSONAL = frozenset({"dataset", "protocol", "seed", "split_seed", "device"})

# Settings by preset, for both halves of a RunConfig; what one network has otherwise stands in its
# own entry, `Kind.presets`. Every form, CLI option and test reads this.
PRESET_TABLE: dict[PresetName, dict[str, dict[str, Any]]] = {
    # The course report's recipe: one name at a time, categories drawn uniformly.
    "course": {
        "model": {"hidden_size": 128, "num_layers": 1, "dropout": 0.0},
        "training": {
            "protocol": "course",
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
        kind: Which network.
        training: Training settings to put on top, such as `seed=1`.

    Raises:
        ConfigError: If a setting put on top is unknown or out of bounds.
    """
    table = PRESET_TABLE[name]
    own = KINDS[kind].presets.get(name, {})
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


def with_settings(config: RunConfig, assignments: dict[str, str]) -> RunConfig:
    """Puts settings given as text (`{"hidden_size": "64"}`) on top of a configuration.

    Raises:
        ConfigError: If a name is unknown or a value is out of bounds.
    """
    values = config.model_dump()
    for given, text in assignments.items():
        name = RENAMED.get(given, given)
        if name in ModelConfig.model_fields and name != "kind":
            values["model"][name] = text
        elif name in TrainConfig.model_fields:
            values["training"][name] = None if text.lower() == "none" else text
        else:
            known = sorted({*ModelConfig.model_fields, *TrainConfig.model_fields} - {"kind"})
            raise ConfigError(f"There is no setting “{name}”. Known settings: {', '.join(known)}.")
    return named(validated(values), config.preset)


def assigned(given: Iterable[str]) -> dict[str, str]:
    """Settings given as `hidden_size=64`, by name.

    Raises:
        ConfigError: If one is of another form.
    """
    result = {}
    for assignment in given:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip():
            raise ConfigError(
                f"“{assignment}” is not of the form NAME=VALUE, for example hidden_size=64."
            )
        result[name.strip()] = value.strip()
    return result


def named(config: RunConfig, name: PresetName | Literal["own"]) -> RunConfig:
    """The same settings, with the name of a preset if they are its own."""
    if name != "own":
        decided = PRESET_TABLE[name]["training"]
        personal = {field: getattr(config.training, field) for field in PERSONAL - decided.keys()}
        as_preset = preset(name, config.model.kind, **personal)
        if (as_preset.model, as_preset.training) == (config.model, config.training):
            return as_preset
    return config.model_copy(update={"preset": "own"})
