"""Two runs on the same names: their matrices, the difference, and who gets which name right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from namerec.core.corpus.protocols import Part
from namerec.core.evaluation.results import PredictedNames
from namerec.figures.base import theme
from namerec.figures.confusion import matrix as confusion
from namerec.figures.confusion.difference import difference_figure
from namerec.text import count, percent, plain
from namerec.ui.evaluate.matrix import MOST_LISTED, view_controls
from namerec.ui.server.manager import manager
from namerec.ui.shared import services
from namerec.ui.shared.charts import chart
from namerec.ui.shared.priors import assumed_strength
from namerec.ui.shared.run_picker import pick_id

if TYPE_CHECKING:
    from namerec.core.evaluation.contrast import AskedNames, Contrast
    from namerec.runs.summary import RunSummary

_OTHER = "other"


def comparison_panel(run: RunSummary, part: Part, seen: services.Evaluation) -> None:
    """This run beside another one that was asked the same names."""
    from namerec.core.evaluation.contrast import contrast, contrast_words

    other = _pick_other(run)
    if other is None:
        return
    theirs = services.evaluation(other, part, assumed_strength(run))
    names = ("A", "B")
    st.caption(
        f"A, this run: accuracy {percent(seen.scores.accuracy)}, macro recall "
        f"{percent(seen.scores.macro_recall)}. B, the other: {percent(theirs.scores.accuracy)} and "
        f"{percent(theirs.scores.macro_recall)}. Measured on {plain(seen.measured_on)}."
    )
    dataset, _ = services.run_dataset(run)
    found = contrast(
        seen.answers,
        _asked(run, part),
        theirs.answers,
        _asked(other, part),
        spellings=dataset.spellings(),
    )
    st.markdown(plain(contrast_words(found, *names)))
    view = view_controls()
    look, word = theme.theme_for(st.context.theme.type), run.noun
    with st.container(border=True):
        st.subheader("Difference: B minus A")
        figure = difference_figure(
            seen.matrix, theirs.matrix, look, view=view, names=names, noun=word
        )
        chart(figure, "difference", take=f"{run.id}-{other.id}-{part}")
        st.caption("On the diagonal, more is better. Off the diagonal, more is worse.")
    with st.grid(2, min_column_width=420):
        for title, matrix, beside in (
            ("A: this run", seen.matrix, theirs.matrix),
            ("B: the other", theirs.matrix, seen.matrix),
        ):
            with st.container(border=True):
                st.subheader(title)
                figure = confusion.confusion_figure(
                    matrix, look, view=view, noun=word, beside=beside
                )
                chart(figure, f"matrix_{title[0]}", take=f"{run.id}-{other.id}-{part}")
    _who_is_right(run, seen.answers, theirs.answers, found)


def _pick_other(run: RunSummary) -> RunSummary | None:
    """A run on the same names and split, other than this one."""
    training = run.info.config.training
    runs = {
        other.id: other
        for other in manager().store.trained()
        if other.id != run.id
        and other.info.dataset.fingerprint == run.info.dataset.fingerprint
        and other.info.config.training.protocol == training.protocol
        and other.info.config.training.split_draw == training.split_draw
    }
    if not runs:
        st.info(
            "There is no other run on the same names and split. Train one with the same corpus, "
            f"the {training.protocol} split and seed {training.split_draw}.",
            icon=":material/compare_arrows:",
        )
        return None
    why = "Only runs that were measured on the same names can be compared."
    return runs[pick_id("Compare with", runs, _OTHER, help=why)]


def _asked(run: RunSummary, part: Part) -> AskedNames:
    from namerec.core.evaluation.contrast import AskedNames

    training = run.info.config.training
    return AskedNames(run.info.dataset.fingerprint, training.protocol, training.split_draw, part)


def _who_is_right(
    run: RunSummary, mine: PredictedNames, theirs: PredictedNames, found: Contrast
) -> None:
    with st.grid(2, min_column_width=420):
        for title, indices in (
            ("Only A is right", found.only_a),
            ("Only B is right", found.only_b),
        ):
            with st.container(border=True):
                st.subheader(f"{title}: {count(len(indices))} names")
                table = answers_side_by_side(run, mine, theirs, indices[:MOST_LISTED])
                if table.empty:
                    st.caption("No names here.")
                    continue
                st.dataframe(
                    table,
                    hide_index=True,
                    height=min(35 * (len(table) + 1) + 3, 440),
                    alt=title,
                    column_config={
                        "name": st.column_config.TextColumn("Name"),
                        "true": st.column_config.TextColumn("True"),
                        "a": st.column_config.TextColumn("A says"),
                        "b": st.column_config.TextColumn("B says"),
                    },
                )
                if len(indices) > MOST_LISTED:
                    st.caption(f"The first {count(MOST_LISTED)} of {count(len(indices))}.")


def answers_side_by_side(
    run: RunSummary, mine: PredictedNames, theirs: PredictedNames, indices: np.ndarray
) -> pd.DataFrame:
    """What both runs said about some names of the dataset: `name`, `true`, `a`, `b`."""
    dataset, _ = services.run_dataset(run)

    def said(answers: PredictedNames) -> list[str]:
        indices_there, first = np.unique(answers.indices, return_index=True)
        rows = first[np.searchsorted(indices_there, indices)]
        return [dataset.categories[category] for category in answers.predicted[rows].tolist()]

    return pd.DataFrame(
        {
            "name": [dataset.names[index] for index in indices.tolist()],
            "true": [dataset.categories[label] for label in dataset.labels[indices].tolist()],
            "a": said(mine),
            "b": said(theirs),
        }
    )
