"""What the discovery bench shows of its outcomes, and what it refuses to show."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench.discovery.corpus import HALVES, Entry, half_of
from tests.bench.discovery.errors import HeldOutError, show
from tests.bench.discovery.measuring import OURS, Outcome, Run
from tests.bench.discovery.report import Report
from tests.bench.discovery.scoring import Errors, Score, Template


def provider_of(half: str) -> str:
    return next(name for number in range(100) if half_of(name := f"p{number}.test") == half)


def outcome(half: str, *scores: Score) -> Outcome:
    provider = provider_of(half)
    made = Outcome(Entry(f"{provider}/api", provider, 9), half)
    for seed, score in enumerate(scores, 1):
        made.scores[Run(half, "accuracy", OURS, "typed", 25.0, seed)] = score
    made.errors["typed"] = Errors({Template("GET", "a.test", "/a/7"): {Template("GET", "a.test", "/a/{}")}}, set())
    made.hits.update({3: 1, 9: 2})
    return made


def shown(outcomes: list[Outcome]) -> str:
    console = Console(file=io.StringIO(), width=200)
    show(outcomes, console, 5)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_errors_of_development_providers_name_the_true_template() -> None:
    text = shown([outcome("dev", Score(1, 1, 1, 1, 2))])
    assert "GET /a/7" in text
    assert "is /a/{}" in text


def test_errors_of_held_out_providers_are_refused() -> None:
    with pytest.raises(HeldOutError):
        shown([outcome("dev", Score(1, 1, 1)), outcome("held-out", Score(1, 1, 1))])


def test_errors_of_a_held_out_provider_are_refused_whatever_half_it_is_said_to_be_of() -> None:
    disguised = outcome("held-out", Score(1, 1, 1))
    disguised.half = "dev"
    with pytest.raises(HeldOutError):
        shown([disguised])


def test_f1_is_summed_over_documents_and_then_averaged_over_seeds() -> None:
    found = Report(
        [outcome("dev", Score(8, 0, 0), Score(5, 5, 5)), outcome("dev", Score(0, 0, 8), Score(5, 5, 5))], 1.0
    )
    assert found.mean("F1", half="dev", part="accuracy", name=OURS, regime="typed") == pytest.approx(
        (16 / 24 + 0.5) / 2
    )


def test_halves_are_told_apart(tmp_path: Path) -> None:
    found = Report([outcome("dev", Score(1, 0, 0)), outcome("held-out", Score(1, 1, 1))], 1.0)
    found.write(tmp_path)
    f1 = {one["half"]: one["f1"] for one in json.loads((tmp_path / "discovery.json").read_text())["scores"]}
    assert f1 == {"dev": 1.0, "held-out": 0.5}
    assert [*f1] == [*HALVES]


def test_files_of_results_hold_no_template_of_any_provider(tmp_path: Path) -> None:
    Report([outcome("held-out", Score(1, 1, 1))], 1.0).write(tmp_path)
    assert "/a/" not in (tmp_path / "discovery.json").read_text() + (tmp_path / "discovery.md").read_text()
