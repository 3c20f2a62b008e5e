"""What an endpoint did in one span of time."""

from __future__ import annotations

import json
import zlib

import pytest

from sluicegate.learning.figures.buckets import MOST_IDENTIFIERS, OTHER, Bucket


def full() -> Bucket:
    found = Bucket()
    found.statuses = [1, 2, 3, 4, 5, 6]
    found.named = 3
    found.succeed("header authorization", 2)
    found.succeed("")
    for value in (1.0, 20.0, 300.0):
        found.latency.add(value)
        found.size.add(value)
    for number in range(200):
        found.sessions.add(number << 10 | number)
    return found


def test_packed_it_takes_little_and_gives_back_all() -> None:
    data = full().packed()
    again = Bucket.unpacked(data)
    assert again.packed() == data
    assert (again.statuses, again.named, again.successes) == (full().statuses, 3, {"header authorization": 2, "": 1})
    assert len(data) < 1000


def test_merging_adds_up() -> None:
    found = full()
    found.merge(full())
    assert found.statuses == [2, 4, 6, 8, 10, 12]
    assert (found.named, found.latency.count, found.size.total) == (6, 6, 642.0)
    assert found.successes == {"header authorization": 4, "": 2}
    assert found.sessions.estimate() == full().sessions.estimate()


def test_identifiers_beyond_the_limit_count_as_others_and_none_stays_none() -> None:
    found = Bucket()
    for number in range(100):
        found.succeed(f"header x-{number}")
        found.succeed("")
    assert len(found.successes) <= MOST_IDENTIFIERS + 2
    assert found.successes[""] == 100
    assert sum(found.successes.values()) == 200
    assert found.successes[OTHER] > 50


@pytest.mark.parametrize(
    "members",
    [
        None,
        [],
        [[0] * 5, 0, {}, [0, 0.0, 0, []], [0, 0.0, 0, []], []],
        [[0] * 6, "0", {}, [0, 0.0, 0, []], [0, 0.0, 0, []], []],
        [[0] * 6, 0, [], [0, 0.0, 0, []], [0, 0.0, 0, []], []],
        [[-1] * 6, 0, {}, [0, 0.0, 0, []], [0, 0.0, 0, []], []],
        [[0] * 6, 0, {"a": 1.5}, [0, 0.0, 0, []], [0, 0.0, 0, []], []],
    ],
)
def test_nonsense_is_refused(members: object) -> None:
    with pytest.raises(ValueError):
        Bucket.unpacked(zlib.compress(json.dumps(members).encode()))


@pytest.mark.parametrize("data", [b"", b"x", zlib.compress(b"["), zlib.compress(b"[" * 100_000), full().packed()[:-9]])
def test_what_is_damaged_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        Bucket.unpacked(data)


def test_what_swells_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(ValueError):
        Bucket.unpacked(zlib.compress(b"[" + b"0," * 50_000_000 + b"0]", 1))
