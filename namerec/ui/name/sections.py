"""The sections of the Name page: one table from a name to what draws it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from namerec.core.corpus.alphabet import NormalisedName
from namerec.core.inside.trace import GateTrace
from namerec.ui.frame.sections import pick_section
from namerec.ui.name.ablation import ablation_panel
from namerec.ui.name.changes import changes_panel
from namerec.ui.name.compare import compare_panel
from namerec.ui.name.known import known_panel
from namerec.ui.name.letters import letters_panel
from namerec.ui.name.many import many_panel
from namerec.ui.name.reading import answer_panel
from namerec.ui.name.unit_step import step_panel
from namerec.ui.name.units import units_panel

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

#: Draws a section: the run asked, the name typed, and what the run's network computed on it.
Panel = Callable[["RunSummary", NormalisedName, GateTrace], None]

_SECTION = "look"


def _reading(run: RunSummary, name: NormalisedName, trace: GateTrace) -> None:
    answer_panel(run, name, trace)
    units_panel(run, name, trace)


SECTIONS: dict[str, tuple[str, Panel]] = {
    "reading": ("Letter by letter", _reading),
    "step": ("One step in numbers", step_panel),
    "letters": ("Which letters mattered", letters_panel),
    "changes": ("What would change the answer", changes_panel),
    "known": ("Did it memorise this name?", known_panel),
    "compare": ("Compare runs", compare_panel),
    "surgery": ("Surgery", ablation_panel),
    "many": ("Many names", many_panel),
}


def section(run: RunSummary, name: NormalisedName, trace: GateTrace) -> None:
    """Draws the choice of a section and the section chosen."""
    chosen = pick_section(_SECTION, {key: title for key, (title, _) in SECTIONS.items()})
    SECTIONS[chosen][1](run, name, trace)
