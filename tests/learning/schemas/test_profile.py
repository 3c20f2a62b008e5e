"""A profile: what it learns from, what it leaves out, how parts merge, and that no credential is ever in it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.learning.observation import Key, Observation
from sluicegate.learning.schemas.bodies import FORM
from sluicegate.learning.schemas.openapi import Learned, openapi
from sluicegate.learning.schemas.profile import Profile
from sluicegate.learning.schemas.settings import SchemaSettings
from sluicegate.learning.schemas.stating import form_schema

from .material import exchange, profile

NAMES = st.sampled_from(["id", "name", "next", "17"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["on", "off", "a@b.test"]))
BODIES = st.dictionaries(NAMES, st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=3)


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[Observation, list[str]]:
    pairs = st.lists(st.tuples(NAMES, st.sampled_from(["1", "2", "x", ""])), max_size=3)
    value = draw(st.integers(1, 50))
    one = exchange(
        f"/a/{value}",
        query=draw(pairs),
        headers=[("x-page", str(draw(st.integers(1, 3)))), ("cookie", "a=b; c=d")],
        body=draw(st.one_of(BODIES, st.just(b"a=1&b=2"), st.just(b"<x/>"))),
        media=draw(st.sampled_from(["application/json", FORM, "text/xml"])),
        answer=draw(BODIES),
        status=draw(st.sampled_from([200, 201, 404])),
    )
    return one, [str(value)]


def of(seen: list[tuple[Observation, list[str]]]) -> Profile:
    made = Profile()
    for one, variables in seen:
        made.observe(one, variables)
    return made


def kept(learned: Profile) -> object:
    """What is kept, in an order of its own."""

    def ordered(value: object) -> object:
        if isinstance(value, dict):
            return {key: ordered(one) for key, one in value.items()}
        if isinstance(value, list):
            made = [ordered(one) for one in value]
            return sorted(made, key=repr) if made and isinstance(value[0], list) else made
        return value

    return ordered(json.loads(json.dumps(learned.members())))


@settings(max_examples=60, deadline=None)
@given(st.lists(exchanges(), max_size=25), st.integers(0, 25), st.randoms(use_true_random=False))
def test_parts_in_any_order_merge_into_what_the_whole_is(
    seen: list[tuple[Observation, list[str]]], cut: int, rng: random.Random
) -> None:
    shuffled = list(seen)
    rng.shuffle(shuffled)
    one = of(shuffled[:cut])
    one.merge(of(shuffled[cut:]))
    assert kept(one) == kept(of(seen))


@settings(max_examples=60, deadline=None)
@given(st.lists(exchanges(), max_size=25))
def test_what_is_kept_comes_back(seen: list[tuple[Observation, list[str]]]) -> None:
    members = json.loads(json.dumps(of(seen).members()))
    assert kept(Profile.from_members(members)) == kept(of(seen))


@pytest.mark.parametrize("status", [None, 101, 302, 400, 404, 500])
def test_only_what_succeeded_is_learned_from(status: Any) -> None:
    assert profile([exchange(query=[("q", "1")], status=status)]).members() == Profile().members()


def test_each_place_of_a_request_is_learned() -> None:
    learned = Profile()
    learned.observe(
        exchange(
            "/a/7%2F8",
            query=[("page", "2"), ("tag", "a"), ("tag", "b")],
            headers=[("X-Tenant", "blue"), ("Accept", "text/html"), ("Sec-Fetch-Mode", "cors"), ("Cookie", "a=1; b=2")],
            body={"n": 1},
            answer={"m": 2},
            status=201,
        ),
        ["7%2F8"],
    )
    assert learned.path[0].values.table == {"7/8": 1}
    assert {name: field.count for name, field in learned.query.fields.items()} == {"page": 1, "tag": 1}
    assert learned.query.fields["tag"].values.table == {"a": 1, "b": 1}
    assert learned.query.fields["tag"].repeated == 1
    assert learned.headers.fields.keys() == {"x-tenant"}
    assert learned.cookies.fields.keys() == {"a", "b"}
    assert learned.bodies.keys() == {"application/json"}
    assert learned.responses[201]["application/json"].count == 1


def test_forms_are_learned_field_by_field() -> None:
    learned = profile([exchange(body=b"pages=3&order=up+down&x=", media=f"{FORM}; charset=utf-8")])
    fields = learned.bodies[FORM].fields
    assert fields is not None
    assert {name: field.values.table for name, field in fields.fields.items()} == {
        "pages": {"3": 1},
        "order": {"up down": 1},
        "x": {"": 1},
    }


def test_a_form_without_fields_is_a_form() -> None:
    learned = profile([exchange(body=b"", media=FORM), exchange(body=b"a=1", media=FORM), exchange(body=b"")])
    assert (learned.bodies[FORM].count, learned.seen_bodies) == (2, 3)
    assert learned.bodies.keys() == {FORM}
    settled = SchemaSettings(required_after=2)
    forms = learned.bodies[FORM].fields
    assert forms is not None
    assert "required" not in form_schema(forms, learned.bodies[FORM].count, settled)


@pytest.mark.parametrize("media", ["multipart/form-data", "text/xml", "application/soap+xml", "application/graphql"])
def test_other_media_types_are_noted_and_not_learned(media: str) -> None:
    learned = profile([exchange(body=b"<colour>red</colour>", media=media)] * 2)
    assert learned.bodies[media].members() == {"n": 2}


@pytest.mark.parametrize("body", [b"{", b"[1,", b"\xff", b"[" * 100_000, b'{"a": 1}' * 2, b" " * (2 << 20)])
def test_what_is_no_json_is_counted_and_not_learned(body: bytes) -> None:
    assert profile([exchange(body=body)]).bodies["application/json"].members() == {"n": 1}


def test_credentials_are_in_no_member_wherever_they_stand() -> None:
    secret = "tr0ub4dor-and-3"
    learned = profile(
        [
            exchange(
                query=[("api_key", secret), ("key", secret), ("access_token", secret)],
                headers=[
                    ("Authorization", secret),
                    ("X-Api-Key", secret),
                    ("X-Auth-Token", secret),
                    ("Proxy-Authorization", secret),
                    ("Cookie", f"sid={secret}; theme={secret}"),
                ],
                body={"password": secret, "nested": {"clientSecret": [secret], "secrets": {"a": secret}}},
                answer={"token": secret, "refresh_token": {"value": secret}},
            ),
            exchange(body=f"password={secret}&client_secret={secret}".encode(), media=FORM),
        ]
        * 3
    )
    assert secret not in json.dumps(learned.members())
    assert "tr0ub4dor" not in json.dumps(learned.members())


@pytest.mark.parametrize(
    ("identifier", "where"),
    [("header x-user", "headers"), ("body /who/name", "body"), ("cookie who", "cookies")],
)
def test_what_names_a_session_is_kept_nowhere(identifier: str, where: str) -> None:
    learned = Profile()
    for named in ("", identifier):  # also where it was learned before it named a session
        learned.observe(
            exchange(
                headers=[("X-User", "anna"), ("Cookie", "who=anna")] if where != "body" else [],
                body={"who": {"name": "anna"}} if where == "body" else {},
                identifier=named,
            )
        )
    kept_text = json.dumps(learned.members())
    assert "anna" not in (kept_text if where != "cookies" else json.dumps(learned.cookies.members()))


def test_of_values_that_are_not_told_only_the_presence_is_learned() -> None:
    learned = profile([exchange(headers=[("X-User", "***"), ("Cookie", "sid=***; a=b")])] * 7)
    user, sid = learned.headers.fields["x-user"], learned.cookies.fields["sid"]
    assert [(one.count, one.values.count, one.values.secret) for one in (user, sid)] == [(7, 0, True)] * 2
    assert learned.cookies.fields["a"].values.common().lengths.table == {1: 7}


def test_a_clock_gone_mad_spoils_nothing() -> None:
    learned = profile(
        exchange(body={"n": at / 1e9}, at=at) for at in (1.7e9, 1e300, -1e300, float("inf"), float("nan"))
    )
    members = json.loads(json.dumps(learned.members(), allow_nan=False))
    assert kept(Profile.from_members(members)) == kept(learned)


def test_names_and_media_types_are_capped() -> None:
    learned = Profile(SchemaSettings(most_fields=20, most_media=3, most_statuses=2))
    for number in range(50):
        learned.observe(
            exchange(
                query=[(f"q{number}", "1")],
                body=b"x",
                media=f"text/x-{number}",
                status=200 + number,
            )
        )
    assert (len(learned.query.fields), len(learned.bodies), len(learned.responses)) == (20, 3, 2)
    assert learned.more
    assert learned.requests == 50


def test_a_profile_stays_small_whatever_is_sent() -> None:
    rng, learned = random.Random(1), Profile()
    for _ in range(300):
        body = {f"{rng.getrandbits(20):x}q": "z" * rng.randrange(200) for _ in range(200)}
        learned.observe(exchange(query=[(f"n{rng.getrandbits(30)}", "v" * 40)], body=body, answer=[body]))
    assert len(json.dumps(learned.members())) < 300_000


def test_what_was_learned_moves_to_a_template_that_was_found_later() -> None:
    learned = of([(exchange("/users/7/orders/1"), ["1"]), (exchange("/users/7/orders/2"), ["2"])])
    learned.rebase("/users/7/orders/{var1}", "/users/{var1}/orders/{var2}")
    assert [field.values.table for field in learned.path] == [{"7": 2}, {"1": 1, "2": 1}]
    learned.rebase("/users/{var1}/orders/{var2}", "/users/{var1}/orders/{var2}")
    assert [field.count for field in learned.path] == [2, 2]
    learned.rebase("/users/{var1}/orders/{var2}", "/users/{var1}")
    assert learned.path == []


def test_a_part_of_a_segment_moves_without_its_surroundings() -> None:
    learned = of([(exchange("/files/a%20b.json"), [])])
    learned.rebase("/files/a%20b.json", "/files/{var1}.json")
    assert learned.path[0].values.table == {"a b": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"requests": -1},
        {"path": {}},
        {"query": []},
        {"bodies": {"application/json": 7}},
        {"responses": {"2xx": {}}},
        {"responses": {"200": {"": {"n": "1"}}}},
        {"cookies": {"a": {"n": 1}}},
    ],
)
def test_nonsense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Profile.from_members({**Profile().members(), **change})
    with pytest.raises(ValueError):
        Profile.from_members(None)


def test_a_nesting_that_no_learner_makes_is_refused() -> None:
    shape: dict[str, Any] = {"n": 1}
    for _ in range(200):
        shape = {"n": 1, "arrays": [1, {"n": 0, "table": []}, shape]}
    with pytest.raises(ValueError, match="too deep"):
        Profile.from_members({**Profile().members(), "bodies": {"application/json": {"n": 1, "shape": shape}}})


HOSTILE = [
    *[
        b'{"a": 1e999, "b": NaN}',
        b"-1" + b"0" * 4000,
        b'{"a": 1e300, "b": -1e300, "c": 5e-324}',
        b'[[[[1]], "\\ud800"]]',
    ],
    *[b'{"": {"": {"": null}}}', b"a=1&a=2&%ff=%00", b'{"a": {"b": 7}}', b"9007199254740993", b"1e15", b"-0.0"],
]
ANYTHING = st.one_of(st.binary(max_size=60), st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace")))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.builds(
            Observation,
            st.just("POST"),
            st.just("h"),
            st.just("/a"),
            st.just(200),
            st.sampled_from([0.0, 1.7e9, -1.0, 1e300]),
            identifier=st.sampled_from(["", "header", "body /a/b", "body ", "jwt $.sub", "cookie x"]),
            query=ANYTHING,
            request_headers=st.lists(
                st.one_of(
                    st.tuples(st.sampled_from([b"cookie", b"x-a", b"content-type", b"\xff"]), ANYTHING),
                    st.sampled_from([(b"content-type", b"application/json"), (b"content-type", FORM.encode())]),
                ),
                max_size=4,
            ).map(tuple),
            request_body=st.one_of(
                st.none(), ANYTHING, st.sampled_from([b'{"a": 1e999, "b": NaN}', b"-1" + b"0" * 4000])
            ),
            response_headers=st.just(((b"content-type", b"application/json"),)),
            response_body=ANYTHING,
        ),
        max_size=8,
    ),
    st.lists(st.text(max_size=20), max_size=4),
)
def test_whatever_a_client_sends_is_learned_from_kept_and_exported(seen: list[Observation], values: list[str]) -> None:
    learned = Profile(SchemaSettings(types_after=1, bounds_after=1, required_after=1))
    for one in seen:
        learned.observe(one, values)
    members = json.loads(json.dumps(learned.members()))
    assert kept(Profile.from_members(members)) == kept(learned)
    settled = SchemaSettings(types_after=1, bounds_after=1, required_after=1)
    made = openapi([Learned(Key("POST", "h", "/a"), learned)], with_responses=True, settings=settled)
    assert json.loads(json.dumps(made.data, allow_nan=False)) == made.data
