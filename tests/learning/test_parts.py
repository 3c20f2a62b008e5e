"""The parts of a learner together: what is known of messages follows when paths turn out to be one endpoint."""

from __future__ import annotations

from sluicegate.learning.observation import Key
from sluicegate.learning.parts import new_learner

from .schemas.material import exchange


def test_the_values_of_a_variable_are_known_from_before_it_was_one() -> None:
    learner = new_learner()
    for number in range(60):
        one = exchange(f"/users/{1000 + number * 7}", answer={"id": 1000 + number * 7})
        one.session = f"s{number % 9}"
        learner.observe(one)
    assert [found.endpoint for found in learner.endpoints()] == ["/users/{var1}"]
    profile = learner.profile(Key("POST", "api.test", "/users/{var1}"))
    assert profile is not None
    (variable,) = profile.path
    assert (profile.requests, variable.count, variable.values.count) == (60, 60, 60)
    numbers = variable.values.common().numbers
    assert numbers is not None
    assert (numbers.from_below()[0], numbers.from_above()[0]) == ((1000, 1), (1413, 1))
