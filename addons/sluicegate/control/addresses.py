"""Addresses of the control server: what the option `control` may say, what `--url` may say, which Host is local."""

from __future__ import annotations

import re
from dataclasses import dataclass

OFF = "off"
_LISTEN = re.compile(r"(?:(127\.0\.0\.1|\[::1\]):)?([0-9]{1,5})", re.ASCII)
_URL = re.compile(r"http://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?/?", re.ASCII)
_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a control server is: a socket's path, or host and port. It reads as `sluice status --url` takes it."""

    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"


def parse_control(text: str) -> Address | None:
    """Return where the option `control` asks to serve; None for `off`, an Address of nothing for the socket ('').

    A port number stands for 127.0.0.1. Raises ValueError with the reason; anything but loopback is refused.
    """
    if text == OFF:
        return None
    if not text:
        return Address()
    found = _LISTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is not off, a port, 127.0.0.1:PORT or [::1]:PORT: it serves this machine only")
    port = int(found[2])
    if not 0 < port < 65536:
        raise ValueError(f"'{text}': a port is a number from 1 to 65535")
    return Address(host=(found[1] or "127.0.0.1").strip("[]"), port=port)


def parse_url(text: str) -> Address:
    """Return the address that `--url` names: `unix:/path` or `http://host:port`. Raises ValueError with the reason."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path or "\0" in path:
            raise ValueError("the path of the socket is missing: unix:/path/to/control-8080.sock")
        return Address(path=path)
    found = _URL.fullmatch(text)
    if found is None or not 0 < int(found[2] or 80) < 65536:
        raise ValueError("not http://127.0.0.1:PORT or unix:/path/to/control-8080.sock")
    return Address(host=found[1].strip("[]"), port=int(found[2] or 80))


def is_local_host(authority: str) -> bool:
    """Whether a Host field names this machine.

    A page elsewhere can point a name of its own at 127.0.0.1 and have a browser ask (DNS rebinding); the browser
    still says the page's name.
    """
    return _HOST.fullmatch(authority) is not None
