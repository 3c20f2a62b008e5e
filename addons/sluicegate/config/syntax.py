"""What the YAML parser complains about, in words for authors of route files, with a hint where quotes help."""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml
from yaml.reader import ReaderError

from .diagnostics import START, Mark, excerpt

MAX_SIMPLE_KEY = 1024
"""Characters of a key in `key: value`, at most (YAML 1.1 section 9.3)."""

_LINE_END = re.compile(r"[\n\r\x85\u2028\u2029]")
_PAIR = re.compile(
    r"""(?P<lead>\s*(?:-\s+)*)
        (?:(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'\#].*?)\s*:(?:\s+|$))?
        (?P<value>.*?)(?:\s+\#.*)?\s*$""",
    re.VERBOSE,
)
_INDICATORS = "[]{},*&@`%|>!\"'?-"
"""Characters that mean something to YAML at the beginning of a value."""


class Syntax(NamedTuple):
    """A syntax error: its place, the rule's name and what to tell."""

    mark: Mark
    code: str
    message: str


class _Spot(NamedTuple):
    """A character of the text: its place, its line, and that line split into key and value."""

    mark: Mark
    character: str
    line: str
    key: str
    value: str
    value_column: int

    @property
    def in_value(self) -> bool:
        return bool(self.value) and self.mark.column >= self.value_column

    @property
    def quoted(self) -> str:
        """The line with its value in quotes."""
        value = excerpt(self.value)
        quotes = f"'{value}'" if '"' in value or "\\" in value else f'"{value}"'
        return f"{excerpt(self.key, 60)}: {quotes}" if self.key else quotes


def describe(error: yaml.YAMLError, text: str) -> Syntax:
    """Return place, code and message of an error that the YAML parser raised on a text."""
    if isinstance(error, ReaderError):
        return _control_character(error, text)
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Syntax(START, "yaml-syntax", f"the file is not YAML: {error}")
    spot = _spot(text, error.problem_mark)
    began = _spot(text, error.context_mark) if error.context_mark is not None else spot
    problem, context = error.problem or "", error.context or ""
    if isinstance(error, yaml.composer.ComposerError):
        return _composition(problem, spot, began)
    return (
        _tab(problem, spot)
        or _unclosed(problem, context, spot, began)
        or _colon(problem, spot, began)
        or _quotes(problem, spot)
        or _quotes(problem, began)
        or _indentation(problem, spot)
        or Syntax(spot.mark, "yaml-syntax", f"the file is not YAML: {context}, {problem}".replace(": ,", ":"))
    )


def _spot(text: str, mark: yaml.Mark) -> _Spot:
    if mark.index >= len(text):
        return _end_of(text)
    start = mark.index - mark.column
    end = found.start() if (found := _LINE_END.search(text, start)) else len(text)
    line = text[start:end]
    pair = _PAIR.match(line)
    key, value, column = "", "", 0
    if pair is not None:
        key, value, column = pair["key"] or "", pair["value"], pair.start("value") + 1
    place = Mark(mark.line + 1, mark.column + 1)
    return _Spot(place, text[mark.index : mark.index + 1], line, key, value, column)


def _end_of(text: str) -> _Spot:
    """The spot behind the last character that is not a space."""
    lines = text.rstrip().split("\n")
    return _Spot(Mark(len(lines), len(lines[-1]) + 1), "", "", "", "", 0)


def _control_character(error: ReaderError, text: str) -> Syntax:
    before = text.encode()[: error.position].decode("utf-8", "ignore")  # the C parser counts bytes
    breaks = list(_LINE_END.finditer(before.replace("\r\n", " \n")))
    column = len(before) - (breaks[-1].end() if breaks else 0) + 1
    code_point = error.character if isinstance(error.character, int) else ord(error.character[:1])
    message = f"the character U+{code_point:04X} cannot stand in YAML: take it out"
    return Syntax(Mark(len(breaks) + 1, column), "yaml-character", message)


def _composition(problem: str, spot: _Spot, began: _Spot) -> Syntax:
    if "another document" in problem:
        return Syntax(
            spot.mark,
            "yaml-documents",
            "a second document begins here: a file holds one",
        )
    if "undefined alias" in problem:
        name = excerpt(re.split(r"[\s,\]}]", spot.line[spot.mark.column - 1 :])[0], 40)
        hint = f"define '&{name[1:]}' above it, or quote a text that begins with '*'"
        return Syntax(spot.mark, "yaml-alias", f"alias '{name}' has no anchor: {hint}")
    message = f"this anchor stands in line {began.mark.line} already: give each its own name"
    return Syntax(spot.mark, "yaml-anchor", message)


def _tab(problem: str, spot: _Spot) -> Syntax | None:
    if spot.character == "\t" or "tab character" in problem:
        return Syntax(spot.mark, "yaml-tab", "a tab cannot indent YAML: use spaces")
    return None


def _unclosed(problem: str, context: str, spot: _Spot, began: _Spot) -> Syntax | None:
    if "quoted scalar" in context and "unexpected" in problem:
        return Syntax(began.mark, "yaml-unclosed", f"the quote {began.character} that opens here is never closed")
    if "flow" not in context or spot.character:
        return None
    if not began.character:
        return Syntax(spot.mark, "yaml-unclosed", "the file ends inside brackets: close them")
    wants = f"; a text wants quotes: {began.quoted}" if began.in_value else ""
    return Syntax(began.mark, "yaml-unclosed", f"the '{began.character}' that opens here is never closed{wants}")


def _colon(problem: str, spot: _Spot, began: _Spot) -> Syntax | None:
    """A colon where none can be, or none where one has to be."""
    if "mapping values are not allowed" in problem:
        before = spot.line[: spot.mark.column - 1]
        if not spot.key or len(before) < spot.value_column:
            return _after_key(before, spot)
        service = re.fullmatch(r"([A-Za-z0-9_-]+):", spot.value)
        if service is not None:
            name = service[1]
            hint = f"write '{name}:/path', or '{name}' alone to keep the request's path"
            return Syntax(spot.mark, "yaml-quotes", f"'{spot.value}' ends in a colon, which makes a key of it: {hint}")
        message = f"a text with ': ' in it wants quotes: {spot.quoted}"
        return Syntax(spot.mark, "yaml-quotes", message)
    if "could not find expected ':'" in problem:
        if len(began.line) > MAX_SIMPLE_KEY:
            return _long_key(began)
        shown = excerpt(began.line.strip(), 60)
        return Syntax(began.mark, "yaml-colon", f"'{shown}' is neither 'key: value' nor part of the value before it")
    return None


def _after_key(before: str, spot: _Spot) -> Syntax:
    if len(before.strip()) > MAX_SIMPLE_KEY:
        return _long_key(spot)
    message = f"'{excerpt(before.strip(), 60)}:' is indented below a line that has a value already"
    return Syntax(spot.mark, "yaml-indent", f"{message}: begin it below the key that it belongs with")


def _long_key(spot: _Spot) -> Syntax:
    start = len(spot.line) - len(spot.line.lstrip())
    shown = excerpt(spot.line.strip(), 30)
    return Syntax(
        Mark(spot.mark.line, start + 1),
        "yaml-long-key",
        f"a key of more than {MAX_SIMPLE_KEY} characters takes two lines: '? {shown}', below it ': target'",
    )


def _quotes(problem: str, spot: _Spot) -> Syntax | None:
    """A value that YAML reads as something else than text, because of the character that it begins with."""
    first = spot.value[:1]
    if not first or first not in _INDICATORS or not spot.in_value:
        return None
    if first in "\"'":
        if "did not find expected" not in problem:
            return None
        return Syntax(spot.mark, "yaml-quotes", "text follows the closing quote: put all of the value in the quotes")
    kind = {"{": " is a mapping to YAML; a text", "[": " is a list to YAML; a text"}.get(first, "")
    message = f"a value that begins with '{first}'{kind} wants quotes: {spot.quoted}"
    return Syntax(Mark(spot.mark.line, spot.value_column), "yaml-quotes", message)


def _indentation(problem: str, spot: _Spot) -> Syntax | None:
    if "did not find expected key" in problem or "did not find expected '-'" in problem:
        shown = excerpt(spot.line.strip(), 60)
        message = f"'{shown}' fits neither the line above it nor the lines around it: mind its indentation"
        return Syntax(spot.mark, "yaml-indent", message)
    return None
