"""The sections of the Runs page: one table from a name to what draws it."""

from __future__ import annotations

from collections.abc import Callable

from namerec.ui.frame.sections import pick_section
from namerec.ui.runs.compare import compare_panel
from namerec.ui.runs.exporting import take_panel
from namerec.ui.runs.one import SECTION, TAKE
from namerec.ui.runs.race import race_panel
from namerec.ui.runs.several import COMPARE
from namerec.ui.runs.table import table_panel

SECTIONS: dict[str, tuple[str, Callable[[], None]]] = {
    "table": ("All runs", table_panel),
    COMPARE: ("Compare", compare_panel),
    "race": ("Race", race_panel),
    TAKE: ("Report & export", take_panel),
}


def section() -> None:
    """Draws the choice of a section and the section chosen."""
    chosen = pick_section(SECTION, {name: title for name, (title, _) in SECTIONS.items()})
    SECTIONS[chosen][1]()
