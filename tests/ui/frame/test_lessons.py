"""Every lesson: what it sets up is there, and what it says of the pretrained networks is so."""

import re
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.corpus.alphabet import LETTERS
from namerec.core.corpus.protocols import PARTS
from namerec.core.corpus.splits import make_split
from namerec.core.inside.ablation import ablated_answers
from namerec.core.inside.ablations import Ablation, HeldGate
from namerec.core.inside.traces import trace
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.tasks.memory_curves import MemoryCurve
from namerec.core.training.loop import train
from namerec.core.training.records import StepRecord
from namerec.errors import DivergedError, NamerecError, RunError
from namerec.figures.inside.probabilities import decided_at
from namerec.jobs.memory_task_results import MemorySettings
from namerec.ui.dataset.page import VIEWS
from namerec.ui.evaluate import sections as evaluate_sections
from namerec.ui.frame import address
from namerec.ui.frame.lessons import (
    PRETRAINED,
    Place,
    lessons,
    place_from,
    read_in_guide,
    read_lesson,
    resolved,
    set_up,
)
from namerec.ui.frame.links import TRAIN_PARAMETERS, settings_asked
from namerec.ui.frame.shell import PAGES, page_name
from namerec.ui.guide.training_step import RATES
from namerec.ui.memory import memory_task
from namerec.ui.memory import sections as memory_sections
from namerec.ui.memory.gradient_words import BEFORE, BEST
from namerec.ui.memory.memory_task_results import curves_of, shown_results
from namerec.ui.name import sections as name_sections
from namerec.ui.name.ablation_link import ablation_from, ablation_text
from namerec.ui.name.units import ORDERS
from namerec.ui.runs.sections import SECTIONS as RUNS_SECTIONS
from namerec.ui.shared import corpus_facts, services
from tests.conftest import ROOT
from tests.ui.lab import opened, whole
from tests.ui.references import stored

pytestmark = pytest.mark.usefixtures("own_manager")

IDS = [
    "forward-pass", "training-step", "forgetting", "gates", "half-russian", "leak",
    "learning-rate", "missing-tanh",
]  # fmt: skip
PLACES = [
    Place(lesson, number)
    for lesson in lessons().values()
    for number in range(1, len(lesson.steps) + 1)
]
CONFIGURED = [place for place in PLACES if place.step.page is not None]


def _run(value: str) -> bool:
    return value.startswith(PRETRAINED) and bool(resolved(value))


def _cuts(value: str) -> bool:
    return value == "none" or ablation_text(ablation_from(value, 1, 128, "ifgo")) == value


def _among(*options: object) -> Callable[[str], bool]:
    return {str(option) for option in options}.__contains__


def _number(least: int, most: int) -> Callable[[str], bool]:
    return lambda value: address.whole(least, most)(value) is not None


#: What each page reads, by its parsers and tables.
READ: dict[str, dict[str, Callable[[str], bool]]] = {
    "name": {
        "run": _run,
        "name": lambda value: set(value) <= set(LETTERS),
        "look": _among(*name_sections.SECTIONS),
        "units": _among(*ORDERS),
        "unit": _number(1, 128),
        "letter": _number(1, 20),
        "method": _among("integrated gradients", "gradient times input"),
        "beside": _among("yes", "no"),
        "cuts": _cuts,
    },
    "memory": {
        "memory": _among(*memory_sections.SECTIONS),
        "run": _run,
        "runs": _run,
        "state": _among("h", "c"),
        "scale": _among("the end", "nothing"),
        "moment": _among(BEFORE, BEST),
        "places": _among("beginning", "end"),
        "bias": _among(*map("{:g}".format, memory_task.BIASES)),
        "clip": _among(*map("{:g}".format, memory_task.CLIPS)),
        "hidden": _among(*memory_task.HIDDEN),
    },
    "evaluate": {
        "run": _run,
        "other": _run,
        "section": _among(*evaluate_sections.SECTIONS),
        "part": _among(*PARTS),
        "priors": lambda value: address.share(0.05)(value) is not None,
        "order": _among("name", "support", "similarity"),
        "cells": _among("recall", "precision", "counts"),
    },
    "dataset": {"corpus": _among("bundled", "tutorial"), "view": _among(*VIEWS)},
    "runs": {"runs_section": _among(*RUNS_SECTIONS)},
    "guide": {
        "run": _run,
        "name": str.isalpha,
        "right": lambda value: (ROOT / "assets" / "names" / f"{value}.txt").exists(),
        "rate": _among(*map("{:g}".format, RATES)),
        "largest": _among("yes", "no"),
        "into": _among("i", "f", "g", "o"),
        "unit": _number(1, 128),
        "reads": lambda value: re.fullmatch(r"letter [A-Za-z]|unit \d+ before", value) is not None,
    },
}


def test_the_eight_lessons_are_there_in_order():
    assert list(lessons()) == IDS
    assert all(len(lesson.steps) > 2 for lesson in lessons().values())


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.word)
def test_what_a_step_sets_up_is_read_by_its_page(place):
    step = place.step
    assert step.page in {None, *(page_name(entry) for entry in PAGES)}
    if step.page == "train":
        assert set(step.sets) <= set(TRAIN_PARAMETERS)
        assert settings_asked(step.sets, ["bundled"]).problems == ()
        return
    reads = READ["guide" if step.panel else step.page or "guide"]
    for key, value in step.sets.items():
        assert key in reads, f"{key} is no parameter of that page"
        assert reads[key](value), f"{key}={value} is not what that page takes"


@pytest.mark.parametrize("lesson", IDS)
def test_texts_are_plain_markdown_that_is_not_broken(lesson):
    for step in lessons()[lesson].steps:
        asked = [step.question.text, step.question.explanation] if step.question else []
        for text in (step.heading, step.text, step.do, step.look, *asked):
            assert text.count("*") % 2 == 0
            assert not re.search(r"[<$]|\]\(|https?:|:[a-z_]+:|TODO", text)
            assert not re.search(r" - |--", text), "dashes are – or −"
        assert step.page is None or (step.do and step.look)


def test_lessons_call_runs_by_kind_and_get_their_ids():
    run = stored(resolved("pretrained:rnn:tanh"))
    assert run.pretrained
    assert run.info.config.model.title == "RNN (tanh)"
    both = resolved("pretrained:rnn:linear,pretrained:custom_lstm").split(",")
    models = [stored(run_id).info.config.model for run_id in both]
    assert [(model.kind, model.nonlinearity) for model in models] == [
        ("rnn", "none"), ("custom_lstm", "none"),
    ]  # fmt: skip
    assert resolved("Tanaka") == "Tanaka"
    with pytest.raises(RunError, match=r"pretrained:cnn.*pretrained:custom_lstm"):
        resolved("pretrained:cnn")


def test_a_place_in_a_url_is_checked():
    place = place_from("gates:3")
    assert place is not None
    assert (place.lesson.id, place.number, place.word) == ("gates", 3, "gates:3")
    first = place_from("gates")
    assert first is not None
    assert first.number == 1
    assert first.moved(-1) is None
    for wrong in (
        "",
        "nets",
        "gates:0",
        "gates:7",
        "gates:99999",
        "gates:²",
        "gates:-1",
        "gates:x",
    ):
        assert place_from(wrong) is None


def test_a_target_names_page_step_and_settings():
    place = place_from("gates:2")
    assert place is not None
    page, parameters = set_up(place)
    assert page == "pages/name.py"
    assert parameters["lesson"] == "gates:2"
    assert parameters["cuts"] == "1f0"
    assert parameters["run"] == resolved("pretrained:custom_lstm")
    assert read_in_guide(place) == ("pages/guide.py", {"guide": "lessons", "lesson": "gates:2"})


@pytest.mark.parametrize("fault", ["nothing", "unknown", "option", "both", "sets"])
def test_a_lesson_that_is_not_one_says_what_is_wrong(tmp_path, fault):
    head = 'id = "ab"\ntitle = "T"\nsummary = "S"\nminutes = 1\n'
    step = '[[steps]]\nheading = "H"\ntext = "T"\n'
    content, words = {
        "nothing": ("id = ", "cannot be read"),
        "unknown": (f'{head}colour = "red"\n{step}', "colour"),
        "option": (
            f'{head}{step}[steps.question]\ntext = "Q"\noptions = ["a", "b"]\nright = 3\n'
            'explanation = "E"\n',
            "right is 3",
        ),
        "both": (f'{head}{step}page = "name"\npanel = "forward"\n', "not both"),
        "sets": (f'{head}{step}sets = {{ run = "x" }}\n', "nothing to set up"),
    }[fault]
    path = tmp_path / "1-ab.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(NamerecError, match=rf"1-ab\.toml[\s\S]*{words}"):
        read_lesson(path)


# -- opened, one after the other, as a reader would


#: The session's key of the choice that opens a section, by parameter.
SHOWN = {"look": "look", "memory": "memory", "section": "section", "view": "dataset_view",
         "runs_section": "runs_section"}  # fmt: skip


@pytest.fixture
def whole_lab(own_manager: None, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    return whole(monkeypatch)


def test_every_configured_page_opens_as_the_lesson_says(whole_lab):
    lab = whole_lab
    lab.run()
    for place in CONFIGURED:
        page, parameters = set_up(place)
        opened(lab, page, **parameters)
        where = place.word
        assert not lab.error, (where, [error.value for error in lab.error])
        assert not lab.warning, (where, [warning.value for warning in lab.warning])
        taken = lab.session_state["_address"]
        assert parameters.keys() <= taken.ours, (where, parameters.keys() - taken.ours)
        assert lab.session_state["lesson_place"] == where
        for key, state in SHOWN.items():
            if key in parameters:
                (choice,) = [box for box in lab.segmented_control if box.key == state]
                assert choice.value == parameters[key], where
        if place.step.page == "train":
            wanted = settings_asked(place.step.sets, ["bundled"]).config
            assert lab.session_state["set_kind"] == wanted.model.kind
            for name in ("learning_rate", "clip_norm", "epochs", "sampling"):
                assert lab.session_state[f"set_{name}"] == getattr(wanted.training, name), where


# -- what they say, measured


def _setting(place: str) -> dict[str, str]:
    found = place_from(place)
    assert found is not None
    return found.step.sets


def _trained(place: str) -> list[float]:
    """The validation accuracy after one epoch of a step's training."""
    config = settings_asked(_setting(place), ["bundled"]).config
    names = services.dataset("bundled")
    split = make_split(names, config.training.protocol, config.training.split_draw)
    found = []
    for record in train(config, names, split):
        if not isinstance(record, StepRecord) and hasattr(record, "validation_accuracy"):
            found.append(record.validation_accuracy)
            break
    return found


def test_the_diverging_training_diverges_within_its_first_epoch():
    with pytest.raises(DivergedError, match="Lower the"):
        _trained("learning-rate:1")


@pytest.mark.parametrize("place", ["learning-rate:2", "learning-rate:3", "learning-rate:4"])
def test_what_mends_the_training_mends_it(place):
    (accuracy,) = _trained(place)
    counts = corpus_facts.counts(services.dataset("bundled")).lines
    assert accuracy > counts.max() / counts.sum()


def test_the_mended_trainings_differ_in_what_their_steps_say():
    sets = [_setting(f"learning-rate:{number}") for number in (1, 2, 3)]
    changed = [
        {key for key in one | other if one.get(key) != other.get(key)}
        for one, other in pairwise(sets)
    ]
    assert changed == [{"clip_norm"}, {"learning_rate"}]


def test_japanese_leads_in_tanaka_from_the_sixth_letter_on():
    asked = services.network(resolved("pretrained:custom_lstm"))
    traced = trace(asked.model, asked.categories, "Tanaka")
    leaders = [asked.categories[place] for place in traced.probabilities.argmax(axis=1)]
    assert decided_at(traced) == 5
    assert leaders[3] == leaders[5] == "Japanese" != leaders[4]


def test_jones_is_a_training_name_that_the_network_gets_wrong():
    run = stored(resolved("pretrained:custom_lstm"))
    names, split = services.run_dataset(run)
    assert "Jones" in {names.names[row] for row in split.train}
    asked = services.network(run.id)
    answer = trace(asked.model, asked.categories, "Jones").prediction("Jones").ranked[0][0]
    assert answer != "English"


def test_with_the_input_gate_at_0_all_names_get_one_answer_and_f_at_1_costs_most():
    run = stored(resolved("pretrained:custom_lstm"))
    names, split = services.run_dataset(run)
    model, some = services.network(run.id).model, split.test

    def right(*parts: HeldGate) -> tuple[int, int]:
        given = ablated_answers(model, names, some, Ablation(parts))
        return int((given.predicted == given.labels).sum()), len(np.unique(given.predicted))

    whole = right()[0]
    assert right(HeldGate(0, "i", "0"))[1] == 1
    assert right(HeldGate(0, "f", "1"))[0] < right(HeldGate(0, "f", "0"))[0] < whole


def test_equally_common_languages_move_the_pretrained_lstm_by_about_a_point():
    run = stored(resolved("pretrained:lstm"))
    trained, even = (services.evaluation(run, "test", strength).scores for strength in (None, 0.0))
    assert 0 < even.macro_recall - trained.macro_recall < 0.015
    assert -0.015 < even.accuracy - trained.accuracy <= 0


def test_the_bundled_corpus_leaks_a_little_under_the_raw_split_alone():
    names = services.dataset("bundled")
    raw, free = (corpus_facts.leak(names, protocol, 0) for protocol in ("raw", "leak-free"))
    assert free.seen_names == 0 < raw.seen_names < 0.06 * raw.rows


def test_letters_only_add_up_in_the_linear_rnn_and_the_last_one_in_both():
    def score(kind: str, name: str) -> np.ndarray:
        asked = services.network(resolved(kind))
        shares = trace(asked.model, asked.categories, name).probabilities[-1].astype(np.float64)
        logs = np.log(shares)
        centred: np.ndarray = logs - logs.mean()  # scores, but for what the softmax takes from all
        return centred

    def interaction(kind: str, pattern: str) -> float:
        """How much what an s adds in place of an r depends on the letter before it."""
        added = [
            score(kind, pattern.format(f"{before}s")) - score(kind, pattern.format(f"{before}r"))
            for before in "kd"
        ]
        return float(np.abs(added[0] - added[1]).max())

    last, last_but_one = "Oka{}", "Oka{}i"
    assert interaction("pretrained:rnn:linear", last_but_one) < 1e-3
    assert interaction("pretrained:rnn:tanh", last_but_one) > 0.1
    assert interaction("pretrained:rnn:tanh", last) < 1e-3


def test_only_tanh_bounds_the_state_over_papadopoulos():
    for kind, bounded in (("pretrained:rnn:linear", False), ("pretrained:rnn:tanh", True)):
        asked = services.network(resolved(kind))
        states = trace(asked.model, asked.categories, "Papadopoulos").values["h"]
        assert (np.abs(states).max() <= 1) == bounded


def _curves(bias: float) -> dict[str, MemoryCurve]:
    settings = MemorySettings(hidden_size=32, forget_bias=bias, clip_norm=1.0)
    return {curve.network: curve for curve in curves_of(shown_results(settings).entries)}


def test_the_memory_task_came_out_as_the_lesson_says():
    shut, opened = _curves(0.0), _curves(3.0)
    at = {noise: place for place, noise in enumerate(shut["rnn"].noise)}
    for curve in shut.values():
        assert curve.remembered[at[50]] < curve.seeds[at[50]]
    for kind in ("lstm", "custom_lstm"):
        assert kind in MODEL_KINDS
        assert shut[kind].mean[at[20]] < shut["rnn"].mean[at[20]]
        assert opened[kind].remembered[at[50]] == opened[kind].seeds[at[50]]
    for kind in ("rnn", "rnn_tanh"):
        assert opened[kind] == shut[kind]
