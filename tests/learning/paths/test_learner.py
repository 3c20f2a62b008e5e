"""The search for endpoints as a whole: what it finds, when it knows, what it leaves out."""

from __future__ import annotations

import random

import pytest

from sluicegate.learning.observation import Key, Observation
from sluicegate.learning.paths import API_SHIELD, LAPTOP, Discovered, PathLearner, Settings

from .traffic import HOST, HOTELS, exchange, hotels


def learned(observations: object, settings: Settings = LAPTOP) -> PathLearner:
    learner = PathLearner(settings)
    for o in observations:  # type: ignore[attr-defined]
        learner.observe(o)
    return learner


def found(learner: PathLearner, noise: bool = False) -> set[tuple[str, str]]:
    return {(one.method, one.endpoint) for one in learner.endpoints(noise=noise)}


def one(learner: PathLearner, method: str, endpoint: str) -> Discovered:
    return next(each for each in learner.endpoints(True) if (each.method, each.endpoint) == (method, endpoint))


def test_words_numbers_and_tokens_become_variables_and_names_stay() -> None:
    assert found(learned(hotels())) == HOTELS


def test_tens_of_requests_are_enough() -> None:
    seen = list(hotels(sessions=4))
    assert len(seen) < 80
    assert found(learned(seen)) == HOTELS


def test_requests_and_sessions_are_counted_over_all_values() -> None:
    endpoint = one(learned(hotels()), "GET", "/hotels/{var1}")
    assert (endpoint.requests, endpoint.successes, endpoint.sessions) == (36, 36, 12)
    assert endpoint.last_seen > endpoint.first_seen >= 1_700_000_000


def test_evidence_names_values_sessions_and_where_they_were_seen() -> None:
    (variable,) = one(learned(hotels()), "GET", "/bookings/{var1}").variables
    assert variable.name == "var1"
    assert variable.evidence == (
        "36 values in 12 sessions, 36 of them seen in answers to POST /bookings as 'booking', all look like token"
    )


def test_types_follow_the_values() -> None:
    learner = learned(hotels())
    hotel, room = one(learner, "GET", "/hotels/{var1}/rooms/{var2}").variables
    assert (hotel.type, room.type) == ("slug", "integer")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["2024-01-02", "2024-05-06", "2023-12-31"], "date"),
        ([f"3869455d-4b09-407c-95d0-d8701e24d2d{digit}" for digit in range(4)], "uuid"),
        ([f"{number:016x}a1" for number in (7**18, 7**19, 7**20)], "hex"),
        (["a@b.test", "c.d@e.test", "f@g.test"], "email"),
        (["1.25", "2.5", "17"], "number"),
    ],
)
def test_a_variable_has_the_type_of_its_values(values: list[str], kind: str) -> None:
    learner = learned(exchange(f"/things/{value}", session=value) for value in values)
    (variable,) = one(learner, "GET", "/things/{var1}").variables
    assert variable.type == kind


def test_adjacent_variables_are_two() -> None:
    rng = random.Random(5)
    seen = [exchange(f"/tiles/{rng.randint(0, 99)}/{rng.randint(0, 99)}", session=str(n)) for n in range(30)]
    assert found(learned(seen)) == {("GET", "/tiles/{var1}/{var2}")}


def test_a_path_may_begin_with_a_variable() -> None:
    seen = [exchange(f"/{number * 7919}/orders", session=str(number)) for number in range(20)]
    assert found(learned(seen)) == {("GET", "/{var1}/orders")}


def test_a_suffix_is_part_of_the_variable() -> None:
    seen = [exchange(f"/orders/{number}.json", session=str(number)) for number in range(20)]
    seen += [exchange(f"/orders/{number}:cancel", "POST", session=str(number)) for number in range(20)]
    assert found(learned(seen)) == {("GET", "/orders/{var1}"), ("POST", "/orders/{var1}")}


def test_a_trailing_slash_is_another_endpoint() -> None:
    seen = [exchange(path, session=str(number)) for number in range(5) for path in ("/orders", "/orders/")]
    assert found(learned(seen)) == {("GET", "/orders"), ("GET", "/orders/")}


def test_a_version_is_a_name() -> None:
    seen = [exchange(f"/v1/orders/{number}", session=str(number)) for number in range(10)]
    seen += [exchange(f"/v2/orders/{number}", session=str(number)) for number in range(10)]
    assert found(learned(seen)) == {("GET", "/v1/orders/{var1}"), ("GET", "/v2/orders/{var1}")}


def test_what_only_failed_stays_out_but_can_be_listed() -> None:
    seen = [*hotels(), *(exchange(path, status=404) for path in ("/wp-login.php", "/.env", "/admin"))]
    learner = learned(seen)
    assert found(learner) == HOTELS
    assert found(learner, noise=True) == HOTELS | {("GET", "/wp-login.php"), ("GET", "/.env"), ("GET", "/admin")}


def test_one_or_two_requests_of_one_session_stay_out_but_can_be_listed() -> None:
    learner = learned([*hotels(), exchange("/reports", session="a"), exchange("/reports", session="a")])
    assert found(learner) == HOTELS
    assert ("GET", "/reports") in found(learner, noise=True)


def test_failed_requests_for_values_count_at_their_endpoint() -> None:
    learner = learned([*hotels(), exchange("/hotels/atlantis", status=404, session="guest-1")])
    endpoint = one(learner, "GET", "/hotels/{var1}")
    assert (endpoint.requests, endpoint.successes) == (37, 36)


def test_preflights_and_files_of_pages_are_no_endpoints() -> None:
    learner = learned([exchange("/orders", "OPTIONS", session=str(n)) for n in range(9)])
    for number in range(9):
        learner.observe(exchange("/static/app.js", session=str(number)))
    assert found(learner, noise=True) == set()


def test_the_preset_of_api_shield_wants_500_successes_in_ten_days() -> None:
    learner = learned((exchange("/orders", session=str(n), at=1e9 + n) for n in range(499)), API_SHIELD)
    assert found(learner) == set()
    learner.observe(exchange("/orders", at=1e9 + 500))
    assert found(learner) == {("GET", "/orders")}
    learner.observe(exchange("/orders", at=1e9 + 40 * 86_400))
    assert found(learner) == set()  # 501 in forty days are 125 in ten


def test_a_key_is_the_path_until_its_template_is_known_and_then_the_template() -> None:
    learner = PathLearner()
    before = learner.key_of(exchange("/hotels/ritz"))
    generation = learner.generation
    for o in hotels():
        learner.observe(o)
    assert before == Key("GET", HOST, "/hotels/ritz")
    assert learner.key_of(exchange("/hotels/ritz")) == Key("GET", HOST, "/hotels/{var1}")
    assert learner.generation > generation
    assert learner.moved([before]) == {before: Key("GET", HOST, "/hotels/{var1}")}


def test_a_value_that_was_never_seen_has_the_key_of_its_template() -> None:
    assert learned(hotels()).key_of(exchange("/hotels/grand-budapest")) == Key("GET", HOST, "/hotels/{var1}")


def test_an_exchange_of_a_saved_endpoint_has_its_key_at_once() -> None:
    seen = exchange("/hotels/ritz", endpoint="/hotels/{var1}", endpoint_host="{hostVar1}.hotel.test")
    assert PathLearner().key_of(seen) == Key("GET", "{hostVar1}.hotel.test", "/hotels/{var1}")


def test_a_saved_endpoint_settles_the_templates_of_its_place() -> None:
    learner = learned([exchange("/hotels/ritz", session="a", endpoint="/hotels/{var1}", endpoint_host=HOST)] * 3)
    learner.observe(exchange("/hotels/linden/prices", session="a"))
    keys = {(each.endpoint, each.state) for each in learner.endpoints(noise=True)}
    assert keys == {("/hotels/{var1}", "saved"), ("/hotels/{var1}/prices", "review")}


@pytest.mark.parametrize(
    ("segment", "endpoint"),
    [("index.html", "/old/index.html"), ("01890a5d-ac96-774b-bcce-b302099a8057", "/old/{var1}")],
)
def test_a_word_that_was_asked_for_once_is_told_as_it_is(segment: str, endpoint: str) -> None:
    learner = learned([*hotels(), exchange(f"/old/{segment}", session="a")])
    assert ("GET", endpoint) in found(learner, noise=True)


def test_three_hosts_with_one_api_are_told_as_one() -> None:
    learner = PathLearner()
    for area in ("us", "de", "fr"):
        for o in hotels(host=f"{area}.hotel.test"):
            learner.observe(o)
    endpoints = learner.endpoints()
    assert {each.host for each in endpoints} == {"{hostVar1}.hotel.test"}
    assert {(each.method, each.endpoint) for each in endpoints} == HOTELS
    for each in endpoints:
        variable = each.variables[-1]  # behind those of the path
        assert (variable.name, variable.type) == ("hostVar1", "enum")
        assert variable.evidence == "3 hosts have the same endpoints: de, fr, us"
    key = learner.key_of(exchange("/hotels/ritz", host="de.hotel.test"))
    assert key == Key("GET", "{hostVar1}.hotel.test", "/hotels/{var1}")


@pytest.mark.parametrize("names", [
    ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"),
    ("settings", "profile", "offers", "cities", "news", "prices", "orders", "health"),
])  # fmt: skip
def test_names_that_every_session_asks_for_again_and_again_are_no_values(names: tuple[str, ...]) -> None:
    asked = [name for name in names for _ in range(61)]
    random.Random(1).shuffle(asked)
    learner = learned(
        exchange(f"/{name}", session=f"s{number % 20}", body={"ok": True}) for number, name in enumerate(asked)
    )
    assert found(learner) == {("GET", f"/{name}") for name in names}


def test_two_hosts_stay_two() -> None:
    learner = PathLearner()
    for area in ("us", "de"):
        for o in hotels(host=f"{area}.hotel.test"):
            learner.observe(o)
    assert {each.host for each in learner.endpoints()} == {"us.hotel.test", "de.hotel.test"}


def test_without_sessions_and_bodies_it_still_finds_numbers() -> None:
    learner = learned(Observation("GET", HOST, f"/orders/{number}", 200) for number in range(12))
    assert found(learner) == {("GET", "/orders/{var1}")}


@pytest.mark.parametrize("kind", ["look", "words", "recurrence", "provenance", "siblings", "methods", "parents"])
def test_each_kind_of_evidence_can_be_left_out(kind: str) -> None:
    learner = learned(hotels(), Settings(without=frozenset((kind,))))
    assert ("GET", "/health") in found(learner)


def test_confidence_is_a_probability_and_that_of_a_saved_endpoint_is_1() -> None:
    learner = learned(hotels())
    assert all(0 < each.confidence < 1 for each in learner.endpoints())
    learner.save(Key("GET", HOST, "/hotels/{var1}"))
    assert one(learner, "GET", "/hotels/{var1}").confidence == 1.0
