"""One training step, written out for one name and one weight of a run's network."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from namerec.core.corpus.alphabet import ALPHABET_SIZE, LETTERS, MAX_TEXT, readable
from namerec.core.networks.kinds import SYMBOL_TITLES
from namerec.text import plain
from namerec.ui.frame import address
from namerec.ui.frame.controls import segments, select, text_box, toggle
from namerec.ui.guide.training_step_words import Followed, backward, forward, update
from namerec.ui.shared import services
from namerec.ui.shared.run_picker import pick_run
from namerec.ui.shared.work import may_begin

if TYPE_CHECKING:
    from namerec.core.inside.training_step import TrainingStep, WeightPlace
    from namerec.runs.summary import RunSummary

#: The name that is learned from until another is typed: a training name of the bundled corpus that
#: the pretrained custom LSTM gets wrong.
EXAMPLE = "Jones"
RATES = (0.001, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0)
_RATE = 0.01
_NAME, _LARGEST, _STEP_RATE = "training_name", "training_largest", "training_rate"
#: Numbers that one processor core multiplies in a second here, about: forward, backward, three
#: more readings, and the network copied in 64-bit numbers. Measured on 1 and 4 layers.
_PER_SECOND = 3e7
#: Seconds up to which the step is taken unasked.
_AT_EASE = 2.0


class _Asked(NamedTuple):
    """What the controls are set to."""

    run: RunSummary
    letters: str
    label: int


def training_step_panel(part: str = "whole step") -> None:
    """Controls, and a part of the step: `forward`, `backward`, `update` or the `whole step`.

    Raises:
        NamerecError: If the name cannot be read, or network or names are not there.
    """
    run = pick_run()
    if run is None:
        return
    with st.grid(3, min_column_width=200):
        asked = _name_and_label(run)
        rate = _pick_rate()
    if not _may_begin(asked):
        return
    step = _step(run, asked, rate)
    shown_parts = ("forward", "backward", "update") if part == "whole step" else (part,)
    if part != "forward":
        place = _pick_weight(run, asked, step.place)
        if place is not None:
            step = _step(run, asked, rate, place)
    followed = Followed(step, asked.letters, services.network(run.id).categories, run.noun)
    for one in shown_parts:
        {"forward": forward, "backward": backward, "update": update}[one](followed)
    st.caption(
        "This is about one name only, and simpler than a real training: no batch, dropout off, and "
        "plain gradient descent, which changes each weight by minus the learning rate times its "
        "gradient. It is computed in 64-bit numbers on a copy, so the run itself does not change."
    )


def _name_and_label(run: RunSummary) -> _Asked:
    """The name, and which category is right for it: as in the run's names, if it is there."""
    typed = text_box("Name", "name", EXAMPLE, state=_NAME, max_chars=MAX_TEXT)
    name = readable(typed)
    categories = list(services.network(run.id).categories)
    usual = _known_label(run, name.letters)
    right = select(
        f"Right {run.noun}",
        categories,
        "right",
        categories[usual],
        persist_state=None,
        state=f"training_right_{run.id}_{name.letters}",
        format_func=plain,
        help="Filled in from the run’s names, if this name is among them.",
    )
    return _Asked(run, name.letters, categories.index(right))


def _known_label(run: RunSummary, letters: str) -> int:
    """The label that a run's names give a name; the first one if they do not have it."""
    import numpy as np

    names, _ = services.run_dataset(run)
    lines = np.flatnonzero(names.keys() == letters.lower().encode("ascii"))
    return int(names.labels[lines[0]]) if len(lines) else 0


def _pick_rate() -> float:
    address.keep("rate", _RATE, address.one_of(RATES, "{:g}".format), "{:g}".format,
                 state=_STEP_RATE)  # fmt: skip
    rate: float = st.select_slider(
        "Learning rate",
        RATES,
        key=_STEP_RATE,
        format_func="{:g}".format,
        persist_state="session",
        help="How far the step goes: each weight changes by minus this times its gradient.",
    )
    return rate


def _pick_weight(run: RunSummary, asked: _Asked, largest: WeightPlace) -> WeightPlace | None:
    """The weight to follow; None for the one with the largest gradient."""
    from namerec.core.inside.training_step import WeightPlace, symbols

    model = services.network(run.id).model
    if toggle(
        "Follow the weight with the largest gradient",
        "largest",
        True,
        state=_LARGEST,
        help="Among the weights of the lowest layer that reads from the first letter on. Switch it "
        "off to choose a weight yourself.",
    ):
        return None
    kinds, units = symbols(model), run.info.config.model.hidden_size
    into, unit, source = (f"training_{part}_{run.id}" for part in ("into", "unit", "source"))
    chosen = address.keep("unit", largest.unit + 1, address.whole(1, units), state=unit)
    with st.grid(3, min_column_width=200):
        symbol = segments(
            "It goes into",
            kinds,
            "into",
            largest.symbol,
            persist_state=None,
            state=into,
            help=", ".join(f"{symbol}: {SYMBOL_TITLES[symbol]}" for symbol in kinds) + ".",
        )
        st.number_input("of unit", min_value=1, max_value=units, key=unit)
        place = select(
            "and is multiplied with",
            _sources(asked.letters, units),
            "reads",
            largest.source,
            text=_source_word,
            persist_state=None,
            state=source,
            format_func=_source_word,
            help="A letter is 1 where it is read and 0 elsewhere. A unit of the previous hidden "
            "state has the value that it holds.",
        )
    return WeightPlace(symbol, chosen - 1, place)


def _sources(letters: str, units: int) -> list[int]:
    """What a weight can read: the name's letters, the other letters, and all units."""
    own = [LETTERS.index(letter) for letter in dict.fromkeys(letters)]
    others = [place for place in range(ALPHABET_SIZE) if place not in own]
    return [*own, *others, *range(ALPHABET_SIZE, ALPHABET_SIZE + units)]


def _source_word(source: int) -> str:
    if source < ALPHABET_SIZE:
        letter = LETTERS[source]
        return "letter blank" if letter == " " else f"letter {letter}"
    return f"unit {source - ALPHABET_SIZE + 1} before"


def _may_begin(asked: _Asked) -> bool:
    from namerec.core.inside.effort import effort

    weights = effort(services.network(asked.run.id).model).weights
    seconds = weights * (len(asked.letters) + 4) / _PER_SECOND
    which = ("training step", asked.run.id, asked.run.status.best_epoch, asked.letters)
    return may_begin(which, seconds, _AT_EASE, "One training step", "training_begin")


def _step(
    run: RunSummary, asked: _Asked, rate: float, place: WeightPlace | None = None
) -> TrainingStep:
    return _computed(run.id, run.status.best_epoch, asked.letters, asked.label, rate, place)


@st.cache_resource(max_entries=32, show_spinner="Taking one step…")
def _computed(
    run_id: str,
    best_epoch: int,  # noqa: ARG001 - ages the cache
    letters: str,
    label: int,
    rate: float,
    place: WeightPlace | None,
) -> TrainingStep:
    from namerec.core.inside.training_step import training_step

    return training_step(services.network(run_id).model, letters, label, rate, place)
