"""The form of the Train page: one table of settings, drawn as widgets, read back as a RunConfig."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, get_args

import streamlit as st

from namerec.core.config import (
    MODEL_KINDS,
    MODEL_TITLES,
    PERSONAL,
    PROTOCOLS,
    SOME_NETWORKS_OWN,
    Device,
    Direction,
    ModelConfig,
    ModelKind,
    Nonlinearity,
    OptimizerKind,
    PresetName,
    RunConfig,
    Sampling,
    Schedule,
    TrainConfig,
    named,
    preset,
    validated,
)
from namerec.ui import services
from namerec.ui.corpus_choice import CORPUS, corpus_title, offered
from namerec.ui.corpus_download import download_button

PRESET_WORDS: dict[PresetName, str] = {
    "fast": "A good network in well under a minute.",
    "best": "The most accurate settings we know; takes a little longer.",
    "report": (
        "The course report's recipe: one name at a time, 100 000 steps of plain SGD (the LSTMs "
        "at ten times the rate), scored on training names. Takes minutes."
    ),
}
PROTOCOL_HELP = (
    "How names are divided. **leak-free**: no name is in two parts. **raw**: a plain random "
    "split that keeps duplicates. **report**: trains on everything and scores on the training "
    "names. **given**: the corpus's own split column."
)


class Number(NamedTuple):
    """A setting that is a number. Bounds are the validated ones unless the form is narrower."""

    name: str
    label: str
    help: str
    step: float
    format: str | None = None
    most: float | None = None


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
        1.0,
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
        1.0,
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
        "letter_groups",
        "Letter groups (0: none)",
        "Longest group of neighbouring letters that votes for a language beside the network, "
        "0 or 2 to 5. An n-gram model inside the network.",
        1,
    ),
    Number(
        "group_dropout",
        "Group dropout",
        "Share of letter groups without a vote, at random while training, 0 to 0.95.",
        0.05,
        "%.2f",
    ),
    Number("seed", "Seed", "The same seed and settings give the same numbers.", 1),
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

#: Settings for comparing runs from the command line, which the form leaves as they are.
_UNASKED = frozenset({"split_seed"})
#: Settings that choosing a preset leaves as they are; it does say which split it is for.
_KEPT = PERSONAL - {"protocol"}
_KIND, _PRESET, _DATASET, _PROTOCOL = "set_kind", "set_preset", "set_dataset", "set_protocol"


def settings_form() -> RunConfig:
    """Draws the form where it is called.

    Returns:
        The settings as they stand.

    Raises:
        ConfigError: If they cannot be trained with.
    """
    _begin()
    st.segmented_control(
        "Network",
        MODEL_KINDS,
        key=_KIND,
        format_func=_kind_title,
        required=True,
        on_change=_apply_preset,
        persist_state="session",
        width="stretch",
        help="RNN: no gates. LSTM: PyTorch's own `nn.LSTM`. Custom: the same mathematics, "
        "written by hand, gate by gate.",
    )
    st.segmented_control(
        "Preset",
        ("fast", "best", "report"),
        key=_PRESET,
        format_func=str.capitalize,
        required=True,
        on_change=_apply_preset,
        persist_state="session",
        width="stretch",
    )
    st.caption(PRESET_WORDS[st.session_state[_PRESET]])
    _corpus_choice()
    columns = st.columns(2)
    for place, setting in enumerate(BASIC):
        with columns[place % 2]:
            _draw(setting)
    with st.expander("More settings", icon=":material/tune:"):
        for setting in OWN:
            if st.session_state[_KIND] in SOME_NETWORKS_OWN[setting.name][0]:
                _draw(setting)
        for setting in ADVANCED:
            _draw(setting)
    return _read_back()


def _kind_title(kind: ModelKind) -> str:
    return {"rnn": "RNN", "lstm": "LSTM", "custom_lstm": "Custom LSTM"}[kind]


def _begin() -> None:
    """Fills the form in on the first visit."""
    if _KIND not in st.session_state:
        st.session_state[_KIND] = "custom_lstm"
        st.session_state[_PRESET] = "fast"
        st.session_state[_DATASET] = services.given_corpus() or "bundled"
        for name, value in (("seed", 0), ("device", "cpu")):
            st.session_state[_key(name)] = value
        _apply_preset()


def _apply_preset() -> None:
    """Puts the chosen preset's values into the form."""
    kind, name = st.session_state[_KIND], st.session_state[_PRESET]
    config = preset(name, kind)
    values = config.model.model_dump() | config.training.model_dump()
    for field, value in values.items():
        if field not in _KEPT | {"kind"}:
            st.session_state[_key(field)] = 0 if value is None else value


def choose_corpus(reference: str) -> None:
    """Has the form train on a corpus; called where the form itself is not drawn."""
    _begin()
    st.session_state[_DATASET] = reference


def _corpus_choice() -> None:
    corpora = offered()
    if st.session_state[_DATASET] not in corpora:  # removed on the Dataset page, or elsewhere
        st.session_state[_DATASET] = services.given_corpus() or "bundled"
    st.selectbox(
        "Names",
        list(corpora),
        key=_DATASET,
        format_func=lambda reference: corpus_title(corpora[reference]),
        persist_state="session",
        help="The corpus to train on.",
    )
    if not corpora[st.session_state[_DATASET]].installed:
        download_button("train_download")
    st.page_link(
        "pages/dataset.py",
        label="Look at them, or bring yours",
        icon=":material/dataset:",
        query_params={CORPUS: st.session_state[_DATASET]},
    )
    st.selectbox("Split", PROTOCOLS, key=_PROTOCOL, persist_state="session", help=PROTOCOL_HELP)


def _draw(setting: Number | Choice) -> None:
    if isinstance(setting, Choice):
        st.selectbox(
            setting.label,
            setting.options,
            key=_key(setting.name),
            persist_state="session",
            help=setting.help,
        )
        return
    least, most = _bounds(setting.name)
    if setting.most is not None:
        most = min(most, setting.most)
    kind = float if setting.format else int
    value = st.session_state[_key(setting.name)]
    st.session_state[_key(setting.name)] = kind(value)
    st.number_input(
        setting.label,
        min_value=kind(least),
        max_value=kind(most),
        step=kind(setting.step),
        format=setting.format,
        key=_key(setting.name),
        persist_state="session",
        help=setting.help,
    )


@cache
def _bounds(name: str) -> tuple[float, float]:
    """The least and the most a setting may be, from its validated definition."""
    schema = (ModelConfig if name in ModelConfig.model_fields else TrainConfig).model_json_schema()
    field: dict[str, Any] = schema["properties"][name]
    if "anyOf" in field:  # steps: a number, or none
        field = {**field["anyOf"][0], "minimum": 0}
    if "exclusiveMinimum" in field:
        return 1e-6, field["maximum"]
    return field["minimum"], field["maximum"]


def _key(name: str) -> str:
    return f"set_{name}"


def _read_back() -> RunConfig:
    state = st.session_state
    model = {
        name: state[_key(name)]
        for name in ModelConfig.model_fields
        if name not in SOME_NETWORKS_OWN or state[_KIND] in SOME_NETWORKS_OWN[name][0]
    }
    training = {
        name: state[_key(name)] for name in TrainConfig.model_fields if name not in _UNASKED
    }
    training["steps"] = training["steps"] or None
    return named(validated({"model": model, "training": training}), state[_PRESET])


def summary_words(config: RunConfig) -> str:
    """The settings in one line."""
    model, training = config.model, config.training
    length = f"{training.steps:,} steps" if training.steps else f"{training.epochs} epochs"
    layers = f"{model.num_layers} layers of " if model.num_layers > 1 else ""
    return (
        f"{MODEL_TITLES[model.kind]} · {layers}{model.hidden_size} hidden units · {length} · "
        f"{training.optimizer} {training.learning_rate:g} · batch {training.batch_size} · "
        f"{training.protocol} split · seed {training.seed}"
    )
