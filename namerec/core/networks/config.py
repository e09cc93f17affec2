"""What can be set: the network, its training, and the presets. Validated, JSON both ways."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from namerec.core.corpus.alphabet import ALPHABET_SIZE

ModelKind = Literal["rnn", "lstm", "custom_lstm"]
Nonlinearity = Literal["none", "tanh"]
Direction = Literal["forward", "both"]

MODEL_KINDS: tuple[ModelKind, ...] = get_args(ModelKind)


#: Screen names of the networks, in the order they are offered.
MODEL_TITLES: dict[ModelKind, str] = {
    "rnn": "RNN",
    "lstm": "LSTM (built-in)",
    "custom_lstm": "LSTM (custom)",
}


#: Letters in the longest character n-grams that may be asked for; hashing counts in 63 bits.
LONGEST_NGRAM = 5
#: Rows of logits for each length of n-gram; a surname corpus has a few thousand of each.
NGRAM_BUCKETS = 16_384


#: Settings that only some networks have: which, and for messages.
SOME_NETWORKS_OWN: dict[str, tuple[tuple[ModelKind, ...], str]] = {
    "nonlinearity": (("rnn",), "RNN; the LSTMs have theirs built in"),
    "direction": (("custom_lstm",), "custom LSTM; the other networks read forward"),
    "forget_bias": (("lstm", "custom_lstm"), "LSTMs; an RNN has no forget gate"),
}


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
    char_ngrams: Annotated[int, Field(ge=0, le=LONGEST_NGRAM)] = 0
    ngram_dropout: Annotated[float, Field(ge=0, le=0.95)] = 0.0
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
    def _one_letter_is_no_ngram(self) -> ModelConfig:
        if self.char_ngrams == 1:
            raise ValueError("char_ngrams is the longest n-gram's letters: 0 for none, or 2 to 5")
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
        ngrams = max(self.char_ngrams - 1, 0) * NGRAM_BUCKETS * categories
        if self.kind == "rnn":
            steps = sum((size + hidden + 1) * hidden for size in inputs)
            return ngrams + steps + (inputs[-1] + hidden + 1) * categories
        biases = 2 if self.kind == "lstm" else 1  # nn.LSTM keeps two of them
        gates = sum(4 * hidden * (size + hidden + biases) for size in inputs)
        return ngrams + directions * gates + (directions * hidden + 1) * categories
