"""`sluice explain`: where a request goes and why, and that the running gateway does the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.sluice import Ran, sluice, write
from tests.e2e.harness import Gateway, Upstream, gateway
from tests.e2e.sluice.material import (
    DATES_LINE,
    ESCAPE,
    EXPLAIN_MEMBERS,
    HOTEL,
    hotel,
    no_traceback,
    refused,
    rows,
    sentence,
)

DATES = "http://api.hotel.test/hotels/7/dates"

LIVE = """
host: [api.hotel.test, "{{tenant}}.hotel.test"]
services: {{up: {url}/base}}
endpoints:
  GET /hotels/{{hotel}}: up:/one/{{hotel}}
  GET /hotels/special: up:/special
  GET /items/{{id}}.json: "up:/json?id={{id}}&fixed=1"
  GET /kept/{{x}}/{{y}}: up
  POST /hotels/{{hotel}}: {{route: "up:/posted/{{hotel}}", host_header: source}}
  GET /: up:/root
"""
ASKED = (
    "/hotels/7",
    "/hotels/special",
    "/hotels/spec%69al",
    "/hotels/a%2Fb",
    "/hotels//7",
    "/hotels/x/../7",
    "/hotels\\7",
    "/hotels/%7Euser",
    "/hotels/%e4",
    "/items/12.json?z=1&a=%20",
    "/kept/%2F/b",
    "/kept/a/b?",
    "/?x",
    "/hotels/7?a=b?c",
)


def explained(ran: Ran, code: int = 0) -> dict[str, Any]:
    assert ran.code == code, (ran.code, ran.out, ran.err)
    document = ran.json
    assert isinstance(document, dict)
    assert document.keys() >= EXPLAIN_MEMBERS
    return document


def test_the_winner_has_its_place_and_its_variables(tmp_path: Path) -> None:
    found = explained(sluice("explain", "GET", DATES, "--json", cwd=hotel(tmp_path)))
    assert found["matched"] is True
    endpoint = found["endpoint"]
    assert endpoint.keys() >= {"method", "host", "path", "operation_id", "file", "line"}
    assert (endpoint["method"], endpoint["host"]) == ("GET", "api.hotel.test")
    assert endpoint["path"] == "/hotels/{hotel}/dates"
    assert (endpoint["file"], endpoint["line"]) == ("routes/hotel.yaml", DATES_LINE)
    assert found["variables"] == {"hotel": "7"}
    assert found["target"] == "http://127.0.0.1:9001/availability/7"
    assert found["trail"]


def test_the_operation_id_is_the_one_that_the_list_shows(tmp_path: Path) -> None:
    hotel(tmp_path)
    listed = {row["operation_id"] for row in rows(sluice("list", "--json", cwd=tmp_path))}
    found = explained(sluice("explain", "GET", DATES, "--json", cwd=tmp_path))
    assert found["endpoint"]["operation_id"] in listed


def test_the_text_shows_winner_variables_and_the_request_that_would_be_sent(tmp_path: Path) -> None:
    ran = sluice("explain", "GET", f"{DATES}?from=2026-07-01", cwd=hotel(tmp_path))
    assert ran.code == 0
    assert f"routes/hotel.yaml:{DATES_LINE}" in ran.out
    assert "GET /availability/7?from=2026-07-01" in ran.out
    assert "/hotels/{hotel}/dates" in ran.out
    assert re.search(r"\bhotel\b.*\b7\b", ran.out)
    assert "127.0.0.1:9001" in ran.out
    assert ESCAPE not in ran.out


def test_changed_headers_are_told(tmp_path: Path) -> None:
    found = explained(
        sluice("explain", "GET", DATES, "-H", "Connection: x-gone", "-H", "X-Gone: 1", "--json", cwd=hotel(tmp_path))
    )
    shown = str(found["headers"]).lower()
    for name in ("host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "via", "x-gone"):
        assert name in shown, name


def test_losers_come_with_what_differed_first(tmp_path: Path) -> None:
    more = "  POST /hotels/{hotel}/dates: dates:/posted/{hotel}\n  GET /hotels/{hotel}/{part}: dates:/{hotel}/{part}\n"
    write(tmp_path, {"routes/hotel.yaml": HOTEL + more})
    found = explained(sluice("explain", "GET", DATES, "--json", cwd=tmp_path))
    assert found["endpoint"]["line"] == DATES_LINE
    shown = str([loser["endpoint"] for loser in found["losers"]])
    assert "POST" in shown, "only the method differs"
    assert "/hotels/{hotel}/{part}" in shown, "it matches, too, and is less specific"
    for loser in found["losers"]:
        assert loser.keys() >= {"endpoint", "reason"}
        assert loser["reason"]


def test_a_less_specific_endpoint_that_matches_too_is_a_loser(tmp_path: Path) -> None:
    text = (
        "host: a.test\nendpoints:\n  GET /h/special: http://127.0.0.1:1/s\n"
        '  GET /h/{x}: http://127.0.0.1:1/{x}\n  GET /h/{x}.json: "http://127.0.0.1:1/{x}"\n'
    )
    write(tmp_path, {"routes/a.yaml": text})
    found = explained(sluice("explain", "GET", "http://a.test/h/special", "--json", cwd=tmp_path))
    assert found["endpoint"]["path"] == "/h/special"
    assert any("/h/{x}" in str(loser["endpoint"]) for loser in found["losers"]), found["losers"]


def test_the_same_path_on_a_variable_host_loses_to_the_exact_host(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "routes/exact.yaml": "host: api.hotel.test\nendpoints:\n  GET /x: http://127.0.0.1:1/exact\n",
            "routes/any.yaml": 'host: "{t}.hotel.test"\nendpoints:\n  GET /x: http://127.0.0.1:1/{t}\n',
        },
    )
    found = explained(sluice("explain", "GET", "http://api.hotel.test/x", "--json", cwd=tmp_path))
    assert found["target"] == "http://127.0.0.1:1/exact"
    assert any("{t}.hotel.test" in str(loser) for loser in found["losers"]), found["losers"]
    found = explained(sluice("explain", "GET", "http://other.hotel.test/x", "--json", cwd=tmp_path))
    assert found["variables"] == {"t": "other"}
    assert found["target"] == "http://127.0.0.1:1/other"


def test_an_unmatched_request_is_found_out_and_exits_with_1(tmp_path: Path) -> None:
    found = explained(sluice("explain", "GET", DATES[:-1], "--json", cwd=hotel(tmp_path)), code=1)
    assert found["matched"] is False
    assert found["endpoint"] is None
    assert "/hotels/{hotel}/dates" in str(found["nearest"])
    assert found["trail"]


@pytest.mark.parametrize(
    ("method", "url", "change"),
    [
        ("GET", "http://api.hotel.test/hotels/7/date", "/hotels/7/dates"),
        ("PUT", "http://api.hotel.test/hotels/7/dates", "GET"),
        ("HEAD", "http://api.hotel.test/hotels/7/dates", "GET"),
        ("get", "http://api.hotel.test/hotels/7/dates", "GET"),
        ("GET", "http://api.hotel.test/hotels/7/dates/", "/hotels/7/dates"),
        ("GET", "http://api.hotel.tset/hotels/7/dates", "api.hotel.test"),
        ("GET", "http://api.hotel.test/Hotels/7/dates", "/hotels/7/dates"),
    ],
)
def test_the_smallest_change_that_would_match_is_named(tmp_path: Path, method: str, url: str, change: str) -> None:
    ran = sluice("explain", method, url, cwd=hotel(tmp_path))
    assert ran.code == 1, ran.out
    said = [line for line in ran.out.splitlines() if line.strip() != f"{method} {url}"]
    assert change in sentence(" ".join(said)), ran.out


def test_a_path_that_the_gateway_would_refuse_is_unmatched_with_the_verdict(tmp_path: Path) -> None:
    ran = sluice("explain", "GET", "http://api.hotel.test/hotels/%zz", cwd=hotel(tmp_path))
    assert ran.code == 1
    assert "400" in ran.out


def test_a_host_that_nobody_serves_is_told_as_421(tmp_path: Path) -> None:
    ran = sluice("explain", "GET", "http://elsewhere.example/hotels/7", cwd=hotel(tmp_path))
    assert ran.code == 1
    assert "421" in ran.out


@pytest.mark.parametrize("host", ["API.Hotel.Test", "api.hotel.test:8080"])
def test_a_host_matches_without_case_and_port(tmp_path: Path, host: str) -> None:
    found = explained(sluice("explain", "GET", f"http://{host}/hotels/7", "--json", cwd=hotel(tmp_path)))
    assert found["matched"] is True


def test_an_endpoint_without_a_route_wins_and_goes_to_the_origin(tmp_path: Path) -> None:
    text = "host: a.test\norigin: http://127.0.0.1:9000/o\nendpoints:\n  POST /bookings/{id}:\n"
    write(tmp_path, {"routes/a.yaml": text})
    found = explained(sluice("explain", "POST", "http://a.test/bookings/7", "--json", cwd=tmp_path))
    assert found["endpoint"]["path"] == "/bookings/{id}"
    assert found["target"].startswith("http://127.0.0.1:9000/")


def test_a_request_that_only_the_origin_takes_says_so(tmp_path: Path) -> None:
    text = "host: a.test\norigin: http://127.0.0.1:9000\nendpoints:\n  GET /a: http://127.0.0.1:1/a\n"
    write(tmp_path, {"routes/a.yaml": text})
    found = explained(sluice("explain", "GET", "http://a.test/other?x=1", "--json", cwd=tmp_path), code=1)
    assert found["matched"] is False
    assert found["target"] == "http://127.0.0.1:9000/other?x=1"


def test_services_of_the_gateway_file_and_of_the_environment_are_filled_in(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "routes/_gateway.yaml": "services:\n  shared: ${SHARED_OF_TESTS:-http://127.0.0.1:7000/base}\n",
            "routes/a.yaml": "host: a.test\nendpoints:\n  GET /a/{x}: shared:/a/{x}\n",
        },
    )
    asked = ("explain", "GET", "http://a.test/a/1", "--json")
    assert explained(sluice(*asked, cwd=tmp_path))["target"] == "http://127.0.0.1:7000/base/a/1"
    ran = sluice(*asked, cwd=tmp_path, env={"SHARED_OF_TESTS": "https://shared.example:444"})
    assert explained(ran)["target"] == "https://shared.example:444/a/1"


def test_a_preflight_follows_the_endpoint_that_it_asks_about(tmp_path: Path) -> None:
    found = explained(
        sluice(
            "explain", "OPTIONS", DATES, "-H", "Origin: http://app.test", "-H", "Access-Control-Request-Method: GET",
            "--json", cwd=hotel(tmp_path),
        )
    )  # fmt: skip
    assert found["endpoint"]["path"] == "/hotels/{hotel}/dates"


def test_a_body_can_come_from_a_file(tmp_path: Path) -> None:
    text = "host: a.test\nendpoints:\n  POST /a: http://127.0.0.1:1/a\n"
    write(tmp_path, {"routes/a.yaml": text, "body.bin": "x" * 5000})
    found = explained(sluice("explain", "POST", "http://a.test/a", "--data", "@body.bin", "--json", cwd=tmp_path))
    assert found["matched"] is True
    refused(sluice("explain", "POST", "http://a.test/a", "--data", "@missing.bin", cwd=tmp_path), "missing.bin")


def test_routes_name_another_folder(tmp_path: Path) -> None:
    write(tmp_path, {"deep/down/hotel.yaml": HOTEL})
    found = explained(sluice("explain", "GET", DATES, "--routes", "deep/down", "--json", cwd=tmp_path))
    assert found["endpoint"]["file"] == "deep/down/hotel.yaml"


def test_route_files_that_cannot_be_used_are_an_error_with_the_place(tmp_path: Path) -> None:
    write(tmp_path, {"routes/a.yaml": "host: a.test\nendpoints:\n  GET /a/{x}: http://127.0.0.1:1/{y}\n"})
    for more in ((), ("--json",)):
        ran = sluice("explain", "GET", "http://a.test/a/1", *more, cwd=tmp_path)
        assert ran.code == 2
        assert ran.out == ""
        assert "routes/a.yaml:3:" in no_traceback(ran).err


@pytest.mark.parametrize(
    "arguments",
    [
        ("GET",),
        ("GET", "not a url"),
        ("GET", "ftp://api.hotel.test/x"),
        ("GET", DATES, "-H", "no colon"),
        ("GET", "http://[::1/x"),
        ("GET", "http://api.hotel.test:port/x"),
    ],
)
def test_what_is_no_request_is_used_wrongly(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ran = no_traceback(sluice("explain", *arguments, cwd=hotel(tmp_path)))
    assert ran.code == 2, ran.out
    assert ran.out == ""
    assert ran.err


@pytest.fixture(scope="module")
def up() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def running(up: Upstream) -> Iterator[Gateway]:
    with gateway({"live.yaml": LIVE.format(url=up.url)}) as started:
        yield started


@pytest.mark.parametrize("path", ASKED)
def test_the_gateway_sends_what_was_explained(running: Gateway, up: Upstream, tmp_path: Path, path: str) -> None:
    url = f"http://api.hotel.test{path}"
    ran = sluice("explain", "GET", url, "--routes", running.routes, "--json", cwd=tmp_path)
    before = len(up.requests)
    answered = running.get(path)
    sent = [f"{up.url}{request.target}" for request in up.requests[before:]]
    if ran.code == 1:
        assert sent == [], "nothing was to be sent"
        assert answered.status >= 400
    else:
        assert sent == [explained(ran)["target"]]


def test_the_gateway_sends_the_explained_headers(running: Gateway, up: Upstream, tmp_path: Path) -> None:
    ran = sluice(
        "explain", "POST", "http://tenant-1.hotel.test/hotels/9", "-H", "X-Forwarded-For: 6.6.6.6", "-H", "TE: gzip",
        "--routes", running.routes, "--json", cwd=tmp_path,
    )  # fmt: skip
    found = explained(ran)
    assert found["variables"] == {"tenant": "tenant-1", "hotel": "9"}
    running.request(
        "POST", "/hotels/9", host="tenant-1.hotel.test", headers=[("X-Forwarded-For", "6.6.6.6"), ("TE", "gzip")],
        body=b"",
    )  # fmt: skip
    sent = up.last
    assert sent.header("host") == "tenant-1.hotel.test"
    assert sent.header("x-forwarded-for") == "127.0.0.1"
    shown = str(found["headers"])
    assert "127.0.0.1" in shown
    assert sent.header("x-forwarded-host") in shown


def test_the_nearest_of_the_gateway_are_the_nearest_of_the_command(running: Gateway, tmp_path: Path) -> None:
    problem = running.get("/hotels/7/rooms").problem(404)
    ran = sluice(
        "explain", "GET", "http://api.hotel.test/hotels/7/rooms", "--routes", running.routes, "--json", cwd=tmp_path
    )
    shown = str(explained(ran, code=1)["nearest"])
    first = problem["nearest"][0]
    assert first["endpoint"].split()[1] in shown
    assert first["differs"] in shown
