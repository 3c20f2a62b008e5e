"""Which kind of recording a file is, by its first bytes: a name proves nothing, and standard input has none."""

from __future__ import annotations

import re
from typing import Literal

from .recording import UnreadableError

Kind = Literal["har", "flows", "log"]

NEEDED = 512
"""First bytes of a file that are enough to tell."""
EXPECTED = "expected a HAR, a flow file of mitmproxy or a request log of this gateway"

_FLOWS = re.compile(rb"\d{1,12}(?::(?:\d|\Z)|\Z)")  # a length, a colon, and the length of the first key
_LOG = re.compile(rb'\{\s*"(?:request_id|received|client|method|host|path)"')
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
    if _LOG.match(text):
        return "log"
    if text.startswith(b"{"):
        return "har"
    raise UnreadableError(f"the file begins with neither JSON nor a flow: {EXPECTED}")
