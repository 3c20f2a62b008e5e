"""`sluice learn FILE…`: the same endpoints from every kind of recording."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.console.sluice import sluice
from tests.e2e.learning import recorded, shop
from tests.e2e.learning.kinto import shape
from tests.e2e.learning.learned import everything_in, learn, ran, rows, shapes, the
from tests.e2e.sluice.material import on_a_terminal, refused, without_reader

pytestmark = pytest.mark.entry("mitmdump")

WITH_SESSIONS = ("har", "flows", "request-log")
WITH_BODIES = ("har", "flows")
WITH_HOST = ("har", "flows", "request-log", "json")

TRAFFIC = shop.traffic()


def expected() -> Counter[tuple[str, str]]:
    """How often each endpoint was asked."""
    counted: Counter[tuple[str, str]] = Counter()
    for each in TRAFFIC:
        for method, path in shop.ENDPOINTS:
            parts, wanted = each.path.split("/"), path.split("/")
            fits = len(parts) == len(wanted) and all(b in ("{}", a) for a, b in zip(parts, wanted, strict=True))
            if fits and method == each.method:
                counted[method, path] += 1
    return counted


@pytest.fixture(scope="module", params=recorded.WRITERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recording, named `traffic`."""
    folder = tmp_path_factory.mktemp("learn")
    recorded.WRITERS[kind](folder / "traffic", TRAFFIC)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> list[dict[str, Any]]:
    return learn("--no-state", "traffic", cwd=folder)


def test_it_finds_each_endpoint_and_no_other(found: list[dict[str, Any]]) -> None:
    assert shapes(found) == shop.ENDPOINTS
    assert len(found) == len(shop.ENDPOINTS)


def test_requests_are_those_that_were_made(found: list[dict[str, Any]]) -> None:
    assert {(row["method"], shape(row["endpoint"])): row["requests"] for row in found} == expected()


def test_the_host_is_that_of_the_requests(found: list[dict[str, Any]], kind: str) -> None:
    if kind in WITH_HOST:
        assert {row["host"] for row in found} == {shop.HOST}
    else:
        assert len({row["host"] for row in found}) == 1


def test_sessions_are_the_clients_by_their_authorization(found: list[dict[str, Any]], kind: str) -> None:
    if kind not in WITH_SESSIONS:
        pytest.skip("this kind of file has no sessions")
    for path in ("/accounts/{}", "/v2/settings", "/products"):
        assert the(found, "GET", path)["sessions"] == 40


def test_variables_are_numbered_from_the_left_and_have_their_types(found: list[dict[str, Any]]) -> None:
    order = the(found, "GET", "/accounts/{}/orders/{}")
    assert order["endpoint"] == "/accounts/{var1}/orders/{var2}"
    assert [(each["name"], each["type"]) for each in order["variables"]] == [("var1", "integer"), ("var2", "uuid")]
    product = the(found, "GET", "/products/{}")
    assert [(each["name"], each["type"]) for each in product["variables"]] == [("var1", "slug")]
    assert the(found, "GET", "/v2/profile")["variables"] == []


def test_all_await_review(found: list[dict[str, Any]]) -> None:
    assert {row["state"] for row in found} == {"review"}


def test_evidence_counts_values_and_sessions_and_names_where_a_value_came_from(
    found: list[dict[str, Any]], kind: str
) -> None:
    (account,) = the(found, "GET", "/accounts/{}")["variables"]
    assert "40" in account["evidence"]
    if kind in WITH_SESSIONS:
        assert "40 sessions" in account["evidence"]
    if kind in WITH_BODIES:
        assert "POST /accounts" in account["evidence"]


def test_no_token_is_printed_or_kept(folder: Path) -> None:
    result = ran("learn", "traffic", "--state", "kept/state.db", cwd=folder)
    kept = everything_in(folder / "kept")
    assert b"SQLite format 3" in kept
    for text in (b"s3cr3t", b"czNjcjN0"):
        assert text not in kept
        assert text not in result.out.encode() + result.err.encode()


def test_a_table_names_each_endpoint_on_one_line(folder: Path, found: list[dict[str, Any]]) -> None:
    lines = ran("learn", "--no-state", "traffic", cwd=folder, env={"COLUMNS": "200"}).out.splitlines()
    for row in found:
        matching = [line for line in lines if row["method"] in line.split() and row["endpoint"] in line.split()]
        assert len(matching) == 1, (row, lines)
        assert str(row["requests"]) in matching[0].split()


def test_no_state_writes_nothing(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    learn("--no-state", "traffic", cwd=folder)
    assert sorted(folder.rglob("*")) == before


# The rest is the same for all kinds and is asked for one.


@pytest.fixture(scope="module")
def har(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded.write_har(tmp_path_factory.mktemp("har") / "traffic.har", TRAFFIC)


def test_what_was_learned_is_kept_beside_the_routes_by_default(har: Path, tmp_path: Path) -> None:
    (tmp_path / "routes").mkdir()
    learn(har, cwd=tmp_path)
    assert (tmp_path / ".sluicegate" / "state.db").read_bytes().startswith(b"SQLite format 3")
    assert shapes(ran("discovered", "--json", cwd=tmp_path).json) >= shop.ENDPOINTS


def test_several_files_are_learned_as_one(tmp_path: Path) -> None:
    recorded.write_har(tmp_path / "one.har", TRAFFIC[::2])
    recorded.write_request_log(tmp_path / "two.log", TRAFFIC[1::2])
    found = learn("--no-state", "one.har", "two.log", cwd=tmp_path)
    assert shapes(found) == shop.ENDPOINTS
    assert {(row["method"], shape(row["endpoint"])): row["requests"] for row in found} == expected()


def test_a_second_run_adds_to_the_first(tmp_path: Path) -> None:
    half = len(TRAFFIC) // 2
    recorded.write_har(tmp_path / "one.har", TRAFFIC[:half])
    recorded.write_har(tmp_path / "two.har", TRAFFIC[half:])
    learn("one.har", "--state", "state.db", cwd=tmp_path)
    found = learn("two.har", "--state", "state.db", cwd=tmp_path)
    assert {(row["method"], shape(row["endpoint"])): row["requests"] for row in found} == expected()
    assert the(found, "GET", "/v2/settings")["sessions"] == 40


def test_it_learns_from_tens_of_requests(tmp_path: Path) -> None:
    few = shop.traffic(clients=5, noise=False)
    assert len(few) < 130
    recorded.write_har(tmp_path / "few.har", few)
    assert shapes(learn("--no-state", "few.har", cwd=tmp_path)) == shop.ENDPOINTS


def test_progress_is_shown_on_a_terminal_and_not_into_a_pipe(har: Path, tmp_path: Path) -> None:
    code, shown = on_a_terminal("learn", "--no-state", har, cwd=tmp_path)
    assert code == 0
    assert re.search(r"reading .*traffic\.har", shown)
    assert re.search(r"[\d.]+/[\d.]+ ?[kM]?B|\d %", shown)
    assert "\x1b" not in ran("learn", "--no-state", har, cwd=tmp_path).out
    assert ran("learn", "--no-state", har, cwd=tmp_path).err == ""


def test_a_reader_that_leaves_early_ends_it_quietly(har: Path, tmp_path: Path) -> None:
    _, _, err = without_reader("learn", "--no-state", har, cwd=tmp_path)
    assert "Traceback" not in err


def test_standard_input_is_read_as_a_dash(har: Path, tmp_path: Path) -> None:
    assert (
        shapes(rows(sluice("learn", "--json", "--no-state", "-", cwd=tmp_path, stdin=har.read_bytes())))
        == shop.ENDPOINTS
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("nothing.har", b'{"log": {'),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8),
        ("text.txt", b"not a log\nin any way\n"),
        ("rows.csv", b"method,path\nGET,/a\n"),
    ],
)
def test_a_file_of_no_kind_that_it_reads_is_refused_by_name(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    refused(sluice("learn", "--json", "--no-state", name, cwd=tmp_path), name)


def test_a_file_that_is_missing_is_refused_by_name(tmp_path: Path) -> None:
    refused(sluice("learn", "--json", "missing.har", cwd=tmp_path), "missing.har")
    assert list(tmp_path.iterdir()) == []


def test_what_was_no_http_is_passed_over_in_a_log(tmp_path: Path) -> None:
    path = recorded.write_combined(tmp_path / "access.log", TRAFFIC)
    lines = path.read_text(encoding="utf-8").splitlines()
    when = "[26/Nov/2026:04:56:02 +0000]"
    lines[100:100] = [
        "",
        rf'10.0.0.1 - - {when} "\x16\x03\x01" 400 0 "-" "-"',
        f'10.0.0.1 - - {when} "-" 408 0 "-" "-"',
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert shapes(learn("--no-state", "access.log", cwd=tmp_path)) == shop.ENDPOINTS


@pytest.mark.parametrize("kind", ["combined", "json", "request-log"])
def test_a_last_line_that_is_still_being_written_is_passed_over(kind: str, tmp_path: Path) -> None:
    path = recorded.WRITERS[kind](tmp_path / "access.log", TRAFFIC)
    text = path.read_text(encoding="utf-8")
    path.write_text(text + text[: text.index("\n") // 2], encoding="utf-8")
    assert shapes(learn("--no-state", "access.log", cwd=tmp_path)) == shop.ENDPOINTS


def test_a_broken_line_is_refused_with_its_place(tmp_path: Path) -> None:
    path = recorded.write_combined(tmp_path / "access.log", TRAFFIC)
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[100] = lines[100][:30]
    path.write_text("\n".join(lines), encoding="utf-8")
    refused(sluice("learn", "--no-state", "access.log", cwd=tmp_path), "access.log:101")


def test_a_file_that_has_grown_is_read_from_where_it_ended(tmp_path: Path) -> None:
    """A log that is learned from every hour counts each request once; `--again` counts all once more."""
    recorded.write_request_log(tmp_path / "requests.log", TRAFFIC[:500])
    learn("requests.log", "--state", "state.db", cwd=tmp_path)
    recorded.write_request_log(tmp_path / "requests.log", TRAFFIC)
    for options, times in ((), 1), ((), 1), (("--again",), 2):
        found = learn("requests.log", *options, "--state", "state.db", cwd=tmp_path)
        counted = {(row["method"], shape(row["endpoint"])): row["requests"] for row in found}
        assert counted == {each: times * count for each, count in expected().items()}


def test_a_host_can_be_given_for_logs_that_tell_none(tmp_path: Path) -> None:
    recorded.write_combined(tmp_path / "access.log", TRAFFIC)
    found = learn("--no-state", "--host", shop.HOST, "access.log", cwd=tmp_path)
    assert {row["host"] for row in found} == {shop.HOST}


def test_an_empty_recording_is_an_empty_list(tmp_path: Path) -> None:
    recorded.write_har(tmp_path / "empty.har", [])
    assert learn("--no-state", "empty.har", cwd=tmp_path) == []


COMMON_JSON_LOGS = {
    "caddy": lambda one: {
        "level": "info",
        "ts": one.at,
        "logger": "http.log.access",
        "msg": "handled request",
        "request": {
            "remote_ip": one.client,
            "proto": "HTTP/1.1",
            "method": one.method,
            "host": one.host,
            "uri": one.target,
            "headers": {"User-Agent": ["shop-client/1.0"]},
        },
        "duration": one.took,
        "size": len(one.body_bytes),
        "status": one.status,
    },
    "traefik": lambda one: {
        "ClientHost": one.client,
        "DownstreamContentSize": len(one.body_bytes),
        "DownstreamStatus": one.status,
        "Duration": int(one.took * 1e9),
        "RequestHost": one.host,
        "RequestMethod": one.method,
        "RequestPath": one.target,
        "StartUTC": "2026-11-26T04:56:00.5Z",
    },
    "plain": lambda one: {
        "time": one.at,
        "method": one.method,
        "host": one.host,
        "path": one.target,
        "status": one.status,
    },
}


@pytest.mark.parametrize("server", COMMON_JSON_LOGS)
def test_json_logs_of_common_servers_are_read(server: str, tmp_path: Path) -> None:
    lines = [json.dumps(COMMON_JSON_LOGS[server](each)) for each in TRAFFIC]
    (tmp_path / "access.log").write_text("\n".join(lines), encoding="utf-8")
    found = learn("--no-state", "access.log", cwd=tmp_path)
    assert shapes(found) == shop.ENDPOINTS
    assert {row["host"] for row in found} == {shop.HOST}
