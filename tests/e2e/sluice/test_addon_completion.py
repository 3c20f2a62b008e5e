"""`sluice addon` and `sluice completion`, and what all sub-commands have in common."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.sluice import sluice
from tests.e2e.harness import Upstream, gateway
from tests.e2e.sluice.material import ESCAPE, environment, no_traceback, on_a_terminal

COMMANDS = (
    ("check",),
    ("explain",),
    ("list",),
    ("test",),
    ("diff",),
    ("import", "openapi"),
    ("fmt",),
    ("replay",),
    ("schema",),
    ("status",),
    ("addon",),
    ("completion",),
)
WITH_A_TABLE = ("check", "explain", "list", "test", "fmt", "status")


def test_the_path_of_the_addon_is_all_that_is_printed(tmp_path: Path) -> None:
    ran = sluice("addon", cwd=tmp_path)
    assert ran.code == 0
    assert ran.out.count("\n") == 1
    path = Path(ran.out.removesuffix("\n"))
    assert path.is_absolute()
    assert path.is_file()
    assert ran.err == ""


def test_mitmdump_runs_what_it_prints_from_any_folder(tmp_path: Path) -> None:
    path = sluice("addon", cwd=tmp_path).out.removesuffix("\n")
    with Upstream() as up:
        files = {"a.yaml": f"host: api.hotel.test\nendpoints:\n  GET /a: {up.url}/routed\n"}
        with gateway(files, scripts=(path,), cwd=tmp_path) as running:
            assert running.get("/a").status == 200
            assert up.last.target == "/routed"


def test_the_path_as_json(tmp_path: Path) -> None:
    ran = sluice("addon", "--json", cwd=tmp_path)
    assert sluice("addon", cwd=tmp_path).out.removesuffix("\n") in str(ran.json)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_for_each_shell(tmp_path: Path, shell: str) -> None:
    ran = sluice("completion", shell, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "sluice" in ran.out
    assert ESCAPE not in ran.out
    assert ran.err == ""
    program = shutil.which(shell)
    if program:
        parsed = subprocess.run([program, "-n"], input=ran.out, capture_output=True, text=True, check=False)
        assert parsed.returncode == 0, parsed.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "expected"), [(("sluice", "exp"), "explain"), (("sluice", "check", "--str"), "--strict")]
)
def test_bash_completes_with_it(tmp_path: Path, words: tuple[str, ...], expected: str) -> None:
    script = sluice("completion", "bash", cwd=tmp_path).out
    command = tmp_path / "bin" / "sluice"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sluicegate.console "$@"\n')
    command.chmod(0o755)
    asked = (
        f"{script}\nCOMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}\n"
        'function_name=$(complete -p sluice | sed "s/.*-F \\([^ ]*\\).*/\\1/")\n'
        f"$function_name sluice '{words[-1]}' '{words[-2]}'\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    ran = subprocess.run(
        ["bash", "--norc", "-c", asked],
        cwd=tmp_path,
        env=environment(PATH=f"{command.parent}:/usr/bin:/bin"),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert expected in [line.strip() for line in ran.stdout.splitlines()], ran.stdout + ran.stderr


def test_an_unknown_shell_is_used_wrongly(tmp_path: Path) -> None:
    for arguments in (("completion", "tcsh"), ("completion",)):
        ran = no_traceback(sluice(*arguments, cwd=tmp_path))
        assert ran.code == 2
        assert ran.out == ""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_sub_command_has_help_and_json(tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = sluice(*command, "--help", cwd=tmp_path)
    assert ran.code == 0
    assert "--json" in ran.out
    assert ("--routes" in ran.out) >= (command[0] in WITH_A_TABLE)
    assert ran.err == ""
    assert ESCAPE not in ran.out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_sub_command_refuses_options_that_it_has_not(tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = no_traceback(sluice(*command, "--no-such-option", cwd=tmp_path))
    assert ran.code == 2
    assert ran.out == ""
    assert "--no-such-option" in ran.err


def test_the_command_lists_its_sub_commands(tmp_path: Path) -> None:
    ran = sluice("--help", cwd=tmp_path)
    assert ran.code == 0
    for name, *_ in COMMANDS:
        assert f"  {name} " in ran.out, name


def test_an_unknown_sub_command_is_used_wrongly(tmp_path: Path) -> None:
    ran = no_traceback(sluice("expalin", cwd=tmp_path))
    assert ran.code == 2
    assert "expalin" in ran.err


def test_errors_on_a_terminal_are_no_traceback_either(tmp_path: Path) -> None:
    code, shown = on_a_terminal("list", "--routes", "missing", cwd=tmp_path)
    assert code == 2
    assert "missing" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("script", ["scripts/sluice", ".venv/bin/sluice"])
def test_it_is_installed_and_in_the_scripts(tmp_path: Path, script: str) -> None:
    from tests.console.sluice import REPOSITORY

    path = REPOSITORY / script if script.startswith("scripts") else Path(sys.executable).parent / "sluice"
    ran = subprocess.run([path, "--version"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert any(letter.isdigit() for letter in ran.stdout)
