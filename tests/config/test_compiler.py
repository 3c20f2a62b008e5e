"""The compiler: a folder in, all endpoints or all problems out, and no file read twice without need."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.config.compiler import Compiler
from sluicegate.endpoints.targets import Capture
from sluicegate.endpoints.templates import parse_path

from .folders import check, compile_files, compiled, write

HOTEL = """\
# routes/hotel.yaml
host: api.hotel.test                 # or a list; a {variable} may fill one whole label; left out: any host
origin: http://127.0.0.1:9000        # where requests that no endpoint routes go; left out: they are answered 404

services:                            # names for targets; a name is used like a scheme below
  dates: http://127.0.0.1:9001
  rooms: ${ROOMS_URL:-http://127.0.0.1:9002/v2}

endpoints:
  GET /hotels/{hotel}/dates: dates:/availability/{hotel}
  GET /hotels/{hotel}: http://127.0.0.1:9003/hotel/{hotel}/overview
  GET /hotels/{hotel}/rooms/{room}/price:
    route: rooms:/{room}/prices/{hotel}
    host_header: source              # target (default) | source | a literal
    timeout: 5s                      # to the response's first byte; default 60s
    examples:
      /hotels/7/rooms/12/price?x=1: rooms:/12/prices/7?x=1
  POST /hotels/{hotel}/bookings:     # managed, not routed: goes to the origin
"""


class Reads:
    """The route files that this process opened, as the interpreter's own audit events tell."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.opened: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and self.folder is not None and isinstance(details[0], str | os.PathLike):
            path = Path(details[0])
            if path.suffix in (".yaml", ".yml") and path.is_relative_to(self.folder):
                self.opened.append(path.relative_to(self.folder).as_posix())

    def during(self, compiler: Compiler) -> list[str]:
        """Compile, and return which files were opened for it."""
        self.folder, self.opened = compiler.folder, []
        compiler.compile()
        self.folder = None
        return sorted(self.opened)


@pytest.fixture(scope="module")
def reads() -> Reads:
    return Reads()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the clock run on by a minute, so that the files' times are no longer fresh."""
    real = time.time_ns
    return lambda: monkeypatch.setattr(time, "time_ns", lambda: real() + 60_000_000_000)


def test_the_hotel_file_compiles_into_its_table(tmp_path: Path) -> None:
    found = compiled(tmp_path, HOTEL)
    rows = [(one.text, one.host.text, one.route and one.route.text, str(one.place)) for one in found.endpoints]
    assert rows == [
        ("GET /hotels/{hotel}/dates", "api.hotel.test", "http://127.0.0.1:9001/availability/{hotel}", "hotel.yaml:10"),
        ("GET /hotels/{hotel}", "api.hotel.test", "http://127.0.0.1:9003/hotel/{hotel}/overview", "hotel.yaml:11"),
        (
            "GET /hotels/{hotel}/rooms/{room}/price",
            "api.hotel.test",
            "http://127.0.0.1:9002/v2/{room}/prices/{hotel}",
            "hotel.yaml:12",
        ),
        ("POST /hotels/{hotel}/bookings", "api.hotel.test", None, "hotel.yaml:18"),
    ]
    price = found.endpoints[2].route
    assert price is not None
    assert price.path == ("/v2/", Capture(4), "/prices/", Capture(2))
    assert (price.host_header, price.timeout, price.guarded) == ("source", 5.0, False)
    ((pattern, fallback),) = found.hosts
    assert (pattern.text, fallback and fallback.target.text) == ("api.hotel.test", "http://127.0.0.1:9000")
    assert found.files == {"hotel.yaml": hashlib.sha256(HOTEL.encode()).hexdigest()}
    assert found.warnings == ()


def test_the_table_finds_what_the_file_says(tmp_path: Path) -> None:
    table = compiled(tmp_path, HOTEL).table()
    found = table.lookup("GET", "api.hotel.test", "/hotels/7/dates")
    assert found is not None
    assert found.text == "GET /hotels/{hotel}/dates"
    fallback = table.fallback("api.hotel.test")
    assert fallback is not None
    assert str(fallback.place) == "hotel.yaml:3"


def test_an_empty_folder_has_no_routes(tmp_path: Path) -> None:
    outcome = Compiler(tmp_path).compile()
    assert outcome.diagnostics == ()
    assert outcome.compiled is not None
    assert (outcome.compiled.endpoints, outcome.compiled.hosts, outcome.compiled.files) == ((), (), {})


def test_a_missing_folder_is_one_error_that_names_it(tmp_path: Path) -> None:
    outcome = Compiler(tmp_path / "nowhere").compile()
    check(outcome.diagnostics, ".:1:1: routes-folder", [str(tmp_path / "nowhere"), "No such file"])
    assert outcome.compiled is None


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, HOTEL) / "hotel.yaml"
    check(Compiler(path).compile().diagnostics, ".:1:1: routes-folder", ["Not a directory"])


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to(tmp_path / "nowhere")
    check(Compiler(tmp_path).compile().diagnostics, "a.yaml:1:1: file-unreadable", ["No such file"])


def test_a_link_to_itself_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("a.yaml")
    check(Compiler(tmp_path).compile().diagnostics, "a.yaml:1:1: file-unreadable", ["Too many levels"])


def test_a_pipe_is_an_error_and_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    check(Compiler(tmp_path).compile().diagnostics, "a.yaml:1:1: file-unreadable", ["regular file"])


def test_a_gateway_file_that_cannot_be_opened_makes_no_service_unknown(tmp_path: Path) -> None:
    (tmp_path / "_gateway.yaml").symlink_to(tmp_path / "nowhere")
    outcome = compile_files(tmp_path, "endpoints:\n  GET /x: rooms:/x\n")
    check(outcome.diagnostics, "_gateway.yaml:1:1: file-unreadable", [])


def test_all_problems_of_all_files_are_reported_in_one_go_and_in_order(tmp_path: Path) -> None:
    files = {
        "b.yaml": "hots: b.test\nendpoints:\n  GET /a: nobody:/a\n  get /b:\n",
        "a.yaml": "host: {t}.test\n",
        "sub/c.yml": b"\xff",
        "_gateway.yaml": "trusted_proxies: [x]\n",
        "z.yaml": "",
    }
    outcome = compile_files(tmp_path, files)
    assert outcome.compiled is None
    assert [(one.file, one.line, one.column, one.severity, one.code) for one in outcome.diagnostics] == [
        ("_gateway.yaml", 1, 19, "error", "trusted-proxies"),
        ("a.yaml", 1, 7, "error", "yaml-quotes"),
        ("b.yaml", 1, 1, "error", "unknown-key"),
        ("b.yaml", 3, 11, "error", "service-unknown"),
        ("b.yaml", 4, 3, "error", "method-case"),
        ("sub/c.yml", 1, 1, "error", "not-utf-8"),
        ("z.yaml", 1, 1, "warning", "empty-file"),
    ]


def test_only_files_that_changed_are_read_again(tmp_path: Path, reads: Reads, later: Callable[[], None]) -> None:
    compiler = Compiler(write(tmp_path, {"a.yaml": "host: a.test\n", "s/b.yaml": "host: b.test\n"}))
    assert reads.during(compiler) == ["a.yaml", "s/b.yaml"]
    later()
    assert reads.during(compiler) == ["a.yaml", "s/b.yaml"]  # both were too fresh to be trusted the first time
    assert reads.during(compiler) == []
    write(tmp_path, {"a.yaml": "host: c.test\n"})
    assert reads.during(compiler) == ["a.yaml"]
    outcome = compiler.compile()
    assert outcome.compiled is not None
    assert [pattern.text for pattern, _ in outcome.compiled.hosts] == ["c.test", "b.test"]


def test_a_file_that_was_just_written_is_read_again_until_its_time_can_be_trusted(tmp_path: Path, reads: Reads) -> None:
    compiler = Compiler(write(tmp_path, {"a.yaml": "host: a.test\n"}))
    reads.during(compiler)
    status = (tmp_path / "a.yaml").stat()
    write(tmp_path, {"a.yaml": "host: b.test\n"})
    os.utime(tmp_path / "a.yaml", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert reads.during(compiler) == ["a.yaml"]
    outcome = compiler.compile()
    assert outcome.compiled is not None
    assert outcome.compiled.hosts[0][0].text == "b.test"


def test_a_file_that_is_touched_keeps_what_it_says(tmp_path: Path) -> None:
    compiler = Compiler(write(tmp_path, HOTEL))
    first = compiler.compile()
    os.utime(tmp_path / "hotel.yaml", (1, 1))
    second = compiler.compile()
    assert first.compiled is not None
    assert second.compiled is not None
    assert second.compiled.files == first.compiled.files
    # The parsed form is the same object, so it was not parsed again.
    assert second.compiled.endpoints[0].path is first.compiled.endpoints[0].path


@pytest.mark.parametrize(
    ("change", "hosts"),
    [
        ({"remove": "a.yaml"}, ["b.test"]),
        ({"write": ("c.yaml", "host: c.test\n")}, ["a.test", "b.test", "c.test"]),
        ({"rename": ("a.yaml", "z.yaml")}, ["b.test", "a.test"]),
        ({"rename": ("a.yaml", "new/a.yaml")}, ["b.test", "a.test"]),
    ],
)
def test_files_may_come_go_and_move(tmp_path: Path, change: dict[str, Any], hosts: list[str]) -> None:
    compiler = Compiler(write(tmp_path, {"a.yaml": "host: a.test\n", "b.yaml": "host: b.test\n"}))
    compiler.compile()
    match change:
        case {"remove": name}:
            (tmp_path / name).unlink()
        case {"write": (name, content)}:
            write(tmp_path, {name: content})
        case {"rename": (old, new)}:
            (tmp_path / new).parent.mkdir(exist_ok=True)
            (tmp_path / old).rename(tmp_path / new)
    outcome = compiler.compile()
    assert outcome.compiled is not None
    assert [pattern.text for pattern, _ in outcome.compiled.hosts] == hosts


def test_a_bad_file_is_an_error_until_it_is_mended(tmp_path: Path) -> None:
    compiler = Compiler(write(tmp_path, HOTEL))
    write(tmp_path, HOTEL.replace("host:", "hots:"))
    assert [one.code for one in compiler.compile().diagnostics] == ["unknown-key"]
    assert [one.code for one in compiler.compile().diagnostics] == ["unknown-key"]
    write(tmp_path, HOTEL)
    assert compiler.compile().diagnostics == ()


def test_a_problem_between_two_files_goes_when_the_other_file_is_mended(tmp_path: Path) -> None:
    text = "host: a.test\nendpoints:\n  GET /a:\n"
    compiler = Compiler(write(tmp_path, {"a.yaml": text, "b.yaml": text}))
    assert [str(one)[:10] for one in compiler.compile().diagnostics] == ["b.yaml:3:3"]
    write(tmp_path, {"a.yaml": text.replace("/a", "/b")})
    assert compiler.compile().diagnostics == ()


def test_the_process_s_environment_is_read_where_none_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICEGATE_TEST_URL", "http://from.env")
    write(tmp_path, "services:\n  s: ${SLUICEGATE_TEST_URL}\nendpoints:\n  GET /x: s:/x\n")
    outcome = Compiler(tmp_path).compile()
    assert outcome.compiled is not None
    route = outcome.compiled.endpoints[0].route
    assert route is not None
    assert route.text == "http://from.env/x"


def test_what_is_compiled_travels_between_processes(tmp_path: Path) -> None:
    outcome = compile_files(
        tmp_path, {"a.yaml": HOTEL, "b.yaml": "", "_gateway.yaml": "trusted_proxies: [10.0.0.0/8]\n"}
    )
    copy = pickle.loads(pickle.dumps(outcome))
    assert copy.diagnostics == outcome.diagnostics
    assert outcome.compiled is not None
    assert copy.compiled.hosts == outcome.compiled.hosts
    assert [one.text for one in copy.compiled.endpoints] == [one.text for one in outcome.compiled.endpoints]
    assert copy.compiled.table().lookup("GET", "api.hotel.test", "/hotels/1") is not None


def test_the_compiler_loads_neither_mitmproxy_nor_watchdog() -> None:
    code = (
        "import sys, sluicegate.config.compiler\n"
        "print([name for name in ('mitmproxy', 'watchdog') if name in sys.modules])\n"
    )
    addons = Path(__file__).parents[2] / "addons"
    run = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(addons)}, capture_output=True, check=True
    )
    assert run.stdout == b"[]\n"


def test_ten_thousand_endpoints_compile(tmp_path: Path) -> None:
    rows = "".join(f"  GET /hotels/{{hotel}}/r{number}: dates:/{{hotel}}/{number}\n" for number in range(10_000))
    found = compiled(tmp_path, f"host: a.test\nservices:\n  dates: http://h\nendpoints:\n{rows}")
    assert len(found.endpoints) == 10_000
    last = found.table().lookup("GET", "a.test", "/hotels/x/r9999")
    assert last is not None
    assert (last.place.line, last.route and last.route.text) == (
        10_004,
        "http://h/{hotel}/9999",
    )


segments = st.sampled_from(["a", "b", "{x}", "{y}", "v-{x}", "{y}.json", ""])
paths = st.lists(segments, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["GET", "POST"]), paths), max_size=12, unique=True))
def test_each_line_is_an_endpoint_or_an_error_at_its_line(
    tmp_path_factory: pytest.TempPathFactory, keys: list[tuple[str, str]]
) -> None:
    lines = [f"  {method} {path}: http://h" for method, path in keys]
    outcome = compile_files(tmp_path_factory.mktemp("routes"), "endpoints:\n" + "\n".join(lines) + "\n")
    wrong = {one.line for one in outcome.diagnostics}
    seen: set[tuple[str, str]] = set()
    for number, (method, path) in enumerate(keys, 2):
        try:
            key = (method, parse_path(path).stored)
        except ValueError:
            assert number in wrong
            continue
        assert (number in wrong) == (key in seen)
        seen.add(key)
    assert (outcome.compiled is None) == bool(wrong)
    if outcome.compiled is not None:
        assert len(outcome.compiled.endpoints) == len(keys)
