import json
import sys

import click
import numpy as np
import pytest

from namerec.cli import cli
from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.evaluation.scores import predict_names
from namerec.runs.networks import load_network
from namerec.text import roughly
from tests.cli.references import answered, ask


def test_names_are_ranked_as_the_network_ranks_them(run):
    values = answered("predict", "--run", run.id, "Bakaovic", "Dorússen", "--top", "2")
    assert list(values) == ["run", "predictions"]
    assert values["run"] == run.id
    first, second = values["predictions"]
    assert list(first) == ["name", "normalised", "top"]
    assert (first["name"], first["normalised"]) == ("Bakaovic", "Bakaovic")
    assert (second["name"], second["normalised"]) == ("Dorússen", "Dorussen")
    network = load_network(run)
    data = Dataset.build(
        "two", [LabelledName("Bakaovic", "Alphan"), LabelledName("Dorussen", "Betan")]
    ).with_categories(network.categories)
    answers = np.exp(predict_names(network.model, data, np.array([0, 1])).log_probabilities)
    for row, shares in zip((first, second), answers, strict=True):
        order = np.argsort(-shares)[:2]
        assert [category for category, _ in row["top"]] == [network.categories[n] for n in order]
        assert [share for _, share in row["top"]] == pytest.approx(shares[order], abs=2e-6)


def test_all_categories_are_given_if_asked_for_and_sum_to_one(run):
    (row,) = answered("predict", "--run", run.id, "Bakaovic", "--top", "200")["predictions"]
    assert {category for category, _ in row["top"]} == {"Alphan", "Betan", "Gamman"}
    assert sum(share for _, share in row["top"]) == pytest.approx(1, abs=1e-5)
    shares = [share for _, share in row["top"]]
    assert shares == sorted(shares, reverse=True)


def test_without_json_a_line_a_name_is_written(run):
    result = ask("predict", "--run", run.id, "Bakaovic", "???", "--top", "1")
    assert result.exit_code == 0
    (row, _) = answered("predict", "--run", run.id, "Bakaovic", "???", "--top", "1")["predictions"]
    category, share = row["top"][0]
    assert result.stdout == (
        f"Bakaovic: {category} {roughly(share)}\n???: no letter in it can be read\n"
    )


def test_names_come_from_standard_input_if_none_are_given(run):
    given = "Bakaovic\n\nŽižková\r\n  \n山田\n123\nJasuaki"  # the last one without a line end
    values = answered("predict", "--run", run.id, given=given)
    rows = values["predictions"]
    assert [row["name"] for row in rows] == [
        "Bakaovic",
        "",
        "Žižková",
        "  ",
        "山田",
        "123",
        "Jasuaki",
    ]
    assert [row["normalised"] for row in rows] == [
        "Bakaovic",
        "",
        "Zizkova",
        "",
        "Shantian",
        "",
        "Jasuaki",
    ]
    assert [len(row["top"]) for row in rows] == [3, 0, 3, 0, 3, 0, 3]
    assert rows[0] == answered("predict", "--run", run.id, "Bakaovic")["predictions"][0]


def test_more_names_than_are_answered_at_once_stay_in_order(run):
    names = [f"Ba{'ab' * (n % 5)}{'.' if n % 7 else '?'}" for n in range(2_500)]
    rows = answered("predict", "--run", run.id, given="\n".join(names))["predictions"]
    assert [row["name"] for row in rows] == names


@pytest.mark.parametrize("given", ["", "\n\n", "???\n"])
def test_standard_input_without_a_readable_name_is_answered_all_the_same(run, given):
    rows = answered("predict", "--run", run.id, given=given)["predictions"]
    assert [row["top"] for row in rows] == [[]] * len(given.splitlines())


def test_standard_input_that_is_not_utf_8_is_read_as_far_as_it_can_be(run):
    values = answered("predict", "--run", run.id, given=b"\xef\xbb\xbfBaka\nM\xfcller\n\xff\n")
    rows = values["predictions"]
    assert [row["normalised"] for row in rows] == ["Baka", "Mller", ""]
    assert rows[0]["name"] == "Baka"  # without the byte order mark


@pytest.mark.parametrize("name", ["\udcff", "M\udcfcller", "x" * 100_000, "\0", "<b>Baka</b>"])
def test_hostile_arguments_are_only_text(run, name):
    result = ask("predict", "--run", run.id, "--json", "--", name)
    assert result.exit_code == 0
    (row,) = json.loads(result.stdout.splitlines()[-1])["predictions"]
    assert len(row["normalised"]) <= 64
    assert len(result.stdout) < 10_000


class Terminal:
    """Standard input as it is in a shell without a pipe."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("source", [Terminal(), None])  # None: it has been closed
def test_nobody_is_left_waiting_for_names_that_cannot_come(run, source):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", source)
        with pytest.raises(click.ClickException, match=r"No names were given\. Give them"):
            cli.main(["predict", "--run", run.id], standalone_mode=False)
