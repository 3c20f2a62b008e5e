"""When a worker that has died is started again."""

from __future__ import annotations

import pytest

from sluicegate.workers.backoff import FIRST, LONGEST, BackOff


def test_each_young_death_in_a_row_doubles_the_wait_up_to_the_longest() -> None:
    back_off = BackOff()
    waits = [back_off.after(0.5) for _ in range(9)]
    assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10])


def test_who_lived_a_while_starts_at_once_and_its_next_young_death_is_a_first_one() -> None:
    back_off = BackOff()
    for _ in range(5):
        back_off.after(0)
    assert back_off.after(LONGEST) == 0
    assert back_off.after(LONGEST - 0.1) == FIRST
