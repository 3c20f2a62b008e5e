"""Everything that one run of the benchmark found, as it goes to results.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .candidates import BY_NAME, CANDIDATES, reference
from .figures import Run, Summary, summarise


@dataclass(slots=True)
class Results:
    """`skipped` says in lines what was left out and why; None where a part was not measured."""

    machine: dict[str, str]
    plan: dict[str, Any]
    skipped: list[str] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    memory: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    """Resident memory in MiB, idle and peak, by body and candidate."""
    parts: dict[str, Any] = field(default_factory=dict)
    """What the parts besides throughput found, by the part's name."""

    def summaries(self) -> Iterator[Summary]:
        """Sum up each candidate under each load, in the order of the candidates."""
        loads = dict.fromkeys((run.body, run.connections) for run in self.runs)
        for body, connections in loads:
            measured = {run.candidate for run in self.runs if (run.body, run.connections) == (body, connections)}
            for candidate in CANDIDATES:
                if candidate.name in measured:
                    yield summarise(self.runs, candidate.name, reference(body), body, connections)

    def write(self, file: Path, goals: list[Any]) -> None:
        """Write all of it, the figures of each single run included."""
        whole = asdict(self) | {
            "runs": [run._asdict() for run in self.runs],
            "summaries": [
                {"label": BY_NAME[summary.candidate].label, **summary._asdict()} for summary in self.summaries()
            ],
            "goals": [goal._asdict() for goal in goals],
        }
        file.write_text(json.dumps(whole, indent=1, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    return value._asdict() if hasattr(value, "_asdict") else str(value)
