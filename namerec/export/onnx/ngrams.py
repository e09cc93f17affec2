"""N-gram logits as ONNX nodes; the same whole numbers as in `core.networks.ngrams`.

Shapes in comments: B names, T letters of the longest of them.
"""

import torch

from namerec.core.networks import ngrams as hashing
from namerec.core.networks.config import NGRAM_BUCKETS
from namerec.export.onnx.layers import Letters
from namerec.export.onnx.nodes import Drawing

#: Behind every place of a row.
_TO_THE_END = 2**31 - 1


def with_ngram_logits(g: Drawing, ngrams: hashing.CharNgrams, read: Letters, answer: str) -> str:
    """Adds the logits of each name's character n-grams to (B, categories).

    An n-gram is a window of n neighbours in the name with its two ends put on, and is
    told apart by a number in base 59. It lies in the name if its last symbol does.
    """
    symbols, places, end = _with_ends(g, read)
    base = g.whole("symbols_in_all", hashing.SYMBOLS)
    none = g.whole("no_ngram", len(ngrams.logits))
    numbers, rows = symbols, []
    for length in range(2, ngrams.longest + 1):
        shorter = _slice(g, numbers, f"ngrams_before_letter_{length}", until=-1)
        raised = g.node("Mul", [shorter, base], f"ngrams_raised_for_letter_{length}")
        letter = _slice(g, symbols, f"letter_{length}_of_ngrams", begin=length - 1)
        numbers = g.node("Add", [raised, letter], f"ngrams_of_{length}")  # (B, T + 3 - length)
        place = _slice(g, places, f"place_of_letter_{length}", begin=length - 1)
        inside = g.node("LessOrEqual", [place, end], f"ngrams_of_{length}_in_name")
        chosen = [inside, _hashed(g, numbers, length), none]
        rows.append(g.node("Where", chosen, f"rows_of_ngrams_of_{length}"))
    every_row = g.node("Concat", rows, "rows_of_ngrams", axis=1)
    # One more row, for what is no n-gram: no logits.
    table = g.weight(
        "ngram_logits", torch.cat([ngrams.logits, torch.zeros_like(ngrams.logits[:1])])
    )
    found = g.node("Gather", [table, every_row], "logits_of_ngrams")  # (B, n-grams, categories)
    logits = g.node("ReduceSum", [found, g.whole("axis_1", [1])], "ngram_logits_in_all", keepdims=0)
    return g.node("Add", [answer, logits], "output_with_ngram_logits")


def _with_ends(g: Drawing, read: Letters) -> tuple[str, str, str]:
    """The name between its two ends (B, T + 2), places in it (1, T + 2), and its end's (B, 1)."""
    beginning, end_symbol = g.whole("beginning", hashing.BEGINNING), g.whole("end", hashing.END)
    one_each = g.whole("one_place_on_each_side", [0, 1, 0, 1])
    padded = g.node("Pad", [read.spelling, one_each, beginning], "letters_and_beginning")
    two = g.whole("two", 2)
    size = g.node("Add", [read.longest, two], "letters_and_ends")
    count = g.node("Range", [g.whole("zero", 0), size, g.whole("one", 1)], "count_with_ends")
    places = g.node("Unsqueeze", [count, g.whole("axis_0", [0])], "places_with_ends")
    end = g.node("Add", [read.ends, g.whole("one", 1)], "place_of_end")
    at_end = g.node("Equal", [places, end], "at_the_end")
    symbols = g.node("Where", [at_end, end_symbol, padded], "symbols")
    return symbols, places, end


def _slice(g: Drawing, values: str, name: str, begin: int = 0, until: int = _TO_THE_END) -> str:
    """Columns of a table, from one on and until before another."""
    bounds = [
        g.whole(f"from_{begin}", [begin]),
        g.whole("until_the_last" if until == -1 else "to_the_end", [until]),
    ]
    return g.node("Slice", [values, *bounds, g.whole("axis_1", [1])], name)


def _hashed(g: Drawing, numbers: str, length: int) -> str:
    """The row of logits of each n-gram of so many letters."""
    name = f"ngrams_of_{length}"
    spread = g.node("Mul", [numbers, g.whole("multiplier", hashing.MULTIPLIER)], f"{name}_spread")
    in_prime = g.node("Mod", [spread, g.whole("prime", hashing.PRIME)], f"{name}_in_prime")
    bucket = g.node("Mod", [in_prime, g.whole("buckets", NGRAM_BUCKETS)], f"{name}_bucket")
    first = g.whole(f"{name}_first_row", (length - 2) * NGRAM_BUCKETS)
    return g.node("Add", [bucket, first], f"{name}_row")
