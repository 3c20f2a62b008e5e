"""`sluice learn`: what is found, what is kept, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sluicegate.console import learn
from sluicegate.console.learning.state import read_state
from sluicegate.learning.observation import Key
from sluicegate.learning.paths import LAPTOP
from sluicegate.observing.request_log import Record

from ...recordings.hars import document
from ..sluice import sluice as really
from ..sluice import write
from .running import HOST, asked, endpoints, hotels, recorded, sluice

EXPECTED = {"GET /hotels", "GET /hotels/{var1}", "GET /hotels/{var1}/rooms"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return recorded(tmp_path, *hotels())


def test_the_json_is_a_list_of_endpoints_with_these_members_and_no_others(folder: Path) -> None:
    found = endpoints(sluice("learn", "hotels.har", "--json", cwd=folder))
    assert set(found) == EXPECTED
    hotel = found["GET /hotels/{var1}"]
    assert list(hotel) == [
        "method", "host", "endpoint", "requests", "sessions", "confidence", "state", "variables"
    ]  # fmt: skip
    assert (hotel["host"], hotel["requests"], hotel["sessions"], hotel["state"]) == (HOST, 36, 12, "review")
    assert 0.5 < hotel["confidence"] <= 1
    (variable,) = hotel["variables"]
    assert list(variable) == ["name", "type", "evidence"]
    assert (variable["name"], variable["type"]) == ("var1", "integer")
    assert "25 values in 12 sessions" in variable["evidence"]
    assert "GET /hotels" in variable["evidence"]
    assert found["GET /hotels"]["variables"] == []


def test_the_table_says_what_was_learned_from_and_where_it_is_kept(folder: Path) -> None:
    ran = sluice("learn", "hotels.har", cwd=folder)
    heading, *lines, total = ran.out.splitlines()
    assert heading.split() == ["METHOD", "HOST", "ENDPOINT", "REQUESTS", "SESSIONS", "CONFIDENCE", "STATE", "VARIABLES"]
    assert [line.split()[:3] for line in lines] == [["GET", HOST, one.split()[1]] for one in sorted(EXPECTED)]
    assert total == "3 endpoints, 60 requests learned from, kept in .sluicegate/state.db"
    assert ran.err == ""


def test_without_state_nothing_is_written_and_nothing_is_known_from_before(folder: Path) -> None:
    sluice("learn", "hotels.har", cwd=folder)
    recorded(folder, *hotels(3, first=90_000), name="few.har")
    kept = (folder / ".sluicegate" / "state.db").read_bytes()
    found = endpoints(sluice("learn", "few.har", "--no-state", "--json", cwd=folder))
    assert found["GET /hotels"]["requests"] == 3
    assert (folder / ".sluicegate" / "state.db").read_bytes() == kept


def test_what_is_learned_adds_up_over_runs_and_files(folder: Path) -> None:
    sluice("learn", "hotels.har", cwd=folder)
    recorded(folder, *hotels(5, first=50_000), name="more.har")
    recorded(folder, *hotels(4, first=70_000), name="most.har")
    found = endpoints(sluice("learn", "more.har", "most.har", "--json", cwd=folder))
    assert found["GET /hotels"]["requests"] == 12 + 5 + 4


def test_the_same_file_counts_once_unless_it_is_to_count_again(folder: Path) -> None:
    sluice("learn", "hotels.har", cwd=folder)
    (folder / "copy.har").write_bytes((folder / "hotels.har").read_bytes())
    ran = sluice("learn", "copy.har", "--json", cwd=folder)
    assert endpoints(ran)["GET /hotels"]["requests"] == 12
    assert ran.err == "sluice: copy.har: was learned from before: --again counts it once more\n"
    assert endpoints(sluice("learn", "copy.har", "--again", "--json", cwd=folder))["GET /hotels"]["requests"] == 24


def test_of_a_log_that_has_grown_only_what_is_new_is_read(folder: Path) -> None:
    log = folder / "requests.log"
    log.write_bytes(b"".join(log_line(number) for number in range(5)) + log_line(5)[:-30])
    assert endpoints(sluice("learn", "requests.log", "--json", cwd=folder))["GET /guests/{var1}"]["requests"] == 5
    log.write_bytes(b"".join(log_line(number) for number in range(9)))
    ran = sluice("learn", "requests.log", cwd=folder)
    assert "4 requests learned from" in ran.out
    log.write_bytes(b"".join(log_line(number) for number in range(9)) + b"hello\n")
    ran = sluice("learn", "requests.log", cwd=folder)
    assert ran.one_line_error == "requests.log: line 10: not a line of the request log: no JSON"


def test_standard_input_is_learned_from(folder: Path) -> None:
    data = (folder / "hotels.har").read_bytes()
    assert set(endpoints(really("learn", "-", "--no-state", "--json", cwd=folder, stdin=data))) == EXPECTED


def log_line(number: int, **members: object) -> bytes:
    told = {
        "client": "10.0.0.9",
        "method": "GET",
        "host": HOST,
        "path": f"/guests/{4000 + 13 * number}",
        "target": "http://127.0.0.1:9001/x",
        "status": 200,
        "decided": 1790000000.0,
        "first_byte": 1790000000.25,
        "session": f"{number % 3:016x}",
    }
    return Record(f"id{number}", 1790000000.0 + number, **{**told, **members}).line().encode()  # type: ignore[arg-type]


def test_sessions_of_a_request_log_count_and_own_answers_are_no_endpoints(folder: Path) -> None:
    lines = [log_line(number) for number in range(8)]
    lines += [log_line(number, path="/nowhere", target=None, status=404) for number in range(8)]
    (folder / "requests.log").write_bytes(b"".join(lines))
    found = endpoints(sluice("learn", "requests.log", "--no-state", "--json", cwd=folder))
    assert set(found) == {"GET /guests/{var1}"}
    assert (found["GET /guests/{var1}"]["requests"], found["GET /guests/{var1}"]["sessions"]) == (8, 3)


COMBINED = (
    '10.0.0.{client} - - [10/Oct/2026:13:55:{second:02} +0200] "GET /guests/{guest} HTTP/1.1" 200 52 "-" "curl"\n'
)


def test_an_access_log_is_learned_from_with_clients_for_sessions(folder: Path) -> None:
    lines = [COMBINED.format(client=number % 4, second=number, guest=900 + 7 * number) for number in range(12)]
    (folder / "access.log").write_text("".join(lines))
    found = endpoints(sluice("learn", "access.log", "--host", HOST, "--no-state", "--json", cwd=folder))
    assert set(found) == {"GET /guests/{var1}"}
    assert found["GET /guests/{var1}"]["host"] == HOST
    assert found["GET /guests/{var1}"]["sessions"] == 4


def test_a_bad_line_is_refused_with_file_line_and_fix_and_nothing_of_the_file_is_kept(folder: Path) -> None:
    lines = [COMBINED.format(client=1, second=number, guest=900 + 7 * number) for number in range(12)]
    (folder / "access.log").write_text("".join(lines) + "hello\n" + "".join(lines))
    ran = sluice("learn", "hotels.har", "access.log", cwd=folder)
    assert ran.one_line_error.startswith("access.log:13: not a line of an access log: expected the combined")
    found = endpoints(sluice("discovered", "--json", cwd=folder))
    assert set(found) == EXPECTED  # of the file before it


def test_nothing_that_names_a_session_is_kept(folder: Path) -> None:
    sluice("learn", "hotels.har", cwd=folder)
    for path in (folder / ".sluicegate").iterdir():
        assert b"secret-" not in path.read_bytes(), path


def test_configured_identifiers_name_the_sessions(folder: Path) -> None:
    write(
        folder, {"routes/_gateway.yaml": "session_identifiers:\n  - cookie: guest\n", "routes/a.yaml": "endpoints:\n"}
    )
    entries = hotels()
    for number, one in enumerate(entries):
        one["request"]["headers"].append({"name": "Cookie", "value": f"guest={number % 2}"})
    recorded(folder, *entries)
    found = endpoints(sluice("learn", "hotels.har", "--no-state", "--json", cwd=folder))
    assert found["GET /hotels"]["sessions"] == 2


def test_endpoints_of_route_files_are_saved_and_settle_their_templates(folder: Path) -> None:
    write(
        folder,
        {"routes/a.yaml": f"host: {HOST}\nendpoints:\n  GET /hotels/{{hotel}}: http://127.0.0.1:9001/{{hotel}}\n"},
    )
    found = endpoints(sluice("learn", "hotels.har", "--json", cwd=folder))
    assert found["GET /hotels/{var1}"]["state"] == "saved"
    assert found["GET /hotels"]["state"] == "review"


def test_thresholds_keep_endpoints_out(folder: Path) -> None:
    assert endpoints(sluice("learn", "hotels.har", "--preset", "api-shield", "--json", cwd=folder)) == {}
    found = endpoints(
        sluice("learn", "hotels.har", "--min-requests", "30", "--min-sessions", "0", "--no-state", "--json", cwd=folder)
    )
    assert set(found) == {"GET /hotels/{var1}"}


def test_scanners_stay_out_of_the_list(folder: Path) -> None:
    scan = [asked(f"/{path}", {}, client="Bearer scanner", status=404) for path in ("wp-login.php", ".env", "admin")]
    recorded(folder, *hotels(), *scan)
    assert set(endpoints(sluice("learn", "hotels.har", "--json", cwd=folder))) == EXPECTED
    noise = endpoints(sluice("discovered", "--noise", "--json", cwd=folder))
    assert {path for path, one in noise.items() if one["noise"]} >= {"GET /wp-login.php", "GET /admin"}
    told = sluice("discovered", "--noise", "--path", "wp-login", cwd=folder).out.splitlines()
    assert told[0].split()[1:] == ["noise", "GET", HOST, "/wp-login.php"]
    assert told[1:] == ["                   1 request, 1 session", f"1 endpoint of {len(noise)}: 1 noise"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.har"], "none.har: no such file or directory"),
        (["routes/a.yaml"], "routes/a.yaml: the file begins with neither JSON, a flow nor a line of an access log"),
        (["hotels.har", "--state", "x", "--no-state"], "--state and --no-state exclude each other"),
        (["hotels.har", "--within", "soon"], "--within soon: this is no time: write it like 90s, 30m or 240h"),
        (["hotels.har", "--host", "a b"], "--host a b: this is not a host name or an IP address"),
        (["hotels.har", "--routes", "none"], "--routes: none"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(folder: Path, arguments: list[str], told: str) -> None:
    write(folder, {"routes/a.yaml": "endpoints:\n"})
    told = told.replace("--routes: none", "none: no such folder: make it first, or leave --routes out")
    assert sluice("learn", *arguments, cwd=folder).one_line_error.startswith(told)


def test_a_state_file_of_another_program_is_left_alone(folder: Path) -> None:
    (folder / "other.db").write_bytes(b"not a database at all, and longer than a header" * 40)
    ran = sluice("learn", "hotels.har", "--state", "other.db", cwd=folder)
    assert ran.code == 0
    assert "was set aside as other.db.corrupt-" in ran.err


def test_an_empty_recording_is_told(folder: Path) -> None:
    (folder / "empty.har").write_bytes(document())
    ran = sluice("learn", "empty.har", "--no-state", cwd=folder)
    assert (ran.code, ran.err) == (0, "sluice: empty.har: there are no requests in it\n")


def test_json_stays_json_where_there_is_nothing(folder: Path) -> None:
    (folder / "empty.har").write_bytes(document())
    assert json.loads(sluice("learn", "empty.har", "--no-state", "--json", cwd=folder).out) == []


def test_messages_of_a_frequent_endpoint_are_sampled_and_all_are_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learn, "WHOLE", 4)
    monkeypatch.setattr(learn, "ONE_OF", 3)
    found = endpoints(sluice("learn", "hotels.har", "--json", cwd=folder))
    assert found["GET /hotels"]["requests"] == 12
    profile = read_state(folder / ".sluicegate" / "state.db", LAPTOP).profile(Key("GET", HOST, "/hotels"))
    assert profile is not None
    assert profile.requests == 4 + len([6, 9, 12])
