"""Upstreams as route files write them: what `services` defines, and the same forms under `origin`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yaml.nodes import MappingNode, Node

from ..endpoints.templates import TemplateError
from . import values
from .addresses import SERVICE_NAME, Service, Services, read_base, split_address
from .connections import Stated
from .diagnostics import Findings, excerpt
from .documents import Entry, is_null, mark_of
from .environment import Expanded, expand
from .values import Flag, Text

SERVICE_KEYS = ("url", "timeout", "insecure", "h2c", "host_header")


@dataclass(frozen=True, slots=True)
class Upstream:
    """An upstream as written; what is None is not said."""

    url: Text
    timeout: float | None = None
    host_header: str | None = None
    insecure: Flag | None = None
    h2c: Flag | None = None


def read_upstream(node: Node, what: str, findings: Findings, *, environment: bool = False) -> Upstream | None:
    """Return an upstream that is written as a text or as a mapping; None where its URL cannot be had."""
    if not isinstance(node, MappingNode) or values.quotes_hint(node):
        url = values.text(node, what, findings, environment=environment)
        return None if url is None else Upstream(url)
    listed = values.mapping(node, what, findings) or []
    found = values.known(listed, SERVICE_KEYS, what, findings)
    timeout = values.optional(found, "timeout", findings, values.seconds)
    host_header = values.optional(found, "host_header", findings, values.host_header)
    insecure = values.optional(found, "insecure", findings, values.flag)
    h2c = values.optional(found, "h2c", findings, values.flag)
    if "url" not in found:
        if not any(entry.key == "url" for entry in listed):
            findings.error(mark_of(node), "url-missing", f"{what} has no 'url': write 'url: http://host:port'")
        return None
    url = values.text(found["url"].node, f"url of {what}", findings, environment=environment)
    return None if url is None else Upstream(url, timeout, host_header, insecure, h2c)


def read_services(node: Node, findings: Findings, environ: Mapping[str, str]) -> tuple[Services, list[Stated]]:
    """Return the services that a file defines, and what they state about the connections to their origins."""
    listed = [] if is_null(node) else values.mapping(node, "services", findings)
    named: dict[str, Service | None] = {}
    stated: list[Stated] = []
    for entry in listed or []:
        if _is_name(entry, findings):
            named[entry.key] = _read_service(entry, findings, environ, stated)
    return Services(named, complete=listed is not None), stated


def _is_name(entry: Entry, findings: Findings) -> bool:
    if entry.key.lower() in ("http", "https"):
        problem = "is a scheme of its own"
    elif not SERVICE_NAME.fullmatch(entry.key):
        problem = "holds more than letters, digits, '_' and '-'"
    else:
        return True
    findings.error(
        entry.key_mark, "service-name", f"service name '{excerpt(entry.key)}' {problem}: give it another name"
    )
    return False


def _read_service(entry: Entry, findings: Findings, environ: Mapping[str, str], stated: list[Stated]) -> Service | None:
    what = f"service '{entry.key}'"
    upstream = read_upstream(entry.node, what, findings, environment=True)
    if upstream is None:
        return None
    expanded: Expanded | None = None
    try:
        expanded = expand(upstream.url.value, environ)
        address = split_address(expanded.text, Services())
        if address is None:
            return None
        base = read_base(address, what)
    except TemplateError as error:
        _report(error, what, upstream.url, expanded, findings)
        return None
    for kind, flag in (("insecure", upstream.insecure), ("h2c", upstream.h2c)):
        if flag is not None:
            stated.append(Stated(address.origin, kind, flag))
    return Service(entry.key, address.origin, base, upstream.timeout, upstream.host_header, upstream.url.mark)


def _report(error: TemplateError, what: str, url: Text, expanded: Expanded | None, findings: Findings) -> None:
    if expanded is None or not expanded.names:
        # Without a reference, or before any was replaced, an offset in the text is one in the file.
        mark = url.mark.at(error.offset) if expanded is None or expanded.text == url.value else url.mark
        code, message = (error.code, str(error)) if error.code != "service-unknown" else ("service-url", _NOT_A_URL)
        findings.error(mark, code, f"{what}: {message}")
        return
    names = " and ".join(f"${{{name}}}" for name in expanded.names)
    findings.error(
        url.mark,
        "environment-value",
        f"{what}: with the value of {names} put in, '{excerpt(url.value)}' breaks the rule '{error.code}': "
        f"{_NOT_A_URL}",
    )


_NOT_A_URL = "a service's URL is 'http://host:port' or 'https://host', with at most a path"
