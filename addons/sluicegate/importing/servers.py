"""Servers of an OpenAPI description: the base path in front of every path (OpenAPI 3.1, sections 4.8.5 and 4.8.6)."""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from ..config.diagnostics import excerpt
from .documents import DocumentError
from .references import Documents, Located

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_URL = re.compile(r"(?:[^:/?#]+:(?=//))?(?://([^/?#]*))?([^?#]*)", re.DOTALL)
"""Authority and path of a URI reference (RFC 3986 appendix B); `host:80/x` without slashes counts as a path."""


class Server(NamedTuple):
    """A server with its variables filled by their defaults.

    `host` is '' for a URL that is relative to the document; `base` is the path without a slash at its end, '' for
    the root.
    """

    url: str
    host: str = ""
    base: str = ""


ROOT = Server("/")
"""The server of a description that names none (OpenAPI 3.1, section 4.8.1.1)."""


def read_servers(documents: Documents, located: Located | None) -> tuple[Server, ...]:
    """Return the servers of a description, a path or an operation; none where it has no list, or an empty one.

    Raises DocumentError: wrong types, a variable without a default in the path of the first one, which counts.
    """
    if located is None or located.value is None:
        return ()
    if not isinstance(located.value, list):
        raise located.error("'servers' is a list of mappings with 'url'")
    found: list[Server] = []
    for index, value in enumerate(located.value):
        place = Located(value, located.file, (*located.way, str(index)))
        server = documents.mapping(place, "a server")
        url = server.get("url")
        if url is None or not isinstance(url.value, str):
            raise place.error("a server has a text under 'url'")
        variables = server.get("variables")
        found.append(_server(documents, url, variables if variables and variables.value is not None else None))
        if index == 0 and (open_one := _VARIABLE.search(found[0].base)):
            raise url.error(
                f"the server variable '{excerpt(open_one[0], 40)}' has no default, and the base path depends on it"
            )
    return tuple(found)


def _server(documents: Documents, url: Located, variables: Located | None) -> Server:
    defaults: dict[str, str] = {}
    if variables is not None:
        for name, variable in documents.mapping(variables, "'variables'").fields():
            defaults[name] = documents.mapping(variable, f"server variable '{excerpt(name, 40)}'").text("default")
    filled = _VARIABLE.sub(lambda found: defaults.get(found[1]) or found[0], str(url.value))
    return split_server(filled)


def split_server(url: str) -> Server:
    """Return a server URL's parts; a relative one counts from the root, since nothing says where the document lives.

    split_server("https://api.hotel.test/v1/")  →  host 'api.hotel.test', base '/v1'
    split_server("v2")                          →  host '', base '/v2'
    """
    found = _URL.match(url.strip())
    if found is None:
        raise DocumentError(url, "this is not a URL")
    host = (found[1] or "").rpartition("@")[2]
    path = posixpath.normpath("/" + found[2].strip("/")) if found[2].strip("/") else "/"
    return Server(url, host, path.rstrip("/"))
