"""`sluice endpoints`: the table, JSON and the text for Prometheus, of a state file that `sluice learn` has written."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from sluicegate.console.endpoints import _COLUMNS, _fitting, command

from .sluice import sluice, write

ROUTES = {
    "routes/hotel.yaml": """\
host: hotel.test
endpoints:
  GET /hotels/{hotel}: http://127.0.0.1:9000/hotels/{hotel}
  DELETE /hotels/{hotel}: http://127.0.0.1:9000/hotels/{hotel}
"""
}


def line(at: float, path: str, **members: Any) -> str:
    record: dict[str, Any] = {
        "request_id": "1",
        "received": at,
        "decided": at,
        "first_byte": at + 0.05,
        "ended": at + 0.06,
        "client": "127.0.0.1:50000",
        "method": "GET",
        "host": "hotel.test",
        "path": path,
        "operation_id": None,
        "endpoint": None,
        "target": "http://127.0.0.1:9000/",
        "status": 200,
        "bytes_in": 0,
        "bytes_out": 1000,
        "generation": 1,
        "verdicts": [],
        "session": "",
    }
    return json.dumps(record | members, separators=(",", ":")) + "\n"


def session(number: int) -> str:
    return f"{(number + 1) * 0x9E3779B97F4A7C15 % 2**64:016x}"


def traffic(end: float) -> Iterator[str]:
    """Of three hours before a time: 59 people and a scraper at hotels, some signed in to search, and old bookings."""
    start = end - 3 * 3600
    for number in range(59):
        yield line(start + number, f"/hotels/{number % 20 + 1}", session=session(number))
    for step in range(37):
        yield line(start + 60 + step * 10, f"/hotels/{step + 1}", session=session(100))
    for number in range(20):
        yield line(start + 600 + number, "/search", session=session(number) if number % 2 else "", first_byte=None)
    for number in range(4):
        yield line(start + 700 + number, "/search", status=503, session=session(number), first_byte=None)
    for number in range(10):
        at = start - 3 * 86_400 + number
        yield line(at, "/bookings", method="POST", status=201, session=session(number), bytes_out=50_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learned(tmp_path_factory.mktemp("endpoints"), time.time())


def learned(folder: Path, end: float) -> Path:
    write(folder, ROUTES)
    write(folder, {"requests.log": "".join(sorted(traffic(end), key=lambda one: json.loads(one)["received"]))})
    ran = sluice("learn", "requests.log", cwd=folder)
    assert (ran.code, ran.err) == (0, "")
    return folder


def endpoints(folder: Path, *options: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What the command tells as JSON, by method and path; run in this process, which is quicker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        ran = CliRunner().invoke(command, ["--json", *options])
    assert (ran.exit_code, ran.stderr) == (0, ""), ran
    return {(one["method"], one["endpoint"]): one for one in json.loads(ran.stdout)["endpoints"]}


@pytest.fixture(scope="module")
def day(folder: Path) -> Mapping[tuple[str, str], dict[str, Any]]:
    return endpoints(folder)


HOTEL = ("GET", "/hotels/{var1}")
UNUSED = ("DELETE", "/hotels/{var1}")
SEARCH = ("GET", "/search")
BOOKINGS = ("POST", "/bookings")


def test_endpoints_that_were_found_and_those_of_the_route_files_are_shown(day: Mapping[Any, Any]) -> None:
    assert {key: one["state"] for key, one in day.items()} == {
        HOTEL: "saved",
        UNUSED: "saved",
        SEARCH: "review",
        BOOKINGS: "review",
    }


def test_a_saved_endpoint_without_traffic_has_zeros(day: Mapping[Any, Any]) -> None:
    found = day[UNUSED]
    assert (found["requests"], found["sessions"]) == (0, 0)
    assert set(found["statuses"].values()) == {0}
    assert found["error_rates"] == {"4xx": None, "5xx": None, "all": None}
    assert (found["origin_ms"], found["response_bytes"], found["thresholds"]) == (None, None, None)
    assert found["authentication"] == {"status": None, "successes": {}}


def test_figures_are_those_of_the_traffic(day: Mapping[Any, Any]) -> None:
    found = day[HOTEL]
    assert (found["requests"], found["sessions"]) == (96, 60)
    assert found["origin_ms"]["count"] == 96
    assert found["origin_ms"]["mean"] == pytest.approx(50, abs=0.01)
    assert found["origin_ms"]["p99"] == pytest.approx(50, rel=0.01)
    assert found["response_bytes"]["p50"] == pytest.approx(1000, rel=0.01)
    assert found["authentication"]["status"] == "all"
    search = day[SEARCH]
    assert search["origin_ms"] is None
    assert (search["statuses"]["2xx"], search["statuses"]["5xx"]) == (20, 4)
    assert search["error_rates"] == {
        "4xx": 0.0,
        "5xx": pytest.approx(4 / 24, abs=1e-6),
        "all": pytest.approx(1 / 6, abs=1e-6),
    }
    assert search["authentication"]["status"] == "mixed"
    assert search["authentication"]["successes"]["none"] == 10


def test_a_rate_between_people_and_scrapers_is_recommended(folder: Path, day: Mapping[Any, Any]) -> None:
    found = day[HOTEL]["thresholds"]
    assert (found["p50"], found["p99"], found["suggested_threshold"], found["period_seconds"]) == (1, 37, 7, 600)
    assert (found["auth_id_tokens"], found["requests"], found["data_points"]) == (60, 96, 60)
    assert set(found["confidence_intervals"]["suggested_threshold"]["confidence_intervals"]) == {"p90", "p95", "p99"}
    assert day[SEARCH]["thresholds"] is not None
    documented = endpoints(folder, "--preset", "api-shield")
    assert documented[HOTEL]["thresholds"] == found


def test_fifty_sessions_are_asked_for_as_documented_of_api_shield(folder: Path) -> None:
    ran = sluice("endpoints", "--json", "--preset", "api-shield", "--method", "GET", cwd=folder)
    told = {one["endpoint"]: one["thresholds"] for one in ran.json["endpoints"]}
    assert told["/hotels/{var1}"] is not None
    assert told.get("/search") is None


def test_seven_days_reach_further_back(folder: Path, day: Mapping[Any, Any]) -> None:
    assert day[BOOKINGS]["requests"] == 0
    found = endpoints(folder, "--window", "7d")
    assert (found[BOOKINGS]["requests"], found[BOOKINGS]["response_bytes"]["mean"]) == (10, 50_000)
    assert found[HOTEL]["requests"] == 96


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--method", "get"], {HOTEL, SEARCH}),
        (["--path", "/hotels/"], {HOTEL, UNUSED}),
        (["--host", "hotel.test"], {HOTEL, UNUSED, SEARCH, BOOKINGS}),
        (["--host", "HOTEL"], {HOTEL, UNUSED, SEARCH, BOOKINGS}),
        (["--host", "other.test"], set()),
    ],
)
def test_endpoints_are_chosen_by_host_method_and_path(folder: Path, options: list[str], expected: set[Any]) -> None:
    assert set(endpoints(folder, *options)) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("path", [BOOKINGS, UNUSED, HOTEL, SEARCH]),
        ("method", [UNUSED, HOTEL, SEARCH, BOOKINGS]),
        ("host", [BOOKINGS, UNUSED, HOTEL, SEARCH]),
        ("requests", [HOTEL, SEARCH, BOOKINGS, UNUSED]),
        ("errors", [SEARCH, BOOKINGS, UNUSED, HOTEL]),
        ("latency", [BOOKINGS, HOTEL, UNUSED, SEARCH]),
        ("size", [BOOKINGS, HOTEL, SEARCH, UNUSED]),
        ("sessions", [HOTEL, SEARCH, BOOKINGS, UNUSED]),
        ("limit", [HOTEL, SEARCH, BOOKINGS, UNUSED]),
    ],
)
def test_the_largest_comes_first(folder: Path, sort: str, expected: list[Any]) -> None:
    assert list(endpoints(folder, "--window", "7d", "--sort", sort)) == expected


def test_the_table_has_every_figure_and_no_colour_away_from_a_terminal(folder: Path) -> None:
    ran = sluice("endpoints", "--sort", "requests", cwd=folder)
    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.out
    lines = ran.out.splitlines()
    assert lines[0] == "the last 24 hours"
    assert lines[1].split() == " ".join(_COLUMNS).split()
    assert lines[2].split() == [
        *("GET", "hotel.test", "/hotels/{var1}", "saved", "all", "96", "0", "%", "0", "%"),
        *("50", "49.9", "49.9", "49.9", "49.9", "1,000", "60", "7", "(low)"),
    ]
    assert lines[3].split()[:10] == ["GET", "hotel.test", "/search", "review", "mixed", "24", "0", "%", "16.7", "%"]
    assert lines[-1] == "4 endpoints"
    assert sluice("endpoints", "--path", "sea", cwd=folder).out.splitlines()[-1] == "1 endpoint of 4"


def test_prometheus_can_read_it(folder: Path) -> None:
    ran = sluice("endpoints", "--prometheus", cwd=folder)
    assert (ran.code, ran.err) == (0, "")
    found = {one.name: one for one in text_string_to_metric_families(ran.out)}
    assert found["sluicegate_endpoint_requests"].type == "counter"
    counted = {
        (one.labels["endpoint"], one.labels["method"]): one.value
        for one in found["sluicegate_endpoint_requests"].samples
        if one.labels["status"] == "2xx"
    }
    assert counted == {
        ("/hotels/{var1}", "GET"): 96,
        ("/hotels/{var1}", "DELETE"): 0,
        ("/search", "GET"): 20,
        ("/bookings", "POST"): 10,
    }


def test_an_old_recording_shows_its_last_day(tmp_path: Path) -> None:
    end = 1_700_000_000.0
    learned(tmp_path, end)
    ran = sluice("endpoints", cwd=tmp_path, env={"TZ": "UTC"})
    assert ran.out.splitlines()[0] == "the last 24 hours before the newest exchange, 2023-11-14 19:25:03"
    found = sluice("endpoints", "--json", cwd=tmp_path).json
    assert found["until"] == "2023-11-14T19:25:03+00:00"
    assert {one["endpoint"]: one["requests"] for one in found["endpoints"] if one["method"] == "GET"} == {
        "/hotels/{var1}": 96,
        "/search": 24,
    }


def test_it_works_without_route_files(tmp_path: Path) -> None:
    learned(tmp_path, time.time())
    (tmp_path / "routes/hotel.yaml").unlink()
    found = endpoints(tmp_path)
    assert UNUSED not in found
    assert found[HOTEL]["requests"] == 96


def test_the_state_file_can_be_named(folder: Path, tmp_path: Path) -> None:
    state = folder / ".sluicegate" / "state.db"
    ran = sluice(
        "endpoints", "--json", "--state", state, "--routes", folder / "routes", "--method", "POST", cwd=tmp_path
    )
    assert [one["endpoint"] for one in ran.json["endpoints"]] == ["/bookings"]


def test_without_a_state_file_there_is_a_hint(tmp_path: Path) -> None:
    write(tmp_path, ROUTES)
    error = sluice("endpoints", cwd=tmp_path).one_line_error
    assert error.startswith(f"{tmp_path}/.sluicegate/state.db: nothing was learned yet")
    assert not (tmp_path / ".sluicegate").exists()


def test_a_state_file_that_is_none_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"state.db": "no database" * 100})
    assert "state.db" in sluice("endpoints", "--state", "state.db", cwd=tmp_path).one_line_error


def test_json_and_prometheus_exclude_each_other(folder: Path) -> None:
    ran = sluice("endpoints", "--json", "--prometheus", cwd=folder)
    assert ran.one_line_error == "--json and --prometheus exclude each other"


def test_an_unknown_window_is_used_wrongly(folder: Path) -> None:
    ran = sluice("endpoints", "--window", "1h", cwd=folder)
    assert (ran.code, ran.out) == (2, "")
    assert "'1h' is not one of '24h', '7d'" in ran.err


def test_route_files_with_an_error_are_told(tmp_path: Path) -> None:
    learned(tmp_path, time.time())
    write(tmp_path, {"routes/hotel.yaml": "host: hotel.test\nendpoints: 7\n"})
    assert "routes/hotel.yaml:2:" in sluice("endpoints", cwd=tmp_path).one_line_error


def test_a_narrow_terminal_gets_the_columns_that_fit() -> None:
    row = dict.fromkeys(_COLUMNS, "12345")
    whole = sum(max(len(column), 5) + 2 for column in _COLUMNS)
    assert _fitting([row], whole) == list(_COLUMNS)
    assert [one for one in _COLUMNS if one not in _fitting([row], whole - 1)] == ["P90"]
    narrow = _fitting([row], 10)
    assert {"METHOD", "PATH", "REQUESTS", "P50", "P99", "AUTH", "LIMIT"} <= set(narrow)
    assert _fitting([], 10) == narrow
