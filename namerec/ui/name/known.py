"""Is it memory? Whether the typed name was trained on, and the training names nearest to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import streamlit as st

from namerec.core.corpus.alphabet import NormalisedName
from namerec.core.corpus.protocols import Protocol, holds_out
from namerec.core.inside.trace import GateTrace
from namerec.export.spreadsheet import as_shown
from namerec.text import count, percent, plain
from namerec.ui.shared import services

if TYPE_CHECKING:
    from namerec.core.inside.nearness import Standing, StateNeighbour, TrainingStates
    from namerec.core.inside.neighbours import Neighbour
    from namerec.runs.summary import RunSummary

#: Training names in each table.
_NEAREST = 10
#: States of training names kept, up to 128 MB each.
_KEPT = 3
_PARTS = {"train": "training", "validation": "validation", "test": "test"}


class _Known(NamedTuple):
    """What is shown of one name."""

    standings: tuple[Standing, ...]
    by_state: list[StateNeighbour]
    by_letters: list[Neighbour]
    searched: int
    training_names: int


def known_panel(run: RunSummary, name: NormalisedName, trace: GateTrace) -> None:
    """Where the name stands in the run's split, and its nearest training names, twice.

    Raises:
        NamerecError: If network or names are not there.
    """
    from namerec.core.inside.nearness import share_with, verdict

    predicted = trace.prediction(name.original).ranked[0][0]
    known = _known(run, trace.letters)
    _, split = services.run_dataset(run)
    st.subheader("Did it memorise this name?")
    st.markdown(f"**{plain(verdict(known.standings, predicted))}**")
    st.caption(plain(_where_words(known.standings, split.protocol)))
    with st.grid(2, min_column_width=340):
        with st.container(border=True):
            st.subheader("Closest in hidden space")
            share = share_with(known.by_state, predicted)
            st.caption(
                "Training names after which the network's hidden state is most similar. "
                f"{percent(share, 0)} of them have its answer, {plain(predicted)}."
            )
            _table(
                known.by_state,
                [neighbour.similarity for neighbour in known.by_state],
                st.column_config.NumberColumn(
                    "Similarity",
                    help="Cosine of the angle between the two hidden states, −1 to 1; 1 is the "
                    "same direction.",
                    width="small", format="%.3f",
                ),
                run.noun, "Training names closest in hidden space",
            )  # fmt: skip
        with st.container(border=True):
            st.subheader("Closest in spelling")
            share = share_with(known.by_letters, predicted)
            st.caption(
                f"Training names that differ in the fewest letters. {percent(share, 0)} of them "
                f"have the network’s answer, {plain(predicted)}."
            )
            _table(
                known.by_letters,
                [neighbour.distance for neighbour in known.by_letters],
                st.column_config.NumberColumn(
                    "Letters apart",
                    help="Edit distance: how many letters must be inserted, deleted or replaced; "
                    "0 is the same name.",
                    width="small",
                ),
                run.noun, "Training names closest in spelling",
            )  # fmt: skip
    for words in _what_is_compared(run, known):
        st.caption(words)


def _known(run: RunSummary, letters: str) -> _Known:
    from namerec.core.inside.nearness import last_states, standings

    dataset, split = services.run_dataset(run)
    states = _states(run.id, run.status.best_epoch, run)
    state = last_states(services.network(run.id).model, [letters])[0]
    return _Known(
        standings(dataset, split, letters),
        states.nearest(state, _NEAREST),
        services.training_names(run).nearest([letters], _NEAREST)[0],
        len(states.names),
        states.of,
    )


@st.cache_resource(max_entries=_KEPT, show_spinner="Reading all training names…")
def _states(run_id: str, best_epoch: int, _run: RunSummary) -> TrainingStates:  # noqa: ARG001
    from namerec.core.inside.nearness import TrainingStates

    return TrainingStates.read(services.network(run_id).model, services.training_names(_run))


def _where_words(found: tuple[Standing, ...], protocol: Protocol) -> str:
    """Every part in which the name stands, with its categories there."""
    from namerec.text import listed

    note = "Names are compared as the network reads them, ignoring upper and lower case."
    if not holds_out(protocol):
        note += " This run was trained on all names of the corpus."
    if not found:
        return f"It is in no part of the {protocol} split. {note}"
    where = "; ".join(f"{_PARTS[one.part]} as {listed(one.categories)}" for one in found)
    return f"In the {protocol} split it is in {where}. {note}"


def _table(
    neighbours: list[StateNeighbour] | list[Neighbour],
    values: list[float] | list[int],
    column: Any,
    word: str,
    alt: str,
) -> None:
    table = pd.DataFrame(
        {
            "name": [neighbour.name for neighbour in neighbours],
            "category": [", ".join(neighbour.categories) for neighbour in neighbours],
            "value": values,
        }
    )
    st.dataframe(
        as_shown(table),
        hide_index=True,
        alt=alt,
        column_config={
            "name": st.column_config.TextColumn("Training name"),
            "category": st.column_config.TextColumn(word.capitalize()),
            "value": column,
        },
    )


def _what_is_compared(run: RunSummary, known: _Known) -> list[str]:
    """What the tables compare, and what of it is simplified."""
    config = run.info.config.model
    if known.searched < known.training_names:
        words = [
            f"The hidden states of {count(known.searched)} of the {count(known.training_names)} "
            "distinct training names, drawn at random, were compared; the spellings of all of "
            "them."
        ]
    else:
        words = [f"All {count(known.training_names)} distinct training names were compared."]
    if config.network.reads_before:
        words.append(
            "The hidden state after the last letter is compared. This network’s output layer "
            "reads the two inputs of that state: the state before the last letter, and the last "
            "letter."
        )
    elif config.direction == "both":
        words.append(
            "The input of the output layer is compared: the top layer’s forward hidden state "
            "after the last letter, and its backward one after the first letter."
        )
    else:
        words.append(
            "The input of the output layer is compared: the top layer’s hidden state after the "
            "last letter."
        )
    if config.char_ngrams:
        words.append(
            f"In this network the logits of n-grams of 2 to {config.char_ngrams} letters are added "
            "to those of the hidden state, so its answer may differ from that of the closest "
            "names."
        )
    return words
