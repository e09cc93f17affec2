from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from namerec.core.corpus.protocols import Protocol
from namerec.core.evaluation.contrast import AskedNames
from namerec.core.evaluation.results import PredictedNames, Scores
from namerec.core.tasks.verdict import Entrant, Verdict, judge
from namerec.core.tasks.verdict_words import verdict_sentences
from namerec.core.training.records import EpochRecord

ASKED = AskedNames("f" * 64, "leak-free", 0, "test")


def answers(right: str) -> PredictedNames:
    """Answers to as many names as letters, right where it is an r; two categories."""
    labels = np.zeros(len(right), dtype=np.int64)
    sure = np.array([[0.9, 0.1] if letter == "r" else [0.1, 0.9] for letter in right])
    return PredictedNames(np.arange(len(right)), labels, np.log(sure))


def epochs(*accuracies: float, seconds: float = 1.0) -> list[EpochRecord]:
    return [
        EpochRecord(
            epoch=number,
            step=10 * number,
            train_loss=1.0,
            train_accuracy=0.5,
            validation_loss=1.0,
            validation_accuracy=accuracy,
            validation_macro_recall=0.5,
            validation_confusion=((1, 0), (0, 1)),
            seconds=number * seconds,
            names_per_second=1000.0,
            best=True,
        )
        for number, accuracy in enumerate(accuracies, 1)
    ]


def entrant(
    title: str,
    right: str = "",
    accuracies: tuple[float, ...] = (0.5,),
    *,
    state: str = "finished",
    seconds: float = 1.0,
    macro_recall: float = 0.5,
    protocol: Protocol = "leak-free",
) -> Entrant:
    """One that is right on the names where there is an r, and an epoch took so many seconds."""
    share = right.count("r") / len(right) if right else 0.0
    scores = Scores("test", protocol, len(right), 1.0, share, macro_recall, 0.5, 1.0)
    return Entrant(
        title=title,
        state=state,
        epochs=epochs(*accuracies, seconds=seconds),
        test=scores if state == "finished" else None,
        answers=answers(right) if state == "finished" else None,
        seconds=len(accuracies) * seconds,
        names_per_second=1000.0,
        parameters=27_156,
    )


def said(verdict: Verdict) -> str:
    return " ".join(verdict_sentences(verdict))


def test_the_most_accurate_wins_and_chance_is_asked_name_by_name():
    first = entrant("LSTM", "r" * 90 + "w" * 10)
    second = entrant("RNN", "r" * 70 + "w" * 20 + "r" * 2 + "w" * 8)
    verdict = judge([second, first], ASKED)
    assert [ranked.title for ranked in verdict.ranking] == ["LSTM", "RNN"]
    (lead,) = verdict.leads
    assert lead.other == "RNN"
    assert lead.points == pytest.approx(18.0)
    assert lead.names is not None
    assert (len(lead.names.only_b), len(lead.names.only_a)) == (20, 2)  # the winner is b
    assert lead.names.test.p_value == pytest.approx(binomtest(2, 22).pvalue)
    assert lead.beyond_chance is True
    words = said(verdict)
    assert words.startswith(
        "The LSTM is the most accurate: right on 90.0 % of the 100 test names (leak-free split), "
        "18.0 points more than the RNN. Of 100 names that both were asked, the LSTM is right on 20 "
        "names that the RNN gets wrong, and the RNN on 2 that the LSTM gets wrong"
    )
    assert "So this lead is probably not due to chance." in words
    assert "another seed can reverse it" in words


@pytest.mark.parametrize(("only_first", "chance"), [(5, "So this lead may be chance"), (6, "So")])
def test_a_lead_is_beyond_chance_where_less_than_one_in_twenty_has_it(only_first, chance):
    """Of 5 tosses all are heads or all tails in 1 of 16 cases, of 6 in 1 of 32."""
    first = entrant("A", "r" * only_first + "w")
    verdict = judge([first, entrant("B", "w" * only_first + "w")], ASKED)
    assert verdict.leads[0].beyond_chance is (only_first == 6)
    assert chance in said(verdict)
    assert ("may be chance" in said(verdict)) is (only_first == 5)


def test_equally_accurate_networks_share_the_first_place():
    verdict = judge(
        [entrant("A", "rrwr"), entrant("B", "rrrw", macro_recall=0.6), entrant("C", "rwww")], ASKED
    )
    assert [lead.points for lead in verdict.leads] == [0.0, pytest.approx(50.0)]
    words = said(verdict)
    assert words.startswith(
        "The B and A are equally accurate: right on 75.0 % of the 4 test names (leak-free split), "
        "50.0 points more than the C."
    )
    assert "no difference (McNemar's test)" in words
    assert "60.0 % for the B, 50.0 % for the A and 50.0 % for the C" in words


def test_all_are_timed_to_nine_tenths_of_the_best_accuracy_of_the_race():
    verdict = judge(
        [
            entrant("A", "rr", (0.5, 0.8, 0.7), seconds=2.0),
            entrant("B", "rr", (0.3, 0.71, 0.73), seconds=0.5),
            entrant("C", "rr", (0.1, 0.2, 0.3), seconds=0.1),
        ],
        ASKED,
    )
    assert verdict.best_on_the_way == 0.8
    assert verdict.target == pytest.approx(0.72)
    assert [(arrival.title, arrival.epoch, arrival.seconds) for arrival in verdict.arrivals] == [
        ("B", 3, 1.5),
        ("A", 2, 4.0),
        ("C", 0, 0.0),
    ]
    assert (
        "The B was the quickest to reach 72.0 % validation accuracy (nine tenths of the race's "
        "best, 80.0 %): 1.5 s of its own training, epoch 3; the A took 4.0 s (epoch 2) and the C "
        "never reached it."
    ) in said(verdict)


def test_the_cost_of_each_is_told():
    cheap = entrant("A", "rrrw", (0.5,) * 4, seconds=0.25)
    dear = replace(entrant("B", "rrrr", (0.5,) * 10), parameters=98_066)
    assert (
        "What each cost on this computer: B: 10.0 s and 98,066 parameters; A: 1.0 s and 27,156 "
        "parameters. The most accurate network took 10.0 times as long as the quickest."
    ) in said(judge([cheap, dear], ASKED))
    assert "was also the quickest to finish" in said(
        judge([cheap, entrant("C", "wwww", (0.5,) * 9)], ASKED)
    )


def test_who_did_not_finish_is_not_ranked_and_told():
    verdict = judge(
        [
            entrant("A", "rrww"),
            entrant("B", state="diverged", accuracies=(0.1, 0.2)),
            entrant("C", state="stopped", accuracies=()),
        ],
        ASKED,
    )
    assert [ranked.title for ranked in verdict.ranking] == ["A"]
    assert verdict.leads == ()
    words = said(verdict)
    assert words.startswith("Only the A has finished: right on 50.0 % of the 4 test names")
    assert (
        "The B diverged after epoch 2 and the C was stopped after epoch 0, so this "
        "comparison leaves them out."
    ) in words
    assert "seed" not in words


def test_where_nobody_finished_there_is_nothing_to_compare():
    verdict = judge([entrant("A", state="failed"), entrant("B", state="diverged")], ASKED)
    assert said(verdict).startswith("No network has finished, so there is nothing to compare.")
    assert said(judge([], ASKED)) == "No network has finished, so there is nothing to compare."


def test_scores_on_training_names_are_called_so():
    first, second = (
        entrant(title, right, protocol="course") for title, right in (("A", "rr"), ("B", "rw"))
    )
    words = said(judge([first, second], replace(ASKED, protocol="course")))
    assert "of the 2 training names drawn uniformly over the categories" in words
    assert "accuracy on training names" in words
    assert "validation" not in words
    assert "test names" not in words


def test_answers_that_are_gone_leave_chance_out():
    first, second = entrant("A", "rr"), replace(entrant("B", "rw"), answers=None)
    verdict = judge([first, second], ASKED)
    assert verdict.leads[0].names is None
    assert verdict.leads[0].beyond_chance is None
    assert "McNemar" not in said(verdict)


def test_a_name_that_stands_in_several_lines_counts_once():
    first, second = entrant("A", "rrrr"), entrant("B", "wwrr")
    (lead,) = judge([first, second], ASKED, spellings=np.array([7, 7, 8, 9])).leads
    assert lead.names is not None
    assert lead.names.names == 3
    assert len(lead.names.only_b) == 1
