"""The sections of the Memory page: one table from a name to what draws it."""

from __future__ import annotations

from collections.abc import Callable

from namerec.ui.frame.sections import pick_section
from namerec.ui.memory.gates import gates_panel
from namerec.ui.memory.gradients import gradients_panel
from namerec.ui.memory.memory_task import memory_task_panel
from namerec.ui.memory.parity import parity_panel
from namerec.ui.shared.run_picker import pick_run

_SECTION = "memory"


def _parity() -> None:
    run = pick_run()
    if run is not None:
        parity_panel(run)


SECTIONS: dict[str, tuple[str, Callable[[], None]]] = {
    "gradient": ("Gradient through time", gradients_panel),
    "recall": ("Memory task", memory_task_panel),
    "gates": ("What each gate does", gates_panel),
    "parity": ("Parity with PyTorch", _parity),
}


def section() -> None:
    """Draws the choice of a section and the section chosen."""
    chosen = pick_section(_SECTION, {name: title for name, (title, _) in SECTIONS.items()})
    SECTIONS[chosen][1]()
