"""The verdict of a race in plain sentences, made of its numbers."""

from namerec.core.corpus.protocols import holds_out
from namerec.core.evaluation.contrast import contrast_words
from namerec.core.evaluation.results import Scores
from namerec.core.tasks.verdict import LEAST_CHANCE, Entrant, Lead, Verdict
from namerec.text import listed, percent

#: How a run that did not finish is told of.
_ENDS = {
    "diverged": "diverged",
    "failed": "failed",
    "stopped": "was stopped",
    "interrupted": "was interrupted",
}


def measured_on(scores: Scores) -> str:
    """What test scores were measured on."""
    if not holds_out(scores.protocol):
        return f"{scores.names:,} training names drawn uniformly over the categories"
    return f"{scores.names:,} test names ({scores.protocol} split)"


def verdict_sentences(verdict: Verdict) -> list[str]:
    """What a race showed: accuracy, chance, speed, cost, and who is missing.

    Returns:
        Sentences in the order in which they are told; names of networks stand in them as they are.
    """
    said = [_winner(verdict), *(_chance(verdict.ranking[0], lead) for lead in verdict.leads)]
    said += [_macro_recall(verdict), _speed(verdict), _cost(verdict), _missing(verdict)]
    if len(verdict.ranking) > 1:
        said.append(
            "Each network was trained once, with one seed: where a lead is small, another seed can "
            "reverse it."
        )
    return [sentence for sentence in said if sentence]


def _winner(verdict: Verdict) -> str:
    if not verdict.ranking:
        return "No network has finished, so there is nothing to compare."
    first = verdict.ranking[0]
    scores = _scores(first)
    held = f"{percent(scores.accuracy)} of the {measured_on(scores)}"
    if not verdict.leads:
        return f"Only the {first.title} has finished: right on {held}."
    level = [lead.other for lead in verdict.leads if lead.points == 0]
    margins = [
        f"{_points(lead.points)} more than the {lead.other}"
        for lead in verdict.leads
        if lead.points
    ]
    words = f"{held}, {listed(margins)}." if margins else f"{held}."
    if level:
        return f"The {listed([first.title, *level])} are equally accurate: right on {words}"
    return f"The {first.title} is the most accurate: right on {words}"


def _chance(first: Entrant, lead: Lead) -> str:
    if lead.names is None or lead.beyond_chance is None:
        return ""
    sentence = contrast_words(lead.names, f"the {lead.other}", f"the {first.title}")
    if lead.points == 0 or not len(lead.names.only_a) + len(lead.names.only_b):
        return sentence
    if lead.beyond_chance:
        return f"{sentence} So this lead is probably not due to chance."
    most = f"{100 * LEAST_CHANCE:.0f} % of cases"
    return f"{sentence} So this lead may be chance (more than {most})."


def _macro_recall(verdict: Verdict) -> str:
    """Who recognises the languages best, large and small ones counted alike."""
    if len(verdict.ranking) < 2:
        return ""
    ordered = sorted(verdict.ranking, key=lambda entrant: -_scores(entrant).macro_recall)
    each = listed(
        [f"{percent(_scores(entrant).macro_recall)} for the {entrant.title}" for entrant in ordered]
    )
    return f"Macro recall, in which small categories count as much as large ones, is {each}."


def _speed(verdict: Verdict) -> str:
    arrived = [arrival for arrival in verdict.arrivals if arrival.epoch]
    if not arrived:
        return ""
    scored = [entrant.test for entrant in verdict.ranking if entrant.test is not None]
    training = bool(scored) and not holds_out(scored[0].protocol)
    accuracy = "accuracy on training names" if training else "validation accuracy"
    quickest = arrived[0]
    words = (
        f"The {quickest.title} was the quickest to reach {percent(verdict.target)} {accuracy} "
        f"(nine tenths of the race's best, {percent(verdict.best_on_the_way)}): "
        f"{_seconds(quickest.seconds)} of its own training, epoch {quickest.epoch}"
    )
    others = [
        f"the {arrival.title} took {_seconds(arrival.seconds)} (epoch {arrival.epoch})"
        for arrival in arrived[1:]
    ]
    others += [
        f"the {arrival.title} never reached it" for arrival in verdict.arrivals if not arrival.epoch
    ]
    return f"{words}; {listed(others)}." if others else f"{words}."


def _cost(verdict: Verdict) -> str:
    if len(verdict.ranking) < 2:
        return ""
    first = verdict.ranking[0]
    cheapest = min(verdict.ranking, key=lambda entrant: entrant.seconds)
    costs = "; ".join(
        f"{entrant.title}: {_seconds(entrant.seconds)} and {entrant.parameters:,} parameters"
        for entrant in verdict.ranking
    )
    words = f"What each cost on this computer: {costs}."
    if verdict.leads[0].points == 0:
        return words
    if cheapest is first:
        return f"{words} The most accurate network was also the quickest to finish."
    ratio = first.seconds / max(cheapest.seconds, 1e-9)
    return f"{words} The most accurate network took {ratio:.1f} times as long as the quickest."


def _missing(verdict: Verdict) -> str:
    if not verdict.unfinished:
        return ""
    clauses = [
        f"the {entrant.title} {_ENDS.get(entrant.state, 'has not finished')} after epoch "
        f"{entrant.epochs[-1].epoch if entrant.epochs else 0}"
        for entrant in verdict.unfinished
    ]
    words = listed(clauses)
    left_out = "it" if len(clauses) == 1 else "them"
    return f"{words[0].upper()}{words[1:]}, so this comparison leaves {left_out} out."


def _scores(entrant: Entrant) -> Scores:
    assert entrant.test is not None  # noqa: S101 - only the finished are ranked
    return entrant.test


def _points(points: float) -> str:
    return f"{points:.1f} point{'' if f'{points:.1f}' == '1.0' else 's'}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"
