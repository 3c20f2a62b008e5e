"""Reading the Target Endpoint of an endpoint: text and variables → a Target that is ready to be rendered."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..endpoints.hosts import HostPattern
from ..endpoints.targets import Capture, HostCapture, Part, Target
from ..endpoints.templates import PathTemplate, TemplateError
from .addresses import Address, check_dot_segments, encode_literal
from .diagnostics import excerpt, suggest

_VARIABLE = re.compile(r"\{([^{}]*)\}")

DEFAULT_TIMEOUT = 60.0
"""Seconds to the response's first byte."""

Variables = Mapping[str, Capture | HostCapture]
"""What each variable of a source stands for."""


def variables_of(path: PathTemplate, host: HostPattern) -> Variables:
    """Return the variables that a target may use.

    A path variable is a segment of the normalised path split at slashes (the first is 1), a host variable a label.
    Raises TemplateError where one name is both.
    """
    found: dict[str, Capture | HostCapture] = {}
    labels = (index for index, label in enumerate(host.labels) if label is None)
    for name, label in zip(host.variables, labels, strict=True):
        found[name] = HostCapture(label)
    for index, segment in enumerate(path.segments, 1):
        name = segment.variable or ""
        if not name:
            continue
        if name in found:
            raise TemplateError(
                "variable-ambiguous",
                f"'{{{name}}}' is a variable of the path and of the host: give one of them another name",
                path.text.find(f"{{{name}}}"),
            )
        found[name] = Capture(index, len(segment.prefix) or None, -len(segment.suffix) or None)
    return found


def read_target(
    address: Address,
    variables: Variables,
    source: str,
    *,
    host_header: str = "target",
    timeout: float = DEFAULT_TIMEOUT,
) -> Target:
    """Return the target of an address and a source's variables; `source` names the endpoint in messages.

    Every path variable is used in the path or the query, unless the request's path is kept (API Shield, API
    Routing: https://developers.cloudflare.com/api-shield/management-and-monitoring/api-routing/).
    Raises TemplateError.
    """
    used: set[str] = set()
    path = None
    guarded = False
    if address.path is not None:
        check_dot_segments(address.path, address.offset)
        path = _parts(address.path, address.offset, variables, used)
        guarded = _is_guarded(address.path, variables)
        if address.base:
            first = path[0] if isinstance(path[0], str) else ""
            path = (address.base + first, *path[1 if first else 0 :])
    query: tuple[Part, ...] = ()
    if address.query:
        query = _parts(address.query, address.offset + len(address.path or "") + 1, variables, used)
    if path is not None:
        _check_all_used(variables, used, source)
    return Target(
        address.origin,
        text=shown(address),
        base=address.base if path is None else "",
        path=path,
        query=query,
        guarded=guarded,
        host_header=host_header,
        timeout=timeout,
        service=address.service.name if address.service else "",
    )


def shown(address: Address) -> str:
    """Return a target as people read it, its service resolved."""
    query = "" if address.query is None else f"?{address.query}"
    return f"{address.origin}{address.base}{address.path or ''}{query}"


def _parts(text: str, offset: int, variables: Variables, used: set[str]) -> tuple[Part, ...]:
    parts: list[Part] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        if found.start() > end:
            parts.append(_literal(text[end : found.start()], offset + end))
        name = found[1]
        value = variables.get(name)
        if value is None:
            raise TemplateError(
                "variable-unknown",
                f"variable '{{{excerpt(name, 40)}}}' is not one of the source's"
                + (suggest(name, variables) or ": the source has none"),
                offset + found.start(),
            )
        used.add(name)
        parts.append(value)
        end = found.end()
    if end < len(text):
        parts.append(_literal(text[end:], offset + end))
    return tuple(parts)


def _literal(text: str, offset: int) -> str:
    if "{" in text or "}" in text:
        at = min(text.find(brace) for brace in "{}" if brace in text)
        raise TemplateError(
            "target-brace",
            f"'{excerpt(text)}' has a brace without its pair: write '{{name}}', or '%7B' for a brace",
            offset + at,
        )
    return encode_literal(text, offset)


def _check_all_used(variables: Variables, used: set[str], source: str) -> None:
    missing = [name for name, value in variables.items() if isinstance(value, Capture) and name not in used]
    if missing:
        names = ", ".join(f"'{{{name}}}'" for name in missing)
        raise TemplateError(
            "variable-unused",
            f"{names} of '{excerpt(source)}' {'is' if len(missing) == 1 else 'are'} missing in the target: "
            "every path variable appears in its path or query",
        )


def _is_guarded(path: str, variables: Variables) -> bool:
    """Whether a segment is joined from pieces, or is a piece of one, and so could turn out a dot segment."""
    for segment in path.split("/"):
        if "{" not in segment:
            continue
        whole = _VARIABLE.fullmatch(segment)
        if whole is None:
            return True
        value = variables[whole[1]]
        if isinstance(value, Capture) and not (value.start is None and value.stop is None):
            return True
    return False
