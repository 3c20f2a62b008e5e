"""Where in the text of a route file an endpoint can be put, found by its tokens."""

from __future__ import annotations

from dataclasses import dataclass, field

from yaml.tokens import (
    AnchorToken,
    BlockEndToken,
    BlockMappingStartToken,
    BlockSequenceStartToken,
    DocumentEndToken,
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
    KeyToken,
    ScalarToken,
    StreamEndToken,
    Token,
    ValueToken,
)

from ..layout.tokens import is_block_scalar, scan

TABLE = "endpoints"
_STARTS = (BlockMappingStartToken, BlockSequenceStartToken, FlowMappingStartToken, FlowSequenceStartToken)
_ENDS = (BlockEndToken, FlowMappingEndToken, FlowSequenceEndToken)


class EditError(ValueError):
    """A route file that cannot be added to; the message says why and what to do, `line` where (0: anywhere)."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Entry:
    """One entry of `endpoints`: its key, its lines from 0, and the column of its key."""

    key: str = ""
    first: int = 0
    last: int = 0
    column: int = 0


@dataclass(slots=True)
class Places:
    """Where `endpoints` stands: `line` of its key from 0, None where the file has none, and its entries.

    `column` is that of the file's own keys; `ends` is the line behind the last thing that the file says.
    """

    line: int | None = None
    column: int = 0
    ends: int = 0
    entries: list[Entry] = field(default_factory=list)


def places(text: str) -> Places:
    """Find the places in a text that `read_document` accepts. Raises EditError."""
    return _Finder().places(text)


class _Finder:
    def __init__(self) -> None:
        self._found = Places()
        self._depth = 0
        self._is_key = False
        self._in_table = False
        self._waits_for_table = False

    def places(self, text: str) -> Places:
        for token in scan(text):
            self._take(token)
        return self._found

    def _take(self, token: Token) -> None:
        if isinstance(token, DocumentEndToken):
            raise EditError("the file ends with '...': take that line out first", token.start_mark.line + 1)
        if self._waits_for_table and not isinstance(token, AnchorToken):
            self._waits_for_table = False
            self._open(token)
        if isinstance(token, _STARTS):
            self._depth += 1
            if self._depth == 1 and not isinstance(token, BlockMappingStartToken):
                raise EditError("the file is written in brackets: write one key in a line", token.start_mark.line + 1)
        elif isinstance(token, _ENDS):
            self._depth -= 1
            self._in_table = self._in_table and self._depth > 1
        elif isinstance(token, KeyToken):
            self._key(token)
        elif isinstance(token, ValueToken) and self._depth == 1 and self._found.line is not None and self._is_key:
            self._waits_for_table = True
        if token.start_mark.index < token.end_mark.index and not isinstance(token, StreamEndToken):
            self._content(token)

    def _open(self, token: Token) -> None:
        """See what `endpoints` has as its value."""
        self._is_key = False
        if isinstance(token, BlockMappingStartToken):
            self._in_table = True
        elif not isinstance(token, KeyToken | BlockEndToken | StreamEndToken):
            what = "in braces" if isinstance(token, FlowMappingStartToken) else "as something else than lines"
            message = f"'{TABLE}' is written {what}: write each endpoint in a line of its own below it"
            raise EditError(message, token.start_mark.line + 1)

    def _key(self, token: KeyToken) -> None:
        mark = token.start_mark
        if self._depth == 1:
            self._is_key = True
            self._found.column = mark.column
        elif self._in_table and self._depth == 2:
            self._is_key = True
            self._found.entries.append(Entry(first=mark.line, last=mark.line, column=mark.column))

    def _content(self, token: Token) -> None:
        """Follow where the entry ends that a token belongs to."""
        end = token.end_mark
        last = end.line - 1 if is_block_scalar(token) and end.column == 0 else end.line
        self._found.ends = max(self._found.ends, last + 1)
        if self._is_key and isinstance(token, ScalarToken):
            if self._depth == 1:
                self._is_key = token.value == TABLE
                if self._is_key:
                    self._found.line = token.start_mark.line
            else:
                self._is_key = False
                self._found.entries[-1].key = token.value
        if self._in_table and self._depth >= 2:
            for entry in self._found.entries[-1:]:
                entry.last = max(entry.last, last)
