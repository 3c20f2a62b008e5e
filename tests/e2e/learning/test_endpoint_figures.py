"""`sluice endpoints`: requests, errors, latency, sizes, sessions, who signs in, and how much is too much."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.harness import Call, Upstream, gateway
from tests.e2e.learning import figures, recorded, shop
from tests.e2e.learning.learned import keeping, learn, ran

pytestmark = pytest.mark.entry("mitmdump")

DAY = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state file of a request log with known figures."""
    folder = tmp_path_factory.mktemp("figures")
    recent, older = figures.hours_ago(3), figures.hours_ago(3 * DAY)
    everyone = [
        shop.Exchange(
            "GET", path, token=shop.token(n) if (n + 1) % every == 0 else None, at=recent + n, body={"ok": True}
        )
        for path, every in (("/all", 1), ("/mixed", 2), ("/none", 100))
        for n in range(60)
    ]
    refusals = [shop.Exchange("GET", "/all", 401, at=recent + n, body={"ok": False}) for n in range(20)]
    traffic = figures.in_order(
        figures.of_latencies("/even", [float(ms) for ms in range(1, 201)], at=recent),
        figures.of_latencies("/quick", [10.0] * 50, at=recent),
        figures.of_latencies("/slow", [400.0] * 50, at=recent),
        figures.of_statuses("/faulty", (200, 60), (404, 30), (503, 10), at=recent),
        figures.of_statuses("/week", (200, 50), at=recent),
        figures.of_statuses("/week", (200, 70), at=older),
        figures.of_statuses("/past", (200, 80), at=older),
        everyone,
        refusals,
    )
    recorded.write_request_log(folder / "requests.log", traffic)
    learn("requests.log", "--state", "state.db", cwd=folder)
    return folder


def endpoints(folder: Path, *options: str) -> dict[str, dict[str, Any]]:
    """The figures by path."""
    rows = ran("endpoints", "--state", "state.db", "--json", *options, cwd=folder).json["endpoints"]
    return {row["endpoint"]: row for row in rows if row["host"] == shop.HOST}


@pytest.fixture(scope="module")
def day(folder: Path) -> dict[str, dict[str, Any]]:
    return endpoints(folder)


@pytest.fixture(scope="module")
def week(folder: Path) -> dict[str, dict[str, Any]]:
    return endpoints(folder, "--window", "7d")


def test_requests_are_those_of_the_window(day: dict[str, dict[str, Any]], week: dict[str, dict[str, Any]]) -> None:
    assert (day["/week"]["requests"], week["/week"]["requests"]) == (50, 120)
    assert (day["/past"]["requests"], week["/past"]["requests"]) == (0, 80)
    assert (day["/even"]["requests"], week["/even"]["requests"]) == (200, 200)


def test_error_rates_are_shares_of_all_requests(day: dict[str, dict[str, Any]]) -> None:
    assert day["/faulty"]["error_rates"] == pytest.approx({"4xx": 0.3, "5xx": 0.1, "all": 0.4})
    assert day["/even"]["error_rates"] == {"4xx": 0, "5xx": 0, "all": 0}


def test_percentiles_of_latency_are_right_to_three_percent(day: dict[str, dict[str, Any]]) -> None:
    even = day["/even"]["origin_ms"]
    assert even["count"] == 200
    assert even["mean"] == pytest.approx(100.5, rel=0.001)
    for name, value in (("p50", 100), ("p90", 180), ("p95", 190), ("p99", 198)):
        assert even[name] == pytest.approx(value, rel=0.03)
    for path, value in (("/quick", 10), ("/slow", 400)):
        assert day[path]["origin_ms"]["p50"] == pytest.approx(value, rel=0.03)
        assert day[path]["origin_ms"]["p99"] == pytest.approx(value, rel=0.03)


def test_sizes_are_those_of_the_responses(day: dict[str, dict[str, Any]]) -> None:
    assert day["/even"]["response_bytes"]["mean"] == pytest.approx(len(b'{"ok": true}'))


def test_sessions_are_the_distinct_clients_of_the_window(
    day: dict[str, dict[str, Any]], week: dict[str, dict[str, Any]]
) -> None:
    assert [day[path]["sessions"] for path in ("/even", "/all", "/mixed", "/none")] == [20, 60, 30, 0]
    assert week["/week"]["sessions"] == 20


def test_posture_tells_whether_successful_requests_named_a_session(day: dict[str, dict[str, Any]]) -> None:
    """Refused requests do not count: twenty without a session were answered 401 at /all."""
    found = {path: day[path]["authentication"]["status"] for path in ("/all", "/mixed", "/none")}
    assert found == {"/all": "all", "/mixed": "mixed", "/none": "none"}


def test_the_table_shows_the_same(folder: Path, day: dict[str, dict[str, Any]]) -> None:
    told = ran("endpoints", "--state", "state.db", cwd=folder, env={"COLUMNS": "200"}).out
    (line,) = [line for line in told.splitlines() if "/faulty" in line.split()]
    assert {"100", "30", "10"} <= set(re.findall(r"\d+", line))
    (line,) = [line for line in told.splitlines() if "/mixed" in line.split()]
    assert "mixed" in line.split()


def test_filters_choose_endpoints(folder: Path) -> None:
    assert set(endpoints(folder, "--path", "slow")) == {"/slow"}
    assert endpoints(folder, "--method", "POST") == {}
    assert endpoints(folder, "--host", "other.example.test") == {}


def test_prometheus_text_is_whole_and_agrees(folder: Path, day: dict[str, dict[str, Any]]) -> None:
    text = ran("endpoints", "--state", "state.db", "--prometheus", cwd=folder).out
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families
    counted = [
        sample.value
        for family in families.values()
        for sample in family.samples
        if "requests" in family.name
        and sample.labels.get("endpoint") == "/faulty"
        and sample.labels.get("status") == "4xx"
    ]
    assert counted == [30]
    latencies = {
        sample.labels["endpoint"]: sample.value
        for family in families.values()
        for sample in family.samples
        if sample.labels.get("quantile") == "0.5" and "bytes" not in family.name and "endpoint" in sample.labels
    }
    assert latencies["/quick"] == pytest.approx(0.010, rel=0.03)
    assert latencies["/slow"] == pytest.approx(0.400, rel=0.03)


def test_hostile_paths_cannot_break_the_prometheus_text(tmp_path: Path) -> None:
    exchanges = [
        shop.Exchange("GET", path, token=shop.token(step), at=figures.hours_ago(1) + step, body={"ok": True})
        for path in ('/a"b', "/c\\d", "/e%0Af", "/g\u00e9", '/"} 1\\n')
        for step in range(30)
    ]
    recorded.write_request_log(tmp_path / "requests.log", exchanges)
    learn("requests.log", "--state", "state.db", cwd=tmp_path)
    text = ran("endpoints", "--state", "state.db", "--prometheus", cwd=tmp_path).out
    for family in text_string_to_metric_families(text):
        assert all(sample.name.startswith("sluicegate_") for sample in family.samples)


def suggestion(folder: Path, users: dict[int, int], *options: str) -> dict[str, Any] | None:
    """The recommendation for clients of these rates."""
    traffic = figures.in_order(figures.bursts("/offers", users, at=figures.hours_ago(2)))
    recorded.write_request_log(folder / "requests.log", traffic)
    learn("requests.log", "--state", "state.db", "--again", cwd=folder)
    found: dict[str, Any] | None = endpoints(folder, *options)["/offers"]["thresholds"]
    return found


def test_between_users_with_1_and_scrapers_with_37_the_limit_lies_between(tmp_path: Path) -> None:
    found = suggestion(tmp_path, {1: 50, 37: 10})
    assert found is not None
    assert found["period_seconds"] == 600
    assert 1 < found["suggested_threshold"] < 37
    assert found["p50"] == pytest.approx(1, abs=1)
    assert found["p99"] == pytest.approx(37, abs=2)
    assert found["auth_id_tokens"] == 60


def test_where_all_are_alike_the_limit_is_above_what_they_need(tmp_path: Path) -> None:
    found = suggestion(tmp_path, {12: 60})
    assert found is not None
    assert found["suggested_threshold"] > 12


def test_the_documented_preset_recommends_from_50_sessions_on(tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    few.mkdir()
    many.mkdir()
    assert not (suggestion(few, {2: 49}, "--preset", "api-shield") or {}).get("suggested_threshold")
    told = suggestion(many, {2: 50}, "--preset", "api-shield")
    assert told is not None
    assert told["suggested_threshold"] >= 2


@pytest.mark.entry("mitmdump", "gateway")
def test_live_latency_is_the_origins_and_orders_endpoints(tmp_path: Path) -> None:
    """The origin answers one path at once, and another after a wait."""
    never = threading.Event()

    def tardy(call: Call) -> None:
        never.wait(0.15)
        call.respond()

    with Upstream() as up:
        up.on("/tardy", tardy)
        files = {"a.yaml": f"host: {shop.HOST}\nendpoints:\n  GET /prompt: {up.url}\n  GET /tardy: {up.url}\n"}
        with gateway(files, *keeping(tmp_path / "state.db")) as running, running.connection() as client:
            for _ in range(6):
                for path in ("/prompt", "/tardy"):
                    assert client.request("GET", path, host=shop.HOST).status == 200
            for _ in range(4):
                assert client.request("GET", "/nothing", host=shop.HOST).status == 404
    found = endpoints(tmp_path)
    assert found["/prompt"]["origin_ms"]["p50"] < found["/tardy"]["origin_ms"]["p50"]
    assert found["/tardy"]["origin_ms"]["p50"] >= 150 * 0.97
    assert found["/prompt"]["requests"] == 6
