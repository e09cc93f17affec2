import string

from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.protocols import PARTS
from namerec.data.kept_table import as_table, from_table

# What tables live by, among letters; whoever reads names takes blanks off their ends.
_texts = st.text(string.ascii_letters + "üŁж,;\"'\t|", min_size=1, max_size=8).map(
    lambda text: "A" + text.replace("\t", " ") + "z"
)


@given(st.lists(st.tuples(_texts, st.sampled_from(PARTS)), min_size=1, max_size=6), st.booleans())
def test_a_table_gives_the_names_it_was_made_of(names, with_parts):
    lines = [
        LabelledName(" ".join(name.split()), category, part if with_parts else None)
        for category in ("a, b", '"c"')
        for name, part in names
    ]
    dataset = Dataset.build("tiny", lines)
    read = from_table(as_table(dataset), "tiny")
    assert read.fingerprint == dataset.fingerprint
    assert (read.names, read.categories) == (dataset.names, dataset.categories)
    assert (read.given_parts is None) == (dataset.given_parts is None)
