"""Shows what is wrong in the worst documents of the development half: for whoever improves the learner."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from .corpus import half_of
from .measuring import OURS, Outcome
from .scoring import Template

_MOST = 25


class HeldOutError(Exception):
    """Errors of a held-out provider were asked for."""


def show(outcomes: Sequence[Outcome], console: Console, documents: int) -> None:
    """Print the wrong and the missed templates of so many documents with the most errors, for each regime.

    Raises HeldOutError.
    """
    if any(outcome.half != "dev" or half_of(outcome.entry.provider) != "dev" for outcome in outcomes):
        raise HeldOutError("errors of held-out providers are not shown")
    worst = sorted(
        ((len(errors.wrong) + len(errors.missed), outcome, regime) for outcome in outcomes
         for regime, errors in outcome.errors.items()),
        key=lambda one: (-one[0], one[1].entry.name, one[2]),
    )  # fmt: skip
    for count, outcome, regime in worst[:documents]:
        if not count:
            break
        errors = outcome.errors[regime]
        score = next(
            score for run, score in outcome.scores.items()
            if (run.part, run.name, run.regime, run.seed) == ("accuracy", OURS, regime, 1)
        )  # fmt: skip
        console.rule(
            f"{outcome.entry.name}, {regime}: F1 {score.f1:.2f} ({score.right} right, {score.wrong} wrong, "
            f"{score.missed} missed)",
            align="left",
        )
        explained = {true for reasons in errors.wrong.values() for true in reasons}
        for wrong, reasons in sorted(errors.wrong.items())[:_MOST]:
            truth = ", ".join(sorted("noise" if one is None else _told(one, wrong) for one in reasons)) or "no request"
            console.print(f"  [red]wrong[/]   {escape(_whole(wrong))}\n          is {escape(truth)}", soft_wrap=True)
        for missed in sorted(errors.missed - explained)[:_MOST]:
            console.print(f"  [yellow]missed[/]  {escape(_whole(missed))}", soft_wrap=True)


def _whole(template: Template) -> str:
    return f"{template.method} {template.path}"


def _told(true: Template, wrong: Template) -> str:
    return true.path if true.method == wrong.method else _whole(true)
