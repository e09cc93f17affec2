"""The parts of one training step as they are read: forward and loss, backward, update."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from namerec.core.networks.kinds import SYMBOL_TITLES
from namerec.figures.base import theme
from namerec.figures.inside.training_step import compact, moved_figure, shares_figure
from namerec.text import percent, plain, roughly
from namerec.ui.shared.charts import chart

if TYPE_CHECKING:
    from namerec.core.inside.training_step import TrainingStep, WeightPlace


class Followed(NamedTuple):
    """A step, and what is needed to tell of it."""

    step: TrainingStep
    letters: str
    categories: tuple[str, ...]
    noun: str


def forward(followed: Followed) -> None:
    """What the network answers, and the loss that this is."""
    step = followed.step
    first = int(step.before.argmax())
    right = followed.categories[step.label]
    name, share = plain(followed.letters), math.exp(-step.loss)
    st.subheader("Forward, and the loss", anchor=False)
    answer = (
        f"For “{name}” the network gives **{plain(followed.categories[first])}** "
        f"{roughly(float(np.exp(step.before[first])))}"
    )
    if first == step.label:
        st.markdown(f"{answer}, which is right.")
    else:
        st.markdown(f"{answer}. The right answer, **{plain(right)}**, gets only {roughly(share)}.")
    st.markdown(
        "The loss is minus the natural logarithm of the right answer’s probability: "
        f"−ln {compact(share)} = **{compact(step.loss)} nats**. It is 0 if the network is sure of "
        "the right answer, and grows without limit as that probability falls."
    )


def backward(followed: Followed) -> None:
    """The gradient of one weight, letter by letter, beside a difference quotient."""
    step = followed.step
    st.subheader("Backward: the gradient of one weight", anchor=False)
    st.markdown(f"The weight: {_weight_words(step.place)} Its value is **{compact(step.weight)}**.")
    st.markdown(
        "The same weight is used at every letter, and each letter has a share in its gradient: how "
        "sensitive the loss is to the sum that the weight is part of, times the number that the "
        "weight is multiplied with. The gradient is the sum of these shares:"
    )
    grid = st.grid(2, min_column_width=340)
    with grid.cell():
        _shares_table(step)
    with grid.cell():
        chart(shares_figure(step, theme.theme_for(st.context.theme.type)), "training_shares")
    total = math.fsum(share.product for share in step.shares)
    with st.grid(3, min_column_width=200):
        st.metric("Sum of the shares", compact(total), border=True)
        st.metric("Gradient, by PyTorch", compact(step.gradient), border=True)
        st.metric(
            "Measured: difference quotient",
            compact(step.quotient),
            border=True,
            help="No derivative is used: the weight is moved a little up and a little down, the "
            "network reads the name again both times, and the change of the loss is divided by "
            "the change of the weight.",
        )
    st.caption(
        f"The weight was moved up and down by {compact(_nudge())}. Quotient and gradient differ by "
        f"{compact(abs(step.quotient - step.gradient))}: the loss is a curve, and the quotient is "
        "the slope of a short chord. All in nats per unit of the weight."
    )


def update(followed: Followed) -> None:
    """What one step does to the weight, the loss and the probabilities."""
    step = followed.step
    st.subheader("Update: one step downhill", anchor=False)
    after = f"({compact(step.gradient)})" if step.gradient < 0 else compact(step.gradient)
    st.markdown(
        f"New weight = weight − learning rate × gradient = {compact(step.weight)} − "
        f"{step.rate:g} × {after} = **{compact(step.weight_after)}**. All other weights change at "
        "the same time, by the same rule."
    )
    change = step.loss_after - step.loss
    with st.grid(4, min_column_width=170):
        st.metric("Loss before", compact(step.loss), border=True)
        st.metric("Loss after", compact(step.loss_after), border=True)
        st.metric("It changed by", compact(change), border=True)
        st.metric(
            "A plane predicted",
            compact(step.expected),
            border=True,
            help="If the loss were a plane, a step against the gradient would lower it by the "
            "learning rate times the squared length of the gradient.",
        )
    st.markdown(_plane_words(step, change))
    chart(
        moved_figure(step, followed.categories, theme.theme_for(st.context.theme.type)),
        "training_moved",
    )
    st.caption(
        f"Probabilities for “{plain(followed.letters)}” before and after the step; the right "
        f"{followed.noun} has a tick."
    )


def _weight_words(place: WeightPlace) -> str:
    into = (
        f"from {_source_words(place)} into **the {SYMBOL_TITLES[place.symbol]} {place.symbol} of "
        f"unit {place.unit + 1}**"
    )
    return f"{into}, in the lowest layer."


def _source_words(place: WeightPlace) -> str:
    if place.from_letter is not None:
        letter = "a blank" if place.from_letter == " " else f"“{plain(place.from_letter)}”"
        return f"the letter {letter}"
    return f"unit {(place.from_unit or 0) + 1} of the hidden state before"


def _shares_table(step: TrainingStep) -> None:
    # Written as text: a column of numbers would round the small ones to 0.
    rows = [
        (
            share.letter,
            *(compact(value) for value in (share.sensitivity, share.read, share.product)),
        )
        for share in step.shares
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["letter", "sensitivity", "read", "product"]),
        hide_index=True,
        height=35 * (min(len(rows), 9) + 1) + 3,
        alt="Each letter’s sensitivity, what the weight is multiplied with, and their product",
        column_config={
            "letter": st.column_config.TextColumn("Letter", width="small"),
            "sensitivity": st.column_config.TextColumn(
                "Sensitivity",
                help="How fast the loss rises with the sum that the weight is part of, at this "
                "letter (its slope).",
            ),
            "read": st.column_config.TextColumn(
                "× multiplied with", help="What the weight is multiplied with at this letter."
            ),
            "product": st.column_config.TextColumn("= share"),
        },
    )


def _plane_words(step: TrainingStep, change: float) -> str:
    length = f"The gradient of all weights together is {compact(step.norm)} long. "
    if change >= 0 and step.gradient != 0:
        return length + (
            "**The step made the loss larger**: it went so far that the slope at its start no "
            "longer held. A smaller learning rate would have helped."
        )
    if step.loss + step.expected < 0:
        return length + (
            "The plane predicts a loss below 0, which is impossible: at this learning rate the "
            "slope at the beginning says little about the end of the step."
        )
    kept = change / step.expected if step.expected else 1.0
    return length + (
        f"The loss fell by {percent(kept, 0)} of what the plane predicted: the smaller the "
        "learning rate, the closer this comes to 100\u202f%."
    )


def _nudge() -> float:
    from namerec.core.inside.training_step import NUDGE

    return NUDGE
