"""Connections to a running gateway that send exactly the bytes they are given, and read one answer after the other."""

from __future__ import annotations

import contextlib
import http.client
import io
import select
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..endpoints.hosts import parse_authority
from ..endpoints.targets import DEFAULT_PORTS

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
"""Methods that may be sent once more when a connection ended (RFC 9110 section 9.2.2)."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where requests are sent: `tls` is None for `http`; `timeout` is seconds for one request and its whole answer."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    timeout: float


def gateway_of(url: str, *, timeout: float, insecure: bool = False) -> Gateway:
    """Return the gateway at a URL; certificates are verified with the system's store, unless `insecure`.

    Raises ValueError with what is wrong: anything but `http` or `https`, a host and a port.
    """
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError("the URL begins with neither http:// nor https://")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("the URL has more than scheme, host and port: targets are sent as they were recorded")
    authority = parse_authority(parts.netloc)
    if authority is None:
        raise ValueError("the URL has no valid host and port")
    context = None
    if parts.scheme == "https":
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        if insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
    return Gateway(authority.host.strip("[]"), authority.port or DEFAULT_PORTS[parts.scheme], context, timeout)


class Connection:
    """A connection that is opened when it is needed, and again when it ended. One thread uses it at a time."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Connect, within the gateway's timeout. Raises OSError."""
        self._opened(time.monotonic() + self._gateway.timeout)

    def ask(self, method: str, message: bytes) -> http.client.HTTPResponse:
        """Send a request and return its answer, whose body is yet to be read; `done` must follow.

        Raises OSError (TimeoutError after the gateway's timeout, which holds for the body, too) or HTTPException.
        """
        deadline = time.monotonic() + self._gateway.timeout
        if self._socket is not None and select.select([self._socket], [], [], 0)[0]:
            self.close()  # it was ended while nobody looked, or something came unasked
        reused = self._socket is not None
        try:
            return self._answer(method, message, deadline)
        except ConnectionError:  # also http.client.RemoteDisconnected: nothing of an answer came
            self.close()
            if not reused or method not in _IDEMPOTENT:
                raise
            return self._answer(method, message, deadline)

    def done(self, response: http.client.HTTPResponse) -> None:
        """Make ready for the next request; the connection ends where the answer was not read to its end."""
        if response.will_close or not response.isclosed():
            self.close()
        response.close()

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def abort(self) -> None:
        """Make whoever waits for this connection give up."""
        connected = self._socket
        if connected is not None:
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def _opened(self, deadline: float) -> socket.socket:
        if self._socket is None:
            gateway = self._gateway
            connected = socket.create_connection((gateway.host, gateway.port), _left(deadline))
            try:
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if gateway.tls is not None:
                    connected.settimeout(_left(deadline))
                    connected = gateway.tls.wrap_socket(connected, server_hostname=gateway.host)
            except BaseException:
                connected.close()
                raise
            self._socket = connected
        return self._socket

    def _answer(self, method: str, message: bytes, deadline: float) -> http.client.HTTPResponse:
        connected = self._opened(deadline)
        refused: ConnectionError | None = None
        connected.settimeout(_left(deadline))
        try:
            connected.sendall(message)
        except ConnectionError as error:  # a gateway may answer early and read no further
            refused = error
        response = _Response(_Wire(connected, deadline), method=method)  # type: ignore[arg-type]
        try:
            response.begin()
        except (OSError, http.client.HTTPException) as error:
            response.close()
            raise refused or error from None
        if refused is not None:
            response.will_close = True
        return response


def _left(deadline: float) -> float:
    """Seconds up to a deadline. Raises TimeoutError when it is over."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Response(http.client.HTTPResponse):
    """An answer; interim ones (RFC 9110 section 15.2) before it are passed over."""

    def _read_status(self) -> Any:
        while True:
            line = super()._read_status()  # type: ignore[misc]
            if not 100 <= line[1] < 200 or line[1] == http.HTTPStatus.SWITCHING_PROTOCOLS:
                return line
            http.client.parse_headers(self.fp)


class _Wire(io.RawIOBase):
    """What an answer is read from: a socket on which all reading together ends at a deadline."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket = connected
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, 1 << 16)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(_left(self._deadline))
        return self._socket.recv_into(buffer)
