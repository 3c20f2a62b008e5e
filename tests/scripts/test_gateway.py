"""scripts/gateway: which program it starts and what it passes on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

GATEWAY = str(Path(__file__).resolve().parents[2] / "scripts" / "gateway")
pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize(
    ("arguments", "program"),
    [(["--help"], "gateway"), (["--web", "--help"], "mitmweb"), (["--help", "--web"], "mitmweb")],
)
def test_web_anywhere_among_the_arguments_chooses_mitmweb(arguments: list[str], program: str, tmp_path: Path) -> None:
    result = subprocess.run([GATEWAY, *arguments], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.stdout.startswith(f"usage: {program} ")


def test_arguments_reach_the_program_whole(tmp_path: Path) -> None:
    command = [GATEWAY, "--set", "listen_port=not a number"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 1
    assert result.stderr.endswith("Failed to parse option listen_port: not an integer: not a number\n")
