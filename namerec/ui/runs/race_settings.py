"""The settings of a race: few, and the same for all networks."""

from __future__ import annotations

import streamlit as st

from namerec.core.corpus.protocols import PROTOCOLS
from namerec.core.networks.config import Nonlinearity
from namerec.core.networks.kinds import MODEL_KINDS, MODEL_TITLES, kinds_with
from namerec.core.tasks.race import left_out, race_configs, usual_nonlinearity
from namerec.core.training.config import RunConfig
from namerec.core.training.presets import PRESET_TABLE
from namerec.text import count
from namerec.ui.frame.settings_table import bounds
from namerec.ui.shared import services
from namerec.ui.shared.corpus_choice import corpus_title, offered

_PRESET, _NAMES, _SPLIT = "race_preset", "race_names", "race_split"
_SEED, _LENGTH, _RATE, _RNN = "race_seed", "race_length", "race_rate", "race_rnn"
_NETWORKS = "race_networks"
_RNN_WORDS: dict[Nonlinearity, str] = {"none": "linear", "tanh": "tanh"}


def race_settings() -> list[RunConfig]:
    """Draws them where it is called.

    Returns:
        Each network's settings.

    Raises:
        ConfigError: If they cannot be trained with.
    """
    _begin()
    st.pills(
        "Networks", MODEL_KINDS, key=_NETWORKS, selection_mode="multi", persist_state="session",
        format_func=MODEL_TITLES.__getitem__, help="Two or more, which train against each other.",
    )  # fmt: skip
    with st.grid(4, min_column_width=190):
        st.segmented_control(
            "Preset", ("fast", "best", "course"), key=_PRESET, format_func=str.capitalize,
            required=True, on_change=_apply_preset, persist_state="session", width="stretch",
            help="The settings for all networks. What the preset sets for one of them only is left "
            "out.",
        )  # fmt: skip
        corpora = offered()
        if st.session_state[_NAMES] not in corpora:  # removed meanwhile
            st.session_state[_NAMES] = services.given_corpus() or "bundled"
        st.selectbox(
            "Names", list(corpora), key=_NAMES, persist_state="session",
            format_func=lambda reference: corpus_title(corpora[reference]),
            help="The corpus that all train on.",
        )  # fmt: skip
        st.selectbox(
            "Split", PROTOCOLS, key=_SPLIT, persist_state="session",
            help="How names are divided, the same for all networks. **course** holds nothing out.",
        )  # fmt: skip
        st.segmented_control(
            "The RNN's recurrence", list(_RNN_WORDS), key=_RNN, required=True,
            format_func=_RNN_WORDS.__getitem__, persist_state="session", width="stretch",
            help="The only setting here that is for one network only. linear: as in the course "
            "report and the PyTorch tutorial. tanh: the state is squashed at every letter, as in "
            "textbooks.",
            disabled=not set(kinds_with("nonlinearity")) & set(st.session_state[_NETWORKS]),
        )  # fmt: skip
        _number("Seed", _SEED, "seed", 1)
        unit = _unit()
        _number(unit.capitalize(), _LENGTH, unit, 1 if unit == "epochs" else 1000)
        st.number_input(
            "Learning rate", key=_RATE, min_value=0.0001, max_value=1.0, step=0.001, format="%g",
            persist_state="session",
            help="The same for all networks. If the schedule changes it, this is the highest "
            "value.",
        )  # fmt: skip
    return _read_back()


def say_what_is_equal(configs: list[RunConfig]) -> None:
    """What the networks share, what each costs in parameters, and what they do without."""
    model, training = configs[0].model, configs[0].training
    names = services.dataset(training.dataset)
    layers = f"{model.num_layers} layers of " if model.num_layers > 1 else ""
    parameters = ", ".join(
        f"{config.model.title} {count(config.model.parameter_count(len(names.categories)))}"
        for config in configs
    )
    sentences = [
        f"All have {layers}{model.hidden_size} hidden units, {training.optimizer} in batches of "
        f"{training.batch_size}, and the same names, split and seed.",
        f"Trainable parameters: {parameters}.",
        left_out(st.session_state[_PRESET], st.session_state[_NETWORKS]),
    ]
    st.caption(" ".join(sentence for sentence in sentences if sentence))


def _begin() -> None:
    """Fills them in on the first visit."""
    if _PRESET not in st.session_state:
        st.session_state[_PRESET] = "fast"
        st.session_state[_NAMES] = services.given_corpus() or "bundled"
        st.session_state[_SEED] = 0
        st.session_state[_NETWORKS] = list(MODEL_KINDS)
        _apply_preset()


def _apply_preset() -> None:
    training = race_configs(st.session_state[_PRESET])[0].training
    st.session_state[_RNN] = usual_nonlinearity(st.session_state[_PRESET])
    st.session_state[_SPLIT] = training.protocol
    st.session_state[_LENGTH] = training.steps or training.epochs
    st.session_state[_RATE] = training.learning_rate


def _unit() -> str:
    return "steps" if "steps" in PRESET_TABLE[st.session_state[_PRESET]]["training"] else "epochs"


def _number(label: str, key: str, setting: str, step: int) -> None:
    _, most = bounds(setting)
    least = 0 if setting == "seed" else 1
    st.number_input(
        label, key=key, min_value=least, max_value=int(most), step=step, persist_state="session"
    )


def _read_back() -> list[RunConfig]:
    state = st.session_state
    return race_configs(
        state[_PRESET],
        state[_RNN],
        state[_NETWORKS],
        dataset=state[_NAMES],
        protocol=state[_SPLIT],
        seed=state[_SEED],
        learning_rate=state[_RATE],
        **{_unit(): state[_LENGTH]},
    )
