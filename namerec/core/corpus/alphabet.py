"""The alphabet of 57 letters, and how any text becomes a name written in it."""

import re
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from anyascii import anyascii

from namerec.errors import NameInputError
from namerec.text import counted

#: Letters a network can read, in the order of their indices (the classic tutorial's order).
LETTERS = string.ascii_letters + " .,;'"
ALPHABET_SIZE = len(LETTERS)
#: Longest name in letters. The longest in the tutorial corpus has 20; the rest is headroom.
MAX_LETTERS = 64
#: Longest text looked at, in code points: nobody's name, and it bounds the work on hostile input.
MAX_TEXT = 1024

_INDEX_OF = np.full(128, -1, dtype=np.int16)
_INDEX_OF[[ord(letter) for letter in LETTERS]] = np.arange(ALPHABET_SIZE)
_ALLOWED = frozenset(LETTERS)
# Letters and the marks that stand for apostrophes and hyphens are romanised; symbols are not
# (anyascii would turn a smiling face into ":smiling:").
_ROMANISED_CATEGORIES = frozenset({"Ll", "Lu", "Lt", "Lm", "Lo", "Pi", "Pf", "Zs", "Sk"})
_MARK_CATEGORIES = frozenset({"Mn", "Me", "Mc"})
_VOICING_MARKS = "\u3099\u309a"
# Marks below are accents and the like; from here on there are scripts whose vowels are marks.
_FIRST_SIGN = 0x0590
# Where Unicode has the scripts of India and South-East Asia.
_VOWEL_BLOCKS = (range(0x0900, 0x1D00), range(0xA800, 0xAC00), range(0x11000, 0x12000))


def _vowel_signs() -> dict[str, str]:
    """How each vowel sign is written: by `anyascii`, and no two of a script alike.

    That writes long and short vowels alike, which would make one name of two. The plain ones come
    first, and of those that follow the last letter is doubled: i, ii; u, uu.
    """
    signs = [chr(code) for block in _VOWEL_BLOCKS for code in block]
    named = [(sign, unicodedata.name(sign, "")) for sign in signs]
    vowels = [(sign, name) for sign, name in named if " VOWEL SIGN " in name or " SARA " in name]
    written: dict[str, str] = {}
    taken = set()
    for sign, name in sorted(vowels, key=lambda vowel: len(vowel[1])):
        script, last = name.split()[0], name.split()[-1]
        letters = "".join(letter for letter in anyascii(sign) or last.lower() if letter.isalpha())
        while (script, letters) in taken:
            letters += letters[-1]
        taken.add((script, letters))
        written[sign] = letters
    return written


def _composed() -> dict[str, str]:
    """Letters that NFC parts from their dot, which `anyascii` knows as one: za, not ja."""
    letters = [chr(code) for code in _VOWEL_BLOCKS[0]]
    apart = {unicodedata.normalize("NFC", letter): letter for letter in letters}
    return {pair: letter for pair, letter in apart.items() if len(pair) == 2}


_VOWEL_SIGNS = _vowel_signs()
_COMPOSED = _composed()
_DOTTED = re.compile("|".join(map(re.escape, _COMPOSED)))


@dataclass(frozen=True, slots=True)
class NormalisedName:
    """A name in the alphabet, and what it took to get it there.

    Attributes:
        original: The text as given, cut to `MAX_TEXT` code points.
        letters: The name in the 57 letters, at most `MAX_LETTERS` of them, perhaps empty.
        marks_dropped: How many combining marks that no letter stands for (accents, cedillas, tone
            marks, ...) were taken off.
        romanised: The characters that were written in Latin letters instead, in order.
        dropped: The characters that have no counterpart in the alphabet, in order.
        letters_cut: How many letters stood beyond `MAX_LETTERS` (or the text beyond `MAX_TEXT`).
    """

    original: str
    letters: str
    marks_dropped: int = 0
    romanised: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    letters_cut: int = 0

    @property
    def changed(self) -> bool:
        """Whether the letters differ from the text that was given."""
        return self.letters != self.original or self.letters_cut > 0

    def describe(self) -> str:
        """What normalising did, as one sentence; empty if it did nothing."""
        parts = []
        if self.romanised:
            parts.append(f"{counted(len(self.romanised), 'character')} written in Latin letters")
        if self.marks_dropped:
            parts.append(f"{counted(self.marks_dropped, 'mark')} taken off")
        if self.dropped:
            parts.append(f"{counted(len(self.dropped), 'character')} outside the alphabet left out")
        if self.letters_cut:
            parts.append(f"cut to {MAX_LETTERS} letters ({self.letters_cut:,} left out)")
        if not parts and self.changed:
            blanks = self.original.split() == self.letters.split()
            parts.append("blanks tidied" if blanks else "written in plain letters")
        return f"Read as “{self.letters}”: {', '.join(parts)}." if parts else ""


def normalise(text: str) -> NormalisedName:
    """Writes any text in the 57 letters of the alphabet.

    Combining marks are dropped after canonical decomposition (NFD) unless letters stand for them,
    as for the vowel signs of Indian scripts; what is left is composed again (NFC, so that Hangul
    stays syllables) and romanised by `anyascii` where it is a letter of another script; whatever is
    then still outside the alphabet is dropped, and blanks are folded.
    Normalising twice gives what normalising once gives.

    Args:
        text: Any text, of any length; lone surrogates and control characters are dropped.

    Returns:
        The name and what was changed. Its letters are empty if nothing could be read.
    """
    if len(text) <= MAX_LETTERS and _ALLOWED.issuperset(text):
        tidy = " ".join(text.split())
        return NormalisedName(original=text, letters=tidy)
    original = text[:MAX_TEXT]
    without_marks = []
    marks = 0
    for character in _apart(original):
        if _is_mark(character) and character not in _VOICING_MARKS and not _sign(character):
            marks += 1
        else:
            without_marks.append(character)
    letters: list[str] = []
    romanised: list[str] = []
    dropped: list[str] = []
    composed = unicodedata.normalize("NFC", "".join(without_marks))
    for character in _DOTTED.sub(lambda pair: _COMPOSED[pair[0]], composed):
        if character in _ALLOWED:
            letters.append(character)
            continue
        written = _romanise(character, after_letter=bool(letters) and letters[-1][-1].isalpha())
        if written:
            letters.append(written)
            romanised.append(character)
        else:
            dropped.append(character)
    tidy = " ".join("".join(letters).split())
    cut = tidy[:MAX_LETTERS].rstrip()
    return NormalisedName(
        original=original,
        letters=cut,
        marks_dropped=marks,
        romanised=tuple(romanised),
        dropped=tuple(dropped),
        letters_cut=len(tidy) - len(cut) + len(text) - len(original),
    )


def _apart(text: str) -> Iterator[str]:
    """Its characters and the marks on them, each by itself; a vowel sign of two parts stays one."""
    for character in unicodedata.normalize("NFC", text):
        if character in _VOWEL_SIGNS:
            yield character
        else:
            yield from unicodedata.normalize("NFD", character)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in _MARK_CATEGORIES


def _sign(mark: str) -> str:
    """The letters that stand for a combining mark, or none."""
    if ord(mark) < _FIRST_SIGN:
        return ""
    return _in_alphabet(mark).lower()


def _in_alphabet(character: str) -> str:
    written = _VOWEL_SIGNS.get(character) or anyascii(character)
    return "".join(letter for letter in written if letter in _ALLOWED)


def _romanise(character: str, *, after_letter: bool) -> str:
    """The letters of the alphabet that stand for one character of another script, or ""."""
    if _is_mark(character):
        return _sign(character)
    category = unicodedata.category(character)
    if category not in _ROMANISED_CATEGORIES:
        return ""
    written = _in_alphabet(character)
    # Scripts without case come out capitalised syllable by syllable: BeiJing, GimCheolSu.
    return written.lower() if category == "Lo" and after_letter else written


def readable(text: str) -> NormalisedName:
    """Normalises a typed name, and refuses one of which nothing can be read.

    Raises:
        NameInputError: If no letter of the alphabet is left.
    """
    name = normalise(text)
    if any(letter.isalpha() for letter in name.letters):
        return name
    if not text.strip():
        raise NameInputError("No name was given. Type a surname, for example Schmidt or Okonkwo.")
    raise NameInputError(
        f"None of the {len(text):,} characters given is a letter that can be read. Type a surname "
        "in letters; other scripts and accents are converted."
    )


def encode(letters: str) -> np.ndarray:
    """Turns a normalised name into letter indices.

    Args:
        letters: A name in the 57 letters, as `normalise` gives it.

    Returns:
        Indices, uint8, 0..56, shape (length,).

    Raises:
        ValueError: If a letter is outside the alphabet (normalise first).
    """
    if not _ALLOWED.issuperset(letters):
        raise ValueError(f"{letters!r} is not normalised")
    codes = np.frombuffer(letters.encode("ascii"), dtype=np.uint8)
    return _INDEX_OF[codes].astype(np.uint8)


def decode(indices: np.ndarray) -> str:
    """Turns letter indices, shape (length,), 0..56, back into the name."""
    return "".join(LETTERS[index] for index in indices)
