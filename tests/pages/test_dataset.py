"""The Dataset page: three sources, its views, uploads, what is kept, and text that stays text."""

import io
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.data import catalogue
from namerec.data.kept import OwnCorpus
from namerec.data.own import OwnCorpora
from namerec.data.upload import MAX_UPLOAD_BYTES, read_upload
from namerec.ui.dataset.names import matching
from namerec.ui.dataset.own import lost_corpora
from namerec.ui.server.manager import manager
from namerec.ui.shared import corpus_facts, services
from tests.conftest import tiny_config, tiny_lines
from tests.pages.references import button, opened, said

MARKUP = ("<b>bold</b>", "**strong** :smile:", "[a](http://b) $x^2$")


def table(categories: tuple[str, ...] = MARKUP, heading: str = "word,kind") -> bytes:
    """A CSV of the tiny corpus's names with other categories."""
    given = dict(zip(("Alphan", "Betan", "Gamman"), categories, strict=True))
    rows = [f"{line.name},{given[line.category]}" for line in tiny_lines()]
    return "\n".join([heading, *rows]).encode()


def uploaded(lab: AppTest, name: str, content: bytes, mime: str = "text/csv") -> AppTest:
    opened(lab, "dataset", view="own")
    lab.file_uploader[0].set_value((name, content, mime)).run()
    assert not lab.exception
    return lab


def kept(title: str = "tiny", content: bytes | None = None) -> str:
    """The reference of a corpus that is kept."""
    upload = read_upload(content or table(), "names.csv", title=title)
    return OwnCorpora().keep(upload).reference


def the_one_kept() -> OwnCorpus:
    (corpus,) = OwnCorpora().entries()
    assert isinstance(corpus, OwnCorpus)
    return corpus


# -- the three sources


@pytest.mark.parametrize("view", ["overview", "names", "audit", "leak", "own"])
def test_every_view_of_the_bundled_corpus_opens(lab, view):
    opened(lab, "dataset", view=view)
    assert not lab.error
    assert lab.segmented_control(key="dataset_view").value == view
    assert lab.query_params["view"] == view
    assert lab.query_params["corpus"] == "bundled"


@pytest.mark.parametrize("view", ["overview", "names", "audit", "leak", "own"])
def test_every_view_of_a_corpus_of_ones_own_opens(lab, view):
    reference = kept()
    opened(lab, "dataset", view=view, corpus=reference)
    assert not lab.error
    assert not lab.warning
    assert lab.selectbox(key="dataset_corpus").value == reference


def test_the_tutorial_corpus_says_how_to_get_it_or_bring_it(lab):
    opened(lab, "dataset", corpus="tutorial")
    assert "NAMEREC_NAMES_DIR" in said(lab)
    assert "Download" in {item.label for item in lab.button}
    assert "Train on it" not in {item.label for item in lab.button}


def test_a_download_tells_its_progress_and_then_shows_the_corpus(lab, monkeypatch, tiny_folder):
    from namerec.data import tutorial

    def fetch(progress):
        monkeypatch.setenv("NAMEREC_NAMES_DIR", str(tiny_folder))
        progress(0, 18)
        progress(18, 18)

    monkeypatch.setattr(tutorial, "fetch", fetch)
    opened(lab, "dataset", corpus="tutorial")
    button(lab, "Download").click().run()
    assert not lab.error
    assert [metric.value for metric in lab.metric if metric.label == "Lines"] == ["72"]


def test_a_download_that_fails_is_a_sentence(lab, monkeypatch):
    from namerec.data import tutorial
    from namerec.errors import DownloadError

    def fetch(progress):
        raise DownloadError("The tutorial corpus could not be downloaded: no network.")

    monkeypatch.setattr(tutorial, "fetch", fetch)
    opened(lab, "dataset", corpus="tutorial")
    button(lab, "Download").click().run()
    assert "no network" in lab.error[0].value
    assert "NAMEREC_NAMES_DIR" in said(lab)
    lab.switch_page("pages/train.py").run()
    lab.sidebar.selectbox(key="set_dataset").set_value("tutorial").run()
    next(item for item in lab.sidebar.button if item.label == "Download").click().run()
    assert "no network" in lab.sidebar.error[0].value
    assert lab.sidebar.number_input(key="set_epochs").value, "the rest of the form stays"


def test_a_corpus_given_on_the_command_line_is_chosen(lab, monkeypatch, tiny_folder):
    monkeypatch.setattr("sys.argv", ["streamlit", "--dataset", str(tiny_folder)])
    opened(lab, "dataset")
    assert lab.selectbox(key="dataset_corpus").value == str(tiny_folder)
    assert lab.metric[0].label == "Categories"
    assert lab.metric[0].value == "3"


def test_a_link_to_a_corpus_that_is_not_here_says_so(lab):
    opened(lab, "dataset", corpus="own:0123456789abcdef")
    assert "not on this computer" in lab.warning[0].value
    assert lab.selectbox(key="dataset_corpus").value == "bundled"
    assert not lab.error


def test_a_path_in_a_link_is_not_opened(lab, tiny_folder):
    opened(lab, "dataset", corpus=str(tiny_folder))
    assert lab.selectbox(key="dataset_corpus").value == "bundled"


# -- the views


def test_the_language_of_a_link_is_selected_and_a_choice_is_written_into_it(lab):
    opened(lab, "dataset", category="Czech")
    assert lab.selectbox(key="dataset_category").value == "Czech"
    lab.selectbox(key="dataset_category").set_value("Greek").run()
    assert lab.query_params["category"] == "Greek"
    lab.selectbox(key="dataset_corpus").set_value("tutorial").run()
    lab.selectbox(key="dataset_corpus").set_value("bundled").run()
    assert lab.selectbox(key="dataset_category").value == "Greek"
    assert not lab.error


def test_a_search_finds_a_name_in_any_spelling(lab):
    opened(lab, "dataset", view="names", search="Dvořák")
    assert lab.text_input(key="dataset_search").value == "Dvořák"
    found = lab.dataframe[0].value
    assert "Czech" in set(found["category"])
    assert any("Dvorak" in letters for letters in found["letters"])
    lab.text_input(key="dataset_search").set_value("xqxqxq").run()
    assert "No name found" in said(lab)
    assert lab.query_params["search"] == "xqxqxq"


def test_what_narrows_the_table_down_is_applied_together():
    lines = [("Müller", "A"), ("Muller", "A"), ("Møller", "B"), ("Abt", "B"), ("Äbt", "C")]
    names = corpus_facts.names(Dataset.build("x", [LabelledName(*line) for line in lines]))

    def found(search: str, only: str, *, changed: bool = False) -> list[str]:
        return list(matching(names, search, only, changed=changed)["written"])

    assert found("", "") == ["Müller / Muller", "Møller", "Abt", "Äbt"]
    assert found("LLER", "") == ["Müller / Muller", "Møller"]
    assert found("møll", "") == ["Møller"]
    assert found("", "B") == ["Møller", "Abt"]
    assert found("äbt", "") == ["Abt", "Äbt"]
    assert found("abt", "", changed=True) == ["Äbt"]
    assert found(".*", "") == []


def test_the_audit_counts_duplicates_shared_names_and_changed_letters(lab):
    rows = [*["Haddad,Arabic"] * 5, "Nasser,Arabic", "Müller,German", "Nasser,German", "Abt,German"]
    reference = kept(content="\n".join(["name,lang", *rows]).encode())
    opened(lab, "dataset", corpus=reference, view="audit")
    assert not lab.error
    words = said(lab)
    assert "4 of 9 lines repeat another line" in words
    assert "Arabic: 6 lines, 2 names" in words
    assert "1 name is in more than one category" in words
    values = {metric.label: metric.value for metric in lab.metric}
    assert values["Repeated lines"] == "44.4 %"
    assert lab.dataframe[0].value["share"].tolist() == pytest.approx([4 / 6, 0])
    assert values["Lines with letters changed"] == "1"
    assert values["Label ceiling"] == "80.0 %"
    assert "88.9 % of all 9 lines" in words.replace("*", "")


def test_the_card_names_its_run_and_what_it_was_measured_on(lab):
    opened(lab, "dataset")
    words = said(lab)
    assert "Spelling is not nationality" in words
    assert "Even the best run here fails" in words
    assert "test names, leak-free split" in words
    assert "Run 2026" in words
    recall = next(frame.value for frame in lab.dataframe if "recall" in frame.value)
    assert len(recall) == 18
    assert list(recall["recall"]) == sorted(recall["recall"])
    assert recall["recall"].between(0, 1).all()


def test_without_a_run_the_card_says_how_to_get_one(lab):
    opened(lab, "dataset", corpus=kept())
    assert "no finished run on this corpus yet" in said(lab)


# -- bringing one's own


def test_a_table_is_previewed_kept_chosen_and_offered_for_training(lab):
    uploaded(lab, "my words.csv", table())
    preview = lab.dataframe[0].value
    assert list(preview.columns) == ["1 · word", "2 · kind"]
    assert len(preview) == 8
    lab.text_input[0].set_value("three kinds").run()
    button(lab, "Import").click().run()
    assert not lab.error
    corpus = the_one_kept()
    assert (corpus.title, corpus.names, corpus.categories) == (
        "three kinds",
        72,
        tuple(sorted(MARKUP)),
    )
    assert "72 names in 3 categories" in said(lab)
    assert lab.selectbox(key="dataset_corpus").value == corpus.reference
    assert lab.query_params["corpus"] == corpus.reference
    button(lab, "Train on it").click().run()
    assert lab.sidebar.selectbox(key="set_dataset").value == corpus.reference
    assert not lab.error


def test_columns_that_say_nothing_are_chosen_by_the_user(lab):
    rows = ["alpha;beta;gamma", "1;Bak;x", "2;Dor;y", "3;Fen;x", "4;Gil;y", "5;Hum;x", "6;Jas;y"]
    uploaded(lab, "t.csv", "\n".join(rows).encode())
    boxes = {box.label: box for box in lab.selectbox}
    assert boxes["Column separator"].value == ";"
    boxes["Names"].set_value(1)
    boxes["Categories"].set_value(2).run()
    button(lab, "Import").click().run()
    corpus = the_one_kept()
    assert corpus.categories == ("x", "y")
    assert corpus.title == "t"


def test_a_table_without_headings_and_with_a_split_is_read(lab):
    rows = [
        f"{line.name}\t{line.category}\t{('train', 'test')[place % 4 == 0]}"
        for place, line in enumerate(tiny_lines())
    ]
    uploaded(lab, "t.tsv", "\n".join(rows).encode())
    lab.toggle[0].set_value(False).run()
    boxes = {box.label: box for box in lab.selectbox}
    assert boxes["Split (if there is one)"].value == 2
    button(lab, "Import").click().run()
    corpus = the_one_kept()
    assert corpus.has_split
    assert corpus.names == 72
    assert "its own split" in said(lab)


def test_a_zip_is_kept_and_what_was_left_out_is_said(lab):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("names/Greek.txt", "Papas\nPappas\nDimas\nDimas\n")
        archive.writestr("names/Irish.txt", "Byrne\nNolan\nQuinn\n")
        archive.writestr("names/photo.png", "x")
    uploaded(lab, "names.zip", packed.getvalue(), "application/zip")
    button(lab, "Import").click().run()
    corpus = the_one_kept()
    assert corpus.categories == ("Greek", "Irish")
    assert "photo.png" in said(lab)
    assert "Duplicates: 1 of 7" in said(lab)


def test_text_that_is_not_utf_8_is_read_as_the_user_chooses(lab):
    text = "name,lang\nMüller,German\nJäger,German\nGrün,German\nRené,French\nFaçon,French\n"
    uploaded(lab, "latin.csv", text.encode("cp1252"))
    assert "Import" not in {item.label for item in lab.button}
    samples = lab.dataframe[0].value
    assert "Müller,German · Jäger,German" in next(iter(samples["text"]))
    box = next(box for box in lab.selectbox if box.label == "Encoding")
    assert box.value is None
    box.set_value("cp1252").run()
    button(lab, "Import").click().run()
    corpus = the_one_kept()
    assert OwnCorpora().load(corpus.id).names[0] == "Müller"


def test_an_upload_that_replaces_an_earlier_one_says_so(lab):
    kept("earlier")
    uploaded(lab, "later.csv", table())
    button(lab, "Import").click().run()
    assert the_one_kept().title == "later"
    assert any("“earlier”, stored since" in item.value for item in lab.warning)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.csv", b"", "is empty"),
        ("x.csv", b'name,lang\nA,"b\n', "is not a table from line 2"),
        ("x.csv", b"PK\x03\x04junk", "has the name of a table, but is a compressed file"),
        ("x.zip", b"no zip at all", "is not a zip archive"),
        ("x.zip", b"\0" * (MAX_UPLOAD_BYTES + 1), "at most 10 MiB are allowed"),
        ("x.csv", b"one column\nonly\n", "only one column"),
    ],
)
def test_an_upload_that_cannot_be_read_gets_a_sentence(lab, name, content, sentence):
    reference = kept()
    uploaded(lab, name, content)
    assert sentence in said(lab)
    assert "Import" not in {item.label for item in lab.button}
    assert the_one_kept().reference == reference


def test_what_is_wrong_further_down_is_said_and_the_choices_stay(lab):
    uploaded(lab, "x.csv", table() + b"\na,b,c\n")
    lab.text_input[0].set_value("mine").run()
    button(lab, "Import").click().run()
    assert "3 cells in line 74" in lab.error[0].value.replace("\\", "")
    assert lab.text_input[0].value == "mine"
    assert OwnCorpora().entries() == []
    assert "Import" in {item.label for item in lab.button}


# -- what is kept


def test_a_removed_corpus_is_gone_everywhere_and_its_runs_say_so(lab, tiny_dataset):
    reference = kept("my <i>kinds</i>")
    identity = reference.removeprefix("own:")
    opened(lab, "dataset", view="own", corpus=reference)
    run_id = manager().start(tiny_config(dataset=reference), OwnCorpora().load(identity))
    manager().wait(run_id, 30)
    lab.switch_page("pages/train.py").run()
    lab.sidebar.selectbox(key="set_dataset").set_value(reference).run()
    lab.switch_page("pages/dataset.py").run()
    assert "1 run" in said(lab)
    lab.button(key=f"ask_{identity}").click().run()
    assert "1 run on it" in said(lab)
    lab.button(key=f"keep_{identity}").click().run()
    assert the_one_kept().reference == reference
    lab.button(key=f"ask_{identity}").click().run()
    lab.button(key=f"remove_{identity}").click().run()
    assert OwnCorpora().entries() == []
    assert "was removed" in said(lab)
    assert "Removed corpora that runs still use" in {heading.value for heading in lab.subheader}
    assert lab.selectbox(key="dataset_corpus").value == "bundled"
    assert not lab.error
    lab.switch_page("pages/train.py").run()
    assert lab.sidebar.selectbox(key="set_dataset").value == "bundled"
    lab.query_params["run"] = run_id
    lab.switch_page("pages/evaluate.py").run()
    lab.selectbox(key="run").set_value(run_id).run()
    words = " ".join(error.value for error in lab.error).replace("\\", "")
    assert "“my <i>kinds</i>”, is gone" in words
    assert not lab.exception
    assert kept("under another name") == reference
    lab.run()
    assert not lab.error


def test_names_brought_again_are_found_by_the_runs_on_them(lab, tmp_path):
    opened(lab, "dataset")
    path = tmp_path / "names.csv"
    path.write_bytes(table(heading="name,category"))
    run_id = manager().start(tiny_config(dataset=str(path)), catalogue.load(str(path)))
    manager().wait(run_id, 30)
    path.unlink()
    (run,) = [run for run in manager().store.summaries() if run.id == run_id]
    assert [(lost.id, number) for lost, number in lost_corpora([run])] == [(run_id, 1)]
    reference = kept()
    assert lost_corpora([run]) == []
    assert services.corpus_of(run) == reference


def test_two_corpora_of_one_title_can_be_told_apart(lab):
    first = kept("twin")
    second = kept("twin", table(("a", "b", "c")))
    opened(lab, "dataset", corpus=first)
    options = lab.selectbox(key="dataset_corpus").options
    assert len(set(options)) == len(options)
    assert sum("twin" in option for option in options) == 2
    lab.selectbox(key="dataset_corpus").set_value(second).run()
    assert lab.query_params["corpus"] == second


def test_a_damaged_corpus_is_listed_with_its_reason_and_can_be_removed(lab):
    reference = kept()
    identity = reference.removeprefix("own:")
    path = OwnCorpora().root / f"{identity}.json"
    path.write_text("{")
    opened(lab, "dataset", view="own")
    assert "is damaged" in lab.warning[0].value
    lab.button(key=f"ask_{identity}").click().run()
    lab.button(key=f"remove_{identity}").click().run()
    assert OwnCorpora().entries() == []
    assert not lab.error


# -- text stays text


@pytest.mark.parametrize("view", ["overview", "names", "audit", "leak", "own"])
def test_nothing_of_an_upload_is_rendered_as_markup(lab, view):
    content = table() + b"\n<u>Bakovic</u>,<b>bold</b>\n<u>Bakovic</u>,<b>bold</b>\n"
    opened(lab, "dataset", view=view, corpus=kept("<i>title</i> **x** :smile:", content))
    written = [*lab.markdown, *lab.caption, *lab.success, *lab.warning, *lab.info, *lab.error]
    texts = [text.value for text in written] + [metric.label for metric in lab.metric]
    for markup in ("<b>", "<i>", "<u>", "**strong**", "**x**", ":smile:", "](http"):
        assert not any(markup in text for text in texts), markup
    assert not any(text.proto.allow_html for text in lab.markdown)
