"""What figures call things."""

from namerec.text import literal, shortened

#: Longest category name written on an axis, in letters; hover texts have it in full.
LONGEST_LABEL = 20
#: Shown in place of a space, which could not be seen.
OPEN_BOX = "␣"
#: Baselines that are lines on an accuracy chart, by kind, and what they are called there.
BASELINE_LINES = {
    "majority": "always the commonest",
    "naive_bayes": "naive Bayes",
    "regression": "regression",
}


def label(text: str) -> str:
    """A category's name for an axis or a legend: literal, and cut to `LONGEST_LABEL` letters."""
    return literal(shortened(text, LONGEST_LABEL))
