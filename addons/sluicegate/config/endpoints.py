"""The `endpoints` of a route file: keys like `GET /hotels/{hotel}`, values that say where their requests go."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from yaml.nodes import MappingNode, Node, SequenceNode

from ..endpoints.templates import PathTemplate, TemplateError, parse_path
from . import values
from .diagnostics import Findings, Mark, excerpt
from .documents import Entry, is_null, kind_of, mark_of
from .values import Flag, Text

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
ENDPOINT_KEYS = (
    "route",
    "host_header",
    "timeout",
    "examples",
    "rewrite_location",
    "normalize_to_origin",
    "insecure",
    "h2c",
)
_NEEDS_ROUTE = ("host_header", "timeout", "rewrite_location", "normalize_to_origin", "insecure", "h2c")
_KEY = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (/.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """A request (path and query) and the URL that the whole table is to make of it."""

    request: Text
    expected: Text


@dataclass(frozen=True, slots=True)
class EndpointEntry:
    """One line of `endpoints` as written; what is None is not said, no route: managed, not routed."""

    method: str
    path: PathTemplate
    mark: Mark
    route: Text | None = None
    timeout: float | None = None
    host_header: str | None = None
    rewrite_location: bool | None = None
    normalize_to_origin: bool | None = None
    insecure: Flag | None = None
    h2c: Flag | None = None
    examples: tuple[Example, ...] = ()

    @property
    def text(self) -> str:
        """Method and path as the route file has them."""
        return f"{self.method} {self.path.text}"


def read_endpoints(node: Node, findings: Findings) -> list[EndpointEntry]:
    """Return the endpoints of a file; a line that breaks a rule becomes a finding and hides no other line."""
    listed = [] if is_null(node) else values.mapping(node, "endpoints", findings)
    read = [_read_endpoint(entry, findings) for entry in listed or [] if not _is_ignored(entry)]
    return [endpoint for endpoint in read if endpoint is not None]


def _is_ignored(entry: Entry) -> bool:
    return entry.key.startswith(values.IGNORED_PREFIX) and " " not in entry.key


def _read_endpoint(entry: Entry, findings: Findings) -> EndpointEntry | None:
    key = _read_key(entry, findings)
    node = entry.node
    if isinstance(node, MappingNode) and not values.quotes_hint(node):
        return _read_settings(entry, key, findings)
    if isinstance(node, SequenceNode) and not values.quotes_hint(node):
        findings.error(
            mark_of(node),
            "wrong-type",
            f"'{excerpt(entry.key)}' has {kind_of(node)}: write a target, a mapping with 'route', or nothing",
        )
        return None
    route = None
    if not is_null(node):
        route = values.text(node, f"the target of '{excerpt(entry.key)}'", findings)
        if route is None:
            return None
    return None if key is None else EndpointEntry(*key, entry.key_mark, route)


def _read_settings(entry: Entry, key: tuple[str, PathTemplate] | None, findings: Findings) -> EndpointEntry | None:
    what = f"endpoint '{excerpt(entry.key)}'"
    listed = values.mapping(entry.node, what, findings) or []
    found = values.known(listed, ENDPOINT_KEYS, what, findings)
    route = values.optional(found, "route", findings, values.text)
    timeout = values.optional(found, "timeout", findings, values.seconds)
    host_header = values.optional(found, "host_header", findings, values.host_header)
    flags = {
        name: values.optional(found, name, findings, values.flag)
        for name in ("rewrite_location", "normalize_to_origin", "insecure", "h2c")
    }
    examples = values.optional(found, "examples", findings, _read_examples)
    if "route" not in found:
        for name in _NEEDS_ROUTE:
            if name in found and not found[name].merged:
                findings.error(
                    found[name].key_mark,
                    "route-missing",
                    f"'{name}' of {what} needs a 'route' that it applies to",
                )
    if key is None or ("route" in found and route is None):
        return None
    rewrite, normalize = flags["rewrite_location"], flags["normalize_to_origin"]
    return EndpointEntry(
        *key,
        entry.key_mark,
        route,
        timeout,
        host_header,
        None if rewrite is None else rewrite.value,
        None if normalize is None else normalize.value,
        flags["insecure"] if route is not None else None,
        flags["h2c"] if route is not None else None,
        examples or (),
    )


def _read_examples(node: Node, what: str, findings: Findings) -> tuple[Example, ...]:
    if is_null(node):
        return ()
    read: list[Example] = []
    for entry in values.mapping(node, what, findings) or []:
        expected = values.text(entry.node, f"what example '{excerpt(entry.key)}' gives", findings)
        if expected is not None:
            read.append(Example(Text(entry.key, entry.key_mark), expected))
    return tuple(read)


def _read_key(entry: Entry, findings: Findings) -> tuple[str, PathTemplate] | None:
    """Return method and path of a key like `GET /path`, or None with a finding."""
    key, mark = entry.key, entry.key_mark
    if "${" in key:
        findings.error(
            mark.at(key.index("${")),
            "environment-place",
            f"'{excerpt(key)}': '${{…}}' works in the URLs of 'services' only: write the path itself",
        )
        return None
    found = _KEY.fullmatch(key)
    if found is None:
        findings.error(mark, "endpoint-key", _bad_key(key))
        return None
    method, text = found.groups()
    if method not in METHODS:
        findings.error(mark, *_bad_method(method))
        method = ""
    try:
        path = parse_path(text)
    except TemplateError as error:
        findings.error(mark.at(found.start(2) + error.offset), error.code, str(error))
        return None
    return (method, path) if method else None


def _bad_key(key: str) -> str:
    shown = excerpt(key)
    words = key.split()
    method = next((word for word in words if word.upper() in METHODS), "GET")
    path = next((word for word in words if word.startswith("/")), "/path")
    fix = f"write '{method.upper()} {excerpt(path)}'"
    if key.startswith("/"):
        return f"'{shown}' has no method: {fix}" if len(words) == 1 else f"in '{shown}' the method comes first: {fix}"
    if len(words) == 1:
        return f"'{shown}' has no path: write a method, one space and a path, like 'GET /hotels/{{hotel}}'"
    if len(words) == 2 and words[1].startswith("/"):
        return f"'{shown}' wants exactly one space between method and path: {fix}"
    if "://" in words[1] or re.match(r"[^/]+\.[^/]+", words[1]):
        return f"'{shown}' names a host: write it under 'host:' at the top of the file, and here the path alone"
    if len(words) == 2:
        return f"the path of '{shown}' does not begin with '/': write '{words[0]} /{excerpt(words[1])}'"
    return f"'{shown}' is not a method, one space and a path: {fix}"


def _bad_method(method: str) -> tuple[str, str]:
    upper = method.upper()
    if upper == "CONNECT":
        return (
            "method-connect",
            "CONNECT asks for a tunnel past every rule, which the gateway refuses: take it out",
        )
    if upper in METHODS:
        return (
            "method-case",
            f"method '{method}' is not in capitals, and methods are case-sensitive: write '{upper}'",
        )
    near = difflib.get_close_matches(upper, METHODS, n=1)
    hint = f"nearest is '{near[0]}'" if near else f"known are {', '.join(METHODS)}"
    return "method-unknown", f"method '{excerpt(method, 40)}' is not known; {hint}"
