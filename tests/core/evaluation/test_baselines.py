import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.splits import make_split
from namerec.core.evaluation import baselines
from tests.core.references import unequal_dataset


@pytest.fixture(scope="module")
def endings() -> Dataset:
    """Two large categories that their endings tell apart, and a small one that mixes both."""
    generator = np.random.default_rng(0)
    stems = ["".join(generator.choice(list("aeioumnrtl"), 5)) for _ in range(260)]
    lines = [LabelledName(stem.capitalize() + "ski", "Polish") for stem in stems[:150]]
    lines += [LabelledName(stem.capitalize() + "ov", "Russian") for stem in stems[150:230]]
    lines += [LabelledName(stem.capitalize() + "es", "Spanish") for stem in stems[230:]]
    return Dataset.build("endings", lines)


@pytest.mark.parametrize("kind", baselines.BASELINE_KINDS)
def test_every_baseline_gives_probabilities_for_the_names_asked(kind, endings):
    split = make_split(endings, "leak-free", 0)
    answers = baselines.fit(kind, endings, split.train).answers(split.test)
    assert (answers.indices == split.test).all()
    assert (answers.labels == endings.labels[split.test]).all()
    assert answers.log_probabilities.dtype == np.float32
    assert np.exp(answers.log_probabilities).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_the_majority_is_the_most_frequent_training_category(endings):
    split = make_split(endings, "leak-free", 0)
    answers = baselines.fit("majority", endings, split.train).answers(split.test)
    assert (answers.predicted == endings.categories.index("Polish")).all()
    shares = endings.support(split.train) / len(split.train)
    assert np.exp(answers.log_probabilities[0]) == pytest.approx(shares, abs=1e-6)


@pytest.mark.parametrize("kind", ["naive_bayes", "regression", "balanced_regression"])
def test_character_ngrams_tell_endings_apart(kind, endings):
    split = make_split(endings, "leak-free", 0)
    answers = baselines.fit(kind, endings, split.train).answers(split.test)
    assert (answers.predicted == answers.labels).mean() > 0.95


def test_a_balanced_regression_finds_rare_categories_more_often():
    """The same letters in both: only the class weight can make it answer the rare one."""
    generator = np.random.default_rng(1)
    names = ["".join(generator.choice(list("abcd"), 6)) for _ in range(400)]
    lines = [LabelledName(name, "A" if row % 10 else "B") for row, name in enumerate(names)]
    dataset = Dataset.build("rare", lines)
    split = make_split(dataset, "leak-free", 0)
    plain, balanced = (
        (baselines.fit(kind, dataset, split.train).answers(split.test).predicted == 1).mean()
        for kind in ("regression", "balanced_regression")
    )
    assert balanced > plain


def test_a_category_without_training_names_is_answered_with_a_vanishing_probability():
    dataset = unequal_dataset({"Ab": 20, "Cd": 20, "Ef": 10})
    train = np.flatnonzero(dataset.labels != 2)
    for kind in baselines.BASELINE_KINDS:
        answers = baselines.fit(kind, dataset, train).answers(np.arange(len(dataset)))
        assert np.isfinite(answers.log_probabilities).all()
        assert (np.exp(answers.log_probabilities[:, 2]) < 1e-9).all()


def test_the_ceiling_by_hand():
    lines = [("Lee", "Chinese"), ("Lee", "English"), ("Lee", "English"), ("Ivanov", "Russian")]
    dataset = Dataset.build("by hand", [LabelledName(*line) for line in lines])
    assert baselines.label_ceiling(dataset, np.arange(4)) == 3 / 4
    assert baselines.label_ceiling(dataset, np.array([0, 1])) == 1 / 2
    assert baselines.label_ceiling(dataset, np.array([3])) == 1
    assert baselines.label_ceiling(dataset, np.array([], dtype=np.int64)) == 1


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "A", "cd"]), st.sampled_from("XYZ")), min_size=1)
)
def test_no_fixed_answer_per_name_beats_the_ceiling_and_the_best_reaches_it(noise):
    lines = [*noise, ("x", "X"), ("y", "Y")]
    dataset = Dataset.build("noise", [LabelledName(*line) for line in lines])
    best = sum(
        max(sum(line == (name, category) for line in lines) for category in "XYZ")
        for name in {name for name, _ in lines}
    )
    assert baselines.label_ceiling(dataset, np.arange(len(dataset))) == pytest.approx(
        best / len(lines)
    )


def test_a_training_part_of_one_category_makes_every_baseline_say_it():
    dataset = unequal_dataset({"Ab": 20, "Cd": 20})
    for kind in baselines.BASELINE_KINDS:
        fitted = baselines.fit(kind, dataset, np.flatnonzero(dataset.labels == 1))
        assert (fitted.answers(np.arange(40)).predicted == 1).all()
