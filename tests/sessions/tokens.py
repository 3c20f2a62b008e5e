"""Tokens for tests: signed by nobody."""

from __future__ import annotations

import base64
import json
from typing import Any


def coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def token(claims: Any) -> str:
    """A JSON Web Token with these claims, and a signature that is none."""
    head = coded(b'{"alg":"none","typ":"JWT"}')
    return f"{head}.{coded(json.dumps(claims).encode())}.{coded(b'no signature')}"
