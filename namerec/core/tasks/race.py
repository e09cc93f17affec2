"""The settings of a race: networks train with the same, each with its own kind of cell."""

from collections.abc import Collection
from typing import Any

from namerec.core.networks.config import ModelConfig, Nonlinearity
from namerec.core.networks.kinds import KINDS, MODEL_KINDS, ModelKind, has_setting, kinds_with
from namerec.core.training.config import PresetName, RunConfig, TrainConfig, validated
from namerec.core.training.presets import PRESET_TABLE, named, preset
from namerec.errors import ConfigError

#: What a preset may give one network alone, in words.
_OWN_WORDS = {
    "direction": "reading in both directions",
    "char_ngrams": "character n-grams of up to {} letters",
    "num_layers": "{} layers",
    "learning_rate": "a learning rate of {:g}",
}


def race_configs(
    name: PresetName,
    nonlinearity: Nonlinearity | None = None,
    networks: Collection[ModelKind] = MODEL_KINDS,
    **shared: Any,
) -> list[RunConfig]:
    """The settings of each network of a race, in the order of `KINDS`.

    Args:
        name: The preset whose shared half is taken; what it gives one network alone is left out.
        nonlinearity: Of the RNN's recurrence, the one setting that one network alone has; None for
            the preset's.
        networks: Which take part, two or more.
        **shared: Settings for all networks on top, of the network or its training.

    Raises:
        ConfigError: If a setting is unknown, out of bounds, or not for all networks, or if there
            are too few of those.
    """
    if len(set(networks)) < 2:
        raise ConfigError("A race needs two networks or more. Choose another one.")
    table = PRESET_TABLE[name]
    values = {**table["model"], **table["training"], **shared}
    fields = {"model": ModelConfig.model_fields, "training": TrainConfig.model_fields}
    unknown = sorted(values.keys() - {field for half in fields.values() for field in half})
    if unknown:
        raise ConfigError(f"Not all networks of a race have a setting “{unknown[0]}”.")
    configs = []
    for kind in (kind for kind in KINDS if kind in networks):
        own: dict[str, str] = {"kind": kind}
        if has_setting(kind, "nonlinearity"):
            own["nonlinearity"] = nonlinearity or usual_nonlinearity(name)
        halves: dict[str, Any] = {
            half: {field: values[field] for field in known if field in values}
            for half, known in fields.items()
        }
        halves["model"] |= own
        configs.append(named(validated(halves), name))
    return configs


def usual_nonlinearity(name: PresetName) -> Nonlinearity:
    """What a preset's RNN has in its recurrence."""
    [kind] = kinds_with("nonlinearity")
    return preset(name, kind).model.nonlinearity


def left_out(name: PresetName, networks: Collection[ModelKind] = MODEL_KINDS) -> str:
    """What a preset gives one network outside of a race that others could have, in a sentence.

    Empty for nothing.
    """
    clauses = []
    for kind in (KINDS[network] for network in KINDS if network in networks):
        own = kind.presets.get(name, {})
        words = [_OWN_WORDS[field].format(own[field]) for field in _OWN_WORDS if field in own]
        if words:
            clauses.append(f"the {kind.title} {' and '.join(words)}")
    if not clauses:
        return ""
    return (
        f"Outside of a race the preset {name.capitalize()} gives {'; '.join(clauses)}. In a race "
        "all networks have the same settings."
    )
