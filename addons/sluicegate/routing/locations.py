"""Location fields that name the target, said in the public API's words (`rewrite_location: true`).

route  GET /hotels/{hotel}/dates → http://dates:9001/availability/{hotel}
http://dates:9001/availability/8?x=1  →  /hotels/8/dates?x=1
"""

from __future__ import annotations

import re

from ..endpoints.normalise import BadPathError, normalise
from ..endpoints.table import Endpoint
from ..endpoints.targets import Capture, Origin, Target


def map_back(location: str, target: Target, endpoint: Endpoint | None) -> str | None:
    """Return a Location or Content-Location toward the client, or None where it does not name the target.

    A path is mapped back through the endpoint's own route, or, where the route keeps paths, without its base path.
    """
    path, rest = _target_path(location, target.origin)
    if path is None:
        return None
    if target.path is None:
        kept = path.removeprefix(target.base)
        return (kept or "/") + rest if path.startswith(target.base) and kept[:1] in ("", "/") else None
    if endpoint is None:
        return None
    values = _values(path, target)
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
    return "/" + "/".join(segments) + rest


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
        return normalise((found[3] or "/").encode("utf-8")), found[4]
    except BadPathError:
        return None, ""


def _values(path: str, target: Target) -> dict[int, str] | None:
    """The source segments that a target path was made of, by their place; None where it is not of the template."""
    pattern: list[str] = []
    places: list[int] = []
    for part in target.path or ():
        if isinstance(part, Capture):
            pattern.append(f"(?P=v{part.segment})" if part.segment in places else f"(?P<v{part.segment}>[^/]+)")
            places.append(part.segment)
        else:
            pattern.append(re.escape(part) if isinstance(part, str) else "[^/]+")
    found = re.fullmatch("".join(pattern), path)
    return None if found is None else {index: found[f"v{index}"] for index in places}
