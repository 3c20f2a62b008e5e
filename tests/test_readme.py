"""What the README promises in lists is what the program has."""

from __future__ import annotations

import re
from pathlib import Path

from sluicegate.config import suspicions
from sluicegate.console.cli import COMMANDS
from sluicegate.recordings.differences import VOLATILE

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.partition(f"\n### {title}")[2].partition("\n### ")[0].partition("\n## ")[0]


def test_every_sub_command_has_a_section() -> None:
    titles = re.findall(r"^### (.*)$", README, re.MULTILINE)
    for name in COMMANDS:
        assert any(f"sluice {name}" in title for title in titles), name


def test_the_volatile_fields_of_a_replay_are_all_named() -> None:
    told = section("`sluice replay").partition("are ignored:")[2].partition(";")[0]
    assert tuple(re.findall(r"`([A-Za-z-]+)`", told)) == VOLATILE


def test_the_suspicions_of_check_are_all_named() -> None:
    source = Path(suspicions.__file__).parent
    codes = set()
    for file in ("suspicions.py", "host_overlaps.py"):
        codes |= set(re.findall(r'"((?:host|origin|no|target|check)-[a-z]+)"', (source / file).read_text()))
    assert codes == set(re.findall(r"^\| `([a-z-]+)` \|", section("`sluice check"), re.MULTILINE))
