"""The learner as one: what its parts are told, how they are brought together, kept and limited."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from sluicegate.learning.learner import variables
from sluicegate.learning.observation import Key, Observation
from sluicegate.learning.parts import Learning, new_learner
from sluicegate.learning.paths.corrections import Correction
from sluicegate.learning.shelves import FIGURES, PATHS, PROFILE, Limits, Row

HOST = "api.test"
JSON = ((b"content-type", b"application/json"),)


def seen(
    path: str,
    *,
    status: int = 200,
    method: str = "GET",
    endpoint: str = "",
    weight: int = 1,
) -> Observation:
    return Observation(
        method,
        HOST,
        path,
        status,
        1_782_900_000.0,
        "5e551017",
        "header authorization",
        response_headers=JSON,
        response_body=b'{"id": 7}',
        endpoint=endpoint,
        endpoint_host=HOST if endpoint else "",
        weight=weight,
    )


def taught(observations: Iterable[Observation]) -> Learning:
    learner = new_learner()
    for one in observations:
        learner.observe(one)
    return learner


def requests_of(learner: Learning, endpoint: str, method: str = "GET") -> int:
    figures = learner.figures(Key(method, HOST, endpoint))
    return sum(figures.totals().statuses) if figures is not None else 0


def hotels(number: int, first: int = 0) -> list[Observation]:
    return [seen(f"/hotels/{first + one}") for one in range(number)]


def test_what_becomes_one_endpoint_has_one_profile_and_the_figures_of_all() -> None:
    learner = taught(hotels(40))
    assert [(one.method, one.host, one.endpoint) for one in learner.endpoints()] == [("GET", HOST, "/hotels/{var1}")]
    assert requests_of(learner, "/hotels/{var1}") == 40
    profile = learner.profile(Key("GET", HOST, "/hotels/{var1}"))
    assert profile is not None
    assert profile.requests == 40
    learner.regroup()
    assert list(learner.profiles) == list(learner.all_figures) == [Key("GET", HOST, "/hotels/{var1}")]


def test_a_profile_learns_from_successes_alone_and_figures_count_everything() -> None:
    learner = taught([*hotels(30), *(seen(f"/hotels/{one}", status=500) for one in range(5))])
    profile = learner.profile(Key("GET", HOST, "/hotels/{var1}"))
    assert profile is not None
    assert profile.requests == 30
    assert requests_of(learner, "/hotels/{var1}") == 35


def test_an_exchange_that_is_counted_only_is_in_the_figures_and_nowhere_else() -> None:
    learner = taught(hotels(10))
    learner.count(seen("/hotels/3", status=503))
    learner.count(seen("/never", status=404))
    assert requests_of(learner, "/hotels/{var1}") == 11
    assert requests_of(learner, "/never") == 1
    assert [one.requests for one in learner.endpoints(noise=True)] == [10]


def test_an_exchange_without_its_messages_is_found_and_counted_but_has_no_profile() -> None:
    learner = new_learner()
    for one in hotels(20):
        learner.observe(one, whole=False)
    assert [one.requests for one in learner.endpoints()] == [20]
    assert learner.profile(Key("GET", HOST, "/hotels/{var1}")) is None


def test_methods_that_a_client_makes_up_are_passed_over_unless_their_endpoint_is_saved() -> None:
    learner = taught(seen("/a", method=f"M{one}") for one in range(50))
    learner.count(seen("/a", method="M1"))
    assert learner.endpoints(noise=True) == []
    assert list(learner.all_figures) == list(learner.profiles) == []
    learner.observe(seen("/a", method="REPORT", endpoint="/a"))
    assert [(one.method, one.endpoint) for one in learner.endpoints()] == [("REPORT", "/a")]


def test_paths_without_end_are_passed_over() -> None:
    learner = taught([seen("/" + "a" * 4095), *(seen("/" + "b" * (4096 + one)) for one in range(20))])
    learner.count(seen("/" + "b" * 4096))
    assert [len(one.endpoint) for one in learner.endpoints(noise=True)] == [4096]
    assert len(list(learner.all_figures)) == 1


def test_one_that_stands_for_several_counts_as_often() -> None:
    learner = taught([seen("/hotels/7", endpoint="/hotels/{var1}", weight=12)])
    assert learner.observed == 12
    assert requests_of(learner, "/hotels/{var1}") == 12
    assert [one.requests for one in learner.endpoints()] == [12]


def test_rows_written_and_read_again_are_the_same_knowledge() -> None:
    learner = taught([*hotels(30), *(seen("/login", method="POST") for _ in range(5))])
    rows = list(learner.changed())
    again = new_learner()
    assert again.load(rows) == 0
    assert [one.members() for one in again.endpoints()] == [one.members() for one in learner.endpoints()]
    key = Key("GET", HOST, "/hotels/{var1}")
    assert requests_of(again, "/hotels/{var1}") == 30
    one, other = learner.profile(key), again.profile(key)
    assert one is not None
    assert other is not None
    assert other.members() == one.members()


def test_rows_are_given_once_and_those_that_were_not_taken_come_again() -> None:
    learner = taught(hotels(30))
    given = learner.changed()
    first = next(given)
    given.close()
    rest = list(learner.changed())
    assert first not in rest
    assert {PATHS, PROFILE, FIGURES} == {row.part for row in [first, *rest]}
    assert list(learner.changed()) == []
    again = new_learner()
    assert again.load([first, *rest]) == 0
    assert requests_of(again, "/hotels/{var1}") == 30


def test_what_was_loaded_is_not_written_again() -> None:
    rows = list(taught(hotels(30)).changed())
    again = new_learner()
    again.load(rows)
    assert [row for row in again.changed() if row.part != PATHS] == []


@pytest.mark.parametrize(
    "row",
    [
        Row(PROFILE, "no key", b"{}"),
        Row(PROFILE, '["GET", "a.test"]', b"{}"),
        Row(PROFILE, '["GET", "a.test", 7]', b'{"firm": true, "members": {}}'),
        Row(FIGURES, '["GET", "a.test", "/x"]', b"\xff\xfe"),
        Row(FIGURES, '["GET", "a.test", "/x"]', b"[" * 100_000),
        Row(FIGURES, '["GET", "a.test", "/x"]', b'{"firm": true, "members": {"version": "new"}}'),
        Row("another part", "x", b"{}"),
    ],
)
def test_a_row_of_nonsense_is_left_out_and_the_rest_is_taken(row: Row) -> None:
    learner = new_learner()
    assert learner.load([row, *taught(hotels(30)).changed()]) == 1
    assert requests_of(learner, "/hotels/{var1}") == 30


def test_a_merge_gives_what_one_learner_would_know() -> None:
    learner = taught(hotels(30))
    learner.merge(taught(hotels(30, 100)))
    assert learner.observed == 60
    assert requests_of(learner, "/hotels/{var1}") == 60
    assert [one.requests for one in learner.endpoints()] == [60]


NAMES = ("about", "contact", "terms")


def test_corrections_move_what_was_learned_before_to_and_fro() -> None:
    learner = taught(seen(f"/pages/{name}") for name in NAMES for _ in range(4))
    key = Key("GET", HOST, "/pages/about")
    learner.correct(Correction("merge", key, 1, NAMES))
    learner.regroup()
    assert [one.endpoint for one in learner.endpoints()] == ["/pages/{var1}"]
    assert requests_of(learner, "/pages/{var1}") == 12
    learner.correct(Correction("split", Key("GET", HOST, "/pages/{var1}"), 1, NAMES))
    learner.regroup()
    assert [one.endpoint for one in learner.endpoints()] == [f"/pages/{name}" for name in NAMES]
    assert [requests_of(learner, f"/pages/{name}") for name in NAMES] == [4, 4, 4]


def test_scanners_push_out_scanners_and_no_endpoint() -> None:
    learner = new_learner()
    learner.all_figures._limits = limits = Limits(firm=3, loose=2)
    for one in range(3):
        learner.observe(seen(f"/known/{one}", endpoint=f"/known/{one}"))
    for one in range(50):
        learner.count(seen(f"/.git/{one}", status=404))
    kept = [key.endpoint for key in learner.all_figures]
    assert kept == ["/known/0", "/known/1", "/known/2", "/.git/48", "/.git/49"]
    assert len(kept) == limits.firm + limits.loose


def test_of_too_many_endpoints_the_one_seen_longest_ago_goes_and_its_row_with_it() -> None:
    learner = new_learner()
    learner.all_figures._limits = Limits(firm=2, loose=1)
    for name in ("a", "b", "a", "c"):
        learner.observe(seen(f"/{name}", endpoint=f"/{name}"))
    assert [key.endpoint for key in learner.all_figures] == ["/a", "/c"]
    gone = [row.key for row in learner.changed() if row.part == FIGURES and row.data is None]
    assert gone == [f'["GET", "{HOST}", "/b"]']


def test_what_the_state_file_had_no_room_for_is_forgotten() -> None:
    learner = taught([seen("/a", endpoint="/a"), seen("/b", endpoint="/b")])
    list(learner.changed())
    learner.forget(PROFILE, f'["GET", "{HOST}", "/a"]')
    assert learner.profile(Key("GET", HOST, "/a")) is None
    assert learner.profile(Key("GET", HOST, "/b")) is not None
    assert requests_of(learner, "/a") == 1
    assert list(learner.changed()) == []


@pytest.mark.parametrize(
    ("endpoint", "path", "expected"),
    [
        ("/hotels/{var1}", "/hotels/7", ["7"]),
        ("/a/{var1}.json/{var2}", "/a/x.json/y", ["x", "y"]),
        ("/files/{var1}:cancel", "/files/9:cancel", ["9"]),
        ("/a/v{var1}", "/a/v", [""]),
        ("/a/{var1}", "/a", [""]),
        ("/a/{var1}.json", "/a/x.xml", [""]),
        ("/plain", "/plain", []),
    ],
)
def test_the_values_of_variables_are_those_of_the_path(endpoint: str, path: str, expected: list[str]) -> None:
    assert variables(endpoint, path) == expected
