"""What is kept between runs, what two learners know together, and how little a hostile client can do."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sluicegate.learning.observation import Key, Observation
from sluicegate.learning.paths import PathLearner, Settings

from .traffic import HOST, HOTELS, exchange, hotels


def told(learner: PathLearner) -> list[tuple[object, ...]]:
    return [
        (one.method, one.host, one.endpoint, one.requests, one.sessions, one.state, one.first_seen, one.last_seen)
        for one in learner.endpoints(noise=True)
    ]


def kept(learner: PathLearner) -> dict[str, bytes]:
    learner.endpoints()  # which looks up once more where values were seen
    return {name: data for name, data in learner.changed() if data is not None}


def learned(observations: object, **caps: int) -> PathLearner:
    learner = PathLearner(Settings(**caps))  # type: ignore[arg-type]
    for o in observations:  # type: ignore[attr-defined]
        learner.observe(o)
    return learner


def test_a_learner_that_is_loaded_is_the_same() -> None:
    learner = learned([*hotels(), exchange("/.env", status=404)])
    later = PathLearner()
    assert later.load(kept(learner).items()) == 0
    assert told(later) == told(learner)
    assert [one.variables for one in later.endpoints()] == [one.variables for one in learner.endpoints()]


def test_only_rows_that_changed_are_given_again() -> None:
    learner = learned(hotels())
    everything = kept(learner)
    assert kept(learner) == {}
    learner.observe(exchange("/health", session="later"))
    again = kept(learner)
    assert 0 < len(again) < len(everything) / 4


def test_rows_over_time_add_up_to_the_whole() -> None:
    learner = PathLearner()
    rows: dict[str, bytes] = {}
    for number, o in enumerate(hotels(sessions=60)):
        learner.observe(o)
        if number % 37 == 0:
            for name, data in learner.changed():
                if data is None:
                    del rows[name]
                else:
                    rows[name] = data
    learner.endpoints()
    for name, data in learner.changed():
        if data is None:
            del rows[name]
        else:
            rows[name] = data
    later = PathLearner()
    assert later.load(rows.items()) == 0
    assert told(later) == told(learner)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"v": 1}', b'{"v": 99, "data": {}}', b"[" * 100_000, b"\xff"])
@pytest.mark.parametrize("name", ["corrections", "noise", 'tree ["h"]', 'tree ["h", "a", "b", "c", "d"]', "else"])
def test_rows_of_nonsense_are_left_out_and_counted(name: str, data: bytes) -> None:
    good = kept(learned(hotels()))
    later = PathLearner()
    assert later.load([*good.items(), (name, data)]) == 1
    assert {(one.method, one.endpoint) for one in later.endpoints()} == HOTELS


_NAMES = st.sampled_from(["m", "k", "r", "s", "f", "x", "states", "pins", "GET"])
_SCALARS = st.none() | st.integers() | st.text(max_size=4)
_NONSENSE = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4), max_leaves=12
)


@given(_NONSENSE)
@settings(max_examples=150, deadline=None)
def test_no_row_breaks_a_learner(members: object) -> None:
    data = json.dumps({"v": 1, "data": members}).encode()
    learner = PathLearner()
    learner.load([(name, data) for name in ("corrections", "noise", 'tree ["h", "a"]')])
    learner.endpoints(noise=True)
    list(learner.changed())


def test_two_learners_know_together_what_one_would() -> None:
    seen = list(hotels(sessions=20))
    whole, one, other = learned(seen), learned(seen[: len(seen) // 2]), learned(seen[len(seen) // 2 :])
    one.merge(other)
    assert told(one) == told(whole)


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_the_order_of_requests_does_not_change_the_endpoints(rng: random.Random) -> None:
    seen = list(hotels(sessions=16))
    rng.shuffle(seen)
    learner = learned(seen)
    assert {(one.method, one.endpoint) for one in learner.endpoints()} == HOTELS


def test_the_merge_of_parts_gives_the_same_whichever_comes_first() -> None:
    def part(number: int) -> PathLearner:
        return learned(list(hotels(sessions=18))[number::3])

    results = []
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        first, *rest = map(part, order)
        for other in rest:
            first.merge(other)
        results.append(told(first))
    assert results[0] == results[1] == results[2]


def test_a_million_paths_cost_no_more_than_the_cap() -> None:
    learner = PathLearner(Settings(nodes=1_000, noise=100))
    for number in range(4_000):
        learner.observe(exchange(f"/scan{number:x}q/{number}/x{number}", status=200, session="scanner"))
        learner.observe(exchange(f"/never/{number}", status=404, session="scanner"))
    assert learner.size() <= 1_000
    assert sum(one.successes == 0 for one in learner.endpoints(noise=True)) <= 100


def test_values_of_a_variable_are_bounded_and_their_requests_are_not_lost() -> None:
    learner = PathLearner(Settings(values=10))
    for number in range(5_000):
        learner.observe(exchange(f"/orders/{number}", session=f"s{number % 90}"))
    (endpoint,) = learner.endpoints()
    assert (endpoint.endpoint, endpoint.requests) == ("/orders/{var1}", 5_000)
    assert learner.size() < 200
    assert len(endpoint.variables[0].values) <= 20


def test_the_values_that_are_kept_are_those_used_most() -> None:
    learner = PathLearner(Settings(values=10))
    for number in range(3_000):
        learner.observe(exchange(f"/orders/{number + 100}", session=f"s{number}"))
        learner.observe(exchange(f"/orders/{number % 5}", session=f"s{number}"))
    (endpoint,) = learner.endpoints()
    assert {text for text, _ in endpoint.variables[0].values[:5]} == {"0", "1", "2", "3", "4"}


_TEXT = st.text(st.characters(exclude_characters="/?#", exclude_categories=["Cs"]), max_size=12)


_REQUESTS = st.tuples(
    st.sampled_from(["GET", "POST", "X" * 40]),
    st.lists(_TEXT, max_size=5) | st.lists(_TEXT, max_size=2).map(lambda texts: ["", *texts] * 14),
    st.sampled_from([200, 204, 301, 404, 500, None]),
    st.text(max_size=3),
)


@given(st.lists(_REQUESTS, max_size=40))
@example([("X" * 40, ["0"], 301, ""), ("GET", [":"], 200, "0"), *[("GET", [""] * 14, 200, "")] * 2])
@settings(max_examples=25, deadline=None)
def test_hostile_paths_do_no_harm(requests: list[tuple[str, list[str], int | None, str]]) -> None:
    learner = PathLearner(Settings(nodes=200, values=4, noise=10, memory=50))
    for method, segments, status, session in requests:
        o = Observation(method, HOST, "/" + "/".join(segments), status, session=session)
        o.response_headers, o.response_body = ((b"content-type", b"application/json"),), json.dumps(segments).encode()
        learner.observe(o)
        key = learner.key_of(o)
        assert key.method == method
    assert learner.size() <= 200
    later = PathLearner(Settings(nodes=200, values=4, noise=10))
    assert later.load(kept(learner).items()) == 0
    assert told(later) == told(learner)


def test_secrets_are_not_remembered_and_nothing_of_a_session_is_kept() -> None:
    learner = PathLearner()
    for _ in range(30):
        body = {"password": "hunter2-hunter2", "access_token": "tok-12345678", "nested": {"client_secret": "s3cr3t-x"}}
        learner.observe(exchange("/login", "POST", session="session-key-7", sent=body, body=body))
    rows = b"".join(kept(learner).values())
    for secret in (b"hunter2", b"tok-12345678", b"s3cr3t-x", b"session-key-7"):
        assert secret not in rows


def test_bodies_that_are_deep_large_or_no_json_are_passed_over() -> None:
    learner = PathLearner()
    for body in (b"[" * 50_000, b"{", b"\xff\xfe", b'{"a":' * 900 + b"1" + b"}" * 900, b"[" + b"1," * 90_000 + b"1]"):
        o = exchange("/things", session=body[:3].decode("latin-1"))
        o.response_headers, o.response_body = ((b"content-type", b"application/json"),), body
        learner.observe(o)
    assert [one.endpoint for one in learner.endpoints()] == ["/things"]


def test_a_key_of_a_path_with_very_many_segments_is_the_path() -> None:
    learner = learned(hotels())
    path = "/a" * 2_000
    learner.observe(exchange(path))
    assert learner.key_of(exchange(path)) == Key("GET", HOST, path)
