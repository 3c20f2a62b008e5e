"""Claims of a JSON Web Token, read WITHOUT verifying it.

Anybody can write such claims. They are good for telling sessions apart while learning, and for no decision.
"""

from __future__ import annotations

import binascii
import json
from typing import Any, Final

MOST_TOKEN: Final = 1 << 14
"""Bytes of a token that is looked at, at most: servers take heads of 8 to 16 KiB in all (our choice)."""

_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def unverified_claims(value: bytes) -> Any:
    """Return the claims of a token in compact form (RFC 7519, RFC 7515 section 7.1), or None where there are none.

    A leading `Bearer` is stripped, in whatever case (RFC 9110 section 11.1). Neither the signature nor the header is
    looked at; an encrypted token has no claims to read.
    """
    if len(value) > MOST_TOKEN:
        return None
    if value[:7].lower() == b"bearer ":
        value = value[7:].strip(b" ")
    parts = value.split(b".", 3)
    if len(parts) != 3:
        return None
    payload = parts[1]
    try:
        text = binascii.a2b_base64(payload.translate(_STANDARD) + b"=" * (-len(payload) % 4), strict_mode=True)
        claims = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):  # binascii.Error, UnicodeDecodeError, JSONDecodeError
        return None
    return claims if isinstance(claims, dict) else None
