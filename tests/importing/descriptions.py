"""OpenAPI descriptions for tests, read from texts by name."""

from __future__ import annotations

from collections.abc import Mapping

from sluicegate.importing.composing import Imported
from sluicegate.importing.documents import DocumentError
from sluicegate.importing.openapi import Description, read_openapi
from sluicegate.importing.references import Documents
from sluicegate.importing.route_file import imported, read_target_url

ROOT = "api.yaml"


def describe(paths: str, *, head: str = "", files: Mapping[str, str] | None = None) -> Description:
    """The description of a document whose `paths` are these lines; `files` are the documents beside it."""
    indented = "".join(f"  {line}\n" for line in paths.splitlines())
    return read(f"openapi: 3.1.0\ninfo: {{title: Hotels, version: '1'}}\n{head}paths:\n{indented}", files)


def read(text: str, files: Mapping[str, str] | None = None) -> Description:
    known = {ROOT: text, **(files or {})}

    def content(name: str) -> bytes:
        if name not in known:
            raise DocumentError(name, "no such file or directory")
        return known[name].encode()

    return read_openapi(Documents(content, ROOT))


def made(paths: str, *, host: str = "", target: str = "http://t.test", head: str = "") -> Imported:
    description = describe(paths, head=head)
    return imported(description, ROOT, read_target_url(target, description.title), host)


def rows(found: Imported) -> list[str]:
    """The lines of the endpoint table, without the blanks that align them."""
    table = found.text.partition("endpoints:\n")[2].partition("\n#")[0]
    return [" ".join(line.split()) for line in table.splitlines() if line.strip() and not line.startswith("#")]
