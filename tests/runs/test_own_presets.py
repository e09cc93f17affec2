import pytest

from namerec.errors import RunError
from namerec.runs.own_presets import MOST, keep_preset, own_presets, remove_preset
from namerec.settings import home
from tests.conftest import tiny_config


def test_a_preset_is_kept_replaced_and_removed():
    assert own_presets() == {}
    keep_preset("  mine  ", tiny_config())
    keep_preset("other", tiny_config("rnn"))
    keep_preset("mine", tiny_config("gru"))
    assert own_presets() == {"other": tiny_config("rnn"), "mine": tiny_config("gru")}
    remove_preset("other")
    remove_preset("gone")
    assert list(own_presets()) == ["mine"]


@pytest.mark.parametrize("title", ["", "   ", "a" * 61, "a\x00b"])
def test_a_title_that_is_none_is_refused(title):
    with pytest.raises(RunError, match="A preset cannot be called"):
        keep_preset(title, tiny_config())


def test_there_is_a_most():
    for place in range(MOST):
        keep_preset(f"preset {place}", tiny_config())
    with pytest.raises(RunError, match="which is the most"):
        keep_preset("one more", tiny_config())


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": {"model": 1}}', b"x" * 2_000_000])
def test_a_damaged_file_is_a_sentence(content):
    home().mkdir(parents=True)
    (home() / "presets.json").write_bytes(content)
    with pytest.raises(RunError, match="Your presets cannot be read"):
        own_presets()
