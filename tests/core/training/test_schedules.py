import math

import numpy as np
import pytest
import torch

from namerec.core.training.config import Schedule, TrainConfig
from namerec.core.training.schedules import END, RISE, SCHEDULES, START, learning_rate

STEPS = 200
PEAK = 0.02


def _rate(schedule: Schedule, progress: float) -> float:
    return learning_rate(TrainConfig(schedule=schedule, learning_rate=PEAK), progress)


def _torch_rates(make: object, **settings: float) -> list[float]:
    """The rates a scheduler of PyTorch's own gives, step by step."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    scheduler = make(optimizer, **settings)  # type: ignore[operator]
    rates = []
    for _ in range(STEPS):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
        if len(rates) == settings.get("total_steps", math.inf) - 1:
            rates.append(float(optimizer.param_groups[0]["lr"]))
            break
    return rates


@pytest.mark.parametrize("progress", [0.0, 0.3, 0.999])
def test_a_constant_rate_is_constant(progress):
    assert _rate("constant", progress) == PEAK


def test_cosine_is_pytorchs_cosine_annealing():
    expected = _torch_rates(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=STEPS)
    got = [_rate("cosine", step / STEPS) for step in range(STEPS)]
    np.testing.assert_allclose(got, expected, atol=1e-10)


def test_one_cycle_is_pytorchs_one_cycle():
    expected = _torch_rates(torch.optim.lr_scheduler.OneCycleLR, max_lr=PEAK, total_steps=STEPS)
    # PyTorch counts its flanks from step 0 to 0.3 * steps - 1, and from there to the last step.
    top = 0.3 * STEPS - 1
    progress = [
        0.3 * step / top if step <= top else 0.3 + 0.7 * (step - top) / (STEPS - 1 - top)
        for step in range(STEPS)
    ]
    np.testing.assert_allclose([_rate("one-cycle", p) for p in progress], expected, atol=1e-10)


def test_one_cycle_begins_low_peaks_at_the_setting_and_ends_near_nothing():
    assert _rate("one-cycle", 0.0) == pytest.approx(PEAK * START)
    assert _rate("one-cycle", RISE) == pytest.approx(PEAK)
    assert _rate("one-cycle", 1.0) == pytest.approx(PEAK * END)


@pytest.mark.parametrize("schedule", list(SCHEDULES))
def test_no_rate_is_negative_or_above_the_setting(schedule):
    rates = [_rate(schedule, progress) for progress in np.linspace(0, 1, 1001)]
    assert min(rates) >= 0
    assert max(rates) <= PEAK * (1 + 1e-12)
