"""The sections of the Evaluate page: one table from a name to what draws it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from namerec.core.corpus.protocols import Part
from namerec.ui.evaluate.baselines import baselines_panel
from namerec.ui.evaluate.compare import comparison_panel
from namerec.ui.evaluate.confidence import confidence_panel, priors_panel
from namerec.ui.evaluate.epochs import timelapse_panel
from namerec.ui.evaluate.head import category_table
from namerec.ui.evaluate.matrix import matrix_panel
from namerec.ui.frame.sections import pick_section
from namerec.ui.shared import services
from namerec.ui.shared.downloads import download_menu

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

_SECTION = "section"


def _confusions(run: RunSummary, part: Part, seen: services.Evaluation) -> None:
    matrix_panel(run, part, seen)
    table = category_table(seen.matrix, run.noun)
    download_menu(run, part, seen, table)


SECTIONS: dict[str, tuple[str, Callable[[RunSummary, Part, services.Evaluation], None]]] = {
    "confusions": ("Confusion matrix", _confusions),
    "compare": ("Compare two runs", comparison_panel),
    "time": ("Epoch by epoch", timelapse_panel),
    "confidence": ("Confidence", confidence_panel),
    "priors": ("Priors", priors_panel),
    "yardsticks": ("Baselines", baselines_panel),
}


def section(run: RunSummary, part: Part, seen: services.Evaluation) -> None:
    """Draws the choice of a section, and the section chosen."""
    chosen = pick_section(_SECTION, {name: title for name, (title, _) in SECTIONS.items()})
    SECTIONS[chosen][1](run, part, seen)
