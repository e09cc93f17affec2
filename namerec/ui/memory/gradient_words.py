"""What the gradient section says beside its figure: the moment shown, on which names, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.core.networks.kinds import SYMBOL_TITLES
from namerec.figures.memory.gradient_words import Curve, because_words, factor_words, power_words
from namerec.text import count, counted, plain
from namerec.ui.shared import services

if TYPE_CHECKING:
    from namerec.core.corpus.splits import Split
    from namerec.core.inside.gradients import GradientNorms
    from namerec.core.networks.kinds import Kind
    from namerec.runs.summary import RunSummary

#: Steps back that fewer names reach are not drawn: a mean of them says little.
LEAST_NAMES = 10
#: What the slider calls these two moments, and the layer control the last one.
BEFORE, BEST, TOP = "before training", "best", "top layer"


@dataclass(frozen=True, eq=False)
class Shown:
    """A run at the epoch that is shown."""

    run: RunSummary
    name: str
    epoch: int
    norms: GradientNorms

    @property
    def network(self) -> Kind:
        """What the run trains."""
        return self.run.info.config.model.network

    def layer(self, chosen: str) -> int | None:
        """The place of the chosen layer; None for one that this network does not have."""
        layers = self.run.info.config.model.num_layers
        if chosen == TOP:
            return layers - 1
        place = int(chosen.removeprefix("layer ")) - 1
        return place if place < layers else None


def measured_on(names: int, split: Split) -> str:
    """On how many of the validation names something was measured, in words."""
    available, words = len(split.validation), split.words("validation")
    if names == available:
        return f"{count(names)} {words}"
    return f"{count(names)} of {count(available)} {words}, evenly spaced"


def legend(shown: list[Shown], symbol: str) -> str:
    """What lines and bands are, and what they were measured on."""
    sentences = [
        "Each line is the geometric mean over names of the norm of the gradient of that name's "
        "loss (−log of the probability of its true category); the band holds the middle 80 % of "
        f"names. Steps back that fewer than {LEAST_NAMES} names reach are left out.",
        "Dashed: expected from the recurrence alone, starting from the first point (see below).",
    ]
    if symbol == "h" and any(found.network.reads_before for found in shown):
        sentences.append(
            "An RNN's answer reads the state before its last letter, so its top layer has no "
            "gradient at 0, and its line begins one letter back."
        )
    without = dict.fromkeys(
        found.network.opening for found in shown if symbol not in found.network.states
    )
    sentences += [
        f"{opening} has no {SYMBOL_TITLES[symbol]}, so it has no line here." for opening in without
    ]
    if any(found.norms.both_directions for found in shown):
        sentences.append(
            "For networks that read in both directions, only the cells that read forward are "
            "shown. The backward cells read the beginning of the name last, so the answer can get "
            "it from them and does not need the forward cells to remember it. In a lower layer "
            "gradients flow through both."
        )
    return plain(" ".join(sentences))


def say_left_out(curves: list[Curve], shares: list[Curve]) -> None:
    """Which names a mean leaves out, and which gradients it takes for larger than they are.

    Args:
        curves: As drawn.
        shares: The same relative to the end of the name.
    """
    from namerec.core.inside.gradient_steps import FLOOR

    sentences = []
    if floored := sum(curve.measured.floored for curve in curves):
        sentences.append(
            f"{count(floored)} gradients are smaller than {power_words(FLOOR)}, and are counted as "
            "this value."
        )
    for curve in shares:
        if vanished := curve.measured.vanished:
            sentences.append(
                f"{curve.name}: the gradient at the end is zero for {counted(vanished, 'name')}, "
                "so no share can be computed; shares leave these names out."
            )
        if overflowed := curve.measured.overflowed:
            sentences.append(
                f"{curve.name}: {counted(overflowed, 'name')} left out, because a gradient is too "
                "large for the network's number format."
            )
    if sentences:
        st.caption(plain(" ".join(sentences)))


def gradient_table(shown: list[Shown], shares: list[Curve], layer: str) -> None:
    """By what the gradient is multiplied per letter back, measured and expected.

    Args:
        shown: The runs.
        shares: Their lines relative to the end of the name.
        layer: As chosen, see `Shown.layer`.
    """
    rows = []
    for found, curve in zip(shown, shares, strict=True):
        place = found.layer(layer)
        recurrence = None if place is None else found.norms.recurrence[place]
        _, split = services.run_dataset(found.run)
        when = BEFORE if found.epoch == 0 else f"epoch {found.epoch}"
        best = " (best)" if found.epoch == found.run.status.best_epoch else ""
        rows.append(
            {
                "run": found.name,
                "epoch": f"{when}{best}",
                "names": measured_on(len(found.norms.lengths), split),
                "measured": factor_words(curve.measured.per_letter),
                "expected": factor_words(curve.expected),
                "because": "–" if recurrence is None else because_words(recurrence),
            }
        )
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        alt="Factor by which the gradient is multiplied for each letter back",
        column_config={
            "run": st.column_config.TextColumn("Network"),
            "epoch": st.column_config.TextColumn("Shown at"),
            "names": st.column_config.TextColumn("Measured on"),
            "measured": st.column_config.TextColumn(
                "× per letter, measured",
                help="The factor by which the mean gradient is multiplied for each letter back, "
                "between the first and the last point of its line.",
            ),
            "expected": st.column_config.TextColumn(
                "× expected", help="The same for the dashed line."
            ),
            "because": st.column_config.TextColumn("Expected from"),
        },
    )


def why_words(shown: list[Shown]) -> str:
    """Where the expected factors come from, for the networks shown."""
    gates = {found.network.keeps for found in shown}
    sentences = []
    if None in gates:
        sentences.append(
            "An RNN multiplies the gradient by its recurrent weights at every letter back. One "
            "step can multiply its length at most by their largest singular value; over many "
            "steps its length follows the powers of ρ, their largest absolute eigenvalue: below 1 "
            "it vanishes, above 1 it can explode (Pascanu, Mikolov and Bengio, ICML 2013)."
        )
    if any(
        found.network.keeps is None and not found.run.info.config.model.is_linear for found in shown
    ):
        sentences.append(
            "With tanh, every step is also damped by the slope of tanh. ρ times the mean slope is "
            "only a rough guide: slopes differ from unit to unit and letter to letter."
        )
    if "f" in gates:
        sentences.append(
            "In an LSTM the gradient of the cell state is multiplied by the forget gate at every "
            "letter back (Gers, Schmidhuber and Cummins, 2000). The mean gate is also only a "
            "rough guide: units differ, those with open gates carry most of the gradient that "
            "arrives, and there are further paths through the gates and the hidden state."
        )
    return plain(" ".join(sentences))


def say_lengths(shown: list[Shown]) -> None:
    """How short the names are, so that nobody takes little fading for a proof."""
    corpora = {found.run.info.dataset.fingerprint: found.run for found in shown}
    for run in corpora.values():
        names, _ = services.run_dataset(run)
        mean, most = names.lengths.mean(), int(names.lengths.max())
        st.caption(
            plain(
                f"Surnames are short: those of “{names.title}” have {mean:.1f} letters on average "
                f"and {most} at most, so a gradient has few steps in which it can vanish. The "
                "memory task on this page shows what a vanishing gradient costs: there, networks "
                "must remember for longer."
            )
        )
