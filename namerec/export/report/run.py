"""What a report says of one run: what it is, its scores, settings, structure and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from namerec.core.corpus.protocols import PROTOCOL_WORDS, Part
from namerec.core.networks.kinds import has_setting
from namerec.export.report.document import (
    Block,
    Paragraph,
    Printed,
    Section,
    Table,
    said,
    said_whole,
)
from namerec.export.report.pictures import curve_pictures, matrix_blocks
from namerec.text import count, counted, duration, percent

if TYPE_CHECKING:
    from namerec.export.report.facts import RunFacts

#: Settings that stand elsewhere in a report, or only say where this machine keeps the names.
_ELSEWHERE = frozenset({"kind", "dataset", "protocol", "split_seed", "epochs", "steps"})
_SETTING_WORDS = {"num_layers": "layers", "hidden_size": "hidden units", "seed": "seed of the run"}


def run_section(facts: RunFacts, place: int) -> Section:
    """All about one run.

    Args:
        facts: The run.
        place: Its place in the report, which its pictures' names begin with.
    """
    blocks: list[Block] = [Paragraph(_what_it_is(facts))]
    if note := facts.run.label.note:
        blocks.append(Paragraph(f"Note: {said_whole(note)}"))
    blocks += _unfinished(facts)
    blocks += _scores(facts)
    blocks += _settings(facts)
    blocks.append(Paragraph("The network, as PyTorch prints it:"))
    blocks.append(Printed(facts.structure))
    blocks += [*curve_pictures(facts, f"{place}-"), *matrix_blocks(facts, f"{place}-")]
    return Section(facts.name, tuple(blocks))


# -- what it is, and how it did


def _what_it_is(facts: RunFacts) -> str:
    run, info = facts.run, facts.run.info
    dataset, training = info.dataset, info.config.training
    preset = "" if info.config.preset == "own" else f", preset {info.config.preset.capitalize()}"
    return (
        f"{info.config.model.title}{preset}, {count(info.parameters)} parameters. Trained on "
        f"“{said(dataset.title)}” ({counted(dataset.names, 'name')}, {len(dataset.categories)} "
        f"{facts.run.nouns}); {PROTOCOL_WORDS[training.protocol]} (seed {training.split_draw}). "
        f"Run {run.id}, {run.state}."
    )


def _unfinished(facts: RunFacts) -> list[Block]:
    run, status = facts.run, facts.run.status
    blocks: list[Block] = []
    if run.state != "finished":
        of_all = (
            f"{status.epoch} of {'this run’s own ' if facts.branch_point else ''}{status.epochs} "
            "epochs"
        )
        blocks.append(
            Paragraph(
                f"This run is {run.state}: {of_all} are done. The numbers below are those so "
                "far. Test names are used only at the end.",
                "warning",
            )
        )
    if facts.gap:
        blocks.append(Paragraph(facts.gap.words, "warning"))
    if status.message:
        blocks.append(Paragraph(f"Message of the run: {said_whole(status.message)}"))
    for point in facts.lineage.branch_points:
        state = "with" if point.state_kept else "without"
        blocks.append(
            Paragraph(
                f"It continues from run {point.run} after epoch {point.epoch} (step "
                f"{count(point.step)}, {duration(point.seconds, 1)} of training), {state} the "
                "optimizer’s state. Epochs, steps and seconds are counted from the start of the "
                "first run."
            )
        )
    return blocks


def _scores(facts: RunFacts) -> list[Block]:
    blocks: list[Block] = []
    parts: tuple[Part, ...] = ("test", "validation")
    rows = [
        (
            facts.on(part).capitalize(), count(scores.names), percent(scores.accuracy),
            percent(scores.macro_recall), percent(scores.macro_f1), percent(scores.top3),
            f"{scores.loss:.3f}",
        )
        for part in parts
        if (scores := facts.scores.get(part)) is not None
    ]  # fmt: skip
    if rows:
        caption = (
            f"Scores of epoch {facts.best_epoch}{_own_words(facts)}. Macro scores are means over "
            f"the {facts.run.nouns}. Top 3: the right one is among the three most probable. The "
            "loss is in nats."
        )
        head = ("measured on", "names", "accuracy", "macro recall", "macro F1", "top 3", "loss")
        blocks.append(Table(caption, head, tuple(rows), numbers=6))
    elif (best := facts.best) is not None:
        blocks.append(
            Paragraph(
                f"At its best epoch so far, {facts.best_epoch}{_own_words(facts)}: accuracy "
                f"{percent(best.validation_accuracy)}, macro recall "
                f"{percent(best.validation_macro_recall)}, loss {best.validation_loss:.3f} nats, "
                f"measured on {facts.on('validation')}."
            )
        )
    else:
        blocks.append(Paragraph("No epoch has finished, so there are no scores.", "warning"))
    if origin := origin_words(facts):
        blocks.append(Paragraph(origin))
    return [*blocks, Paragraph(_how_it_went(facts), "quiet")]


def origin_words(facts: RunFacts) -> str:
    """How good a run that goes on was where it began, beside the best since; else nothing."""
    origin, best, before = facts.at_branch_point, facts.best, facts.best_before
    if origin is None or before is None:
        return ""
    words = (
        f"It began at {percent(origin.validation_accuracy)} (epoch {origin.epoch}), measured on "
        f"{facts.on('validation')}; "
    )
    if best is None:
        return f"{words}no epoch was finished since."
    words += f"the best since is {percent(best.validation_accuracy)} (epoch {best.epoch})."
    if not facts.was_better_before:
        return words
    return (
        f"{words} Epoch {before.epoch}, before this run started, was better with "
        f"{percent(before.validation_accuracy)}; the scores are not those of that epoch."
    )


def _own_words(facts: RunFacts) -> str:
    """A best epoch's number in the run's own count, behind that of its lineage."""
    return f" (epoch {facts.run.status.best_epoch} of this run alone)" if facts.branch_point else ""


def _best_of_words(facts: RunFacts) -> str:
    """Which epochs the best one was chosen among: those of the run itself."""
    own = facts.run.status.epoch
    epochs = counted(own, "epoch")
    if facts.branch_point is None:
        return epochs
    first, last = facts.branch_point.epoch + 1, facts.branch_point.epoch + own
    there = f"{first} to {last}" if own > 1 else f"{first}"
    return f"the {epochs} of this run ({there}, counted from the first run)"


def _how_it_went(facts: RunFacts) -> str:
    info = facts.run.info
    versions = ", ".join(f"{said(name)} {said(text)}" for name, text in info.versions.items())
    best = (
        f"The best of {_best_of_words(facts)}, chosen on {facts.on('validation')}, "
        f"is epoch {facts.best_epoch}; the scores are of its weights. "
        if facts.best_epoch
        else ""
    )
    earlier = (
        f", {duration(facts.earlier_seconds, 1)} of it in the earlier runs"
        if facts.branch_point
        else ""
    )
    return (
        f"{best}Training took {duration(facts.seconds, 1)}{earlier}, on "
        f"{info.config.training.device} ({counted(info.threads, 'thread')}, "
        f"{count(facts.run.status.names_per_second)} names a second). Versions: {versions}."
    )


def _settings(facts: RunFacts) -> list[Block]:
    config = facts.run.info.config
    training = config.training
    length = f"{training.epochs} epochs" if training.steps is None else f"{training.steps} steps"
    rows = [("network", config.model.title)]
    for settings in (config.model, training):
        for name, value in settings.model_dump().items():
            if name in _ELSEWHERE or not has_setting(config.model.kind, name):
                continue
            words = _SETTING_WORDS.get(name, name.replace("_", " "))
            rows.append((words, f"{value:g}" if isinstance(value, float) else str(value)))
    rows += [("split", f"{training.protocol}, seed {training.split_draw}"), ("length", length)]
    half = -(-len(rows) // 2)
    beside = [*rows[half:], ("", "")][:half]  # two columns of settings, as long as each other
    cells = tuple((*left, *right) for left, right in zip(rows[:half], beside, strict=True))
    return [Table("Settings", ("setting", "value", "setting", "value"), cells)]
