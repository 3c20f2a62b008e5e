"""What the tests of the command are given: route files, repositories, recordings."""

from __future__ import annotations

import itertools
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.console.sluice import REPOSITORY, Ran, write

HOTEL = """\
# routes/hotel.yaml
host: api.hotel.test
services:
  dates: http://127.0.0.1:9001
  rooms: ${ROOMS_URL_OF_TESTS:-http://127.0.0.1:9002/v2}
endpoints:
  GET /hotels/{hotel}/dates: dates:/availability/{hotel}
  GET /hotels/{hotel}: http://127.0.0.1:9003/hotel/{hotel}/overview
  GET /hotels/{hotel}/rooms/{room}/price:
    route: rooms:/{room}/prices/{hotel}
    examples:
      /hotels/7/rooms/12/price?x=1: rooms:/12/prices/7?x=1
"""
DATES_LINE, HOTEL_LINE, PRICE_LINE = 7, 8, 9

PROBLEM_MEMBERS = {"file", "line", "column", "severity", "code", "message"}
EXPLAIN_MEMBERS = {"matched", "endpoint", "variables", "target", "headers", "losers", "nearest", "trail"}
DIFF_MEMBERS = {"unchanged", "moved", "unmatched", "newly_matched", "changes"}
STATUS_MEMBERS = {"generation", "files", "endpoints", "loaded_at", "errors"}

ESCAPE = "\x1b"


def hotel(folder: Path, **files: str) -> Path:
    """A folder that holds `routes/hotel.yaml`, and further files of `routes/` by their stem."""
    named = {f"routes/{stem}.yaml": text for stem, text in files.items()}
    return write(folder, {"routes/hotel.yaml": HOTEL, **named})


def no_traceback(ran: Ran) -> Ran:
    assert "Traceback" not in ran.err + ran.out, ran.err + ran.out
    return ran


def refused(ran: Ran, *places: str) -> str:
    """The one-line error of unusable input: exit code 2, no traceback, and each place is in it."""
    no_traceback(ran)
    line = ran.one_line_error
    for place in places:
        assert place in line, line
    return line


def problems(ran: Ran) -> list[dict[str, Any]]:
    """The problems of `check --json`, bare or as a member; each has the promised members."""
    document = ran.json
    found: list[dict[str, Any]] = document["problems"] if isinstance(document, dict) else document
    assert isinstance(found, list)
    for each in found:
        assert each.keys() >= PROBLEM_MEMBERS, each
        assert each["severity"] in ("error", "warning"), each
    return found


def rows(ran: Ran) -> list[dict[str, Any]]:
    """The endpoints of `list --json`, bare or as a member."""
    document = ran.json
    found: list[dict[str, Any]] = document["endpoints"] if isinstance(document, dict) else document
    assert isinstance(found, list)
    return found


def har_entry(method: str, url: str, *, status: int = 200, body: str = "", **extra: Any) -> dict[str, Any]:
    return {
        "startedDateTime": "2026-07-01T10:00:00.000Z",
        "time": 12,
        "request": {
            "method": method,
            "url": url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [{"name": "Accept", "value": "*/*"}],
            "queryString": [],
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": {
            "status": status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [],
            "content": {"size": len(body), "mimeType": "text/plain", "text": body},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(body),
        },
        "cache": {},
        "timings": {"send": 1, "wait": 1, "receive": 1},
        **extra,
    }


def har(entries: Iterable[dict[str, Any]]) -> str:
    creator = {"name": "by hand", "version": "1"}
    return json.dumps({"log": {"version": "1.2", "creator": creator, "entries": list(entries)}}, indent=1)


def write_har(path: Path, *requests: str) -> Path:
    """A HAR file of requests that are written as `GET http://host/path`."""
    path.write_text(har(har_entry(*request.split(" ", 1)) for request in requests), encoding="utf-8")
    return path


def git(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(
        ["git", "-c", "user.name=Tester", "-c", "user.email=tester@example.test", *arguments],
        cwd=folder,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        capture_output=True,
        check=True,
        text=True,
    )
    return ran.stdout


def committed(folder: Path, *versions: Mapping[str, str]) -> Path:
    """A git repository with one commit for each version of its files."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    for number, files in enumerate(versions):
        git(folder, "rm", "-rq", "--cached", "--ignore-unmatch", ".")
        write(folder, files)
        git(folder, "add", *files)
        git(folder, "commit", "-qm", f"version {number}")
    return folder


def as_argv(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "sluicegate.console", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return {**kept, "PYTHONPATH": str(REPOSITORY / "addons"), "PYTHONIOENCODING": "utf-8", **more}


def on_a_terminal(*arguments: str | Path, cwd: Path, **env: str) -> tuple[int, str]:
    """Exit code and output of a run whose standard streams are a terminal."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        as_argv(*arguments),
        cwd=cwd,
        env=environment(TERM="xterm-256color", **env),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = bytearray()
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # how a terminal without a writer ends on Linux
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return running.wait(60), shown.decode("utf-8", "replace")


def without_reader(*arguments: str | Path, cwd: Path, lines: int = 1) -> tuple[int, str, str]:
    """Exit code, the lines read and standard error of a run whose reader left after so many lines."""
    running = subprocess.Popen(
        as_argv(*arguments), cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stdout is not None
    assert running.stderr is not None
    read = b"".join(running.stdout.readline() for _ in range(lines))
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    return running.wait(60), read.decode(), err.decode()


def caret_stands(out: str, source: str, column: int) -> bool:
    """Whether a line of the output shows `source`, and the next one a caret below its column (from 1)."""
    shown = out.splitlines()
    for above, below in itertools.pairwise(shown):
        start = above.find(source)
        if start >= 0 and "^" in below and below.index("^") == start + column - 1:
            return True
    return False


def sentence(text: str) -> str:
    """Text with every run of white space as one blank, so that wrapped output reads as one line."""
    return re.sub(r"\s+", " ", text)
