"""OpenAPI 3.0 and 3.1 descriptions: their operations, in the order of the document."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..config.diagnostics import excerpt
from .documents import DocumentError
from .references import Documents, Located, Mapping
from .servers import ROOT, Server, read_servers

_VERSION = re.compile(r"3\.[01](?:[.-].*)?", re.DOTALL)
_ITEM_FIELDS = ("summary", "description", "servers", "parameters")
"""Fields of a Path Item Object that are no operations (OpenAPI 3.1, section 4.8.9.1)."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: `method` in capitals, `path` as the document has it, `base` in front of it.

    `tag` is the first tag, or ''.
    """

    method: str
    path: str
    base: str = ""
    summary: str = ""
    deprecated: bool = False
    tag: str = ""

    @property
    def text(self) -> str:
        """Method and path as the document has them, behind the base path."""
        return f"{self.method} {self.base}{self.path}"


@dataclass(frozen=True, slots=True)
class Description:
    """What an OpenAPI document says; `servers` are those of the whole document, the first one counts."""

    title: str
    version: str
    openapi: str
    servers: tuple[Server, ...]
    operations: tuple[Operation, ...]


def read_openapi(documents: Documents) -> Description:
    """Return what a description says.

    Raises DocumentError: no OpenAPI 3.0 or 3.1, wrong types, references that cannot be followed, no operations.
    """
    located = documents.root()
    _check_version(located)
    root = documents.mapping(located, "an OpenAPI document")
    servers = read_servers(documents, root.get("servers"))
    title = version = ""
    if (info := root.get("info")) is not None and isinstance(info.value, dict):
        about = documents.mapping(info, "'info'")
        title, version = about.text("title"), about.text("version")
    paths = root.get("paths")
    operations: list[Operation] = []
    if paths is not None and paths.value is not None:
        for path, item in documents.mapping(paths, "'paths'").fields():
            if not path.startswith("x-"):
                operations += _operations(documents, path, item, servers)
    if not operations:
        raise located.error("there are no operations under 'paths': nothing to import")
    return Description(title, version, root.text("openapi"), servers, tuple(operations))


def _check_version(located: Located) -> None:
    found = located.value if isinstance(located.value, dict) else {}
    version = found.get("openapi")
    if isinstance(version, str) and _VERSION.fullmatch(version):
        return
    if "swagger" in found:
        shown = excerpt(str(found["swagger"]), 20)
        raise DocumentError(
            located.file,
            f"this is Swagger {shown}: convert it to OpenAPI 3.0 or 3.1 first, for example with swagger2openapi",
        )
    if "openapi" in found:
        raise located.error(f"OpenAPI '{excerpt(str(version), 20)}' is not read: 3.0 and 3.1 are")
    raise DocumentError(located.file, "this is not an OpenAPI document: 'openapi: 3.1.0' is missing at its top")


def _operations(documents: Documents, path: str, located: Located, servers: tuple[Server, ...]) -> list[Operation]:
    if located.value is None:
        return []
    item = documents.mapping(located, "a path item")
    servers = read_servers(documents, item.get("servers")) or servers
    _follow_parameters(documents, item)
    operations: list[Operation] = []
    for field, value in item.fields():
        if field in _ITEM_FIELDS or field.startswith("x-"):
            continue
        if value.value is None:
            value = value._replace(value={})
        found = documents.mapping(value, f"the operation '{excerpt(field, 40)}'")
        _follow_parameters(documents, found)
        own = (read_servers(documents, found.get("servers")) or servers or (ROOT,))[0]
        operations.append(
            Operation(
                field.upper() if field.islower() else field,
                path,
                own.base,
                found.text("summary"),
                _is_true(found, "deprecated"),
                _first_tag(found),
            )
        )
    return operations


def _follow_parameters(documents: Documents, found: Mapping) -> None:
    """Follow the references of parameters: a route file needs nothing of them, but a broken document is told.

    Raises DocumentError.
    """
    located = found.get("parameters")
    if located is None or not isinstance(located.value, list):
        return
    for number, value in enumerate(located.value):
        documents.mapping(Located(value, located.file, (*located.way, str(number))), "a parameter")


def _is_true(found: Mapping, key: str) -> bool:
    located = found.get(key)
    return located is not None and located.value in (True, "true", "True", "TRUE")


def _first_tag(found: Mapping) -> str:
    located = found.get("tags")
    tags = located.value if located is not None and isinstance(located.value, list) else []
    return tags[0] if tags and isinstance(tags[0], str) else ""
