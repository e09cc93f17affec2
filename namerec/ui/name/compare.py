"""Two or three runs side by side on the Name page: one name, and what each makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.corpus.alphabet import NormalisedName
from namerec.core.inside.trace import GateTrace
from namerec.errors import NamerecError
from namerec.figures.base import theme
from namerec.figures.inside import probabilities
from namerec.figures.inside.side_by_side import highest_mean, inside_figure
from namerec.text import listed, plain, roughly
from namerec.ui.frame.controls import several
from namerec.ui.name.priors import assumed_of, priors_of
from namerec.ui.server.manager import manager
from namerec.ui.shared import services
from namerec.ui.shared.charts import chart
from namerec.ui.shared.priors import prior_words
from namerec.ui.shared.run_picker import run_words

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

#: Runs beside this one: three columns are as many as a screen has room for.
MOST_OTHERS = 2
_LETTERS = "ABC"


def compare_panel(run: RunSummary, name: NormalisedName, trace: GateTrace) -> None:
    """The same name through this run and up to two others.

    Args:
        run: The page's own.
        name: The typed name.
        trace: Of this run, with the priors that the page assumes.
    """
    others = _pick_others(run)
    if not others:
        return
    runs = [run, *others]
    for words in caveats(runs, priors_of(run)):
        st.caption(words)
    traces: list[GateTrace | None] = [trace]
    failures = [""]
    for other in others:
        try:
            traces.append(services.gate_trace(other, name.letters, _strength_for(other, run)))
            failures.append("")
        except NamerecError as error:
            traces.append(None)
            failures.append(str(error))
    there = [shown for shown in traces if shown is not None]
    look = theme.theme_for(st.context.theme.type)
    colours = probabilities.shared_colours(there, look)
    highest = highest_mean(there)
    with st.grid(len(runs), min_column_width=300):
        for letter, one, shown, failure in zip(_LETTERS, runs, traces, failures, strict=False):
            with st.container(border=True):
                title = one.info.config.model.title
                st.subheader(f"{letter}: {title}{', this run' if one is run else ''}")
                st.caption(plain(run_words(one)))
                if shown is None:
                    st.error(plain(failure), icon=":material/error:")
                    continue
                prediction = shown.prediction(name.original)
                category, probability = prediction.ranked[0]
                st.markdown(
                    f"“{plain(name.letters)}” is most probably **{plain(category)}**, "
                    f"{roughly(probability)}."
                )
                chart(
                    probabilities.ranking_figure(prediction, look, colours=colours),
                    f"beside_ranking_{letter}",
                )
                chart(
                    probabilities.ribbon_figure(shown, look, colours=colours),
                    f"beside_ribbon_{letter}",
                )
                chart(inside_figure(shown, look, highest=highest), f"beside_inside_{letter}")
    st.caption(
        "In the lowest chart, gates are averages over all units of all layers, 0 closed and 1 "
        "open; the size of h is the average of its absolute values. An RNN has no gates. Axes and "
        "colours are the same in all columns."
    )
    answers = [
        (letter, *shown.prediction(name.original).ranked[0])
        for letter, shown in zip(_LETTERS, traces, strict=False)
        if shown is not None
    ]
    st.markdown(f"**{plain(agreement(answers))}**")


def agreement(answers: list[tuple[str, str, float]]) -> str:
    """Which runs agree, in a sentence.

    Args:
        answers: Letter of the run, its category, and the probability 0..1; one or more.
    """
    camps: dict[str, list[tuple[str, str]]] = {}
    for letter, category, probability in answers:
        camps.setdefault(category, []).append((letter, roughly(probability)))
    sentences = [
        f"{listed([letter for letter, _ in camp])} answer{'s' if len(camp) == 1 else ''} "
        f"{category} ({listed([share for _, share in camp])})"
        for category, camp in camps.items()
    ]
    return "; ".join(sentences) + "."


def caveats(runs: list[RunSummary], prior_strength: float | None) -> list[str]:
    """What makes the runs' probabilities differ beside the networks, in sentences.

    Args:
        runs: This run, then the others.
        prior_strength: That is assumed on this page; None for the one of this run's training.
    """
    run, others = runs[0], runs[1:]
    said = []
    for letter, other in zip(_LETTERS[1:], others, strict=False):
        if other.info.dataset.fingerprint == run.info.dataset.fingerprint:
            continue
        same = set(run.info.dataset.categories) == set(other.info.dataset.categories)
        choice = f"with the same {run.nouns}" if same else f"and knows other {other.nouns}"
        title = plain(other.info.dataset.title)
        said.append(f"{letter} was trained on another corpus, “{title}”, {choice}.")
    sampled = {one.info.config.training.sampling for one in runs}
    if prior_strength is not None or len(sampled) > 1:
        assumed = assumed_of(run)
        weakened = f", {prior_words(run, assumed)}" if assumed < 1 else ""
        said.append(f"All runs answer with the priors of their training data{weakened}.")
    return said


def _pick_others(run: RunSummary) -> list[RunSummary]:
    """The runs beside this one: at first the best of the other kinds on the same corpus."""
    runs = {other.id: other for other in manager().store.trained() if other.id != run.id}
    if not runs:
        st.info(
            "There is no other trained run. Train a second network to compare it with this one.",
            icon=":material/compare_arrows:",
        )
        return []
    chosen = several(
        "Compare with",
        list(runs),
        "with",
        default_others(run, list(runs.values())),
        MOST_OTHERS,
        state=f"beside_{run.id}",
        format_func=lambda run_id: run_words(runs[run_id]),
        placeholder="one or two other runs",
        help="Up to two other runs, also on other corpora. The best are listed first.",
    )
    if not chosen:
        st.info(
            "Choose one or two runs to compare with this one.", icon=":material/compare_arrows:"
        )
    return [runs[run_id] for run_id in chosen]


def default_others(run: RunSummary, runs: list[RunSummary]) -> list[str]:
    """The best run of each other kind of network on the same corpus, as ids."""
    found: dict[str, str] = {}
    for other in runs:
        kind = other.info.config.model.kind
        if (
            kind != run.info.config.model.kind
            and other.info.dataset.fingerprint == run.info.dataset.fingerprint
        ):
            found.setdefault(kind, other.id)
    return list(found.values())[:MOST_OTHERS]


def _strength_for(other: RunSummary, run: RunSummary) -> float | None:
    """The priors that a run beside this one is read with; None if it was trained with them."""
    from namerec.core.evaluation.priors import strength_as_trained

    assumed = assumed_of(run)
    same = assumed == strength_as_trained(other.info.config.training.sampling)
    return None if same else assumed
