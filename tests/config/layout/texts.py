"""Route-like YAML texts for tests of the layout, with comments and odd blanks wherever YAML allows them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from hypothesis import strategies as st

KEYS = ("host", "GET /a/{b}", "POST /a", "x-1", "'quo ted'", '"d:q"', "/p?x=1", "<<", "~", "010", "é", "'#no'")
SCALARS = (
    *("no", "010", "1:30", "~", "1.50", "0x1F", "null", "Yes", "2026-07-01", "''", '""', "'it''s'", '"a\\tb # c"'),
    *("http://h:1/a#b", "dates:/x/{y}", "${A:-b}", "a b  c", "é中", "-x", "?x", ":x", "'# no comment'", "[]", ""),
)
LONG_SCALARS = (
    ("plain", "more", "", "- last x:y"),
    ("'single", "  more", "", "end'"),
    ('"double', "more \\", "\\ end\\ ", ' x"'),
)
FLOWS = (
    ("[]",),
    ("{}",),
    ("[a,  b]",),
    ("{a: no, 'b':1}",),
    ("[a, # {0}", "b,", "# {1}", "", "c]"),
    ("{ a: [x,", "   y", "]", "}"),
    ("[", "'a", "b', # {0}", "c", "]"),
)
CONTENTS = (("a",), ("a", "  b", "", "c  "), ("", " a", "# no comment", ""), ("x: y", "", ""), ())
HEADERS = ("|", ">", "|-", ">+", "|+", "|2", ">1-", "|-3")


class _Text:
    """A text in the making."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.lines: list[str] = []
        self.comments = 0
        self.anchors = 0

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def comment(self) -> str:
        self.comments += 1
        return f"# c{self.comments}" + self.random.choice(["", " more", " x: y", "#", "  ", "\ttab", " 中"])

    def anchor(self, percent: int) -> str:
        if not self.chance(percent):
            return ""
        self.anchors += 1
        return f"&a{self.anchors}"

    def noise(self, column: int) -> None:
        while self.chance(30):
            blanks = " " * self.random.choice([0, column, column, column + 2, self.random.randrange(9)])
            self.lines.append(blanks + self.comment() if self.chance(60) else self.random.choice(["", "  "]))

    def blanks(self) -> str:
        return self.random.choice([" ", " ", "  ", "    ", " \t"])

    def end(self) -> str:
        return self.blanks() + self.comment() if self.chance(25) else self.random.choice(["", "", "  "])

    def mapping(self, column: int, depth: int, first: str) -> None:
        """Write a mapping; `first` stands before its first key, on the same line."""
        for number in range(self.random.randint(1, 4)):
            lead = first if number == 0 and first else " " * column
            if not (number == 0 and first):
                self.noise(column)
            key = self.random.choice(KEYS)
            if self.chance(5):
                self.lines.append(f"{lead}? {key}{self.end()}")
                self.noise(column)
                self.value(f"{' ' * column}:", column, depth)
            else:
                self.value(f"{lead}{key}{self.random.choice(['', '', ' '])}:", column, depth)

    def sequence(self, column: int, depth: int, first: str) -> None:
        for number in range(self.random.randint(1, 3)):
            if number == 0 and first:
                lead = f"{first}-"
            else:
                self.noise(column)
                lead = f"{' ' * column}-"
            inside = column + 2
            if depth and self.chance(40):
                blanks = " " * self.random.randint(1, 3)
                write = self.mapping if self.chance(70) else self.sequence
                write(column + 1 + len(blanks), depth - 1, lead + blanks)
            else:
                self.value(lead, inside - 2, depth)

    def value(self, lead: str, column: int, depth: int) -> None:
        """Write a value behind a key or a dash that stands at a column."""
        kinds: list[Callable[[str, int, int], None]] = [self.scalar] * 4 + [self.long, self.flow, self.block]
        if depth:
            kinds += [self.nested] * 4
        self.random.choice(kinds)(lead, column, depth)

    def nested(self, lead: str, column: int, depth: int) -> None:
        self.lines.append(f"{lead} {self.anchor(15)}".rstrip() + self.end())
        is_list = self.chance(40)
        least = 0 if is_list and lead.endswith(":") else 1
        below = column + self.random.randint(least, 4)
        self.noise(below)
        (self.sequence if is_list else self.mapping)(below, depth - 1, "")

    def scalar(self, lead: str, column: int, depth: int) -> None:
        value = self.random.choice(SCALARS)
        if value and self.chance(10):
            self.lines.append(lead + self.end())
            self.noise(column + 1)
            self.lines.append(" " * (column + self.random.randint(1, 4)) + value + self.end())
        else:
            anchor = self.anchor(10)
            if not anchor and self.anchors and self.chance(10):
                # Anchors of blocks that are still open would make a circle; what is refused is no layout to test.
                value = f"*a{self.random.randint(1, self.anchors)}"
            blanks = self.blanks() if lead.endswith(":") else " "
            self.lines.append(f"{lead}{blanks}{anchor} {value}".rstrip() + self.end())

    def long(self, lead: str, column: int, depth: int) -> None:
        self.many(lead, column, self.random.choice(LONG_SCALARS))

    def flow(self, lead: str, column: int, depth: int) -> None:
        found = self.random.choice(FLOWS)
        self.many(
            lead,
            column,
            tuple(line.format(self.comment(), self.comment()) if "# {" in line else line for line in found),
        )

    def many(self, lead: str, column: int, lines: tuple[str, ...]) -> None:
        blanks = self.blanks() if lead.endswith(":") else " "
        self.lines.append(f"{lead}{blanks}{lines[0]}")
        for line in lines[1:]:
            blanks = " " * (column + self.random.randint(1, 4)) if line else ""
            self.lines.append(blanks + line + (self.random.choice(["", "  "]) if not line.endswith("\\ ") else ""))
        self.lines[-1] = self.lines[-1].rstrip() + self.end()

    def block(self, lead: str, column: int, depth: int) -> None:
        header = self.random.choice(HEADERS)
        given = next((int(one) for one in header if one.isdigit()), 0)
        indent = column + (given or self.random.randint(1, 4))
        self.lines.append(f"{lead} {header}{self.end()}")
        self.lines += [" " * indent + line if line else "" for line in self.random.choice(CONTENTS)]


def _text(random: Random) -> str:
    made = _Text(random)
    made.noise(0)
    if made.chance(5):
        made.lines.append("---" + made.end())
    made.mapping(random.choice([0, 0, 0, 2]), 3, "")
    made.noise(random.randrange(5))
    text = random.choice(["\n", "\n", "\n", "\r\n", "\r"]).join(made.lines)
    return random.choice(["", "", "\ufeff"]) + text + random.choice(["\n", "\n", "", "\n\n", "  \n"])


def route_like() -> st.SearchStrategy[str]:
    """Texts like route files; nearly all of them are YAML."""
    return st.integers(0, 2**32).map(lambda seed: _text(Random(seed)))
