from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from namerec.core.networks.config import ModelConfig
from namerec.core.networks.parity import Agreement, Parity, Speed
from namerec.ui.memory import parity as memory_parity
from namerec.ui.memory.parity import Measured, agreement_table, parity_panel, scientific, verdict
from tests.ui.references import pretrained, run_section, said

pytestmark = pytest.mark.usefixtures("own_manager")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One round over few names, and nothing kept of other tests."""
    monkeypatch.setattr("namerec.core.networks.parity.LEAST_ROUNDS", 1)
    monkeypatch.setattr("namerec.core.networks.parity.MOST_ROUNDS", 1)
    monkeypatch.setattr("namerec.core.networks.parity.MOST_NAMES", 24)
    memory_parity.measured_parity.clear()
    yield
    memory_parity.measured_parity.clear()


def measured(
    *, double: float = 1e-15, ratio: float = 2.0, back: bool = True, single: float = 4e-7
) -> Measured:
    agreements = (
        Agreement(torch.float32, 5.72e-6, single, 1.0),
        Agreement(torch.float64, 1.1e-14, double, 1.0),
    )
    found = Parity(256, agreements, back, 95_232)
    return Measured(found, Speed(200.0, 100.0, ratio, 9, 256, 1), "validation names")


@pytest.mark.parametrize("kind", ["custom_lstm", "lstm"])
def test_a_trained_lstm_is_found_to_be_one(kind):
    words = said(run_section(parity_panel, pretrained(kind)))
    assert "Does it compute the same as PyTorch’s nn.LSTM?" in words
    assert "This is rounding error: both compute the same." in words
    assert "the same to the last bit" in words
    assert "Measured on 24 validation names, leak-free split" in words
    assert ("trained with nn.LSTM" in words) == (kind == "lstm")


def test_an_rnn_is_compared_as_a_whole_and_measured_again_when_asked():
    lab = run_section(parity_panel, pretrained("rnn"))
    words = said(lab)
    assert "An RNN has no gates to compare" in words
    assert "nn.RNN?" in words
    assert "This is rounding error" in words
    before = lab.dataframe[1].value["speed"].tolist()
    lab.run()
    assert lab.dataframe[1].value["speed"].tolist() == before
    lab.button[0].click().run()
    assert lab.dataframe[1].value["speed"].tolist() != before
    assert not lab.exception


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (ModelConfig(kind="rnn"), "there is nothing to compare it with"),
        (ModelConfig(kind="custom_lstm"), "has 5\u202f000\u202f001 recurrent weights"),
    ],
)
def test_what_cannot_be_compared_is_said(config, words, monkeypatch):
    told: list[str] = []
    run = SimpleNamespace(id="x", info=SimpleNamespace(config=SimpleNamespace(model=config)))
    monkeypatch.setattr(
        "namerec.ui.shared.services.network", lambda run: SimpleNamespace(model=None)
    )
    monkeypatch.setattr("namerec.core.networks.parity.weight_count", lambda model: 5_000_001)
    for silent in ("subheader", "caption"):
        monkeypatch.setattr(f"streamlit.{silent}", lambda text: None)
    monkeypatch.setattr("streamlit.info", lambda text, icon: told.append(text))
    parity_panel(run)  # type: ignore[arg-type]
    assert len(told) == 1
    assert words in told[0]


def test_the_verdict_gives_the_numbers_and_what_they_mean():
    assert verdict(measured(), "nn.LSTM") == (
        "With the same weights, the hand-written layers and nn.LSTM give log-probabilities that "
        "differ by at most 5.7 × 10⁻⁶, and gradients by at most 4.0 × 10⁻⁷ of the largest one; in "
        "double precision by 1.1 × 10⁻¹⁴ and 1.0 × 10⁻¹⁵. This is rounding error: both compute "
        "the same. A training step with the hand-written layers is 2.0 times as fast."
    )
    for off in (measured(double=1e-9), measured(single=1e-2), measured(back=False)):
        assert "do not compute the same" in verdict(off, "nn.LSTM")
    assert verdict(measured(ratio=0.5), "nn.RNN").endswith("step with nn.RNN is 2.0 times as fast.")
    for even in (1.04, 0.96):
        assert verdict(measured(ratio=even), "nn.RNN").endswith("takes equally long in both.")


def test_numbers_are_written_as_powers_of_ten():
    written = [scientific(value) for value in (5.72e-6, 1.06e-14, 0.0, 0.123, 0.0099, float("nan"))]
    assert written == [
        "5.7 × 10⁻⁶", "1.1 × 10⁻¹⁴", "exactly 0", "0.12", "9.9 × 10⁻³", "not a number",
    ]  # fmt: skip
    table = agreement_table(measured().parity)
    assert table.iloc[:, 1].tolist() == ["5.7 × 10⁻⁶", "4.0 × 10⁻⁷", "1", "4.0 × 10⁻⁷"]
