"""scripts/demo as its user starts it, on free ports."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "scripts" / "demo"
PORTS_NEEDED = 5
pytestmark = pytest.mark.timeout(180)


def free_ports() -> int:
    """The first of five free ports in a row, at random, and below the range of outgoing connections."""
    while True:
        first = random.randrange(10_000, 20_000)
        sockets = []
        try:
            for port in range(first, first + PORTS_NEEDED):
                sockets.append(socket.create_server(("127.0.0.1", port)))
            return first
        except OSError:
            continue
        finally:
            for listener in sockets:
                listener.close()


def demo_command(first: int, *options: str) -> list[str | Path]:
    return [DEMO, "--port", str(first), "--services-port", str(first + 1), *options]


def is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def running_demo(first: int, folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The demonstration once it has printed its last line, with all its lines so far."""
    process = subprocess.Popen(
        demo_command(first),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    watchdog = threading.Timer(120, os.killpg, (process.pid, signal.SIGKILL))
    watchdog.start()
    assert process.stdout is not None
    try:
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                break
        assert lines[-1].startswith("Ctrl-C"), lines
        yield process, lines
    finally:
        watchdog.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def test_every_printed_line_gives_what_it_promises(tmp_path: Path) -> None:
    result = subprocess.run(
        demo_command(free_ports(), "--check"), capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    printed = re.findall(r"^curl .*$", result.stdout, re.MULTILINE)
    assert len(printed) >= 5
    assert re.findall(r"^ok +(.*)$", result.stdout, re.MULTILINE) == printed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_gateway_and_all_services(number: signal.Signals, tmp_path: Path) -> None:
    first = free_ports()
    with running_demo(first, tmp_path) as (process, _):
        assert [is_free(port) for port in range(first, first + PORTS_NEEDED)] == [False] * PORTS_NEEDED
        process.send_signal(number)
        # The pipe ends when the last process that holds it has ended: the gateway too.
        assert process.stdout is not None
        process.stdout.read()
        assert process.wait() == 0
        assert [is_free(port) for port in range(first, first + PORTS_NEEDED)] == [True] * PORTS_NEEDED


@pytest.mark.parametrize(("offset", "option"), [(0, "--port"), (3, "--services-port")])
def test_a_taken_port_is_named_with_the_option_that_chooses_another(offset: int, option: str, tmp_path: Path) -> None:
    first = free_ports()
    with socket.create_server(("127.0.0.1", first + offset)):
        result = subprocess.run(demo_command(first), capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 1
    assert f"port {first + offset} on 127.0.0.1 is taken" in result.stderr
    assert f"scripts/demo {option} NUMBER" in result.stderr
    assert is_free(first + PORTS_NEEDED - 1)
