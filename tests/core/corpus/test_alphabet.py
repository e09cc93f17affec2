import string
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.alphabet import (
    ALPHABET_SIZE,
    LETTERS,
    MAX_LETTERS,
    MAX_TEXT,
    decode,
    encode,
    normalise,
    readable,
)
from namerec.errors import NameInputError

# Anything Python can hold in a str, surrogates and controls more often than chance would have it.
ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cc", "Mn", "Zs", "Lo"]),
        st.sampled_from(LETTERS),
    ),
    max_size=200,
)

REAL_NAMES = [
    ("Schmidt", "Schmidt"),
    ("O'Neal", "O'Neal"),
    ("van der Berg", "van der Berg"),
    ("Łukasiewicz", "Lukasiewicz"),
    ("Groß", "Gross"),
    ("Nguyễn Thị", "Nguyen Thi"),
    ("Đặng", "Dang"),
    ("Ñandú", "Nandu"),
    ("Ţepeş", "Tepes"),
    ("Þór", "Thor"),
    ("Ægisdóttir", "Aegisdottir"),
    ("İnönü", "Inonu"),
    ("Saint-Just", "SaintJust"),
    ("O’Neill", "O'Neill"),
    ("O‘Neill", "O'Neill"),
    ("O´Neill", "O'Neill"),
    ("Oʼahu", "O'ahu"),
    ("김", "Gim"),
    ("김철수", "Gimcheolsu"),
    ("北京", "Beijing"),
    ("Иванов", "Ivanov"),
    ("Ғабит", "Ghabit"),
    ("Παπαδόπουλος", "Papadopoylos"),
    ("محمد", "mhmd"),
    ("שלום", "slvm"),
    ("さとう", "satou"),
    ("やまだ", "yamada"),
    ("ガルシア", "garushia"),
    ("ＷＡＮＧ", "WANG"),
    ("राम", "ram"),
    ("रमा", "rma"),
    ("रामा", "rama"),
    ("ज़ैनब", "zainb"),  # za in two code points
    ("जैनब", "jainb"),
    ("நிலா", "nila"),
    ("ﬁnn", "finn"),
    ("ǅemal", "Dzemal"),
]


@pytest.mark.parametrize(("text", "letters"), REAL_NAMES)
def test_names_of_the_world_are_written_in_the_57_letters(text, letters):
    assert normalise(text).letters == letters


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("", ""),
        ("   ", ""),
        ("😀", ""),
        ("Ann😀a", "Anna"),
        ("Ann👍🏽a", "Anna"),
        ("Li〰", "Li"),  # a wavy dash, which anyascii spells out
        ("A\u20dd", "A"),  # an enclosing circle
        ("A\0d\x07a", "Ada"),
        ("\ud800Ada\udfff", "Ada"),
        ("12345", ""),
        ("\u202eAda\u202c", "Ada"),  # right-to-left override
        ("A\u200dda\ufeff", "Ada"),  # zero-width joiner, byte order mark
        ("e\u0301\u0323\u0308", "e"),
        ("\u0301", ""),
        ("Zo" + "\u0335" * 500 + "e", "Zoe"),
        ("van\u00a0\u2003Gogh", "van Gogh"),
        ("<b>Ann</b>", "bAnnb"),
        ("../../etc", "....etc"),
    ],
)
def test_what_no_network_can_read_is_dropped(text, letters):
    assert normalise(text).letters == letters


#: Vowel signs by script; names of Unicode, not the table under test, say which they are.
VOWEL_SIGNS: dict[str, list[str]] = {}
for _code in range(0x0590, 0x12000):
    _name = unicodedata.name(chr(_code), "")
    if " VOWEL SIGN " in _name or " SARA " in _name:
        VOWEL_SIGNS.setdefault(_name.split()[0], []).append(chr(_code))
SCRIPTS = [
    "DEVANAGARI",
    "BENGALI",
    "GURMUKHI",
    "GUJARATI",
    "ORIYA",
    "TAMIL",
    "TELUGU",
    "KANNADA",
    "MALAYALAM",
    "SINHALA",
    "THAI",
    "LAO",
    "MYANMAR",
    "KHMER",
    "TIBETAN",
    "BALINESE",
    "JAVANESE",
    "SUNDANESE",
    "CHAM",
    "LEPCHA",
    "LIMBU",
    "BATAK",
    "BUGINESE",
    "CHAKMA",
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_words_that_differ_in_a_vowel_sign_are_read_differently(script):
    read = [normalise(f"k{sign}k").letters for sign in VOWEL_SIGNS[script]]
    assert len(read) > 2
    assert "kk" not in read
    assert len(set(read)) == len(read)


def test_vowels_of_thaana_are_read():
    signs = [chr(code) for code in range(0x07A6, 0x07B0)]
    read = {normalise(f"ބ{sign}").letters for sign in signs}
    assert len(read) == len(signs)


def test_the_alphabet_is_the_classic_tutorials():
    assert string.ascii_letters + " .,;'" == LETTERS
    assert ALPHABET_SIZE == len(set(LETTERS)) == 57


def test_a_plain_name_is_left_alone_and_nothing_is_said():
    name = normalise("Schmidt")
    assert (name.original, name.letters, name.changed, name.describe()) == (
        "Schmidt",
        "Schmidt",
        False,
        "",
    )


def test_every_change_is_counted_and_told():
    name = normalise("Łódź–Đặng 7😀")
    assert name.letters == "LodzDang"
    assert name.marks_dropped == 4
    assert name.romanised == ("Ł", "Đ")
    assert name.dropped == ("–", "7", "😀")
    assert name.letters_cut == 0
    assert name.describe() == (
        "Read as “LodzDang”: 2 characters written in Latin letters, 4 marks taken off, "
        "3 characters outside the alphabet left out."
    )


def test_an_enclosing_mark_counts_as_a_mark():
    assert normalise("Ann\u20dd").marks_dropped == 1


def test_one_of_a_kind_is_told_in_the_singular():
    assert normalise("Groß").describe() == "Read as “Gross”: 1 character written in Latin letters."
    assert normalise("André").describe() == "Read as “Andre”: 1 mark taken off."
    assert normalise("R2D").describe() == (
        "Read as “RD”: 1 character outside the alphabet left out."
    )


@pytest.mark.parametrize("text", ["  van   der  Berg ", "Ann" + " " * 100])
def test_blanks_are_folded_and_that_is_told(text):
    name = normalise(text)
    assert name.letters == " ".join(text.split())
    assert name.describe() == f"Read as “{name.letters}”: blanks tidied."


def test_a_letter_exchanged_for_its_plain_form_is_not_called_a_tidied_blank():
    kelvin = normalise("\u212aelvin")  # the sign for kelvin, canonically the letter K
    assert kelvin.letters == "Kelvin"
    assert kelvin.changed
    assert "blanks" not in kelvin.describe()


def test_a_name_of_64_letters_is_whole_and_of_65_is_cut():
    assert normalise("x" * 64).letters == "x" * 64
    assert not normalise("x" * 64).changed
    cut = normalise("x" * 65)
    assert (cut.letters, cut.letters_cut, cut.changed) == ("x" * 64, 1, True)
    assert cut.describe().endswith("cut to 64 letters (1 left out).")


def test_a_cut_never_ends_in_a_blank():
    cut = normalise("x" * 63 + " " + "y" * 10)
    assert cut.letters == "x" * 63
    assert cut.letters_cut == 11


def test_ten_thousand_letters_are_cut_and_counted():
    name = normalise("x" * 10_000)
    assert name.letters == "x" * MAX_LETTERS
    assert len(name.original) == MAX_TEXT
    assert name.letters_cut == 10_000 - MAX_LETTERS


@given(ANY_TEXT)
def test_any_text_becomes_at_most_64_letters_of_the_alphabet(text):
    name = normalise(text)
    assert set(name.letters) <= set(LETTERS)
    assert len(name.letters) <= MAX_LETTERS
    assert name.letters == " ".join(name.letters.split())


@given(ANY_TEXT)
def test_normalising_twice_is_normalising_once(text):
    once = normalise(text).letters
    assert normalise(once).letters == once
    assert not normalise(once).changed


@given(ANY_TEXT)
def test_a_change_is_told_exactly_when_there_is_one(text):
    name = normalise(text)
    assert bool(name.describe()) == name.changed


@given(ANY_TEXT)
def test_reading_gives_a_letter_or_a_helpful_error(text):
    name = normalise(text)
    if any(letter.isalpha() for letter in name.letters):
        assert readable(text) == name
    else:
        with pytest.raises(NameInputError, match="Type a surname"):
            readable(text)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_name_is_asked_for(text):
    with pytest.raises(NameInputError, match=r"No name was given\. Type a surname"):
        readable(text)


@pytest.mark.parametrize(("text", "count"), [("😀", "1"), ("...'", "4"), ("7" * 2000, "2,000")])
def test_a_name_without_a_letter_is_refused_with_what_was_given(text, count):
    with pytest.raises(NameInputError, match=rf"None of the {count} characters given"):
        readable(text)


def test_letters_are_numbered_in_the_alphabets_order():
    assert encode("aZ '").tolist() == [0, 51, 52, 56]
    assert encode(LETTERS).tolist() == list(range(57))
    assert encode(LETTERS).dtype == np.uint8
    assert encode("").tolist() == []


@given(st.text(st.sampled_from(LETTERS), max_size=MAX_LETTERS))
def test_what_is_encoded_decodes_to_itself(letters):
    assert decode(encode(letters)) == letters


@pytest.mark.parametrize("text", ["é", "A-b", "Ann1", "\ud800", "\0"])
def test_encoding_refuses_what_was_not_normalised(text):
    with pytest.raises(ValueError, match="is not normalised"):
        encode(text)
