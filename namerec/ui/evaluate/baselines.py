"""The run beside what is reached without a recurrent network, and what nobody can exceed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.core.corpus.protocols import Part
from namerec.core.networks.kinds import MODEL_TITLES
from namerec.text import plain
from namerec.ui.shared import services
from namerec.ui.shared.tables import share_column

if TYPE_CHECKING:
    from namerec.jobs.baselines import Baselines
    from namerec.runs.summary import RunSummary

#: Seconds between two looks while they are being computed.
_POLL_SECONDS = 1.0


def baselines_panel(run: RunSummary, part: Part, seen: services.Evaluation) -> None:
    """A table of the run, the baselines and the ceiling on the same names."""
    if part == "train":
        st.info("Baselines are measured on validation and test names.", icon=":material/rule:")
        return
    services.baselines(run.id, compute=True)
    waiting = services.baselines_underway(run.id)
    st.fragment(_table, run_every=_POLL_SECONDS if waiting else None)(run, part, seen, waiting)


def _table(run: RunSummary, part: Part, seen: services.Evaluation, waited: bool) -> None:
    known = services.baselines(run.id, compute=False)
    waiting = services.baselines_underway(run.id)
    if waited and not waiting:
        st.rerun()
    if known is None:
        st.warning(
            "The names of this run are no longer on this computer. Bring them back on the Dataset "
            "page.",
            icon=":material/link_off:",
        )
        return
    table = baseline_table(run, part, seen, known)
    with st.container(border=True):
        st.subheader("Compared with baselines")
        st.dataframe(
            table,
            hide_index=True,
            alt="This run, the baselines and the label ceiling",
            column_config={
                "what": st.column_config.TextColumn("What"),
                "accuracy": share_column("Accuracy"),
                "macro recall": share_column("Macro recall"),
            },
        )
        if waiting:
            st.caption(
                "The other baselines are being fitted in the background. This takes about half a "
                "minute, and waits while a network trains."
            )
        elif not known.complete:
            st.warning(
                "Some baselines could not be computed; the server's log says why.",
                icon=":material/error:",
            )
        _, split = services.run_dataset(run)
        st.caption(
            f"Measured on {plain(split.words(part))}. The baselines were fitted on the training "
            "names of the same split. Character n-grams are all groups of 1 to 4 letters in a row. "
            "Nothing can be more accurate than the label ceiling: a name that is listed under "
            f"several {run.nouns} can be right for only one of them."
        )


def baseline_table(
    run: RunSummary, part: Part, seen: services.Evaluation, known: Baselines
) -> pd.DataFrame:
    """Rows `what`, `accuracy`, `macro recall`, the most accurate first, the ceiling on top."""
    from namerec.core.evaluation.baselines import BASELINE_TITLES

    rows: list[tuple[str, float, float | None]] = [
        (
            f"This run: {MODEL_TITLES[run.info.config.model.kind]}",
            seen.scores.accuracy,
            seen.scores.macro_recall,
        )
    ]
    rows += [
        (BASELINE_TITLES[kind], scores.accuracy[part], scores.macro_recall[part])
        for kind, scores in known.scores.items()
    ]
    rows.sort(key=lambda row: -row[1])
    if part in known.ceiling:
        rows.insert(0, ("Label ceiling", known.ceiling[part], None))
    return pd.DataFrame(rows, columns=["what", "accuracy", "macro recall"])
