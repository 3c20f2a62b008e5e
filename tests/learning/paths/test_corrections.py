"""Corrections: they settle what an endpoint is, before and after they are made."""

from __future__ import annotations

import pytest

from sluicegate.learning.observation import Key
from sluicegate.learning.paths import Correction, PathLearner

from .traffic import HOST, HOTELS, exchange, hotels


@pytest.fixture
def learner() -> PathLearner:
    learner = PathLearner()
    for o in hotels():
        learner.observe(o)
    return learner


def states(learner: PathLearner) -> dict[tuple[str, str], str]:
    return {(one.method, one.endpoint): one.state for one in learner.endpoints()}


def test_what_is_ignored_is_listed_as_ignored_until_it_is_restored(learner: PathLearner) -> None:
    key = Key("GET", HOST, "/health")
    learner.ignore(key)
    assert states(learner)["GET", "/health"] == "ignored"
    learner.restore(key)
    assert states(learner)["GET", "/health"] == "review"


def test_a_name_that_is_split_out_has_its_own_past(learner: PathLearner) -> None:
    before = next(one for one in learner.endpoints() if one.endpoint == "/hotels/{var1}")
    learner.split(Key("GET", HOST, "/hotels/{var1}"), "var1", ["ritz"])
    after = {one.endpoint: one.requests for one in learner.endpoints() if one.method == "GET"}
    assert after["/hotels/ritz"] > 0
    assert after["/hotels/ritz"] + after["/hotels/{var1}"] == before.requests
    assert after["/hotels/ritz/rooms/{var1}"] > 0
    assert learner.key_of(exchange("/hotels/ritz")) == Key("GET", HOST, "/hotels/ritz")


def test_names_that_are_merged_become_values_also_later_ones(learner: PathLearner) -> None:
    learner.join([Key("GET", HOST, "/hotels/search"), Key("GET", HOST, "/hotels/{var1}")])
    assert set(states(learner)) == HOTELS - {("GET", "/hotels/search")}
    learner.observe(exchange("/hotels/search", session="another"))
    assert learner.key_of(exchange("/hotels/search")) == Key("GET", HOST, "/hotels/{var1}")


def test_two_names_are_merged_into_a_variable_that_was_not_there() -> None:
    learner = PathLearner()
    for number in range(40):
        learner.observe(exchange("/reports/daily", session=str(number)))
        learner.observe(exchange("/reports/weekly", session=str(number)))
    learner.join([Key("GET", HOST, "/reports/daily"), Key("GET", HOST, "/reports/weekly")])
    assert set(states(learner)) == {("GET", "/reports/{var1}")}
    moved = learner.moved([Key("GET", HOST, "/reports/daily")])
    assert moved == {Key("GET", HOST, "/reports/daily"): Key("GET", HOST, "/reports/{var1}")}


def test_endpoints_that_differ_in_more_than_one_segment_are_not_merged(learner: PathLearner) -> None:
    with pytest.raises(ValueError, match="where one segment differs; here 2 do"):
        learner.join([Key("GET", HOST, "/a/b"), Key("GET", HOST, "/c/d")])
    with pytest.raises(ValueError, match="method, host and number of segments"):
        learner.join([Key("GET", HOST, "/a/b"), Key("POST", HOST, "/a/c")])


def test_a_variable_that_is_not_there_cannot_be_split(learner: PathLearner) -> None:
    with pytest.raises(ValueError, match=r"'/hotels/\{var1\}' has no variable 'var2'"):
        learner.split(Key("GET", HOST, "/hotels/{var1}"), "var2", ["ritz"])


def test_corrections_outlive_a_run(learner: PathLearner) -> None:
    learner.split(Key("GET", HOST, "/hotels/{var1}"), "var1", ["ritz"])
    learner.ignore(Key("GET", HOST, "/health"))
    later = PathLearner()
    assert later.load([(name, data) for name, data in learner.changed() if data is not None]) == 0
    assert states(later) == states(learner)


def test_a_correction_is_the_same_after_its_way_through_json() -> None:
    correction = Correction("split", Key("GET", HOST, "/hotels/{var1}"), 1, ("ritz", "crown"))
    assert Correction.from_members(correction.members()) == correction


@pytest.mark.parametrize(
    "nonsense",
    [None, [], {"action": "split"}, {"action": "burn", "key": ["GET", "h", "/"], "place": 0, "values": []},
     {"action": "split", "key": ["GET", "h", "/"], "place": -1, "values": []},
     {"action": "split", "key": ["GET", "h", 7], "place": 0, "values": []}],
)  # fmt: skip
def test_nonsense_is_no_correction(nonsense: object) -> None:
    with pytest.raises(ValueError):
        Correction.from_members(nonsense)
