"""The tokens of a YAML text and what stands between them: blanks, line ends and comments.

The tokens are those of the parser that reads route files (`documents`), so that nothing can be a comment here and a
value there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from yaml._yaml import CParser
from yaml.tokens import ScalarToken, StreamEndToken, Token

BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""A line end (YAML 1.1 section 4.2)."""
BLANKS = " \t"
_BEGINNING = BLANKS + "\ufeff"
"""What a line may begin with: files that were joined hold a byte order mark at the beginning of a line."""
BLOCK_STYLES = ("|", ">")
_HEADER = re.compile(r"([|>])([^ \t#]*)[ \t]*(#.*)?")


class Comment(NamedTuple):
    """A comment on a line of its own: its text from the `#` on, and its column from 0."""

    text: str
    column: int


class Gap(NamedTuple):
    """What stands between two tokens.

    `trailing` is the comment behind the first one, or ''. `lines` are the lines after that, None for an empty one,
    without the beginning of the second token's line. `breaks`: the second one begins another line.
    """

    trailing: str = ""
    lines: tuple[Comment | None, ...] = ()
    breaks: bool = False


class Header(NamedTuple):
    """The first line of a block scalar: `|` or `>`, its indicators as written, its comment or ''."""

    style: str
    indicators: str
    comment: str

    @property
    def indentation(self) -> int:
        """The indentation that the header gives, in columns; 0: none, the first line of the content tells."""
        return next((int(character) for character in self.indicators if character.isdigit()), 0)


class StrayTextError(ValueError):
    """Text that is neither token nor comment; `index` is its place in the text."""

    def __init__(self, index: int) -> None:
        super().__init__(f"stray text at {index}")
        self.index = index


def scan(text: str) -> Iterator[Token]:
    """Yield the tokens of a text that `read_document` accepts, without byte order mark; the last is StreamEnd."""
    parser = CParser(text)
    try:
        while parser.check_token():
            token = parser.get_token()
            if token is not None:
                yield token
    finally:
        parser.dispose()


def is_block_scalar(token: Token | None) -> bool:
    """Whether a token is a block scalar: it ends at the beginning of a line, its empty last lines included."""
    return isinstance(token, ScalarToken) and token.style in BLOCK_STYLES


def header_of(token: ScalarToken, text: str) -> Header:
    """Read the first line of a block scalar; `text` is the token's. Raises StrayTextError."""
    found = _HEADER.fullmatch(BREAK.split(text, maxsplit=1)[0])
    if found is None:
        raise StrayTextError(token.start_mark.index)
    return Header(found[1], found[2], found[3] or "")


def gap_between(text: str, start: int, end: int, *, fresh: bool) -> Gap:
    """Read what stands between two tokens; `fresh`: it begins a line. Raises StrayTextError."""
    between = text[start:end]
    if not fresh and not between.strip(BLANKS):
        return Gap()
    parts = BREAK.split(between)
    trailing = "" if fresh else _comment(parts.pop(0), start).text
    lines: list[Comment | None] = []
    for number, part in enumerate(parts, 1):
        comment = _comment(part, start)
        if comment.text:
            lines.append(comment)
        elif number < len(parts):
            lines.append(None)
    return Gap(trailing, tuple(lines), bool(parts))


def _comment(part: str, start: int) -> Comment:
    text = part.lstrip(_BEGINNING)
    if text and text[0] != "#":
        raise StrayTextError(start)
    return Comment(text, len(part) - len(text))


class Part(NamedTuple):
    """A token or comment of a text as `parts` gives it: what it is, what it says, and its line from 1."""

    kind: str
    text: str
    line: int


def parts(text: str) -> Iterator[Part]:
    """Yield everything in a text that a change of its layout may not change, in order. Raises StrayTextError."""
    end, line, fresh = 0, 1, True
    for token in scan(text):
        start = token.start_mark.index
        if start == token.end_mark.index and not isinstance(token, StreamEndToken):
            continue
        if text[end:start].strip(BLANKS):
            gap = gap_between(text, end, start, fresh=fresh)
            if gap.trailing:
                yield Part("trailing comment", gap.trailing, line)
            for offset, comment in enumerate(gap.lines, 0 if fresh else 1):
                if comment is not None:
                    yield Part("comment", comment.text, line + offset)
        yield _part(token)
        end, line, fresh = token.end_mark.index, token.end_mark.line + 1, is_block_scalar(token)
        if isinstance(token, ScalarToken) and fresh:
            header = header_of(token, text[start:end])
            if header.comment:
                yield Part("trailing comment", header.comment, token.start_mark.line + 1)


def _part(token: Token) -> Part:
    line = token.start_mark.line + 1
    if isinstance(token, ScalarToken):
        return Part(f"{token.style or 'plain'} scalar", token.value, line)
    return Part(type(token).__name__, str(getattr(token, "value", "")), line)
