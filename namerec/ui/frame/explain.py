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
        "it has read. Nobody gives it rules: it learns from examples. In *training* it reads names "
        "whose language is known, and after each batch its numbers, the *weights*, are changed a "
        "little, so that it is wrong less often. The networks below have been trained already. "
        "Type a name to ask the best of them, or train your own in seconds."
    ),
    "train": (
        "On the left you choose a network and how it learns; the button starts the training. The "
        "*loss* says how surprised the network is by the right answers: training makes it smaller. "
        "*Accuracy* is the share of names it gets right. *Macro recall* takes this share for each "
        "language by itself and averages them, so that languages with few names count as much as "
        "those with many. After each *epoch*, one pass over the training names, it is tested on "
        "*validation* names, which it never learns from. If its scores on training names keep "
        "rising and those on validation names do not, it is memorising (*overfitting*)."
    ),
    "evaluate": (
        "Here a trained network takes its exam. *Test names* were kept away from its training, so "
        "the scores say how it does on names that are new to it. In the matrix, each row is a true "
        "language and each column an answer: right answers lie on the diagonal, and every other "
        "cell is a *confusion* of one language with another. *Recall* is the share of a language's "
        "names that were recognised. *Precision* asks the other way round: of all names that got "
        "one answer, for what share was it right? Click a cell to see its names."
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
        "Why do LSTMs have gates? To learn, a network has to trace a mistake at the last "
        "letter back to the first. What arrives there, the *gradient*, is multiplied by something "
        "at every letter on the way: in a plain *RNN* it mostly fades (it *vanishes*), or blows "
        "up (it *explodes*). An *LSTM* can keep it alive by leaving its forget gate open. This "
        "page measures that on real networks: on names, and on a task in which a network only has "
        "to remember the first letter."
    ),
    "dataset": (
        "A network is no better than the names it learns from, and these are the names. A corpus "
        "is a list of names, each with its *category*, here mostly the language it belongs to. "
        "Before training, a *split* divides the names: the network learns from most of them, some "
        "are used to choose the best epoch, and some are kept for the test. If the same name is in "
        "two of these parts, the network can pass the test from memory. That is called a *leak*. "
        "The audit shows such faults, and you can bring names of your own."
    ),
    "runs": (
        "Every training is kept on this computer as a *run*: its settings, its curves and the "
        "network itself. The table lists all runs, and says on which names each was measured: "
        "compare two scores only if names and *split* are the same. A *preset* is a set of "
        "settings that belong together, and *parameters* are the numbers that a network has "
        "learned. You can draw the curves of several runs in one chart, start a new run from the "
        "weights of an old one, or export a run."
    ),
    "sweep": (
        "Which settings are best? A *sweep* tries many: each *trial* is a training with other "
        "settings, drawn from the ranges that you give. At first they are drawn at random, then "
        "closer to those that did well; trials that do badly are *pruned*, ended early, so that "
        "time goes into better ones. All are judged on *validation* names. Test names are asked "
        "when the search is over, and of the winner alone: whoever picks the best of many "
        "by its test score has picked luck, too. Several *seeds* for each trial show how much of "
        "a difference is chance."
    ),
    "guide": (
        "Each lesson takes you through one idea on the real pages of this lab: it sets them up, "
        "says what to do, and asks what you see. The *networks* in the lessons are real ones, "
        "trained with this lab. A *held-out name* is one that the network has not learned from. In "
        "the quiz you guess the language of such names yourself, and then see what the network "
        "answered."
    ),
}


def what_am_i_looking_at(page: str) -> None:
    """Draws the fold: open on the first visit, then as it was left in this browser.

    Args:
        page: One of `TEXTS`.
    """
    _COMPONENT(data={"page": page, "words": TEXTS[page]}, key=f"explain_{page}")
