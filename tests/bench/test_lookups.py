"""Micro-benchmarks of the lookup, with pytest-benchmark; the ordinary test command leaves this folder out.

The environment needs what .venv has and pytest-benchmark (`pip install '.[test,bench]'` in one of your own):

    BENCH/bin/python -m pytest tests/bench/test_lookups.py

A figure is the time for 2,000 lookups.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from . import lookups


@pytest.mark.parametrize("count", lookups.COUNTS)
@pytest.mark.parametrize("kind", ["hit", "miss"])
def test_lookups_at_random(benchmark: Callable[..., Any], kind: str, count: int) -> None:
    table = lookups.table_of(count)
    requests = lookups.hits(count) if kind == "hit" else lookups.misses(count)
    found = {table.lookup(*request) is not None for request in requests}
    assert found == {kind == "hit"}
    benchmark(lookups.look_up, table.lookup, requests)
