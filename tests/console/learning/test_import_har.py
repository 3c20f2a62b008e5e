"""`sluice import har`: a first draft of a route file that the other commands take."""

from __future__ import annotations

from pathlib import Path

import pytest

from .running import asked, hotels, recorded, sluice


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return recorded(tmp_path, *hotels())


def test_a_draft_has_the_endpoints_with_counts_and_evidence_and_goes_where_the_recording_went(folder: Path) -> None:
    ran = sluice("import", "har", "hotels.har", cwd=folder)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:6] == [
        "# api.hotel.test: first draft from hotels.har, 60 requests",
        "host: api.hotel.test",
        "",
        "services:",
        "  hotel-test: http://api.hotel.test",
        "",
    ]
    assert lines[7].startswith("  GET /hotels:")
    assert "hotel-test:/hotels  # 12 requests, 12 sessions, confidence " in lines[7]
    assert lines[8].startswith("  # {var1} integer: 25 values in 12 sessions")
    assert "GET /hotels/{var1}: " in lines[9]
    assert "hotel-test:/hotels/{var1}/rooms  # 12 requests" in lines[10]


def test_a_draft_passes_every_check(folder: Path) -> None:
    ran = sluice(
        "import", "har", "hotels.har", "--target", "http://127.0.0.1:9001/v1", "-o", "routes/a.yaml", cwd=folder
    )
    assert (ran.code, ran.out) == (0, "routes/a.yaml: 3 endpoints\n")
    assert sluice("check", "--strict", "routes", cwd=folder).code == 0
    assert sluice("fmt", "--check", "routes", cwd=folder).code == 0
    asked_for = sluice("explain", "GET", "http://api.hotel.test/hotels/5", "--routes", "routes", "--json", cwd=folder)
    assert asked_for.json["target"] == "http://127.0.0.1:9001/v1/hotels/5"


def test_other_hosts_are_told_and_can_be_asked_for(folder: Path) -> None:
    recorded(folder, *hotels(), *[asked("/x", {}, client=f"Bearer {n}", host="cdn.test") for n in range(5)])
    ran = sluice("import", "har", "hotels.har", "--json", cwd=folder)
    assert ran.err == "sluice: hotels.har: 1 endpoint of cdn.test: --host cdn.test drafts them\n"
    assert ran.json["host"] == "api.hotel.test"
    assert ran.json["other_hosts"] == [{"host": "cdn.test", "endpoints": 1}]
    other = sluice("import", "har", "hotels.har", "--host", "cdn.test", "--json", cwd=folder).json
    assert (other["host"], other["target"], other["endpoints"]) == ("cdn.test", "http://cdn.test", 1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.har"], "none.har: no such file or directory"),
        (["access.log"], "access.log: this is not a HAR: learn from it with `sluice learn`, then save"),
        (["hotels.har", "--host", "x.test"], "--host x.test: no endpoints were found for it, only for api.hotel.test"),
        (["hotels.har", "--target", "x"], "--target: 'x' is not a URL: write it like 'http://127.0.0.1:9001'"),
        (["hotels.har", "-o", "access.log"], "access.log: the file exists: overwrite it with --force"),
        (["failed.har"], "failed.har: no endpoints were found in it: successful requests are needed, three for each"),
    ],
)
def test_what_cannot_be_drafted_is_said_in_one_line(folder: Path, arguments: list[str], told: str) -> None:
    (folder / "access.log").write_text('10.0.0.9 - - [10/Oct/2026:13:55:36 +0200] "GET / HTTP/1.1" 200 2\n')
    recorded(folder, *[asked("/x", {}, status=500)] * 5, name="failed.har")
    assert sluice("import", "har", *arguments, cwd=folder).one_line_error.startswith(told)
