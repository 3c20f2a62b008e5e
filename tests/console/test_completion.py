"""`sluice completion` in real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sluicegate.console.cli import COMMANDS

from .sluice import REPOSITORY, sluice

SHELLS = ("bash", "zsh", "fish")
S = ["save", "split", "schema", "status"]
"""The commands that begin with an s, in the order of the help."""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A PATH on which `sluice` is the command of this working tree, and a home without anyone's settings."""
    command = tmp_path / "bin" / "sluice"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sluicegate.console "$@"\n')
    command.chmod(0o755)
    return {
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY / "addons"),
        "HOME": str(tmp_path),
        "ZDOTDIR": str(tmp_path),
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
    }


def run(command: list[str], environment: dict[str, str], cwd: Path) -> list[str]:
    ran = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=50, check=False)
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    return ran.stdout.splitlines()


def in_bash(words: list[str], environment: dict[str, str], cwd: Path) -> list[str]:
    """What bash offers for the last of these words, through the function that the script has registered."""
    script = """
        source <(sluice completion bash)
        [[ $(complete -p sluice) =~ -F\\ ([^ ]+) ]] || exit 3
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        compopt() { echo "compopt $*"; }
        "${BASH_REMATCH[1]}" "$1"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    return run(["bash", "--norc", "--noprofile", "-c", script, "bash", *words], environment, cwd)


def in_fish(line: str, environment: dict[str, str], cwd: Path) -> list[str]:
    script = f"sluice completion fish | source; complete --do-complete '{line}'"
    return [one.split("\t")[0] for one in run(["fish", "--no-config", "-c", script], environment, cwd)]


def in_zsh(line: str, environment: dict[str, str], cwd: Path) -> list[str]:
    """What the script of zsh hands to compadd and _describe, which only work on a terminal."""
    script = """
        autoload -U compinit && compinit -D -u
        source <(sluice completion zsh)
        [[ -n $_comps[sluice] ]] || exit 3
        compadd() { print -l -- ${(P)@[-1]} }
        _describe() { print -l -- ${(P)3%%:*} }
        words=("$@") CURRENT=$#
        $_comps[sluice]
    """
    return [one.split(":")[0] for one in run(["zsh", "-f", "-c", script, "zsh", *line.split(" ")], environment, cwd)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sluice", ""], list(COMMANDS)),
        (["sluice", "sc"], ["schema"]),
        (["sluice", "s"], S),
        (["sluice", "status", "--u"], ["--url"]),
        (["sluice", "addon", "--j"], ["--json"]),
        (["sluice", "completion", ""], list(SHELLS)),
        (["sluice", "list", "--sort", "f"], ["file"]),
        (["sluice", "--v"], ["--version"]),
    ],
)
def test_bash_completes_commands_options_and_values(
    environment: dict[str, str], tmp_path: Path, words: list[str], expected: list[str]
) -> None:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    assert [one for one in in_bash(words, environment, tmp_path) if one] == expected


def test_zsh_completes_commands_and_options(environment: dict[str, str], tmp_path: Path) -> None:
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    assert in_zsh("sluice s", environment, tmp_path) == S
    assert in_zsh("sluice status --u", environment, tmp_path) == ["--url"]


def test_fish_completes_commands_and_options(environment: dict[str, str], tmp_path: Path) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    assert sorted(in_fish("sluice s", environment, tmp_path)) == sorted(S)
    assert in_fish("sluice status --u", environment, tmp_path) == ["--url"]


def test_completing_names_imports_no_sub_command(environment: dict[str, str], tmp_path: Path) -> None:
    program = """
import sys
from sluicegate.console.cli import sluice
try:
    sluice(prog_name="sluice")
finally:
    print(*sys.modules)
"""
    shell = {"_SLUICE_COMPLETE": "bash_complete", "COMP_WORDS": "sluice sc", "COMP_CWORD": "1"}
    told = run([sys.executable, "-c", program], environment | shell, tmp_path)
    assert told[0] == "plain,schema"
    assert "sluicegate.console.cli" in told[-1].split()
    assert not {f"sluicegate.console.{module}" for module, _ in COMMANDS.values()} & set(told[-1].split())


@pytest.mark.parametrize("shell", SHELLS)
def test_json_holds_the_script_that_is_printed(tmp_path: Path, shell: str) -> None:
    plain = sluice("completion", shell, cwd=tmp_path)
    assert plain.code == 0
    assert sluice("completion", shell, "--json", cwd=tmp_path).json == {"shell": shell, "script": plain.out}


def test_the_help_says_how_to_load_the_script(tmp_path: Path) -> None:
    out = sluice("completion", "--help", cwd=tmp_path).out
    assert "source <(sluice completion bash)" in out
    assert "source <(sluice completion zsh)" in out
    assert "sluice completion fish | source" in out


def test_another_shell_is_used_wrongly(tmp_path: Path) -> None:
    ran = sluice("completion", "csh", cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "'csh' is not one of 'bash', 'zsh', 'fish'" in ran.err
