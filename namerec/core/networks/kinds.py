"""Each network in one entry: its names, what its step computes, what it costs. No torch here.

Forms, command line, validation, figures, traces, ablation, equations, estimates and exports read
this table. What needs torch stands beside it, by kind: the class in `models.MODELS`, the ONNX
operators in `export.onnx.layers`, the piece of a program in `export.program.script`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

ModelKind = Literal["rnn", "lstm", "custom_lstm", "gru"]
MODEL_KINDS: tuple[ModelKind, ...] = get_args(ModelKind)
#: Networks of the memory task: the keys of all variants.
MemoryNetwork = Literal["rnn", "rnn_tanh", "lstm", "custom_lstm", "gru"]

#: What a weighted sum is put through; *as set* is the setting `nonlinearity`.
Activation = Literal["sigmoid", "tanh", "as set"]


class Factor(NamedTuple):
    """A symbol as it stands in the equation of a state.

    That is itself, before the step, its tanh, or what it leaves of 1.
    """

    symbol: str
    form: Literal["now", "before", "tanh", "rest"] = "now"


@dataclass(frozen=True, slots=True)
class Symbol:
    """One of the values that a step computes, each a number a unit.

    Attributes:
        name: In the equations.
        title: In words.
        meaning: What it does, in a sentence.
        bounds: Between which it lies; None if nothing holds it.
        activation: Of the weighted sum that it is; None for what is computed from other symbols.
        terms: Of the latter: products of factors, to be added.
        through: A gate that lets through what the weighted sum reads of the state before, with a
            bias of its own; such biases are stacked behind all others.
    """

    name: str
    title: str
    meaning: str
    bounds: tuple[float, float] | None
    activation: Activation | None = None
    terms: tuple[tuple[Factor, ...], ...] = ()
    through: str | None = None

    def function(self, nonlinearity: str) -> str | None:
        """What its weighted sum is put through in a network with such a `nonlinearity`."""
        return nonlinearity if self.activation == "as set" else self.activation

    @property
    def is_gate(self) -> bool:
        """Whether it lets a share through, from 0, closed, to 1, open."""
        return self.activation == "sigmoid"


@dataclass(frozen=True, slots=True)
class Variant:
    """A network with its own settings decided.

    Attributes:
        key: Of the memory task's networks.
        dash: Of its line where all variants are drawn, as Plotly calls it.
        word: In brackets behind the network's title.
        settings: What is decided.
        counterpart: PyTorch's layer that computes the same, such as `nn.LSTM`; None if it has none.
    """

    key: MemoryNetwork
    counterpart: str | None
    dash: str
    word: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def title(self, kind: Kind) -> str:
        """Its screen name."""
        return f"{kind.title} ({self.word})" if self.word else kind.title


@dataclass(frozen=True, slots=True)
class Kind:
    """One network.

    Attributes:
        key: In configurations.
        title: Its screen name.
        button: A shorter one, where it is chosen.
        noun: What such a network is, with its article.
        meaning: What it is, in a sentence.
        symbols: All that a step computes, in this order; the weights of those with an activation
            are stacked in it.
        shown: The symbols in the order in which they are shown.
        states: What a step hands on to the next; the hidden state `h` first.
        keeps: The gate that a state is multiplied by at every step, if there is one.
        reads_before: Whether the output layer reads the top layer's last input and the state
            before it, in place of the state after it.
        own: Settings that not every network has, of `OWN_SETTINGS`.
        variants: What tells such networks apart in their titles.
        presets: What presets give this network alone, by preset.
        biases: Numbers a unit that are added in a step.
        kept: Arrays of (letters, hidden units) that a layer keeps until its backward pass.
        at_work: The same that a layer takes besides while it is at work.
        reads_one_hot: Whether letters are laid out as rows of the alphabet's size.
        twin: The hand-written network with the same equations, of one whose layers are PyTorch's.
    """

    key: ModelKind
    title: str
    button: str
    noun: str
    meaning: str
    symbols: tuple[Symbol, ...]
    shown: str
    states: tuple[str, ...]
    keeps: str | None
    own: frozenset[str]
    variants: tuple[Variant, ...]
    presets: Mapping[str, Mapping[str, Any]]
    biases: int
    kept: int
    at_work: int
    twin: ModelKind | None = None
    reads_before: bool = False
    reads_one_hot: bool = False

    @property
    def opening(self) -> str:
        """Its noun, at the beginning of a sentence."""
        return self.noun[0].upper() + self.noun[1:]

    @property
    def stacked(self) -> tuple[Symbol, ...]:
        """The symbols that are weighted sums, as their weights are stacked."""
        return tuple(symbol for symbol in self.symbols if symbol.activation)

    @property
    def behind_gates(self) -> tuple[Symbol, ...]:
        """Those of them that read the state through a gate."""
        return tuple(symbol for symbol in self.stacked if symbol.through)

    @property
    def gates(self) -> tuple[str, ...]:
        """What is computed for the states' sake, as it is stacked: gates and candidates."""
        return tuple(symbol.name for symbol in self.stacked if symbol.name not in self.states)

    def symbol(self, name: str) -> Symbol:
        """The symbol of that name."""
        return next(symbol for symbol in self.symbols if symbol.name == name)

    @property
    def by_hand(self) -> ModelKind:
        """The hand-written network with the same equations: itself, or its twin."""
        return self.twin or self.key

    def variant(self, settings: Mapping[str, Any]) -> Variant:
        """The variant that a network with such settings is."""
        return next(one for one in self.variants if one.settings.items() <= settings.items())


#: Settings that only some networks have, and whose they are, for messages.
OWN_SETTINGS: dict[str, str] = {
    "nonlinearity": "RNN; the other networks have theirs built in",
    "direction": "custom LSTM and the GRU; the other networks read forward",
    "forget_bias": "LSTMs and the GRU; an RNN has no gate that keeps",
}

_RNN_SYMBOLS = (
    Symbol("h", "hidden state", "The only memory, computed anew at every letter.", None, "as set"),
)
_LSTM_SYMBOLS = (
    Symbol("i", "input gate", "Share of the candidate let in.", (0, 1), "sigmoid"),
    Symbol("f", "forget gate", "Share of the old cell state kept.", (0, 1), "sigmoid"),
    Symbol("g", "cell candidate", "What could be let in.", (-1, 1), "tanh"),
    Symbol("o", "output gate", "Share of the cell that is shown.", (0, 1), "sigmoid"),
    Symbol(
        "c",
        "cell state",
        "The memory: kept plus let in.",
        None,
        terms=((Factor("f"), Factor("c", "before")), (Factor("i"), Factor("g"))),
    ),
    Symbol(
        "h",
        "hidden state",
        "What the cell shows: o times tanh c.",
        (-1, 1),
        terms=((Factor("o"), Factor("c", "tanh")),),
    ),
)
_GRU_SYMBOLS = (
    Symbol("r", "reset gate", "Share of the old state that n reads.", (0, 1), "sigmoid"),
    Symbol("z", "update gate", "Share of the old state kept.", (0, 1), "sigmoid"),
    Symbol("n", "candidate", "What replaces the share not kept.", (-1, 1), "tanh", through="r"),
    Symbol(
        "h",
        "hidden state",
        "The memory: kept plus new.",
        (-1, 1),
        terms=((Factor("z", "rest"), Factor("n")), (Factor("z"), Factor("h", "before"))),
    ),
)

_KINDS = (
    Kind(
        key="rnn",
        title="RNN",
        button="RNN",
        noun="an RNN",
        meaning="The simplest recurrence: each letter and the state before it make the next state. "
        "It has no gates, and it forgets.",
        symbols=_RNN_SYMBOLS,
        shown="h",
        states=("h",),
        keeps=None,
        own=frozenset({"nonlinearity"}),
        variants=(
            Variant("rnn", None, "dot", "linear", {"nonlinearity": "none"}),
            Variant("rnn_tanh", "nn.RNN", "dash", "tanh", {"nonlinearity": "tanh"}),
        ),
        presets={"best": {"nonlinearity": "tanh"}},
        biases=1,
        kept=1,  # its states
        at_work=3,
        reads_before=True,
    ),
    Kind(
        key="lstm",
        title="LSTM (built-in)",
        button="LSTM",
        noun="an LSTM",
        meaning="PyTorch's own `nn.LSTM`: a cell state carries memory past the letters, and gates "
        "decide what goes in, stays and comes out.",
        symbols=_LSTM_SYMBOLS,
        shown="fiogch",
        states=("h", "c"),
        keeps="f",
        own=frozenset({"forget_bias"}),
        variants=(Variant("lstm", "nn.LSTM", "solid"),),
        # The report's `nn.LSTM` had two layers. At the RNN's rate both LSTMs are far from done by
        # then (about 31 % and 51 %); at ten times of it they reach the report's figures.
        presets={"course": {"num_layers": 2, "learning_rate": 0.05}},
        biases=8,  # nn.LSTM keeps two for each gate
        kept=9,  # what autograd needs
        at_work=6,
        twin="custom_lstm",
        reads_one_hot=True,
    ),
    Kind(
        key="custom_lstm",
        title="LSTM (custom)",
        button="Custom LSTM",
        noun="an LSTM",
        meaning="The same mathematics written by hand, gate by gate, with a backward pass of its "
        "own: the same numbers, and faster from batches of 64 up.",
        symbols=_LSTM_SYMBOLS,
        shown="fiogch",
        states=("h", "c"),
        keeps="f",
        own=frozenset({"direction", "forget_bias"}),
        variants=(Variant("custom_lstm", "nn.LSTM", "solid"),),
        presets={
            "course": {"learning_rate": 0.05},
            "best": {"direction": "both", "char_ngrams": 5, "ngram_dropout": 0.8},
        },
        biases=4,
        kept=7,  # four gates, h, c, tanh(c)
        at_work=8,
    ),
    Kind(
        key="gru",
        title="GRU",
        button="GRU",
        noun="a GRU",
        meaning="Two gates and no cell state, written by hand: one gate decides what share of the "
        "state is kept, and the rest is new.",
        symbols=_GRU_SYMBOLS,
        shown="rznh",
        states=("h",),
        keeps="z",
        own=frozenset({"direction", "forget_bias"}),
        variants=(Variant("gru", "nn.GRU", "dashdot"),),
        presets={
            "course": {"learning_rate": 0.05},
            "best": {"direction": "both", "char_ngrams": 5, "ngram_dropout": 0.8},
        },
        biases=4,
        kept=5,  # two gates, the candidate, what it reads of the state, h
        at_work=7,
    ),
)
#: The networks, in the order in which they are offered.
KINDS: dict[ModelKind, Kind] = {kind.key: kind for kind in _KINDS}
#: All variants, and whose they are, by key.
VARIANTS: dict[MemoryNetwork, tuple[ModelKind, Variant]] = {
    variant.key: (key, variant) for key, kind in KINDS.items() for variant in kind.variants
}
#: The network that is chosen where nobody chose.
USUAL_NETWORK: ModelKind = "custom_lstm"

#: Screen names of the networks, in the order in which they are offered.
MODEL_TITLES: dict[ModelKind, str] = {key: kind.title for key, kind in KINDS.items()}
#: What each symbol is called, whichever network it is of.
SYMBOL_TITLES = {symbol.name: symbol.title for kind in KINDS.values() for symbol in kind.symbols}
#: What any network hands on from step to step.
STATES: tuple[str, ...] = tuple(
    dict.fromkeys(state for kind in KINDS.values() for state in kind.states)
)
#: What any network has besides its states, see `Kind.gates`.
GATES: tuple[str, ...] = tuple(
    dict.fromkeys(gate for kind in KINDS.values() for gate in kind.gates)
)


def has_setting(kind: ModelKind, name: str) -> bool:
    """Whether a network has a setting."""
    return name not in OWN_SETTINGS or name in KINDS[kind].own


def kinds_with(name: str) -> list[ModelKind]:
    """The networks that have a setting."""
    return [kind for kind in KINDS if has_setting(kind, name)]
