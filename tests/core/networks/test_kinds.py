"""The table of networks, and that nothing beside it tells them apart."""

import ast
from typing import get_args

import pytest
import torch
from torch import nn

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.networks.kinds import (
    GATES,
    KINDS,
    MODEL_KINDS,
    OWN_SETTINGS,
    STATES,
    VARIANTS,
    MemoryNetwork,
)
from namerec.core.networks.models import MODELS
from namerec.export.onnx.layers import READERS
from tests.conftest import ROOT
from tests.core.references import network

#: What may name a network: the table, what stands beside it by kind, and whom the benchmark times.
BY_KIND = {
    "namerec/core/networks/kinds.py",
    "namerec/core/networks/models.py",
    "namerec/export/onnx/layers.py",
    "namerec/bench/report.py",
}


def test_every_network_has_its_class_its_onnx_operators_and_its_piece_of_a_program():
    assert tuple(KINDS) == tuple(MODELS) == tuple(READERS) == MODEL_KINDS
    assert tuple(VARIANTS) == get_args(MemoryNetwork)
    for kind in KINDS:
        assert (ROOT / f"namerec/export/program/pieces/network_{kind}.py").is_file()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_parts_of_an_entry_go_together(kind):
    names = [symbol.name for symbol in kind.symbols]
    assert sorted(kind.shown) == sorted(names)
    assert kind.states[0] == kind.shown[-1] == "h"
    assert set(names) == {*kind.gates, *kind.states}
    assert kind.keeps is None or kind.keeps in kind.gates
    assert kind.own <= OWN_SETTINGS.keys()
    for symbol in kind.symbols:
        assert (symbol.activation is None) == bool(symbol.terms)
        assert {factor.symbol for term in symbol.terms for factor in term} <= set(names)
    for variant in kind.variants:
        assert variant.counterpart is None or hasattr(nn, variant.counterpart.removeprefix("nn."))


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_a_step_computes_the_symbols_of_the_table_within_their_bounds(kind):
    model = network(kind, hidden_size=3)
    x = torch.zeros(2, ALPHABET_SIZE, dtype=torch.float64)
    x[:, 4] = 20
    before = dict.fromkeys(model.kind.states, torch.full((2, 3), 0.5, dtype=torch.float64))
    step = model.step(x, before, *model.layer_weights()[0])
    assert list(step) == [symbol.name for symbol in model.kind.symbols]
    for symbol in model.kind.symbols:
        assert step[symbol.name].shape == (2, 3)
        if symbol.bounds is not None:
            low, high = symbol.bounds
            assert low <= step[symbol.name].min() <= step[symbol.name].max() <= high


def test_gates_and_states_of_all_networks_are_told_apart_by_their_names():
    assert not set(GATES) & set(STATES)
    meant: dict[str, str] = {}
    for kind in KINDS.values():
        for symbol in kind.symbols:
            assert meant.setdefault(symbol.name, symbol.title) == symbol.title


def names_a_network(path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return bool(constants & set(KINDS)) or "gated" in attributes


def test_nothing_beside_the_table_names_a_network_or_asks_whether_it_is_gated():
    paths = [path for folder in ("namerec", "pages") for path in (ROOT / folder).rglob("*.py")]
    naming = {path.relative_to(ROOT).as_posix() for path in paths if names_a_network(path)}
    assert naming == BY_KIND
