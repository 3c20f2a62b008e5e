"""What of a request nobody may keep, because it can name a session: the values of all its identifiers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from .identifiers import Identifier
from .session import identified


def secret_fields(identifiers: Sequence[Identifier]) -> frozenset[bytes]:
    """Return the names, in lower case, of the header fields that can name a session; cookies are all secret anyway."""
    return _fields(tuple(identifiers))


@lru_cache(maxsize=256)  # there are as many lists as route files
def _fields(identifiers: tuple[Identifier, ...]) -> frozenset[bytes]:
    return frozenset(one.field_name for one in identifiers if one.kind in ("header", "jwt") and not one.in_cookie)


def hides_body(identifiers: Sequence[Identifier], named_by: str, body: bytes | None, *, is_coded: bool = False) -> bool:
    """Whether a request's body may hold what could have named its session and did not.

    Who learns from the body leaves out what did, `named_by` as the session tells it, and knows nothing of the others.
    `is_coded`: the body has a content coding, so that nobody has looked into it.
    """
    others = tuple(one for one in identifiers if one.kind == "body" and one.text != named_by)
    return bool(others and body) and (is_coded or identified(others, {}, body) is not None)
