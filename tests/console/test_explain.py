"""`sluice explain` and `sluice list`, run for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..sessions.tokens import token
from .sluice import golden, sluice, write

ROUTES = """\
host: api.hotel.test
origin: http://127.0.0.1:9000
services:
  dates: http://127.0.0.1:9001
endpoints:
  GET /hotels/{hotel}/dates: dates:/availability/{hotel}
  GET /hotels/{hotel}: http://127.0.0.1:9003/hotel/{hotel}/overview
  GET /hotels/special: http://127.0.0.1:9004/special
  POST /hotels/{hotel}/bookings:
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, {"routes/hotel.yaml": ROUTES})


@pytest.mark.parametrize(
    ("name", "code", "arguments"),
    [
        ("explain_matched.txt", 0, ["GET", "http://api.hotel.test/hotels/special?x=1", "-H", "Connection: close"]),
        ("explain_origin.txt", 1, ["GET", "/hotels/7/date"]),
        ("explain_unserved.txt", 1, ["GET", "https://api.hotl.test/hotels/7"]),
        ("explain_body.txt", 0, ["POST", "/hotels/7/bookings", "--data", "@body.json"]),
        ("explain_refused.txt", 1, ["GET", "/hotels/%zz"]),
    ],
)
def test_a_decision_is_explained(folder: Path, name: str, code: int, arguments: list[str]) -> None:
    write(folder, {"body.json": '{"nights": 2}'})
    ran = sluice("explain", *arguments, cwd=folder)
    assert ran.out == golden(name)
    assert (ran.code, ran.err) == (code, "")


IDENTIFIED = """\
session_identifiers:
  - header: X-Api-Key
  - jwt: $.sub
  - body: /user/id
"""


@pytest.mark.parametrize(
    ("arguments", "named", "secret"),
    [
        (["-H", "x-api-key: s3cret"], "header x-api-key", "s3cret"),
        (["-H", f"Authorization: Bearer {token({'sub': 'alice'})}"], "jwt $.sub", "alice"),
        (["--data", '{"user": {"id": "s3cret"}}'], "body /user/id", "s3cret"),
        (["-H", "Cookie: sid=s3cret"], None, "s3cret"),
    ],
)
def test_what_names_the_session_is_told_and_its_value_is_not(
    folder: Path, arguments: list[str], named: str | None, secret: str
) -> None:
    write(folder, {"routes/_gateway.yaml": IDENTIFIED})
    asked = ("explain", "POST", "/hotels/7/bookings", *arguments)
    ran, as_json = sluice(*asked, cwd=folder), sluice(*asked, "--json", cwd=folder)
    assert as_json.json["session_identifier"] == named
    rows = [line.split(maxsplit=1)[1] for line in ran.out.splitlines() if line.startswith("session ")]
    assert [row.partition("  ")[0] for row in rows] == ([f"named by {named}"] if named else [])
    assert all(("not verified" in row) is ("jwt" in row) for row in rows)
    assert secret not in ran.out + ran.err + as_json.out + as_json.err


def test_the_list_of_a_route_file_is_explained_instead_of_the_gateway_s(folder: Path) -> None:
    write(folder, {"routes/_gateway.yaml": IDENTIFIED, "routes/hotel.yaml": f"session_identifiers: []\n{ROUTES}"})
    ran = sluice("explain", "GET", "/hotels/7", "-H", "X-Api-Key: 7", "--json", cwd=folder)
    assert ran.json["session_identifier"] is None


def test_an_explanation_as_json(folder: Path) -> None:
    ran = sluice("explain", "GET", "http://api.hotel.test/hotels/special", "--json", cwd=folder)
    assert ran.code == 0
    found = ran.json
    assert found["matched"] is True
    assert found["endpoint"] == {
        "method": "GET",
        "host": "api.hotel.test",
        "path": "/hotels/special",
        "operation_id": "46c04482-1628-5092-8901-715aa05b1304",
        "file": "routes/hotel.yaml",
        "line": 8,
    }
    assert (found["variables"], found["target"]) == ({}, "http://127.0.0.1:9004/special")
    assert found["request_line"] == "GET /special HTTP/1.1"
    assert found["headers"]["Host"] == "127.0.0.1:9004"
    assert (found["losers"][0]["endpoint"]["line"], found["nearest"]) == (7, [])
    assert found["losers"][0]["reason"] == "segment 2: '{hotel}' is less specific than 'special'"
    assert found["trail"] == [{"stage": "routing", "outcome": "routed", "reason": "most specific endpoint"}]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["GET", "hotels/7"],
            "'hotels/7' is not a URL: write http://HOST/path, or /path with -H 'Host: …'",
        ),
        (["GET", "/hotels/7", "-H", "nonsense"], "'nonsense' is not a header field: write 'Name: value'"),
        (["GET", "/hotels/7", "--data", "@missing"], "missing: no such file or directory"),
        (["GET", "/hotels/7", "--routes", "missing"], "missing: no such file or directory"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(folder: Path, arguments: list[str], told: str) -> None:
    assert sluice("explain", *arguments, cwd=folder).one_line_error == told


def test_nothing_in_a_request_speaks_to_the_terminal(folder: Path) -> None:
    ran = sluice("explain", "GET", "/hotels/\x1b[31mred", cwd=folder)
    assert "\x1b" not in ran.out
    assert "GET http://api.hotel.test/hotels/␛[31mred" in ran.out


def test_the_table_of_endpoints(folder: Path) -> None:
    assert sluice("list", cwd=folder).out == golden("list.txt")


def test_the_table_is_filtered_and_sorted(folder: Path) -> None:
    write(folder, {"routes/other.yaml": "host: '{tenant}.shop.test'\nendpoints:\n  GET /hotels: http://h.test/\n"})

    def listed(*arguments: str) -> list[str]:
        return [f"{one['method']} {one['path']}" for one in sluice("list", "--json", *arguments, cwd=folder).json]

    assert listed("--host", "mine.shop.test") == ["GET /hotels"]
    assert listed("--host", "hotel", "--method", "post") == ["POST /hotels/{hotel}/bookings"]
    assert listed("--path", "special") == ["GET /hotels/special"]
    assert listed("--sort", "file", "--host", "api.hotel.test") == [
        "GET /hotels/{hotel}/dates",
        "GET /hotels/{hotel}",
        "GET /hotels/special",
        "POST /hotels/{hotel}/bookings",
    ]
    assert listed("--sort", "target")[-1] == "GET /hotels"
