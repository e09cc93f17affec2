"""Two processes that train together, as one would alone."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from namerec.core.networks.models import build
from namerec.core.training.peers import share_of
from tests.conftest import ROOT
from tests.core.training.ranks import CASES, DATASET, last_weights, one_step, trained


@pytest.fixture(scope="module")
def ranks(tmp_path_factory) -> Path:
    """What two processes found that trained together."""
    folder: Path = tmp_path_factory.mktemp("ranks")
    command = [sys.executable, "-m", "tests.core.training.ranks"]
    started = [
        subprocess.Popen([*command, str(rank), "2", str(folder)], cwd=ROOT) for rank in range(2)
    ]
    assert [process.wait() for process in started] == [0, 0]
    return folder


@pytest.mark.parametrize(("kind", "names"), CASES)
def test_gradients_are_those_of_one_process_whatever_the_shares(ranks, kind, names):
    config = one_step(kind, names)
    alone = last_weights(trained(config))
    first = build(config.model, len(DATASET.categories), config.training.seed).state_dict()
    together = [load_file(ranks / f"{kind}-{names}-{rank}") for rank in range(2)]
    largest = max(float((first[name] - alone[name]).abs().max()) for name in first)
    assert largest > 0.01
    for name, weights in alone.items():
        assert torch.equal(together[0][name], together[1][name])
        assert float((together[0][name] - weights).abs().max()) <= 1e-5 * largest


def test_all_processes_end_with_the_same_weights_and_records_and_resume_bit_for_bit(ranks):
    said = [json.loads((ranks / f"{rank}.json").read_text()) for rank in range(2)]
    whole, other, *resumed = [
        (ranks / file).read_bytes() for file in ("whole-0", "whole-1", "resumed-0", "resumed-1")
    ]
    assert whole == other == resumed[0] == resumed[1]
    assert said[0]["epochs"] == said[1]["epochs"]
    assert said[0]["epochs"][-1]["train_accuracy"] > 0.6
    assert [one["told"] for one in said] == ["by rank 0"] * 2


def test_every_process_draws_its_own_dropout_in_every_epoch(ranks):
    drawn = [json.loads((ranks / f"{rank}.json").read_text())["noise"] for rank in range(2)]
    assert len({seed for seeds in drawn for seed in seeds}) == 6


@given(st.integers(1, 40), st.integers(1, 9))
def test_shares_are_the_batch_and_their_weighted_means_its_mean(names, world):
    batch = np.arange(100, 100 + names)
    shares = [share_of(batch, rank, world) for rank in range(world)]
    assert all(len(mine) for mine, _ in shares)  # who has none goes backward all the same
    assert sorted(i for mine, weight in shares if weight for i in mine) == batch.tolist()
    mean = sum(weight * mine.mean() for mine, weight in shares)
    assert mean == pytest.approx(batch.mean(), rel=1e-12)
