"""Writes a YAML text in canonical layout, from its tokens.

Tokens and comments are copied, never written anew; only what stands between them changes. A line keeps what it holds:
nothing is folded, joined or moved to another line.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from yaml.tokens import (
    AnchorToken,
    BlockEndToken,
    BlockEntryToken,
    BlockMappingStartToken,
    BlockSequenceStartToken,
    DirectiveToken,
    DocumentEndToken,
    DocumentStartToken,
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
    KeyToken,
    ScalarToken,
    StreamEndToken,
    TagToken,
    Token,
    ValueToken,
)

from .columns import STEP, Row, align
from .scalars import block_scalar, continued
from .tokens import BREAK, gap_between, is_block_scalar, scan

_ENDPOINT = re.compile(r"(?:&\S+ +)?[\"']?[!#$%&'*+.^_`|~0-9A-Za-z-]+ /")
_KEY_ENDS = (ScalarToken, FlowMappingEndToken, FlowSequenceEndToken)
_FLOW_STARTS = (FlowMappingStartToken, FlowSequenceStartToken)
_FLOW_ENDS = (FlowMappingEndToken, FlowSequenceEndToken)
_MARKERS = (StreamEndToken, DirectiveToken, DocumentStartToken, DocumentEndToken)
_OPENERS = (ValueToken, BlockEntryToken, KeyToken, AnchorToken, TagToken)


class _Block(NamedTuple):
    """A mapping or list in block style: the column of its lines in the old text and in the new one.

    `is_flush`: a list whose lines begin where the keys around it do, which YAML allows and this layout does not.
    """

    old: int
    new: int
    is_list: bool = False
    is_flush: bool = False
    number: int = 0


_ROOT = _Block(0, 0)


class _Flow(NamedTuple):
    """The brackets that are open: how far their first line moved, and the block that they stand in."""

    moved: int
    block: _Block

    def column(self, old: int) -> int:
        """The new column of a line: it keeps its distance, and stays deeper than the block where it was."""
        return max(old + self.moved, self.block.new + (1 if old > self.block.old else 0))


def layout(text: str) -> str:
    """Return a text in canonical layout, unproven. `read_document` accepts it, and it has no byte order mark.

    Raises StrayTextError.
    """
    rows = _Writer(text).rows()
    align(rows)
    return "".join(" " * row.indent + row.text + "\n" if row.text else "\n" for row in rows)


class _Writer:
    """Makes the rows of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._rows: list[Row] = []
        self._row: Row | None = None
        self._row_old = 0
        self._blocks: list[_Block] = []
        self._closed: list[_Block] = []
        self._has_opened = False
        self._made = 0
        self._depth = 0
        self._flow = _Flow(0, _ROOT)
        self._is_key = False
        self._last: Token | None = None
        self._end = 0

    def rows(self) -> list[Row]:
        """Return the rows, not aligned yet. Raises StrayTextError."""
        for token in scan(self._text):
            self._structure(token)
            if token.start_mark.index < token.end_mark.index or isinstance(token, StreamEndToken):
                self._place(token)
        while self._rows and self._rows[-1].is_blank:
            self._rows.pop()
        return self._rows

    @property
    def _block(self) -> _Block:
        return self._blocks[-1] if self._blocks else _ROOT

    @property
    def _below(self) -> int:
        """The column of what stands below the innermost block."""
        return self._block.new + STEP if self._blocks else 0

    def _structure(self, token: Token) -> None:
        """Follow which blocks are open when a token comes."""
        if self._depth:
            return
        column = token.start_mark.column
        if isinstance(token, BlockMappingStartToken | BlockSequenceStartToken):
            self._open(column, is_list=isinstance(token, BlockSequenceStartToken))
        elif isinstance(token, BlockEntryToken):
            if not self._block.is_list:
                self._open(column, is_list=True, is_flush=True)
        elif isinstance(token, KeyToken | ValueToken | BlockEndToken):
            if self._block.is_flush:
                self._closed.append(self._blocks.pop())
            if isinstance(token, BlockEndToken):
                self._closed.append(self._blocks.pop())
            elif isinstance(token, KeyToken):
                self._is_key = True

    def _open(self, column: int, *, is_list: bool, is_flush: bool = False) -> None:
        self._made += 1
        self._has_opened = True
        self._blocks.append(_Block(column, self._below, is_list, is_flush, self._made))

    def _place(self, token: Token) -> None:
        """Write a token with what stands before it."""
        start, end = token.start_mark.index, token.end_mark.index
        fresh = self._row is None
        gap = gap_between(self._text, self._end, start, fresh=fresh)
        if self._row is not None and gap.trailing:
            self._row.comment = gap.trailing
        if fresh or gap.breaks:
            old = -1 if isinstance(token, StreamEndToken) else token.start_mark.column
            indent = self._column(token)
            for line in gap.lines:
                if line is None:
                    self._blank()
                else:
                    self._rows.append(Row(self._comment_column(line.column, token, old, indent), line.text))
        if isinstance(token, StreamEndToken):
            return
        if fresh or gap.breaks:
            self._begin(indent, token.start_mark.column)
        elif self._row is not None:
            self._row.text += self._text[self._end : start] if self._depth else self._separator(token)
        self._write(token, self._text[start:end])
        self._last, self._end = token, end
        self._closed.clear()
        self._has_opened = self._is_key = False

    def _begin(self, indent: int, old: int) -> Row:
        row = Row(indent)
        if self._is_key and len(self._blocks) == 2 and not self._blocks[0].is_list and not self._depth:
            row.table = self._block.number
        self._rows.append(row)
        self._row, self._row_old = row, old
        return row

    def _blank(self) -> None:
        if self._rows and not self._rows[-1].is_blank:
            self._rows.append(Row(0, is_blank=True))

    def _column(self, token: Token) -> int:
        """The column of a line that begins with a token."""
        if isinstance(token, _MARKERS):
            return 0
        if self._depth:
            return self._flow.column(token.start_mark.column)
        if self._is_key or isinstance(token, BlockEntryToken | ValueToken):
            return self._block.new
        return self._below

    def _comment_column(self, column: int, token: Token, next_old: int, next_new: int) -> int:
        """The column of a comment on its own line: that of what follows, unless it stands at the end of a block.

        It is at the end of the innermost block that ends here, is no deeper than the comment, and is deeper than
        what follows. A key without a value counts as a block, too: its comment may be all that is below it.
        """
        if self._depth:
            return self._flow.column(column)
        ended = list(self._closed)
        if isinstance(self._last, _OPENERS) and not self._has_opened and self._follows_empty(token):
            parent = ended[0] if ended else self._block
            ended.insert(0, _Block(parent.old + 1, parent.new + STEP))
        for block in ended:
            if next_old < block.old + block.is_flush <= column:
                return block.new
        return next_new

    def _follows_empty(self, token: Token) -> bool:
        """Whether a token begins a line of its own block, so that the line before it holds no value."""
        return self._is_key or isinstance(token, (BlockEntryToken, ValueToken, *_MARKERS))

    def _separator(self, token: Token) -> str:
        is_colon = isinstance(token, ValueToken) and isinstance(self._last, _KEY_ENDS)
        return "" if is_colon else " "

    def _write(self, token: Token, text: str) -> None:
        row = self._row
        if row is None:
            return
        if isinstance(token, _FLOW_STARTS):
            if not self._depth:
                self._flow = _Flow(row.indent - self._row_old, self._block)
            self._depth += 1
        elif isinstance(token, _FLOW_ENDS):
            self._depth -= 1
        if isinstance(token, ScalarToken) and is_block_scalar(token):
            self._write_block_scalar(row, token, text)
        elif isinstance(token, ScalarToken) and BREAK.search(text):
            self._write_lines(row, token.style == '"', text)
        else:
            row.text += text
            self._mark_columns(row, token)

    def _mark_columns(self, row: Row, token: Token) -> None:
        if row.table < 0 or self._depth:
            return
        if not row.key_end:
            if isinstance(token, ValueToken) and _ENDPOINT.match(row.text):
                row.key_end = len(row.text)
        elif not isinstance(token, AnchorToken | TagToken):
            row.has_value = True

    def _write_lines(self, row: Row, is_escaped: bool, text: str) -> None:
        """Write a plain or quoted scalar that takes several lines."""
        first, others = continued(text, is_escaped=is_escaped)
        row.text += first
        for content, old, joined in others:
            indent = 0 if not content else self._flow.column(old) if self._depth else self._block.new + STEP
            if joined:
                row.text += joined + " " * indent + content
            else:
                row = self._begin(indent, old)
                row.text = content

    def _write_block_scalar(self, row: Row, token: ScalarToken, text: str) -> None:
        is_cut = token.end_mark.index == len(self._text)
        written = block_scalar(token, text, self._block.old, self._block.new + STEP, is_cut=is_cut)
        row.text += written.header
        row.comment = written.comment
        self._row = None
        self._rows += [Row(0, line) for line in written.lines]
        if written.ends_empty:
            self._blank()
