"""URL path normalisation, as RFC 3986 section 6.2.2 and the Cloudflare form state it.

Source: https://developers.cloudflare.com/rules/normalization/how-it-works/. Matching is on the Cloudflare form:

    /%68ello//pa\\th   →  /hello/pa/th
    /hello//../path   →  /path
    /a%2fb/%7euser    →  /a%2Fb/~user
"""

from __future__ import annotations

import re

_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_RESERVED = b":/?#[]@!$&'()*+,;="
_PLAIN = _UNRESERVED + b":/[]@!$&'()*+,;="  # what a path in normal form may hold besides escapes
_CONTROLS = bytes(range(0x21)) + b"\x7f"
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_OTHER = re.compile(rb"[^%" + re.escape(_UNRESERVED + _RESERVED) + rb"]")
_SLASHES = re.compile(rb"/{2,}")


class BadPathError(ValueError):
    """A path that has no normal form; the message says what is wrong with it, in words fit for the client."""


def normalise(path: bytes) -> str:
    """Return the Cloudflare normal form of a request path (without its query).

    A path already in normal form, the usual case, costs three scans in C and no allocation but the text itself.

    Raises BadPathError: no leading slash, a raw control byte, space or `#`, a malformed percent escape, `%00`.
    """
    if path[:1] == b"/" and b"//" not in path and b"/." not in path and not path.translate(None, _PLAIN):
        return path.decode("ascii")
    return _normalise(path, cloudflare=True)


def normalise_rfc3986(path: bytes) -> str:
    """Return the RFC 3986 normal form: as `normalise`, but backslashes are encoded and repeated slashes stay."""
    return _normalise(path, cloudflare=False)


def _normalise(path: bytes, *, cloudflare: bool) -> str:
    if path[:1] != b"/":
        raise BadPathError("the path does not begin with '/'")
    check_bytes(path, "path")
    if cloudflare:
        path = _SLASHES.sub(b"/", path.replace(b"\\", b"/"))
    path = _OTHER.sub(lambda match: b"%%%02X" % match[0][0], path)
    path = decode_unreserved(path)
    return _remove_dot_segments(path).decode("ascii")


def climbs(path: bytes) -> bool:
    """Whether dot segments of a path that has a normal form lead above its beginning, in any reading of `\\` and `//`.

    Such a path must not be put behind another one: it would leave it.
    """
    path = decode_unreserved(path)
    if b".." not in path:
        return False
    readings = {path, path.replace(b"\\", b"/")}
    readings |= {_SLASHES.sub(b"/", reading) for reading in readings}
    return any(map(_goes_above, readings))


def _goes_above(path: bytes) -> bool:
    depth = 0
    for segment in path.split(b"/")[1:]:
        depth += -1 if segment == b".." else segment != b"."
        if depth < 0:
            return True
    return False


def check_bytes(part: bytes, name: str) -> None:
    """Raise BadPathError where a path or query (`name`) holds a control byte, a space or a fragment."""
    if len(part.translate(None, _CONTROLS)) != len(part):
        raise BadPathError(f"the {name} holds a control character or a space")
    if b"#" in part:
        raise BadPathError(f"the {name} holds a fragment ('#')")


def decode_unreserved(path: bytes) -> bytes:
    """Decode escapes of characters that need none, write the others in capitals. Raises BadPathError."""
    return _ESCAPE.sub(_decoded, path)


def _decoded(match: re.Match[bytes]) -> bytes:
    if match[1] is None:
        raise BadPathError("the path holds a malformed percent escape ('%' without two hexadecimal digits)")
    value = bytes.fromhex(match[1].decode("ascii"))
    if value == b"\x00":
        raise BadPathError("the path holds an encoded NUL ('%00')")
    return value if value in _UNRESERVED else match[0].upper()


def _remove_dot_segments(path: bytes) -> bytes:
    """RFC 3986 section 5.2.4, for a path that begins with a slash."""
    if b"/." not in path:
        return path
    kept: list[bytes] = []
    segments = path.split(b"/")[1:]
    for segment in segments:
        if segment == b"..":
            if kept:
                kept.pop()
        elif segment != b".":
            kept.append(segment)
    if segments[-1] in (b".", b".."):
        kept.append(b"")
    return b"/" + b"/".join(kept)
