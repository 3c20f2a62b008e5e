"""Endpoints put into the text of a route file, which keeps everything that it says, comments byte for byte.

The file is laid out as `sluice fmt` does it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import NamedTuple

from ..diagnostics import Findings
from ..documents import read_document
from ..layout.canonical import laid_out
from ..layout.columns import STEP
from ..layout.tokens import BREAK, StrayTextError
from ..syntax import MAX_SIMPLE_KEY
from .places import TABLE, EditError, Entry, Places, places
from .proof import prove
from .quoting import quoted

_BYTE_ORDER_MARK = "\ufeff"


class Added(NamedTuple):
    """An endpoint to be put into a file: method, path as route files have it, target or '', comment or ''."""

    method: str
    path: str
    target: str = ""
    comment: str = ""

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"


def new_file(host: str, added: Sequence[Added]) -> bytes:
    """Return a route file of these endpoints in canonical layout; `host` '' or '*' is any host. Raises EditError."""
    head = f"host: {quoted(host)}\n\n" if host not in ("", "*") else ""
    lines = [_line(one, STEP) for one in added]
    return _canonical(f"{head}{TABLE}:\n{''.join(line + chr(10) for line in lines)}".encode())


def with_endpoints(content: bytes, added: Sequence[Added]) -> bytes:
    """Return a route file's content with endpoints added, each behind the one that its path has most in common with.

    What is returned was proven to hold the same document and the same comments, and these endpoints. Raises EditError:
    no YAML, a form of `endpoints` without lines to add one, an endpoint that stands there already, a text that cannot
    be laid out.
    """
    if not added:
        return content
    findings = Findings("")
    before = read_document(content, findings)
    if findings.found:
        raise EditError(findings.found[0].message, findings.found[0].line)
    text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    try:
        edited = _spliced(text, places(text), added)
        prove(text, before, edited, [(one.key, one.target, one.comment) for one in added])
    except StrayTextError as error:
        raise EditError("the file holds text that is neither YAML nor a comment", _line_of(text, error.index)) from None
    return _canonical(edited.encode())


def _canonical(content: bytes) -> bytes:
    findings = Findings("")
    new = laid_out(content, findings)
    if new is None:
        raise EditError(findings.found[0].message, findings.found[0].line)
    return new


def _line_of(text: str, index: int) -> int:
    return text.count("\n", 0, index) + 1


def _spliced(text: str, found: Places, added: Sequence[Added]) -> str:
    """Put the new lines in, from the last place to the first, so that the numbers of lines before it hold."""
    lines = _lines(text)
    line_end = next((end for end in BREAK.findall(text) if end in ("\n", "\r\n")), "\n")
    behind: dict[int, list[str]] = {}
    if found.line is None:
        head = [""] if text.strip() and lines[found.ends - 1 : found.ends] else []
        behind[len(lines)] = [*head, " " * found.column + f"{TABLE}:"]
        behind[len(lines)] += [_line(one, found.column + STEP) for one in added]
    elif not found.entries:
        behind[found.line + 1] = [_line(one, found.column + STEP) for one in added]
    else:
        for one in added:
            beside = _nearest(one, found.entries)
            behind.setdefault(beside.last + 1, []).append(_line(one, found.entries[0].column))
    for number in sorted(behind, reverse=True):
        if number and not BREAK.search(lines[number - 1][-1:]):
            lines[number - 1] += line_end
        lines[number:number] = [line + line_end for written in behind[number] for line in written.split("\n")]
    return "".join(lines)


def _lines(text: str) -> list[str]:
    """The lines of a text with their ends, as the parser counts them."""
    lines, start = [], 0
    for found in BREAK.finditer(text):
        lines.append(text[start : found.end()])
        start = found.end()
    return [*lines, text[start:]] if text[start:] else lines


def _nearest(added: Added, entries: Sequence[Entry]) -> Entry:
    """The last of the entries whose paths have most first segments in common with the new one's."""
    return max(reversed(entries), key=lambda entry: _common(added.path, entry.key.partition(" ")[2]))


def _common(one: str, other: str) -> int:
    number = 0
    for mine, its in zip(one.split("/")[1:], other.split("/")[1:], strict=False):
        # Whatever a variable is called, it is a variable.
        if re.sub(r"\{[^}]*\}", "{}", mine) != re.sub(r"\{[^}]*\}", "{}", its):
            break
        number += 1
    return number


def _line(added: Added, column: int) -> str:
    """The line of an endpoint; two lines for a very long key."""
    key = quoted(added.key)
    start = " " * column
    if len(key) > MAX_SIMPLE_KEY:
        start, key = f"{start}? {key}\n{start}", ""
    target = f" {quoted(added.target)}" if added.target else ""
    return f"{start}{key}:{target}" + (f"  # {added.comment}" if added.comment else "")
