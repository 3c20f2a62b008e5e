"""Location fields that name the target, said in the public API's words (`rewrite_location: true`).

route  GET /hotels/{hotel}/dates → http://dates:9001/availability/{hotel}
http://dates:9001/availability/8?x=1  →  /hotels/8/dates?x=1
"""

from __future__ import annotations

import re

from ..endpoints.normalise import BadPathError, normalise
from ..endpoints.table import Endpoint
from ..endpoints.targets import Capture, HostCapture, Origin, Target


def map_back(location: str, target: Target, endpoint: Endpoint | None, host: str = "") -> str | None:
    """Return a Location or Content-Location toward the client, or None where it does not name the target.

    A path is mapped back through the endpoint's own route, or, where the route keeps paths, without its base path.
    `host` is the request's: a path that another host's variables would give is not mapped back.
    """
    path, rest = _target_path(location, target.origin)
    if path is None:
        return None
    if target.path is None:
        kept = path.removeprefix(target.base)
        return (kept or "/") + rest if path.startswith(target.base) and kept[:1] in ("", "/") else None
    if endpoint is None:
        return None
    values = _values(path, target, host)
    if values is None:
        return None
    segments: list[str] = []
    for index, segment in enumerate(endpoint.path.segments, 1):
        if segment.variable is None:
            segments.append(segment.prefix)
        elif index in values:
            segments.append(f"{segment.prefix}{values[index]}{segment.suffix}")
        else:
            return None
    source = "/" + "/".join(segments)
    return source + rest if _leads_to(endpoint, source) else None


def _leads_to(endpoint: Endpoint, path: str) -> bool:
    """Whether a path is one of an endpoint's as it stands: a value may be a dot segment, or half an escape."""
    try:
        return normalise(path.encode("ascii")) == path and endpoint.fits_path(path.split("/"))
    except BadPathError:
        return False


def _target_path(location: str, origin: Origin) -> tuple[str | None, str]:
    """Path in normal form, and query with fragment, of a reference to an origin; None for any other reference."""
    if location.startswith("/") and not location.startswith("//"):
        location = f"{origin}{location}"  # relative to the target
    found = re.fullmatch(r"(?:(https?):)?//([^/?#]*)([^?#]*)(.*)", location, re.IGNORECASE | re.DOTALL)
    if found is None or (found[1] or origin.scheme).lower() != origin.scheme:
        return None, ""
    default = ":443" if origin.scheme == "https" else ":80"
    if found[2].lower().removesuffix(default) != origin.authority.lower():
        return None, ""
    try:
        return normalise((found[3] or "/").encode("utf-8", "surrogateescape")), found[4]
    except BadPathError:
        return None, ""


def _values(path: str, target: Target, host: str) -> dict[int, str] | None:
    """The source segments that a target path was made of, by their place; None where it is not of the template."""
    pattern: list[str] = []
    places: list[int] = []
    labels = host.split(".")
    for part in target.path or ():
        if isinstance(part, Capture):
            pattern.append(f"(?P=v{part.segment})" if part.segment in places else f"(?P<v{part.segment}>[^/]+)")
            places.append(part.segment)
        elif isinstance(part, HostCapture):
            if part.label >= len(labels):
                return None
            pattern.append(re.escape(labels[part.label]))
        else:
            pattern.append(re.escape(_in_normal_form(part)))
    found = re.fullmatch("".join(pattern), path)
    return None if found is None else {index: found[f"v{index}"] for index in places}


def _in_normal_form(literal: str) -> str:
    """Literal text of a target as a normalised path shows it; a dot at its ends is no dot segment by itself."""
    return normalise(f"/={literal}=".encode())[2:-1]
