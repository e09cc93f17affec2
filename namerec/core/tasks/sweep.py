"""A sweep: which settings are searched, where, and for how long; each trial is a run or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from namerec.core.corpus.protocols import holds_out
from namerec.core.networks.config import ModelConfig, Settings
from namerec.core.networks.kinds import has_setting
from namerec.core.training.config import EVALUATIONS_PER_RUN, RunConfig, TrainConfig, validated
from namerec.core.training.presets import with_settings
from namerec.errors import ConfigError

Pruning = Literal["none", "median", "hyperband"]
Value = int | float | str

#: Settings that all trials share, and why; the names of these are never searched.
_SHARED = {
    "kind": "A sweep is of one network",
    "dataset": "Scores on other names cannot be compared",
    "protocol": "Scores on other names cannot be compared",
    "seed": "Each trial is trained with the same seeds, as many as --seeds says",
    "split_seed": "Scores on other names cannot be compared",
    "device": "It changes no score",
    "patience": "Pruning decides when a trial ends early",
}
#: Most whole numbers of a range that are each tried out before a sweep begins.
_MOST_TRIED = 64
#: Most seeds of a trial, and most trials.
MOST_SEEDS, MOST_TRIALS = 20, 10_000
#: Most seconds of a sweep: a week.
MOST_SECONDS = 7 * 86_400


class Range(Settings):
    """A setting is drawn between two numbers, whole ones if it takes no others.

    Attributes:
        low: The least.
        high: The most.
        log: Whether each factor is as likely as any other, instead of each difference.
    """

    low: int | float
    high: int | float
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are drawn."""
        return isinstance(self.low, int)

    def holds(self, value: Value | None) -> bool:
        """Whether a value lies in it."""
        return isinstance(value, int | float) and self.low <= value <= self.high

    def words(self) -> str:
        """As the command line takes it."""
        return f"{self.low:g}..{self.high:g}{':log' if self.log else ''}"


class Choices(Settings):
    """A setting is one of a few values."""

    values: Annotated[tuple[Value, ...], Field(min_length=2, max_length=100)]

    def holds(self, value: Value | None) -> bool:
        """Whether a value is among them."""
        return value in self.values

    def words(self) -> str:
        """As the command line takes it."""
        return ",".join(map(str, self.values))


class SweepPlan(Settings):
    """A search over settings.

    Attributes:
        base: Network and settings of all trials but for what is searched; its seed is the first.
        space: What is searched, by setting.
        seeds: Runs of each trial that differ in the seed alone.
        trials: How many are to be drawn.
        prune: How trials that do badly are ended early.
        budget: Seconds that it may take, 0 for any number.
    """

    base: RunConfig
    space: Annotated[dict[str, Range | Choices], Field(min_length=1, max_length=30)]
    seeds: Annotated[int, Field(ge=1, le=MOST_SEEDS)] = 1
    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] = 40
    prune: Pruning = "median"
    budget: Annotated[float, Field(ge=0, le=MOST_SECONDS)] = 0.0

    @classmethod
    def checked(cls, base: RunConfig, space: dict[str, Range | Choices], **rest: Any) -> Self:
        """A plan each of whose settings can be trained with.

        Raises:
            ConfigError: If it cannot be, saying what was given and what is allowed.
        """
        if not space:
            raise ConfigError(
                "A sweep searches over at least one setting. Give one a range, for example "
                "learning_rate=1e-4..3e-2:log, or choices, for example hidden_size=64,128."
            )
        if not holds_out(base.training.protocol):
            raise ConfigError(
                "The course split scores on training names, so a sweep would choose what learns "
                "them by heart. Choose another split."
            )
        if base.training.patience:
            raise ConfigError("A sweep's runs have no patience: pruning ends trials. Set it to 0.")
        plan = cls(base=base, space=space, **rest)
        plan.configs({})
        return plan

    def start(self) -> dict[str, Value] | None:
        """The base's own values of what is searched, the first trial; None if they lie outside."""
        values = {name: current(self.base, name) for name in self.space}
        inside = all(self.space[name].holds(value) for name, value in values.items())
        return values if inside else None

    def configs(self, values: dict[str, Value]) -> list[RunConfig]:
        """The settings of one trial's runs, a seed each, all on the same split.

        Raises:
            ConfigError: If the values do not go together.
        """
        config = with_settings(self.base, {name: str(value) for name, value in values.items()})
        training = config.training
        return [
            validated(
                config.model_dump()
                | {
                    "training": training.model_dump()
                    | {"seed": training.seed + place, "split_seed": training.split_draw},
                    "preset": "own",
                }
            )
            for place in range(self.seeds)
        ]

    @property
    def most_epochs(self) -> int:
        """Epochs of the longest trial."""
        if self.base.training.steps is not None or "steps" in self.space:
            return EVALUATIONS_PER_RUN
        searched = self.space.get("epochs")
        if isinstance(searched, Range):
            return int(searched.high)
        if isinstance(searched, Choices):
            return max(int(value) for value in searched.values)
        return self.base.training.epochs


def current(config: RunConfig, name: str) -> Any:
    """A setting's value."""
    half = config.model if name in ModelConfig.model_fields else config.training
    return getattr(half, name)


def searchable(config: RunConfig, name: str) -> None:
    """Refuses a setting that a sweep cannot search.

    Raises:
        ConfigError: Why, and what can be.
    """
    fields = [*ModelConfig.model_fields, *TrainConfig.model_fields]
    kind = config.model.kind
    allowed = [field for field in fields if field not in _SHARED and has_setting(kind, field)]
    if name in allowed:
        return
    if name in _SHARED:
        why = f"{_SHARED[name]}, so {name} is not searched."
    elif name in fields:
        why = f"The {config.model.network.title} has no setting “{name}”."
    else:
        why = f"There is no setting “{name}”."
    raise ConfigError(f"{why} Settings that can be searched: {', '.join(allowed)}.")


def range_of(config: RunConfig, name: str, low: str, high: str, log: bool = False) -> Range:
    """A range of a setting, checked.

    Args:
        config: The settings of all trials.
        name: Which setting.
        low: The least value, as text.
        high: The most.
        log: As in `Range`.

    Raises:
        ConfigError: If the setting has no range, or not that one.
    """
    searchable(config, name)
    if isinstance(current(config, name), str):
        raise ConfigError(
            f"{name} is a word, so it has no range. List words to choose from instead, for example "
            f"{name}={current(config, name)}."
        )
    least, most = _tried(config, name, low), _tried(config, name, high)
    if least >= most:
        raise ConfigError(
            f"The range {low}..{high} of {name} is empty: its first number must be the smaller one."
        )
    if log and least <= 0:
        raise ConfigError(
            f"The range of {name} begins at {low}, which has no logarithm. Begin above 0, or "
            "leave “:log” out."
        )
    if isinstance(least, int) and most - least < _MOST_TRIED:
        for between in range(least, most + 1):
            _tried(config, name, str(between))
    return Range(low=least, high=most, log=log)


def choices_of(config: RunConfig, name: str, values: Sequence[str]) -> Choices:
    """Values of a setting to choose from, checked.

    Raises:
        ConfigError: If one of them is none of the setting's, or there are too few.
    """
    searchable(config, name)
    tried = tuple(dict.fromkeys(_tried(config, name, value) for value in values))
    if len(tried) < 2:
        raise ConfigError(
            f"{name} has only one value to choose from: {', '.join(values)}. Give two or more, "
            "separated by commas, or fix it with --set."
        )
    return Choices(values=tried)


def _tried(config: RunConfig, name: str, value: str) -> Any:
    """A value as the setting has it, once it has passed."""
    found = current(with_settings(config, {name: value.strip()}), name)
    if found is None:  # a number that can be left out
        raise ConfigError(f"{name} cannot be searched at “{value}”. Give a number.")
    return found


def parsed_range(config: RunConfig, given: str) -> tuple[str, Range]:
    """Reads `learning_rate=1e-4..3e-2:log`.

    Raises:
        ConfigError: If it is of another form, or as `range_of`.
    """
    name, _, rest = given.partition("=")
    bounds, colon, scale = rest.partition(":")
    low, dots, high = bounds.partition("..")
    if not (name.strip() and dots and low.strip() and high.strip()) or (colon and scale != "log"):
        raise ConfigError(
            f"“{given}” is not of the form NAME=LOW..HIGH or NAME=LOW..HIGH:log, for example "
            "learning_rate=1e-4..3e-2:log."
        )
    return name.strip(), range_of(config, name.strip(), low, high, bool(colon))


def parsed_choices(config: RunConfig, given: str) -> tuple[str, Choices]:
    """Reads `hidden_size=64,128,256`.

    Raises:
        ConfigError: If it is of another form, or as `choices_of`.
    """
    name, equals, rest = given.partition("=")
    values = [value.strip() for value in rest.split(",")]
    if not (name.strip() and equals and all(values)):
        raise ConfigError(
            f"“{given}” is not of the form NAME=VALUE,VALUE, for example hidden_size=64,128,256."
        )
    return name.strip(), choices_of(config, name.strip(), values)
