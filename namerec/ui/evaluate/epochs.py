"""How the validation matrix came about, epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.core.corpus.protocols import Part, holds_out
from namerec.figures.base import theme
from namerec.figures.confusion.timelapse import timelapse_figure
from namerec.text import plain
from namerec.ui.evaluate.matrix import view_controls
from namerec.ui.shared import services
from namerec.ui.shared.charts import chart
from namerec.ui.shared.tables import share_column

if TYPE_CHECKING:
    from namerec.core.training.separation import PairSeparation
    from namerec.runs.summary import RunSummary


def timelapse_panel(run: RunSummary, part: Part, seen: services.Evaluation) -> None:  # noqa: ARG001 - as all sections
    """The validation matrices with a slider and a play button, and when pairs separate."""
    from namerec.core.training.separation import (
        last_to_separate,
        most_mixed,
        separation_words,
        separations,
    )

    epochs = services.epochs(run.id)
    if not epochs:
        st.info("This run has no stored epochs to show.", icon=":material/history:")
        return
    _, split = services.run_dataset(run)
    categories = run.info.dataset.categories
    held_out = split.words("validation")
    short = "validation names" if holds_out(split.protocol) else "training names"
    st.caption(
        f"Measured on {held_out} after every epoch, and with the priors of the training: the "
        "choices above do not change this section."
    )
    view = view_controls()
    look = theme.theme_for(st.context.theme.type)
    with st.container(border=True):
        st.subheader("From epoch to epoch")
        figure = timelapse_figure(
            epochs, categories, look, view=view, held_out=held_out, noun=run.noun
        )
        chart(figure, "timelapse", take=run.id)
    pairs = separations(epochs, categories)
    last = last_to_separate(pairs)
    if last is not None:
        st.markdown(f"The last pair to separate: {plain(separation_words(last, short))}")
    with st.grid(2, min_column_width=420):
        for title, at in (
            ("Most confused in the first epoch", "start"),
            ("Most confused in the last epoch", "end"),
        ):
            with st.container(border=True):
                st.subheader(title)
                _pairs_table(most_mixed(pairs, at=at), title)  # type: ignore[arg-type]
    with st.expander("All pairs that were ever confused", icon=":material/table_rows:"):
        _pairs_table([pair for pair in pairs if pair.state != "apart"], "All confused pairs")


def _pairs_table(pairs: list[PairSeparation], title: str) -> None:
    if not pairs:
        st.caption("No pair.")
        return
    states = {"apart": "never confused", "mixed": "not yet"}
    table = pd.DataFrame(
        {
            "pair": [f"{pair.first} – {pair.second}" for pair in pairs],
            "start": [pair.start for pair in pairs],
            "most": [pair.most for pair in pairs],
            "end": [pair.end for pair in pairs],
            "epoch": [states.get(pair.state, f"epoch {pair.epoch}") for pair in pairs],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        alt=title,
        column_config={
            "pair": st.column_config.TextColumn("Pair"),
            "start": share_column(
                "First epoch", help="Share of the names of both that were taken for the other."
            ),
            "most": share_column("Worst epoch", help="The same in the epoch where it was largest."),
            "end": share_column("Last epoch", help="The same after the last epoch."),
            "epoch": st.column_config.TextColumn("Separates"),
        },
    )
