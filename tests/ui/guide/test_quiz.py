"""The quiz, played: rounds, scores, links, and nothing told before the answer."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from namerec.core.evaluation.contrast import mcnemar
from namerec.core.tasks.quiz import QuizPool, drawn, questions
from namerec.core.tasks.quiz_scores import QuizScore
from namerec.ui.guide import quiz
from namerec.ui.guide.quiz_result import difference_words
from namerec.ui.shared import services
from tests.ui.references import pretrained, said

pytestmark = pytest.mark.usefixtures("own_manager")

LINKS: list[dict[str, str]] = []


@pytest.fixture(autouse=True)
def _links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links to pages, which this app of one page has not, kept in `LINKS`."""
    LINKS.clear()
    monkeypatch.setattr(
        st, "page_link", lambda page, label, icon, query_params: LINKS.append(query_params)
    )


def _page() -> None:
    from namerec.ui.guide.quiz import quiz_panel

    quiz_panel()


def opened(**query: str) -> AppTest:
    lab = AppTest.from_function(_page, default_timeout=240)
    for key, value in query.items():
        lab.query_params[key] = value
    lab.run()
    assert not lab.exception
    return lab


def options(lab: AppTest) -> list[Any]:
    return [one for one in lab.button if re.fullmatch(r"quiz_\d+_\d+", one.key or "")]


def press(lab: AppTest, label: str) -> None:
    next(one for one in lab.button if one.label == label).click().run()
    assert not lab.exception


def scores(lab: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in lab.metric}


def query(lab: AppTest) -> dict[str, str]:
    given = lab.query_params.items()
    return {key: value if isinstance(value, str) else value[0] for key, value in given}


def changed(monkeypatch: pytest.MonkeyPatch, change: Callable[[QuizPool], QuizPool]) -> None:
    """Plays with another pool of names than the run's own."""
    own = quiz.quiz_pool
    monkeypatch.setattr(quiz, "quiz_pool", lambda run: change(own(run)))


def test_a_round_is_played_to_its_end_and_scored_name_by_name():
    run = pretrained("lstm")
    dataset, _ = services.run_dataset(run)
    pool = quiz.quiz_pool(run)
    asked = questions(pool, drawn(pool, 5, "evenly", 3).tolist(), few=False)
    lab = opened(run=run.id, quiz_seed="3", quiz_names="5")
    assert "test names, leak-free split: none of these" in said(lab)
    you = network = 0
    # The first and third right, the second not known, the others wrong.
    for number, one in enumerate(asked):
        assert lab.header[0].value.replace("\\", "") == dataset.names[one.index]
        assert f"Name {number + 1} of 5" in said(lab)
        assert [button.label for button in options(lab)] == list(dataset.categories)
        if number == 1:
            press(lab, "I don’t know")
        else:
            wrong = next(place for place in range(18) if place not in one.right)
            options(lab)[one.right[0] if number in (0, 2) else wrong].click().run()
        you += number in (0, 2)
        network += one.network in one.right
        assert scores(lab) == {
            "You got right": f"{you} of {number + 1}",
            "Network got right": f"{network} of {number + 1}",
        }
        assert dataset.categories[one.right[0]] in said(lab)
        bars = [bar.proto.text for bar in lab.get("progress")]
        assert [bar.split(",")[0] for bar in bars] == [
            dataset.categories[category] for category, _ in one.ranked
        ]
        assert not options(lab)
        assert LINKS[-1] == {"run": run.id, "name": dataset.names[one.index]}
        press(lab, "See the result" if number == 4 else "Next name")
    assert scores(lab) == {"You got right": "2 of 5", "The network got right": f"{network} of 5"}
    assert "Blind guessing among 18 options gets 5.6 % right on average, 0.3 of these" in said(lab)
    assert "on all 1 515 distinct names" in said(lab)
    table = lab.dataframe[0].value
    assert table["name"].tolist() == [dataset.names[one.index] for one in asked]
    assert table["you"].str[0].tolist() == ["✓", "✗", "✓", "✗", "✗"]
    assert table["you"][1] == "✗ –"
    assert table["network"].str[2:].tolist() == [dataset.categories[one.network] for one in asked]
    assert table["probability"].tolist() == [one.ranked[0][1] for one in asked]
    assert {link["name"] for link in LINKS[-5:]} == set(table["name"])
    press(lab, "Another round")
    assert query(lab)["quiz_seed"] == "4"
    assert scores(lab) == {"You got right": "–", "Network got right": "–"}
    assert "Name 1 of 5" in said(lab)


def test_another_seed_or_run_starts_anew_and_going_back_does_not_bring_the_score_back():
    lab = opened(quiz_names="5")
    for change, back in (
        (lambda: lab.number_input[0].set_value(1), lambda: lab.number_input[0].set_value(0)),
        (
            lambda: lab.selectbox(key="run").set_value(pretrained("rnn").id),
            lambda: lab.selectbox(key="run").set_value(pretrained("lstm").id),
        ),
    ):
        options(lab)[0].click().run()
        press(lab, "Next name")
        assert "Name 2 of 5" in said(lab)
        change().run()
        assert "Name 1 of 5" in said(lab)
        options(lab)[0].click().run()
        back().run()
        assert "Name 1 of 5" in said(lab)
        assert set(scores(lab).values()) == {"–"}


def test_before_the_answer_the_page_depends_on_neither_truth_nor_network(monkeypatch):
    def page() -> str:
        lab = opened(quiz_draw="natural")
        drawn_there = [one.proto for one in lab.main if one.proto is not None]
        return f"{drawn_there} {query(lab)}"

    honest = page()
    changed(
        monkeypatch,
        lambda pool: replace(
            pool,
            right=np.roll(pool.right, 1, axis=1),
            log_probabilities=np.roll(pool.log_probabilities, 5, axis=1),
        ),
    )
    assert page() == honest
    assert "English" in honest
    changed(monkeypatch, lambda pool: replace(pool, indices=np.roll(pool.indices, 1)))
    assert page() != honest


def test_few_options_come_in_the_order_of_the_alphabet_and_a_link_asks_for_them():
    lab = opened(quiz_options="4", quiz_names="20")
    labels = [one.label for one in options(lab)]
    assert len(labels) == 4
    assert labels == sorted(labels)
    assert "the network still chooses from all 18" in said(lab)
    assert "Name 1 of 20" in said(lab)
    assert query(lab) | {"run": ""} == {"quiz_options": "4", "quiz_names": "20", "run": ""}


def test_rubbish_in_a_link_is_left_aside():
    lab = opened(quiz_seed="-1", quiz_names="7", quiz_draw="<b>", quiz_options="5")
    assert query(lab).keys() == {"run"}
    assert "Name 1 of 10" in said(lab)
    assert len(options(lab)) == 18


def test_names_that_were_trained_on_are_said_to_be_that(monkeypatch):
    own = services.run_dataset

    def as_report(run: Any) -> Any:
        dataset, split = own(run)
        return dataset, replace(split, protocol="course")

    monkeypatch.setattr(services, "run_dataset", as_report)
    changed(monkeypatch, lambda pool: replace(pool, seen=pool.seen | True))
    lab = opened()
    assert "The names are training names, drawn uniformly over categories" in said(lab)
    assert "the network was trained on all of them, so the match is not fair" in said(lab)
    assert "test names" not in said(lab)
    options(lab)[0].click().run()
    assert "It is among the network’s training names." in said(lab)


def test_a_few_leaked_names_are_counted(monkeypatch):
    changed(monkeypatch, lambda pool: replace(pool, seen=np.arange(len(pool)) < 7))
    assert "7 of these 1 515 are also among the network’s training names" in said(opened())


def test_a_name_of_two_languages_has_two_right_answers_for_both(monkeypatch):
    def all_of_two(pool: QuizPool) -> QuizPool:
        right = np.zeros_like(pool.right)
        right[:, [4, 15]] = True
        return replace(pool, right=right)

    changed(monkeypatch, all_of_two)
    lab = opened()
    options(lab)[15].click().run()
    assert scores(lab)["You got right"] == "1 of 1"
    assert "lists this name under **English** or **Scottish**; each counts as right." in said(lab)


def test_of_two_hundred_hostile_categories_one_is_searched_for(monkeypatch):
    words = tuple(f"<b>{number:03}</b> :red[x] $y$ =1" for number in range(200))
    own = services.run_dataset

    def hostile(run: Any) -> Any:
        dataset, split = own(run)
        name = ("# <script>*a*", *dataset.names[1:])
        return replace(dataset, categories=words, names=name), split

    def large(pool: QuizPool) -> QuizPool:
        right = np.zeros((1, 200), dtype=bool)
        right[0, 7] = True
        logs = np.full((1, 200), np.log(1 / 200), dtype=np.float32)
        return QuizPool(np.array([0]), right, np.array([False]), logs)

    monkeypatch.setattr(services, "run_dataset", hostile)
    changed(monkeypatch, large)
    lab = opened()
    assert lab.header[0].value == "\\# \\<script\\>\\*a\\*"
    assert "There is only 1 name to ask." in said(lab)
    assert not options(lab)
    search = lab.selectbox(key="quiz_0_search")
    assert (search.value, list(search.options)) == (None, list(words))
    answer = next(one for one in lab.button if one.label == "Answer")
    assert answer.disabled
    search.set_value(7).run()
    press(lab, "Answer")
    shown = [*lab.markdown, *lab.caption]
    assert any("**\\<b\\>007\\</b\\> \\:red\\[x\\] \\$y\\$ \\=1**" in one.value for one in shown)
    press(lab, "See the result")
    assert lab.dataframe[0].value["true"].tolist() == [words[7]]
    assert "guessing among 200 options gets 0.5 % right" in said(lab)


@pytest.mark.parametrize(
    ("mine", "its", "words"),
    [
        (0, 0, "You and the network got the same names right."),
        (2, 2, "Only you were right on 2 names, only the network on 2 names: no difference."),
        (1, 3, "in 62 % of cases (McNemar’s test, exact). So few names do not show who is better"),
        (1, 3, "for less than 5 %, one of you must be the only one right on at least 6 names."),
        (
            6,
            0,
            "in 3.1 % of cases (McNemar’s test, exact). So on names like these, you are probably",
        ),
        (
            1,
            9,
            "in 2.1 % of cases (McNemar’s test, exact). So on names like these, the network is "
            "probably",
        ),
    ],
)
def test_the_difference_is_told_with_what_it_is_worth(mine, its, words):
    found = QuizScore(20, 10 + mine, 10 + its, mine, its, 0.05, 0.0, mcnemar(mine, its))
    assert words in difference_words(found)


def test_of_a_round_that_nobody_got_right_nothing_better_is_said():
    nobody = QuizScore(5, 0, 0, 0, 0, 0.05, 1.0, mcnemar(0, 0))
    assert difference_words(nobody) == "Neither of you got a name right."
