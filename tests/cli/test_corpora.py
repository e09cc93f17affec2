import json
import os

from tests.cli.references import answered, ask
from tests.conftest import ROOT


def test_corpora_are_listed_with_where_they_are(monkeypatch, tmp_path):
    values = answered("data", "list")
    assert [row["dataset"] for row in values["datasets"]] == ["bundled", "tutorial"]
    bundled, tutorial = values["datasets"]
    assert list(bundled) == ["dataset", "title", "installed", "where"]
    assert bundled["installed"] is True
    assert bundled["where"] == str(ROOT / "assets" / "names")
    assert tutorial["installed"] is False
    assert tutorial["where"].startswith(os.environ["NAMEREC_CACHE"])
    said = ask("data", "list").stdout.splitlines()
    assert said[0].startswith("bundled: 18 languages")
    assert said[0].endswith(f"(here: {ROOT / 'assets' / 'names'})")
    assert said[1].startswith("tutorial: ")
    assert "(not downloaded yet: " in said[1]


def test_a_download_says_where_it_put_the_corpus(monkeypatch, tmp_path):
    from namerec.data import tutorial

    def fetch(progress):
        for done in (0, 9, 18):
            progress(done, 18)
        return tmp_path

    monkeypatch.setattr(tutorial, "fetch", fetch)
    result = ask("data", "download", "--json")
    assert result.stdout.splitlines()[0] == f"The tutorial corpus is in {tmp_path}."
    assert json.loads(result.stdout.splitlines()[-1]) == {
        "dataset": "tutorial",
        "where": str(tmp_path),
    }
    assert result.stderr == "\r0 of 18 files\r9 of 18 files\r18 of 18 files\n"
