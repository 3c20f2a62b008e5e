"""Which kind of recording a file is, by its first bytes: a name proves nothing, and standard input has none."""

from __future__ import annotations

import re
from typing import Literal

from . import access_json, access_log
from .recording import UnreadableError

Kind = Literal["har", "flows", "log", "access"]
"""`log` is the gateway's own request log, `access` the access log of another server."""

NEEDED = 4096
"""First bytes of a file that are enough to tell."""
EXPECTED = "expected a HAR, a flow file of mitmproxy, a request log of this gateway or an access log"

_FLOWS = re.compile(rb"\d{1,12}(?::(?:\d|\Z)|\Z)")  # a length, a colon, and the length of the first key
_LOG = re.compile(rb'\{\s*"(?:request_id|received|client|method|host|path)"')
_HAR = re.compile(rb'"log"\s*:\s*\{')
_STATUS = re.compile(rb'"status"\s*:')
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


def kind_of(head: bytes) -> Kind:
    """Return the kind of a recording that begins with these bytes.

    Raises UnreadableError for what is none: an empty file, a packed one, any other text or data.
    """
    if not head:
        raise UnreadableError(f"the file is empty: {EXPECTED}")
    for mark, name in _PACKED.items():
        if head.startswith(mark):
            raise UnreadableError(f"the file is packed with {name}, unpack it first: {EXPECTED}")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _FLOWS.match(head):
        return "flows"
    if text.startswith(b"{"):
        return _of_json(text)
    if access_log.is_line(text):
        return "access"
    raise UnreadableError(f"the file begins with neither JSON, a flow nor a line of an access log: {EXPECTED}")


def _of_json(text: bytes) -> Kind:
    """Servers may write their fields in any order: an access log is told by the names of all in its first line."""
    line = text.partition(b"\n")[0]
    if _HAR.search(text):
        return "har"
    if _LOG.match(text) and not access_json.FOREIGN.search(line):
        return "log"
    return "access" if access_json.FOREIGN.search(line) or _STATUS.search(line) else "har"
