"""“What am I looking at?”: a few sentences on every page for who is new here, to be folded away."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "namerec_explain",
    html='<div class="namerec-explain"></div>',
    css=(_HERE / "explain.css").read_text(encoding="utf-8"),
    js=(_HERE / "explain.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)

#: By page. Stars stand around the words of the field, where they are explained.
TEXTS: dict[str, str] = {
    "start": (
        "This lab teaches networks one task: to read a surname and say which language it comes "
        "from. A *recurrent network* reads one letter at a time and keeps a small memory of what "
        "it has read; nobody writes rules, it learns from examples. *Training* means showing it "
        "names whose language is known and moving its numbers, the *weights*, a little after "
        "each look, so that it is wrong less often. The networks below have been trained already. "
        "Type a name to ask the best of them, or train your own in seconds."
    ),
    "train": (
        "On the left you choose a network and how it learns; the button starts the training. The "
        "*loss* says how surprised the network is by the right answers: training makes it smaller. "
        "*Accuracy* is the share of names it gets right, and *macro recall* the same for each "
        "language by itself, averaged, so that small languages count as much as large ones. An "
        "*epoch* is one pass over all training names. Both are also measured on *validation* "
        "names, which it never learns from: if training goes on getting better and those do not, "
        "it learns by heart."
    ),
    "evaluate": (
        "Here a trained network takes its exam. *Test names* were kept away from its training, so "
        "the scores say how it does on names that are new to it. In the matrix, each row is a true "
        "language and each column an answer: right answers lie on the diagonal, and every other "
        "cell is a *confusion* of one language with another. *Recall* is the share of a language's "
        "names that were recognised, *precision* the share of an answer's names that it was right "
        "for. Click a cell to see its names."
    ),
    "name": (
        "Type a surname and watch the network read it. It takes one letter at a time and turns "
        "what it has read so far into a list of numbers, the *hidden state*; from this it gives "
        "every language a *probability*, and all of them add up to 100 %. An LSTM also has a "
        "*cell state*, its longer memory, and *gates*, numbers between 0 and 1 that say how much "
        "is written into it, kept and shown. The sections below show these numbers letter by "
        "letter, which letters mattered, and what happens if you hold a gate shut."
    ),
    "memory": (
        "Why do LSTMs have gates at all? To learn, a network has to trace a mistake at the last "
        "letter back to the first. What arrives there, the *gradient*, is multiplied by something "
        "at every letter on the way: in a plain *RNN* it mostly fades (it *vanishes*), or blows "
        "up (it *explodes*). An *LSTM* can keep it alive by leaving its forget gate open. These "
        "pages measure that on real networks: on names, and on a task that needs nothing but "
        "a memory."
    ),
    "dataset": (
        "A network is no better than the names it learns from, and these are the names. A corpus "
        "is a list of names, each with its *category*, here mostly the language it is counted to. "
        "Before training, the names are divided by a *split*: most are learned from, some choose "
        "the best epoch, and some are kept for the test. If the same name is in two of these "
        "parts, the test can be passed by heart; that is called a *leak*. The audit shows such "
        "faults, and you can bring names of your own."
    ),
    "runs": (
        "Every training leaves a *run*: its settings, its curves and the network itself, kept on "
        "this computer. The table lists all of them, with what each was measured on: scores are "
        "only comparable if names and *split* are the same. A *preset* is a set of settings that "
        "belong together, and *parameters* are the numbers that a network has learned. You can lay "
        "runs over each other, go on from one with other settings, or carry one away."
    ),
    "guide": (
        "Each lesson takes you through one idea on the real pages of this lab: it sets them up, "
        "says what to do, and asks what you see. Nothing is a film: the numbers are computed while "
        "you read, by *networks* that were trained on real names. A *held-out name* is one that "
        "the network has not learned from. In the quiz you guess the language of such names "
        "yourself, and then see what the network answered."
    ),
}


def what_am_i_looking_at(page: str) -> None:
    """Draws the fold: open on the first visit, then as it was left in this browser.

    Args:
        page: One of `TEXTS`.
    """
    _COMPONENT(data={"page": page, "words": TEXTS[page]}, key=f"explain_{page}")
