"""`sluice discovered`, `ignore`, `restore`, `split`, `merge`: the inbox, and what people settle in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sluicegate.learning.keeping import Keeper
from sluicegate.learning.parts import new_learner

from .running import HOST, endpoints, hotels, recorded, sluice

HOTEL = ("GET", HOST, "/hotels/{var1}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose state knows the hotels."""
    recorded(tmp_path, *hotels())
    assert sluice("learn", "hotels.har", cwd=tmp_path).code == 0
    return tmp_path


def discovered(folder: Path, *arguments: str) -> dict[str, dict[str, Any]]:
    return endpoints(sluice("discovered", *arguments, "--json", cwd=folder))


def test_the_inbox_shows_id_state_figures_and_what_speaks_for_each_variable(folder: Path) -> None:
    one = discovered(folder)["GET /hotels/{var1}/rooms"]
    assert list(one) == [
        "id", "method", "host", "endpoint", "requests", "sessions", "confidence", "state", "variables", "noise",
        "first_seen", "last_seen",
    ]  # fmt: skip
    assert one["first_seen"] == one["last_seen"] == "2026-07-01T10:00:00+00:00"
    told = sluice("discovered", "--path", "rooms", cwd=folder).out.splitlines()
    assert told[0] == f"{one['id']}  review   GET {HOST} /hotels/{{var1}}/rooms"
    assert told[1].strip() == f"12 requests, 12 sessions, confidence {one['confidence']:.2f}"
    assert told[2].strip() == f"{{var1}} integer: {one['variables'][0]['evidence']}"
    assert told[3] == "1 endpoint of 3: 1 review"


def test_ids_are_the_beginning_of_operation_ids(folder: Path) -> None:
    one = discovered(folder)["GET /hotels/{var1}"]
    assert sluice("save", one["id"], "--target", "http://127.0.0.1:9001", cwd=folder).code == 0
    listed = sluice("list", "--routes", "routes", "--json", cwd=folder).json
    assert [each["operation_id"][:8] for each in listed] == [one["id"]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--method", "get"], {"GET /hotels", "GET /hotels/{var1}", "GET /hotels/{var1}/rooms"}),
        (["--method", "POST"], set()),
        (["--path", "rooms"], {"GET /hotels/{var1}/rooms"}),
        (["--host", "API.hotel"], {"GET /hotels", "GET /hotels/{var1}", "GET /hotels/{var1}/rooms"}),
        (["--host", "other"], set()),
        (["--state-is", "ignored"], {"GET /hotels"}),
        (["--state-is", "ignored", "--state-is", "review", "--path", "rooms"], {"GET /hotels/{var1}/rooms"}),
    ],
)  # fmt: skip
def test_the_inbox_is_filtered(folder: Path, arguments: list[str], expected: set[str]) -> None:
    sluice("ignore", "GET", HOST, "/hotels", cwd=folder)
    assert set(discovered(folder, *arguments)) == expected


def test_an_ignored_endpoint_comes_back_when_it_is_restored(folder: Path) -> None:
    ran = sluice("ignore", *HOTEL, cwd=folder)
    assert (ran.code, ran.out) == (0, f"GET {HOST} /hotels/{{var1}}: ignored\n")
    assert discovered(folder)["GET /hotels/{var1}"]["state"] == "ignored"
    assert sluice("restore", *HOTEL, cwd=folder).code == 0
    assert discovered(folder)["GET /hotels/{var1}"]["state"] == "review"


def test_what_is_ignored_stays_so_when_more_is_learned(folder: Path) -> None:
    sluice("ignore", *HOTEL, cwd=folder)
    recorded(folder, *hotels(3, first=80_000), name="more.har")
    found = endpoints(sluice("learn", "more.har", "--json", cwd=folder))
    assert (found["GET /hotels/{var1}"]["state"], found["GET /hotels/{var1}"]["requests"]) == ("ignored", 45)


def test_splitting_gives_the_value_what_was_learned_of_it_before(folder: Path) -> None:
    ran = sluice("split", *HOTEL, "7", cwd=folder)
    assert f"GET {HOST} /hotels/7: 12 requests" in ran.out
    found = discovered(folder)
    assert (found["GET /hotels/7"]["requests"], found["GET /hotels/{var1}"]["requests"]) == (12, 24)
    assert "24 values in 12 sessions" in found["GET /hotels/{var1}"]["variables"][0]["evidence"]


def test_merging_takes_back_a_split(folder: Path) -> None:
    before = discovered(folder)
    sluice("split", *HOTEL, "7", cwd=folder)
    ran = sluice("merge", "GET", HOST, "/hotels/7", "/hotels/{var1}", cwd=folder)
    assert (ran.code, ran.out) == (0, f"GET {HOST} /hotels/{{var1}}: 36 requests\n")
    assert {key: one["requests"] for key, one in discovered(folder).items()} == {
        key: one["requests"] for key, one in before.items()
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ignore", "GET", HOST, "/hotel"], "'GET api.hotel.test /hotel' was not discovered; nearest "),
        (["ignore", "GET", "api.hotl.test", "/hotels"], "'GET api.hotl.test /hotels' was not discovered; nearest "),
        (["ignore", "GET", HOST], "'GET api.hotel.test' names no endpoint: write METHOD HOST PATH, or an id of "),
        (["ignore", "00000000"], "no endpoint with the id '00000000' was discovered"),
        (["split", *HOTEL], "name the values to take out behind the endpoint"),
        (["split", *HOTEL, "a/b"], "'a/b' is no value of a variable: it is one segment of a path"),
        (["split", *HOTEL, "7", "--variable", "x"],
         "GET api.hotel.test /hotels/{var1}: 'x' is no variable of it; its variables are: var1"),
        (["split", "GET", HOST, "/hotels", "7"],
         "GET api.hotel.test /hotels: name the variable with --variable; its variables are: none"),
        (["merge", "GET", HOST, "/hotels"], "name two endpoints at least"),
        (["merge", "GET", HOST, "/hotels", "/hotels/{var1}"],
         "endpoints are merged where method, host and number of segments are the same"),
    ],
)  # fmt: skip
def test_what_cannot_be_corrected_is_said_with_the_nearest(folder: Path, arguments: list[str], told: str) -> None:
    assert sluice(*arguments, cwd=folder).one_line_error.startswith(told)


@pytest.mark.parametrize(
    "named",
    [
        ["GET", HOST, "/hotels/{hotel}"],
        ["get", HOST.upper(), "/hotels/{var1}"],
        ["GET", "*", "/hotels/{x}"],
        [f"GET {HOST} /hotels/{{var1}}"],
        ["GET", f"{HOST}/hotels/{{var1}}"],
    ],
)
def test_an_endpoint_can_be_named_in_several_ways(folder: Path, named: list[str]) -> None:
    assert sluice("ignore", *named, cwd=folder).code == 0
    assert discovered(folder)["GET /hotels/{var1}"]["state"] == "ignored"


def test_before_anything_was_learned_the_way_to_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "routes").mkdir()
    assert sluice("discovered", cwd=tmp_path).one_line_error.endswith(
        "nothing was learned yet: send traffic through the gateway, or `sluice learn`."
    )


def test_while_another_process_writes_the_state_corrections_wait_for_it_and_show_at_once(folder: Path) -> None:
    told: list[str] = []
    gateway = Keeper(folder / ".sluicegate" / "state.db", new_learner, told.append)
    gateway.open()
    assert gateway.is_writer
    assert sluice("split", *HOTEL, "7", cwd=folder).code == 0
    assert sluice("ignore", "GET", HOST, "/hotels", cwd=folder).code == 0
    recorded(folder, *hotels(2, first=60_000), name="more.har")
    learned = endpoints(sluice("learn", "more.har", "--json", cwd=folder))
    assert learned["GET /hotels/7"]["requests"] == 14
    gateway.look()
    states = {f"{one.method} {one.endpoint}": (one.state, one.requests) for one in gateway.learner.endpoints()}
    assert states["GET /hotels"] == ("ignored", 14)
    assert states["GET /hotels/7"] == ("review", 14)
    gateway.close()
    assert discovered(folder)["GET /hotels/7"]["requests"] == 14
    assert told == []
