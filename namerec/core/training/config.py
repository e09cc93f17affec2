"""How a network is trained: settings, validated, JSON both ways."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from namerec.core.corpus.protocols import Sampling, StoredProtocol, name_now
from namerec.core.networks.config import ModelConfig, Settings
from namerec.errors import ConfigError

OptimizerKind = Literal["sgd", "adam", "adamw"]

Schedule = Literal["constant", "cosine", "one-cycle"]

Device = Literal["cpu", "cuda", "auto"]

PresetName = Literal["course", "fast", "best"]

PRESETS: tuple[PresetName, ...] = get_args(PresetName)

#: Settings of a network that a run may have otherwise than the one it goes on from: they tell how
#: weights are trained. The others tell which there are and, as `forget_bias`, how they are drawn.
FREE_IN_BRANCH = frozenset({"dropout", "ngram_dropout"})

#: How often a run counted in steps is evaluated.
EVALUATIONS_PER_RUN = 20

#: Most names a run counted in steps may draw: a stretch's draw is kept in memory, 8 bytes a name.
MOST_DRAWN = 400_000_000


class TrainConfig(Settings):
    """How a network is trained, and on what.

    `steps`, if set, replaces `epochs`: training then takes that many optimizer steps and is
    evaluated `EVALUATIONS_PER_RUN` times on the way; each such stretch counts as an epoch.
    `split_seed`, if set, divides the names in place of `seed`.
    """

    dataset: Annotated[str, Field(min_length=1, max_length=4096)] = "bundled"
    protocol: StoredProtocol = "leak-free"
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


class RunConfig(Settings):
    """Everything that decides a run's numbers."""

    model: ModelConfig = ModelConfig()
    training: TrainConfig = TrainConfig()
    preset: Annotated[PresetName | Literal["own"], BeforeValidator(name_now)] = "own"


def validated(settings: dict[str, Any]) -> RunConfig:
    """Builds a RunConfig from plain values.

    Raises:
        ConfigError: Naming each setting that is wrong, what was given and what is allowed.
    """
    try:
        return RunConfig.model_validate(settings)
    except ValidationError as error:
        raise ConfigError(_in_words(error)) from None


def _in_words(error: ValidationError) -> str:
    sentences = []
    for problem in error.errors(include_url=False):
        where = str(problem["loc"][-1]) if problem["loc"] else "settings"
        given = problem["input"]
        shown = f" (given: {given!r})" if isinstance(given, str | int | float) else ""
        sentences.append(f"{where}: {problem['msg']}{shown}.")
    return "These settings cannot be used. " + " ".join(sentences)
