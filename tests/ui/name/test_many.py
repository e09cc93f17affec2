import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.evaluation.many import TopTwo, lines_of
from namerec.export.spreadsheet import as_csv
from namerec.ui.name.many import answer_table, many_panel, summary_table
from tests.ui.references import name_section, pretrained, said, shown

CATEGORIES = ("=Alphan", "Betan", "Gamman")


pytestmark = pytest.mark.usefixtures("own_manager")


@pytest.fixture
def lab() -> AppTest:
    return name_section(many_panel, pretrained("lstm"))


def ask(lab: AppTest, text: str) -> None:
    lab.text_area[0].set_value(text).run()
    lab.button[0].click().run()
    assert not lab.exception


def answers(lab: AppTest) -> pd.DataFrame:
    table: pd.DataFrame = lab.dataframe[1].value
    return table


def test_a_pasted_list_is_answered_kept_and_asked_again_for_other_priors_and_runs(lab):
    ask(lab, "Ivanov\n123\nNguyễn\n=Rossi")
    first = answers(lab)
    assert first["name"].tolist() == ["Ivanov", "Nguyễn", "'=Rossi"]
    assert first["read as"].tolist() == ["Ivanov", "Nguyen", "Rossi"]
    assert first["answer"].tolist() == ["Russian", "Vietnamese", "Italian"]
    assert lab.dataframe[0].value["names"].sum() == 3
    assert lab.dataframe[2].value[["line", "text"]].to_numpy().tolist() == [[2, "123"]]
    assert "3 names with the priors of the network’s training" in said(lab)
    kept = lab.session_state["many_answered"]
    lab.run()
    assert lab.session_state["many_answered"] is kept
    lab.slider[0].set_value(1.0).run()
    weakened = answers(lab)
    assert "all languages treated as equally common" in said(lab)
    assert not np.allclose(weakened["probability"], first["probability"])
    shown(lab, pretrained("rnn"))
    other = answers(lab)
    assert not np.allclose(other["probability"], weakened["probability"])
    assert not lab.exception


def test_an_uploaded_windows_file_is_read_once_its_encoding_is_chosen(lab):
    lab.segmented_control[0].set_value("file").run()
    raw = "surname;id\r\nMüller;1\r\nNuñez;2\r\n".encode("cp1252")
    lab.file_uploader[0].set_value(("names.csv", raw, "text/csv")).run()
    assert not lab.button
    lab.selectbox[0].set_value("cp1252").run()
    lab.button[0].click().run()
    assert answers(lab)["name"].tolist() == ["Müller", "Nuñez"]


def test_answers_to_the_list_before_are_said_to_be_that(lab):
    before = "These answers are for the previous list. Press “Ask the network”"
    ask(lab, "Ivanov")
    assert before not in said(lab)
    lab.slider[0].set_value(1.0).run()
    assert before not in said(lab)
    lab.text_area[0].set_value("Rossi").run()
    assert before in said(lab)
    assert answers(lab)["name"].tolist() == ["Ivanov"]
    lab.text_area[0].set_value("Ivanov").run()
    assert before not in said(lab)
    lab.segmented_control[0].set_value("file").run()
    assert before in said(lab)
    for name in ("one.txt", "two.txt"):
        lab.file_uploader[0].set_value((name, b"Rossi", "text/plain")).run()
        assert before in said(lab)
        lab.button[0].click().run()
        assert before not in said(lab)


def test_lines_that_look_like_formulas_are_drawn_as_text(lab):
    ask(lab, "Ivanov\n=1+1\n@2")
    assert lab.dataframe[2].value["text"].tolist() == ["'=1+1", "'@2"]


def test_too_many_names_are_refused_and_no_old_answers_stay_below(lab):
    ask(lab, "Ivanov")
    assert len(lab.dataframe) == 2
    ask(lab, "Li\n" * 10_001)
    assert "10,001 names were given; at most 10,000" in said(lab)
    assert not lab.dataframe
    lab.run()
    assert not lab.dataframe


def test_the_table_has_a_row_for_every_line_and_no_spreadsheet_runs_it():
    names = lines_of("=cmd()\n12\n\n+Bo")
    shares = np.array([[0.75, 0.25], [0.5, 0.375]], dtype=np.float32)
    table = answer_table(names, TopTwo(np.array([[0, 2], [1, 0]]), shares), CATEGORIES)
    assert table["line"].tolist() == [1, 2, 4]
    assert table["name"].tolist() == ["=cmd()", "12", "+Bo"]
    assert table["read as"].tolist() == ["cmd", "", "Bo"]
    assert table["answer"].tolist() == ["=Alphan", "", "Betan"]
    assert table["note"][1] == "No letter in it can be read."
    first, *rows = as_csv(table).splitlines()
    assert first.startswith('"line","name","read as","answer","probability"')
    assert rows[0].startswith('1,"\'=cmd()","cmd","\'=Alphan",0.75,"Gamman",0.25,')
    assert rows[1].startswith('2,"12","","","","","","No letter')
    assert rows[2].startswith('4,"\'+Bo","Bo","Betan",0.5,"\'=Alphan",0.375,')


def test_the_summary_counts_the_first_answers_most_frequent_first():
    top = np.array([[2, 0], [1, 0], [2, 1]])
    table = summary_table(TopTwo(top, np.full((3, 2), 0.5)), CATEGORIES)
    assert table.to_numpy().tolist() == [["Gamman", 2, 0.667], ["Betan", 1, 0.333]]
