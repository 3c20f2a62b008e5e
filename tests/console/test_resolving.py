"""Names are looked up side by side, within a time for all of them."""

from __future__ import annotations

import socket
import threading

import pytest

from sluicegate.console.resolving import resolve


def refuse(name: str) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_names_that_resolve_are_left_out() -> None:
    def look_up(name: str) -> None:
        if name.startswith("no"):
            refuse(name)

    assert resolve(["yes.test", "no.test"], look_up=look_up) == {"no.test": "name or service not known"}


def test_nothing_is_looked_up_where_there_is_no_name() -> None:
    assert resolve([], look_up=refuse) == {}


def test_a_name_that_no_name_can_be_does_not_resolve() -> None:
    assert resolve(["a" * 64 + ".invalid"]) == {"a" * 64 + ".invalid": "it is not a name"}


def test_each_of_many_names_is_looked_up_once() -> None:
    asked: list[str] = []
    names = [f"h{number}.test" for number in range(200)]
    assert resolve(names, look_up=asked.append) == {}
    assert sorted(asked) == sorted(names)


@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_what_takes_too_long_does_not_resolve(seconds: float) -> None:
    end = threading.Event()

    def look_up(name: str) -> None:
        end.wait()

    try:
        found = resolve(["slow.test"], seconds, look_up)
    finally:
        end.set()
    assert found == {"slow.test": f"no answer within {seconds:g} seconds"}
