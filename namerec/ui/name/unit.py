"""One unit of the Name page: along the typed name, and over the run's validation names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from namerec.core.corpus.alphabet import NormalisedName
from namerec.core.inside.trace import GateTrace
from namerec.core.networks.kinds import SYMBOL_TITLES
from namerec.export.spreadsheet import as_shown
from namerec.figures.base import theme
from namerec.figures.inside.units import unit_figure
from namerec.text import count, plain
from namerec.ui.frame.controls import segments
from namerec.ui.frame.errors import show_errors
from namerec.ui.shared import services
from namerec.ui.shared.charts import chart

if TYPE_CHECKING:
    from namerec.core.inside.tracking import Feature, Tracking
    from namerec.core.inside.units import Driven, PartStates
    from namerec.runs.summary import RunSummary

_STATE, _CORPUS = "units_state", "units_corpus"
#: Layers whose states over many names are kept: up to 20 MB each.
_KEPT = 4
#: Names in each list, and features listed.
_MOST_NAMES, _MOST_FEATURES = 8, 10


@dataclass(frozen=True, eq=False)
class LayerOfPart:
    """What a layer did on the validation names, ready to be looked at.

    Attributes:
        states: Of all units after every letter.
        tracking: By symbol, the states that the network has.
        order: The units, alike beside alike by `h`, int64, (units,).
        counted: How many letters of which names, in words.
    """

    states: PartStates
    tracking: dict[str, Tracking]
    order: np.ndarray
    counted: str


def states_of(run: RunSummary, layer: int) -> LayerOfPart:
    """What a layer of a run's best network does on the validation names of its split.

    Args:
        run: Which.
        layer: As in `GateTrace.values`.

    Raises:
        NamerecError: If network or names are not there.
    """
    return cached_states(run.id, run.status.best_epoch, layer, run)


@st.cache_resource(max_entries=_KEPT, show_spinner="Reading the validation names…")
def cached_states(
    run_id: str,
    best_epoch: int,  # noqa: ARG001 - decides the network
    layer: int,
    _run: RunSummary,
) -> LayerOfPart:
    """What `states_of` gives, for all sessions."""
    from namerec.core.evaluation.leaf_order import alike
    from namerec.core.inside.tracking import tracking
    from namerec.core.inside.units import part_states

    names, split = services.run_dataset(_run)
    model = services.network(run_id).model
    directions = 2 if model.backward_weights() else 1
    states = part_states(model, names, split.part("validation"), layer)
    read, available = len(states.rows), states.available
    drawn = "" if read == available else f" drawn from {count(available)}, always the same ones,"
    return LayerOfPart(
        states=states,
        tracking={
            symbol: tracking(
                states,
                names,
                symbol,
                from_the_end=layer % directions == 1,
                sees_all=directions == 2 and layer >= directions,
            )
            for symbol in states.values
        },
        order=alike(states.values["h"]),
        counted=f"each of the {count(len(states.name))} letters of {count(read)} names{drawn} "
        f"({split.words('validation')})",
    )


def followed_panel(
    run: RunSummary, name: NormalisedName, trace: GateTrace, layer: int, unit: int
) -> None:
    """One unit, letter by letter, and what drives it over many names.

    Args:
        run: Whose network.
        name: The typed name.
        trace: Of it.
        layer: As in the trace's values.
        unit: Of the layer, 0 the first.
    """
    look = theme.theme_for(st.context.theme.type)
    where = (
        f"{trace.layer_name(layer)}, unit {unit + 1}" if trace.layers > 1 else f"unit {unit + 1}"
    )
    with st.container(border=True):
        st.markdown(f"**{where.capitalize()} in “{plain(name.letters)}”**")
        chart(unit_figure(trace, layer, unit, look), "unit_lines")
    corpus = st.expander(
        "What drives this unit, over the validation names",
        icon=":material/search_insights:",
        key=_CORPUS,
        on_change="rerun",
    )
    if corpus.open:
        with corpus, show_errors():
            _over_many_names(run, layer, unit)


def _over_many_names(run: RunSummary, layer: int, unit: int) -> None:
    from namerec.core.inside.units import extremes

    found = states_of(run, layer)
    symbol = "h"
    if len(found.tracking) > 1:
        symbol = segments(
            "Of this unit",
            list(found.tracking),
            "state",
            "h",
            persist_state=None,
            state=_STATE,
            format_func=lambda symbol: f"{SYMBOL_TITLES[symbol]} {symbol}".capitalize(),
        )
    st.caption(plain(f"Measured after {found.counted}, at the run's best epoch."))
    names, _ = services.run_dataset(run)
    highest, lowest = extremes(found.states, names, symbol, unit, _MOST_NAMES)
    grid = st.grid(2, min_column_width=300)
    for title, driven in (("Highest", highest), ("Lowest", lowest)):
        with grid.cell():
            _names_table(run, title, symbol, driven, names.categories)
    _tracking_table(found.tracking[symbol], unit, symbol)


def _names_table(
    run: RunSummary, title: str, symbol: str, driven: list[Driven], categories: tuple[str, ...]
) -> None:
    st.markdown(f"**{title} {symbol}**")
    table = pd.DataFrame(
        {
            "name": [marked(one.letters, one.place) for one in driven],
            "value": [one.value for one in driven],
            "label": [categories[one.label] for one in driven],
        }
    )
    st.dataframe(
        as_shown(table),
        hide_index=True,
        alt=f"Names with the {title.lower()} {symbol} of this unit",
        column_config={
            "name": st.column_config.TextColumn(
                "Name", help="In brackets: the letter after which the unit had this value."
            ),
            "value": st.column_config.NumberColumn(symbol, format="%.2f"),
            "label": st.column_config.TextColumn(run.noun.capitalize()),
        },
    )


def marked(letters: str, place: int) -> str:
    """A name with one letter in brackets, which no name in the alphabet has."""
    return f"{letters[:place]}[{letters[place]}]{letters[place + 1 :]}"


def _tracking_table(tracking: Tracking, unit: int, symbol: str) -> None:
    st.markdown(f"**What {symbol} seems to track**")
    strongest = tracking.strongest(unit, _MOST_FEATURES)
    if not strongest:
        st.caption(
            "This unit has the same value throughout these names, so nothing correlates with it."
        )
        return
    table = pd.DataFrame(
        {
            "feature": [feature_words(feature) for feature, _ in strongest],
            "r": [r for _, r in strongest],
            "over": [_counted(tracking, feature) for feature, _ in strongest],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        alt=f"Features that correlate with the {symbol} of this unit",
        column_config={
            "feature": st.column_config.TextColumn("Correlates with"),
            "r": st.column_config.NumberColumn(
                "r", format="%+.2f", help="Pearson's correlation coefficient, −1 to 1."
            ),
            "over": st.column_config.TextColumn(
                "Computed on",
                help="Features of letters: at every letter. Features of names: after the last "
                "letter.",
            ),
        },
    )
    st.caption(
        f"Correlations over these names, the strongest of {len(tracking.features)} features tried. "
        "They do not prove what the unit is for, and the letters of one name depend on each other."
    )


def feature_words(feature: Feature) -> str:
    """A feature in words, with what the network cannot know of it."""
    words = feature.words[0].upper() + feature.words[1:]
    return f"{words} (not read yet: the network can only guess)" if feature.unread else words


def _counted(tracking: Tracking, feature: Feature) -> str:
    total = tracking.letters if feature.over == "letters" else tracking.names
    so = "" if feature.cases is None else f", so in {count(feature.cases)}"
    return f"{count(total)} {feature.over}{so}"
