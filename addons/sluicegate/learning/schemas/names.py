"""Names of fields: which carry credentials, which are keys of a map, and which headers every API gets."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from ..values import kind_of

MOST_NAME: Final = 80
"""Characters of a name that is learned."""

_SECRET: Final = re.compile(
    "passw|passphrase|passcode|pwd|secret|tokens?$|^token|apikey|accesskey|privatekey|signingkey|encryptionkey|authkey|"
    "subscriptionkey|sessionkey|authorization$|^auth$|credential|cookie|sessionid|^session$|^sid$|csrf|xsrf|jwt|bearer|"
    "signature|codeverifier|^assertion$|clientassertion|^pin$|^otp$|^cvv|^cvc|cvv$|cvc$|cardnumber|^pan$|^ssn$"
)
_SECRET_PARAMETERS: Final = frozenset(("key", "code", "sig", "auth", "hmac"))
"""Credentials by these names in a query or a form; in a document they are words like any."""


@lru_cache(maxsize=4096)
def is_secret(name: str, *, parameter: bool = False) -> bool:
    """Whether a field of this name carries a credential: nothing of its value may be kept but type and length."""
    plain = re.sub("[^a-z0-9]", "", name.lower())
    return bool(_SECRET.search(plain)) or (parameter and plain in _SECRET_PARAMETERS)


@lru_cache(maxsize=8192)
def is_key(name: str) -> bool:
    """Whether the name of a member is no name but a key: `{"7": …, "8": …}`, keyed by ids, dates or addresses."""
    kind = kind_of(name)
    return kind not in ("word", "token", "number") or (kind == "token" and len(name) >= 16)


STANDARD_HEADERS: Final = frozenset(
    [
        *["accept", "accept-charset", "accept-encoding", "accept-language", "accept-datetime"],
        *["accept-ranges", "access-control-request-headers", "access-control-request-method", "age", "allow"],
        *["alt-used", "authorization", "cache-control", "cf-connecting-ip", "cf-ipcountry", "cf-ray"],
        *["cf-visitor", "cf-worker", "cdn-loop", "client-ip", "connection", "content-encoding"],
        *["content-language", "content-length", "content-location", "content-md5", "content-range"],
        *["content-type", "cookie", "date", "device-memory", "dnt", "downlink", "dpr", "early-data", "ect"],
        *["expect", "forwarded", "from", "host", "http2-settings", "if-match", "if-modified-since"],
        *["if-none-match", "if-range", "if-unmodified-since", "keep-alive", "max-forwards", "origin"],
        *["pragma", "prefer", "priority", "proxy-authenticate", "proxy-authorization", "proxy-connection"],
        *["purpose", "range", "referer", "rtt", "save-data", "service-worker", "te", "trailer"],
        *["transfer-encoding", "true-client-ip", "upgrade", "upgrade-insecure-requests", "user-agent", "via"],
        *["viewport-width", "warning", "width", "traceparent", "tracestate", "baggage", "b3"],
        *["uber-trace-id", "request-id", "x-amzn-trace-id", "x-b3-flags", "x-b3-parentspanid"],
        *["x-b3-sampled", "x-b3-spanid", "x-b3-traceid", "x-client-ip", "x-cloud-trace-context"],
        *["x-correlation-id", "x-datadog-origin", "x-datadog-parent-id", "x-datadog-sampling-priority"],
        *["x-datadog-trace-id", "x-envoy-expected-rq-timeout-ms", "x-envoy-external-address", "x-forwarded"],
        *["x-forwarded-client-cert", "x-forwarded-for", "x-forwarded-host", "x-forwarded-path"],
        *["x-forwarded-port", "x-forwarded-prefix", "x-forwarded-proto", "x-forwarded-protocol"],
        *["x-forwarded-scheme", "x-forwarded-server", "x-forwarded-ssl", "x-original-host", "x-original-uri"],
        *["x-original-url", "x-purpose", "x-real-ip", "x-request-id", "x-request-start", "x-requested-with"],
        *["x-scheme", "x-ssl", "x-trace-id"],
    ]
)
"""Request headers of HTTP itself, of browsers, proxies and tracing: they say nothing of an API."""


def is_standard(header: str) -> bool:
    """Whether a request header, in lower case, is one that every API gets."""
    return header in STANDARD_HEADERS or header.startswith(("sec-", "access-control-", ":", "cf-", "fly-", "x-vercel-"))
