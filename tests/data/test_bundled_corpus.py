"""The bundled corpus as data: its size, its order, its letters."""

import unicodedata
from functools import cache
from itertools import chain

import pytest

from namerec.core.corpus.alphabet import normalise
from namerec.data.bundled import FOLDER

LANGUAGES = [
    *("Arabic", "Chinese", "Czech", "Dutch", "English", "French", "German", "Greek", "Irish"),
    *("Italian", "Japanese", "Korean", "Polish", "Portuguese", "Russian", "Scottish", "Spanish"),
    "Vietnamese",
]
#: Least names of a language; less for those that have few surnames to begin with.
LEAST = dict.fromkeys(LANGUAGES, 250) | dict.fromkeys(
    ("Chinese", "Korean", "Scottish", "Vietnamese"), 90
)


@cache
def corpus() -> dict[str, list[str]]:
    return {
        path.stem: path.read_bytes().decode("utf-8").split("\n")[:-1]
        for path in sorted(FOLDER.glob("*.txt"))
    }


@pytest.fixture(params=LANGUAGES)
def names(request) -> list[str]:
    return corpus()[request.param]


def test_it_has_the_18_languages_of_the_tutorial():
    assert list(corpus()) == LANGUAGES


def test_it_has_8000_distinct_pairs_or_more():
    pairs = {(language, name) for language, names in corpus().items() for name in names}
    assert len(pairs) >= 8000


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_names_enough_and_none_outweighs_the_rest(language):
    total = sum(map(len, corpus().values()))
    assert LEAST[language] <= len(corpus()[language]) <= 0.15 * total


def test_files_end_with_a_line_end_and_have_no_other_blanks(names):
    assert all(name == " ".join(name.split()) != "" for name in names)


def test_names_are_sorted(names):
    assert names == sorted(names, key=lambda name: (name.casefold(), name))


def test_no_name_is_twice_in_a_file_whatever_its_case(names):
    assert len({name.casefold() for name in names}) == len(names)


def test_names_are_written_in_letters_marks_blanks_hyphens_and_apostrophes(names):
    strange = {
        character
        for character in chain.from_iterable(names)
        if unicodedata.category(character)[0] not in "LM" and character not in " -'"
    }
    assert strange == set()


def test_letters_are_latin_and_composed(names):
    assert all(unicodedata.is_normalized("NFC", name) for name in names)
    letters = {letter for letter in "".join(names) if letter.isalpha()}
    assert all(unicodedata.name(letter).startswith("LATIN ") for letter in letters)


def test_every_name_can_be_read_without_losing_letters(names):
    for name in names:
        read = normalise(name)
        assert any(letter.isalpha() for letter in read.letters)
        assert read.letters_cut == 0
        assert set(read.dropped) <= {"-"}


def test_the_datasheet_tells_the_counts_that_the_files_have():
    sheet = (FOLDER / "README.md").read_text(encoding="utf-8")
    for language, names in corpus().items():
        assert f"| {language} | {len(names)} |" in sheet
    assert f"| **all** | **{sum(map(len, corpus().values())):,}** |" in sheet
