"""What a report says of the memory task, which shows what short surnames cannot."""

from namerec.core.tasks.memory_curves import DISTANCES, finding, memory_curves
from namerec.export.report.document import Block, Paragraph, Picture, Section
from namerec.figures.base.theme import LIGHT, alt_text
from namerec.figures.memory.memory_task import memory_figure
from namerec.figures.stills.memory import memory_still
from namerec.jobs.memory_task_results import (
    BATCH,
    BUNDLED,
    LEARNING_RATE,
    STEPS,
    MemorySettings,
    points,
    read_results,
)


def memory_section() -> Section:
    """What fading costs where something must be remembered for longer: the bundled result."""
    settings = MemorySettings()
    curves = memory_curves(points(read_results(BUNDLED).matching(settings)))
    title = "Memory task: accuracy by letters of noise"
    blocks: list[Block] = [
        Paragraph(
            "Surnames are too short to show what gates are for. In the memory task, a network is "
            "asked for the first letter of a sequence after a number of letters of noise. This "
            "result comes with the lab and was not measured on the runs of this report: networks "
            f"of {settings.hidden_size} hidden units were trained anew for every distance "
            f"({STEPS} steps of {BATCH} sequences, AdamW, one-cycle up to {LEARNING_RATE:g}, "
            f"forget-gate bias raised by {settings.forget_bias:g}, gradients clipped at "
            f"{settings.clip_norm:g})."
        )
    ]
    if curves:
        figure = memory_figure(curves, LIGHT, distances=DISTANCES)
        blocks.append(
            Picture(
                "memory-task", title,
                f"{alt_text(figure)} Measured on test sequences, leak-free split.",
                lambda theme: memory_figure(curves, theme, distances=DISTANCES),
                lambda theme, form: memory_still(
                    curves, theme, title, form, distances=DISTANCES
                ),
            )
        )  # fmt: skip
        blocks.append(Paragraph(finding(curves)))
    else:
        blocks.append(Paragraph("That result is missing from this copy of the lab.", "warning"))
    return Section("The memory task", tuple(blocks))
