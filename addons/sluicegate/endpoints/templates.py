"""Path templates of Source Endpoints (API Shield, Endpoint Management).

    parse_path("/hotels/{hotel}/rooms/{room}.json").stored  →  '/hotels/{var1}/rooms/{var2}.json'

A segment holds at most one variable. Text beside a variable in one segment is our extension: such a segment ranks
between a literal and a bare variable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .normalise import BadPathError, normalise

MAX_PATH = 4096
"""Characters in an endpoint's path, at most (API Shield `endpoint`)."""

_VARIABLE = re.compile(r"\{([^{}/]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class TemplateError(ValueError):
    """A template that breaks a rule.

    `code` names the rule, `offset` is where in the text the offending part begins; str() is the message with the fix.
    """

    def __init__(self, code: str, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.offset = offset


def cuts_escape(text: str, at: int) -> bool:
    """Whether a place in a normalised segment lies within a percent escape: the `F` of `%2F` is no literal `F`."""
    return "%" in text[max(at - 2, 0) : at]


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a path template: literal text, or a variable with literal text around it."""

    prefix: str
    variable: str | None = None
    suffix: str = ""

    @property
    def is_bare(self) -> bool:
        """Whether a variable fills the whole segment."""
        return self.variable is not None and not self.prefix and not self.suffix

    def fits(self, text: str) -> bool:
        """Whether a segment of a normalised path is one of this template's."""
        if self.variable is None:
            return text == self.prefix
        return (
            len(text) > len(self.prefix) + len(self.suffix)
            and text.startswith(self.prefix)
            and text.endswith(self.suffix)
            and not cuts_escape(text, len(text) - len(self.suffix))
        )

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """Sort key of the alternatives at one place, most specific first."""
        if self.variable is None:
            return (0, 0, 0, "")
        if self.is_bare:
            return (2, 0, 0, "")
        return (1, -len(self.prefix) - len(self.suffix), -len(self.prefix), "")


Parts = tuple[tuple[str, str | None, str], ...]
"""Of each segment: prefix, variable, suffix."""


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """The path of a Source Endpoint: `text` as it was written, `parts` in normal form.

    The parts are plain tuples because the garbage collector does not walk those: a full collection would else take
    longer than a request may be delayed.
    """

    text: str
    parts: Parts

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments, in order."""
        return tuple(Segment(*part) for part in self.parts)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables, left to right."""
        return tuple(variable for _, variable, _ in self.parts if variable is not None)

    @property
    def stored(self) -> str:
        """The form that API Shield stores and that an operation id is made of: variables renamed to `{varN}`."""
        shown: list[str] = []
        number = 0
        for prefix, variable, suffix in self.parts:
            if variable is None:
                shown.append(prefix)
            else:
                number += 1
                shown.append(f"{prefix}{{var{number}}}{suffix}")
        return "/" + "/".join(shown)


def parse_path(text: str) -> PathTemplate:
    """Read the path of a Source Endpoint.

    Raises TemplateError: no leading slash, too long, query or fragment, a variable name that is not one or is used
    twice, two variables in one segment, a stray brace, text without a normal form.
    """
    if not text.startswith("/"):
        raise TemplateError("path-slash", f"path '{text}' does not begin with '/': write '/{text}'")
    if len(text) > MAX_PATH:
        raise TemplateError("path-length", f"path '{text[:40]}…' has {len(text)} characters, at most {MAX_PATH} fit")
    for mark, what in (("?", "a query"), ("#", "a fragment")):
        if mark in text:
            raise TemplateError(
                "path-query",
                f"path '{text}' holds {what}: an endpoint is matched on its path alone",
                text.index(mark),
            )
    segments: list[Segment] = []
    seen: set[str] = set()
    offset = 1
    pieces = text.replace("\\", "/").split("/")[1:]
    for index, piece in enumerate(pieces):
        if piece or index == len(pieces) - 1:
            try:
                segment = _parse_segment(piece)
            except TemplateError as error:
                raise TemplateError(error.code, str(error), offset + error.offset) from None
            if segment.variable in seen:
                raise TemplateError(
                    "variable-repeated",
                    f"variable '{{{segment.variable}}}' stands twice in '{text}': give each its own name",
                    offset + piece.index("{"),
                )
            if segment.variable is not None:
                seen.add(segment.variable)
            segments.append(segment)
        offset += len(piece) + 1
    kept = _without_dot_segments(segments)
    return PathTemplate(text, tuple((segment.prefix, segment.variable, segment.suffix) for segment in kept))


@lru_cache(maxsize=4096)  # the paths of an API have most of their segments in common
def _parse_segment(piece: str) -> Segment:
    found = list(_VARIABLE.finditer(piece))
    rest = _VARIABLE.sub(lambda variable: "-" * len(variable[0]), piece) if found else piece
    if "{" in rest or "}" in rest:
        at = min(rest.find(brace) for brace in "{}" if brace in rest)
        raise TemplateError("path-brace", f"segment '{piece}' has a brace without its pair: write '{{name}}'", at)
    if len(found) > 1:
        raise TemplateError(
            "segment-variables",
            f"segment '{piece}' holds {len(found)} variables: a segment holds at most one",
            found[1].start(),
        )
    if not found:
        return Segment(_literal(piece, 0))
    name = found[0][1]
    if not _NAME.fullmatch(name):
        raise TemplateError(
            "variable-name",
            f"'{{{name}}}' is not a variable name: letters, digits and '_', not beginning with a digit",
            found[0].start(),
        )
    start, end = found[0].span()
    return Segment(_literal(piece[:start], 0), name, _literal(piece[end:], end))


def _literal(text: str, offset: int) -> str:
    """Literal text in the form that a normalised request path shows it in."""
    if text in ("", ".", ".."):
        return text
    try:
        return normalise(b"/=" + text.encode("utf-8"))[2:]  # the '=' keeps a leading dot from being a dot segment
    except BadPathError as error:
        raise TemplateError("path-text", f"'{text}': {error}", offset) from None


def _without_dot_segments(segments: list[Segment]) -> list[Segment]:
    """RFC 3986 section 5.2.4 on segments; only literal text can be a dot segment."""
    dots = [segment.variable is None and segment.prefix in (".", "..") for segment in segments]
    if not any(dots):
        return segments
    kept: list[Segment] = []
    for segment, is_dot in zip(segments, dots, strict=True):
        if not is_dot:
            kept.append(segment)
        elif segment.prefix == ".." and kept:
            kept.pop()
    if not kept or dots[-1]:
        kept.append(Segment(""))
    return kept
