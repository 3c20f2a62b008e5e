"""What a change of layout does to a file's lines, as a unified diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

_Code = tuple[Literal["equal", "replace"], int, int, int, int]


class _Paired(SequenceMatcher[str]):
    """difflib's grouping of differences, over lines that were paired already."""

    def __init__(self, codes: Iterable[_Code]) -> None:
        super().__init__()
        self._codes = list(codes)

    def get_opcodes(self) -> list[_Code]:  # type: ignore[override]
        return self._codes


def unified(name: str, old: str, new: str) -> list[str]:
    """Return the lines of a unified diff between two layouts of one text, without line ends; none where they agree.

    Lines are paired by what they hold without their blanks, in one walk: difflib's own search takes quadratic time
    where every other of many lines differs.
    """
    mine, its = old.split("\n"), new.split("\n")
    matcher = _Paired(_merged(_walk(mine, its)))
    lines: list[str] = []
    for group in matcher.get_grouped_opcodes(3):
        if not lines:
            lines += [f"--- {name}", f"+++ {name}"]
        first, last = group[0], group[-1]
        lines.append(f"@@ -{_span(first[1], last[2])} +{_span(first[3], last[4])} @@")
        for tag, start, end, new_start, new_end in group:
            if tag == "equal":
                lines += _shown(" ", mine, start, end)
            else:
                lines += _shown("-", mine, start, end)
                lines += _shown("+", its, new_start, new_end)
    return lines


def _walk(mine: Sequence[str], its: Sequence[str]) -> Iterator[_Code]:
    """Yield how each line goes on in the other text, in order. The piece behind the last line end is not a line."""
    one, other = 0, 0
    ends = _count(mine), _count(its)
    while one < ends[0] or other < ends[1]:
        left = mine[one] if one < ends[0] else None
        right = its[other] if other < ends[1] else None
        if left is not None and right is not None and _key(left) == _key(right):
            is_same = left == right and _is_ended(mine, one) == _is_ended(its, other)
            taken, given = 1, 1
        elif right is None or (left is not None and not _key(left)):
            is_same, taken, given = False, 1, 0
        elif left is None or not _key(right):
            is_same, taken, given = False, 0, 1
        else:
            is_same, taken, given = False, 1, 1
        yield "equal" if is_same else "replace", one, one + taken, other, other + given
        one, other = one + taken, other + given


def _merged(codes: Iterator[_Code]) -> Iterator[_Code]:
    """Yield runs of lines in place of single ones: what is equal, and what is not."""
    run: _Code | None = None
    for code in codes:
        if run is not None and run[0] == code[0]:
            run = (run[0], run[1], code[2], run[3], code[4])
            continue
        if run is not None:
            yield run
        run = code
    if run is not None:
        yield run


def _key(line: str) -> str:
    return "".join(line.split()).removeprefix("\ufeff")


def _count(lines: Sequence[str]) -> int:
    return len(lines) if lines[-1] else len(lines) - 1


def _is_ended(lines: Sequence[str], number: int) -> bool:
    return number < len(lines) - 1


def _span(start: int, end: int) -> str:
    """A range of lines as a hunk's head gives it: the line before it where it is empty."""
    if end - start == 1:
        return f"{start + 1}"
    return f"{start + 1 if end > start else start},{end - start}"


def _shown(sign: str, lines: Sequence[str], start: int, end: int) -> Iterator[str]:
    for number in range(start, end):
        yield sign + lines[number]
        if not _is_ended(lines, number):
            yield "\\ No newline at end of file"
