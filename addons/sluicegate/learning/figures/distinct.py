"""How many different sessions there were: a small set, which becomes a HyperLogLog as it grows."""

from __future__ import annotations

from hashlib import blake2b
from math import sqrt
from typing import Any, Final

MOST_EXACT: Final = 128
"""Sessions that are counted exactly, at most; beyond, the standard error is 1.04/sqrt(1024): 3.3 %."""
_BITS: Final = 10
_REGISTERS: Final = 1 << _BITS
_REST: Final = 64 - _BITS


def number_of(session: str) -> int:
    """A session's keyed hash as 64 bits that are spread evenly: its 16 hex digits; any other text is hashed."""
    if len(session) == 16:
        try:
            return int(session, 16) & 0xFFFF_FFFF_FFFF_FFFF
        except ValueError:
            pass
    return int.from_bytes(blake2b(session.encode("utf-8", "surrogatepass"), digest_size=8).digest())


class Distinct:
    """Counts different numbers of 64 bits in constant memory; what it holds depends on their set alone.

    Merging is associative, commutative and idempotent: two halves of the same traffic give what the whole gives.
    """

    __slots__ = ("_registers", "_seen")

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._registers: bytearray | None = None

    def add(self, number: int) -> None:
        """Count a number."""
        if self._registers is None:
            self._seen.add(number)
            if len(self._seen) > MOST_EXACT:
                self._widen()
            return
        rank = _REST + 1 - (number >> _BITS).bit_length()
        index = number & (_REGISTERS - 1)
        if self._registers[index] < rank:
            self._registers[index] = rank

    def merge(self, other: Distinct) -> None:
        """Add what another has counted."""
        if other._registers is None:
            for number in other._seen:
                self.add(number)
            return
        if self._registers is None:
            self._widen()
        self._registers = bytearray(map(max, self._registers or b"", other._registers))

    def estimate(self) -> int:
        """Return how many there were: exact up to MOST_EXACT.

        Ertl, New cardinality estimation algorithms for HyperLogLog sketches (2017), algorithm 6: no bias at any size.
        """
        if self._registers is None:
            return len(self._seen)
        counts = [self._registers.count(rank) for rank in range(_REST + 2)]
        z = _REGISTERS * _tau(1 - counts[_REST + 1] / _REGISTERS)
        for rank in range(_REST, 0, -1):
            z = (z + counts[rank]) / 2
        z += _REGISTERS * _sigma(counts[0] / _REGISTERS)
        return round(_REGISTERS * _REGISTERS * 0.7213475204444817 / z)  # 1 / (2 ln 2)

    def members(self) -> list[int] | dict[str, list[int]]:
        """As JSON: a list of the numbers, or the registers."""
        return sorted(self._seen) if self._registers is None else {"registers": list(self._registers)}

    @classmethod
    def from_members(cls, members: Any) -> Distinct:
        """From JSON. Raises ValueError."""
        found = cls()
        registers = members.get("registers") if isinstance(members, dict) else None
        if registers is not None:
            if len(_numbers(registers, _REST + 1)) != _REGISTERS:
                raise ValueError("no registers of sessions")
            found._registers = bytearray(registers)
        elif len(_numbers(members, (1 << 64) - 1)) <= MOST_EXACT:
            found._seen = set(members)
        else:
            raise ValueError("more sessions than are kept")
        return found

    def _widen(self) -> None:
        seen, self._seen = self._seen, set()
        self._registers = bytearray(_REGISTERS)
        for number in seen:
            self.add(number)


def _numbers(members: Any, most: int) -> list[int]:
    if not isinstance(members, list) or not all(type(one) is int and 0 <= one <= most for one in members):
        raise ValueError("no list of numbers")
    return members


def _sigma(x: float) -> float:
    if x == 1.0:
        return float("inf")
    y, z, before = 1.0, x, -1.0
    while z != before:
        x *= x
        before = z
        z += x * y
        y += y
    return z


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x = sqrt(x)
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
    return z / 3
