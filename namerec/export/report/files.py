"""A report on stored runs, with all that the course report shows, as HTML and as Markdown.

Facts are computed once (`reading`), said once (`run`, `pictures`, `comparison`, `gradients`,
`memory_task`), and written twice (`html`, `markdown`).
"""

from datetime import datetime

import namerec
from namerec.export.report.comparison import comparison_section, results_table
from namerec.export.report.document import PAPER, Block, Document, Paragraph, Picture, Section
from namerec.export.report.facts import ReportFacts
from namerec.export.report.gradients import gradient_section
from namerec.export.report.html import html_file
from namerec.export.report.markdown import markdown_files
from namerec.export.report.memory_task import memory_section
from namerec.export.report.pictures import curve_pictures, matrix_picture
from namerec.export.report.reading import report_facts, run_facts
from namerec.export.report.run import run_section
from namerec.export.source import MadeFile, Source
from namerec.figures.base.theme import LIGHT, as_page

#: Name of the files, without an ending.
TITLE = "report"


def report_files(*sources: Source) -> list[MadeFile]:
    """The report of one run or several: `report.html`, `report.md`, and the pictures of the latter.

    The pictures' names begin with their folder, `report/`.

    Raises:
        RunError: If there are none, too many, or one cannot be read.
    """
    document = as_document(report_facts(sources), datetime.now().astimezone())
    return [html_file(document, TITLE), *markdown_files(document, TITLE)]


def figure_files(source: Source) -> list[MadeFile]:
    """A run's loss, accuracy and confusion matrix, each as PNG, SVG and interactive HTML.

    Of a run without a finished epoch there is no matrix, and the curves are empty.

    Raises:
        RunError: If it cannot be read.
    """
    facts = run_facts(source)
    matrix = matrix_picture(facts)
    pictures = [*curve_pictures(facts), *([matrix] if matrix is not None else [])]
    return [file for picture in pictures for file in _each_form(picture)]


def _each_form(picture: Picture) -> list[MadeFile]:
    page = as_page(picture.figure(LIGHT)).encode("utf-8", "replace")
    return [
        MadeFile(f"{picture.slug}.png", picture.still(PAPER, "png")),
        MadeFile(f"{picture.slug}.svg", picture.still(PAPER, "svg")),
        MadeFile(f"{picture.slug}.html", page),
    ]


def as_document(facts: ReportFacts, now: datetime) -> Document:
    """What a report says, before it is written.

    Args:
        facts: All that it tells.
        now: When it is made.
    """
    runs = facts.runs
    beginning: list[Block] = [Paragraph(_what_this_is(facts)), results_table(facts)]
    sections = [run_section(run, place) for place, run in enumerate(runs, start=1)]
    if len(runs) > 1:
        sections.append(comparison_section(facts))
    sections += [gradient_section(facts), memory_section()]
    several = f"{len(runs)} networks" if len(runs) > 1 else runs[0].name
    return Document(
        title=f"Name recognition with recurrent networks: a report on {several}",
        made=f"Made on {now:%Y-%m-%d at %H:%M} by namerec {namerec.__version__} from stored runs.",
        sections=(Section("At a glance", tuple(beginning)), *sections),
    )


def _what_this_is(facts: ReportFacts) -> str:
    runs = facts.runs
    races = {run.run.info.race for run in runs}
    raced = (
        " They were started together, as a race with one set of settings."
        if len(runs) > 1 and len(races) == 1 and "" not in races
        else ""
    )
    nouns = " or ".join(sorted({run.run.noun for run in runs}, reverse=True))
    trained = "A network was" if len(runs) == 1 else f"{len(runs)} networks were each"
    return (
        f"{trained} trained to tell the {nouns} of a name from its letters.{raced} For each, "
        "the report shows the structure, the learning curves, the scores and the confusions. Then "
        "it measures how much of the gradient reaches letters far back, which the course report "
        "gives as the reason why networks with gates do better. Every number says what it was "
        "measured on. Held-out names were not trained on; where a number was measured on training "
        "names, it says so."
    )
