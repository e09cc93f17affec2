"""Runs side by side, under AppTest."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from namerec.core.evaluation.prediction import after_every_letter
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.data import catalogue
from namerec.text import roughly
from namerec.ui.name.compare import agreement, compare_panel, default_others
from namerec.ui.server.manager import manager
from namerec.ui.shared import services
from tests.conftest import tiny_config
from tests.ui.references import name_section, pretrained, said, stored

pytestmark = pytest.mark.usefixtures("own_manager")


def test_the_best_of_two_other_kinds_stand_beside_a_run_at_first():
    runs = {kind: pretrained(kind) for kind in ("custom_lstm", "lstm", "gru")}
    app = name_section(compare_panel, runs["custom_lstm"])
    titles = [title.value for title in app.subheader]
    assert titles == ["A: LSTM (custom), this run", "B: LSTM (built-in)", "C: GRU"]
    assert len(app.get("plotly_chart")) == 9
    for run in runs.values():
        asked = services.network(run.id)
        last = after_every_letter(asked.model, "Satoshi")[-1]
        answer = f"**{asked.categories[int(last.argmax())]}**, {roughly(float(last.max()))}."
        assert answer in said(app)
    assert "corpus, “" not in said(app)
    assert "priors" not in said(app)
    app.multiselect(key=f"beside_{runs['custom_lstm'].id}").set_value([]).run()
    assert "Choose one or two runs" in said(app)


@pytest.fixture
def other_corpus(tmp_path: Path, tiny_folder: Path) -> Path:
    """A corpus with one category that has fewer names than the others."""
    folder = tmp_path / "names"
    folder.mkdir()
    for file in tiny_folder.iterdir():
        lines = file.read_text(encoding="utf-8").splitlines()
        few = lines[:9] if file.stem == "Betan" else lines
        (folder / file.name).write_text("\n".join(few), encoding="utf-8")
    return folder


def trained_on(folder: Path) -> Any:
    """A network that met every category of a corpus equally often."""
    config = tiny_config("rnn", dataset=str(folder), epochs=1, sampling="balanced")
    run_id = manager().start(config, catalogue.load(str(folder)))
    assert manager().wait(run_id, 30).state == "finished"
    return stored(run_id)


def test_a_run_on_another_corpus_is_read_with_the_same_priors(other_corpus):
    run, other = pretrained("lstm"), trained_on(other_corpus)
    app = name_section(compare_panel, run, **{f"beside_{run.id}": [other.id, "a run that is gone"]})
    assert [title.value for title in app.subheader][1:] == ["B: RNN (linear)"]
    assert "B was trained on another corpus, “names”, and knows other categories." in said(app)
    assert "All runs answer with the priors of their training data." in said(app)
    learned = after_every_letter(services.network(other.id).model, "Satoshi")[-1]
    names, split = services.run_dataset(other)
    natural = learned * names.support(split.train)
    natural /= natural.sum()
    assert f"{roughly(float(natural.max()))})." in said(app)
    assert roughly(float(natural.max())) != roughly(float(learned.max()))


def test_a_run_whose_names_are_gone_does_not_hide_the_others(other_corpus):
    other = trained_on(other_corpus)
    for file in other_corpus.iterdir():
        file.unlink()
    runs = {kind: pretrained(kind) for kind in MODEL_KINDS}
    beside = {f"beside_{runs['lstm'].id}": [other.id, runs["custom_lstm"].id]}
    app = name_section(compare_panel, runs["lstm"], priors_natural=0.5, **beside)
    assert "is gone" in said(app)
    assert len(app.get("plotly_chart")) == 6
    assert "languages treated as 50 % of the way to equally common" in said(app)


def test_who_agrees_is_said_with_probabilities():
    assert agreement([("A", "Greek", 0.9), ("B", "Greek", 0.8), ("C", "Greek", 0.75)]) == (
        "A, B and C answer Greek (90 %, 80 % and 75 %)."
    )
    assert agreement([("A", "Greek", 0.9), ("B", "Irish", 0.8), ("C", "Greek", 0.9999)]) == (
        "A and C answer Greek (90 % and over 99.9 %); B answers Irish (80 %)."
    )


def test_by_default_each_other_kind_on_the_corpus_is_there_once():
    def run(name: str, kind: str, corpus: str = "x") -> Any:
        config = SimpleNamespace(model=SimpleNamespace(kind=kind))
        info = SimpleNamespace(config=config, dataset=SimpleNamespace(fingerprint=corpus))
        return SimpleNamespace(id=name, info=info)

    best_first = [
        run("1", "lstm", "y"), run("2", "rnn"), run("3", "custom_lstm"), run("4", "rnn"),
        run("5", "lstm"),
    ]  # fmt: skip
    assert default_others(run("0", "custom_lstm"), best_first) == ["2", "5"]
    assert default_others(run("0", "rnn", "y"), best_first) == ["1"]


def test_where_this_runs_names_are_gone_all_are_read_with_the_priors_of_their_training(
    other_corpus,
):
    run = trained_on(other_corpus)
    for file in other_corpus.iterdir():
        file.unlink()
    other = pretrained("lstm")
    lab = name_section(compare_panel, run, priors_balanced=0.3, **{f"beside_{run.id}": [other.id]})
    assert len(lab.get("plotly_chart")) == 6
    assert "cannot be applied to this run" in said(lab)
    learned = after_every_letter(services.network(run.id).model, "Satoshi")[-1]
    assert f"({roughly(float(learned.max()))})" in said(lab)
    assert (
        "All runs answer with the priors of their training data, all categories treated as "
        "equally common." in said(lab)
    )
