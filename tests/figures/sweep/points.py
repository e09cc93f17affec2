"""Trials to draw."""

from namerec.figures.sweep.points import SweepAxis, SweepPoint, Value

RATE = SweepAxis("learning_rate", "Learning rate", (), 0.001, 0.1, log=True)
SIZE = SweepAxis("hidden_size", "Hidden units", (8, 16, 32))
LAYERS = SweepAxis("num_layers", "Layers", (), 1, 3)
AXES = [RATE, SIZE, LAYERS]


def point(
    number: int, score: float | None, rate: float, size: int, state: str = "complete"
) -> SweepPoint:
    values: dict[str, Value] = {"learning_rate": rate, "hidden_size": size, "num_layers": 2}
    return SweepPoint(number, state, score, 0.01 if state == "complete" else None, values)


POINTS = [
    point(0, 0.5, 0.001, 8),
    point(1, 0.4, 0.1, 16),
    point(2, 0.3, 0.1, 32, "pruned"),
    point(3, 0.75, 0.01, 16),
    point(4, None, 0.01, 32, "running"),
]
