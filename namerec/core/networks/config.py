"""What can be set: the network, its training, and the presets. Validated, JSON both ways."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.networks.kinds import (
    KINDS,
    OWN_SETTINGS,
    USUAL_NETWORK,
    Kind,
    ModelKind,
    Variant,
    has_setting,
)

Nonlinearity = Literal["none", "tanh"]
Direction = Literal["forward", "both"]

#: Letters in the longest character n-grams that may be asked for; hashing counts in 63 bits.
LONGEST_NGRAM = 5
#: Rows of logits for each length of n-gram; a surname corpus has a few thousand of each.
NGRAM_BUCKETS = 16_384

#: Settings as runs, zips, links and command lines of earlier versions call them.
RENAMED = {"letter_groups": "char_ngrams", "group_dropout": "ngram_dropout"}


class Settings(BaseModel):
    """Frozen, and strict about names: a misspelt setting is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _names_now(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {RENAMED.get(name, name): value for name, value in values.items()}


class ModelConfig(Settings):
    """The shape of a network, and how the gates begin that keep what it remembers.

    `forget_bias` is added to the biases of `Kind.keeps` when a network is made (Jozefowicz et al.,
    "An empirical exploration of recurrent network architectures", ICML 2015: 1 or 2).
    """

    kind: ModelKind = USUAL_NETWORK
    hidden_size: Annotated[int, Field(ge=1, le=1024)] = 128
    num_layers: Annotated[int, Field(ge=1, le=4)] = 1
    dropout: Annotated[float, Field(ge=0, le=0.95)] = 0.0
    nonlinearity: Nonlinearity = "none"
    direction: Direction = "forward"
    char_ngrams: Annotated[int, Field(ge=0, le=LONGEST_NGRAM)] = 0
    ngram_dropout: Annotated[float, Field(ge=0, le=0.95)] = 0.0
    forget_bias: Annotated[float, Field(ge=-10, le=10)] = 0.0

    @model_validator(mode="after")
    def _some_settings_belong_to_some_networks(self) -> ModelConfig:
        for name, words in OWN_SETTINGS.items():
            usual = ModelConfig.model_fields[name].default
            if not has_setting(self.kind, name) and getattr(self, name) != usual:
                raise ValueError(f"{name} belongs to the {words}")
        return self

    @model_validator(mode="after")
    def _one_letter_is_no_ngram(self) -> ModelConfig:
        if self.char_ngrams == 1:
            raise ValueError("char_ngrams is the longest n-gram's letters: 0 for none, or 2 to 5")
        return self

    @property
    def network(self) -> Kind:
        """The network's entry in the table."""
        return KINDS[self.kind]

    @property
    def variant(self) -> Variant:
        """The network with its own settings."""
        return self.network.variant(self.model_dump())

    @property
    def title(self) -> str:
        """The network's screen name, which says of an RNN whether its recurrence is squashed."""
        return self.variant.title(self.network)

    @property
    def is_linear(self) -> bool:
        """Whether nothing bends what the network carries from letter to letter."""
        functions = {one.function(self.nonlinearity) for one in self.network.stacked}
        return functions == {"none"}

    @property
    def directions(self) -> int:
        """1, or 2 for a network that reads from the end, too."""
        return 2 if self.direction == "both" else 1

    def parameter_count(self, categories: int) -> int:
        """Trainable numbers in this network for so many categories."""
        hidden, kind = self.hidden_size, self.network
        width = self.directions * hidden
        inputs = [ALPHABET_SIZE] + [width] * (self.num_layers - 1)
        rows = len(kind.stacked)
        layers = sum(hidden * (rows * (size + hidden) + kind.biases) for size in inputs)
        read = inputs[-1] + hidden if kind.reads_before else width
        ngrams = max(self.char_ngrams - 1, 0) * NGRAM_BUCKETS * categories
        return ngrams + self.directions * layers + (read + 1) * categories
