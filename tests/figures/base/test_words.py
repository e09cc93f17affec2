from namerec.figures.base.words import LONGEST_LABEL, label


def test_a_label_is_cut_before_it_is_escaped():
    assert label("&" * 30) == "&amp;" * (LONGEST_LABEL - 1) + "…"
