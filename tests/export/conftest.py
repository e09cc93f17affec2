"""Runs to make files of, as the tests of the runs themselves have them."""

from tests.runs.conftest import (
    _no_waiting_for_the_disk,
    _templates,
    finished,
    solo,
    stopped,
    store,
)

__all__ = [
    "_no_waiting_for_the_disk",
    "_templates",
    "finished",
    "solo",
    "stopped",
    "store",
]
