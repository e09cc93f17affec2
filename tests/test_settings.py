import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.errors import ConfigError
from namerec.settings import Settings, settings, unknown_variables
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def _read_again():
    settings.cache_clear()
    yield
    settings.cache_clear()


def refused(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(f"NAMEREC_{name}", value)
    with pytest.raises(ConfigError) as refusal:
        settings()
    return str(refusal.value)


def test_the_defaults_suit_one_person_at_home():
    assert settings() == Settings.model_construct()
    assert settings().changed() == {}
    assert settings().proxies == ()
    assert not settings().insecure


def test_a_variable_sets_its_setting_and_an_empty_one_does_not(monkeypatch):
    monkeypatch.setenv("NAMEREC_MOST_PARAMETERS", "1000")
    monkeypatch.setenv("NAMEREC_MOST_MINUTES", "2.5")
    monkeypatch.setenv("NAMEREC_MOST_DISK", "")
    assert settings().changed() == {
        "NAMEREC_MOST_PARAMETERS": 1000,
        "NAMEREC_MOST_MINUTES": 2.5,
    }


def test_settings_are_read_once_until_they_are_reset(monkeypatch):
    before = settings()
    monkeypatch.setenv("NAMEREC_MOST_QUEUED", "3")
    assert settings() is before
    settings.cache_clear()
    assert settings().most_queued == 3


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("MOST_PARAMETERS", "0", "a whole number from 1 to 1,000,000,000"),
        ("MOST_MEMORY", "lots", "a whole number from 0 to 10,000,000"),
        ("MOST_MINUTES", "nan", "a number from 0 to 100,000"),
        ("MOST_JOBS_PER_USER", "-1", "a whole number from 1 to 10,000"),
        ("MOST_UPLOADS", "1.5", "a whole number from 1 to 10,000"),
        ("THREADS", "two", "a whole number from 1 to 64"),
        ("THREADS", "65", "a whole number from 1 to 64"),
        ("INSECURE", "perhaps", "1 or 0"),
        ("USER_HEADER", "X User", "the name of an HTTP header"),
        ("TRUSTED_PROXIES", "10.0.0.5/8", "IP addresses or networks, separated by commas"),
        ("TRUSTED_PROXIES", "localhost", "IP addresses or networks, separated by commas"),
    ],
)
def test_a_malformed_value_is_named_with_what_is_allowed(monkeypatch, name, value, allowed):
    said = refused(monkeypatch, **{name: value})
    assert said.startswith(f"NAMEREC_{name} is “{value}”, but it must be {allowed}")


def test_all_malformed_values_are_named_once_each_on_one_line(monkeypatch):
    said = refused(monkeypatch, MOST_DISK="x\ny" * 100, MOST_QUEUED="?")
    assert said.count("but it must be") == 2
    assert "\n" not in said
    assert len(said) < 400


def test_letting_anybody_in_and_trusting_a_proxy_contradict(monkeypatch):
    said = refused(monkeypatch, INSECURE="1", TRUSTED_PROXIES="127.0.0.1")
    assert "NAMEREC_INSECURE" in said
    assert "NAMEREC_TRUSTED_PROXIES" in said


def test_proxies_are_addresses_and_networks(monkeypatch):
    monkeypatch.setenv("NAMEREC_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,,::1 ")
    assert [str(network) for network in settings().proxies] == [
        "127.0.0.1/32",
        "10.0.0.0/8",
        "::1/128",
    ]


def test_a_misspelt_variable_is_found(monkeypatch):
    monkeypatch.setenv("NAMEREC_MOST_MINUETS", "5")
    monkeypatch.setenv("NAMEREC_THREADS", "1")
    assert unknown_variables() == ["NAMEREC_MOST_MINUETS"]


@pytest.mark.skipif(os.name == "nt", reason="variables have no case there")
def test_a_variable_in_small_letters_is_found_unless_it_is_read(monkeypatch):
    monkeypatch.setenv("namerec_cache", "/nowhere")
    monkeypatch.setenv("Namerec_Home", "/nowhere")
    monkeypatch.setenv("namerec_most_queued", "7")
    assert unknown_variables() == ["Namerec_Home", "namerec_cache"]
    assert settings().most_queued == 7


@given(value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_whatever_is_given_is_used_or_refused_in_a_sentence(value):
    with pytest.MonkeyPatch.context() as environment:
        settings.cache_clear()
        environment.setenv("NAMEREC_MOST_QUEUED", value)
        refusal = ""
        try:
            used = settings().most_queued
        except ConfigError as error:
            refusal = str(error)
    assert refusal or used == (int(value) if value else 500)
    assert refusal.isprintable()


def test_pytorch_has_so_many_threads_from_the_servers_beginning(tmp_path):
    """Left to itself it takes all processors for the first page that measures something."""
    asked = "import dashboard, torch; print(torch.get_num_threads())"
    environment = {name: text for name, text in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {"NAMEREC_THREADS": "1", "NAMEREC_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    assert done.stdout.split() == [b"1"]
