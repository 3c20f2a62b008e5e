"""Asking a running gateway: finds its socket by the rule of `places`, and reads one answer within bounds."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from time import monotonic

import h11

from .addresses import Address
from .places import fallback_folder, is_private, port_of

DEADLINE = 5.0
"""Seconds for one question and its answer."""
MOST_BYTES = 16 << 20
"""Bytes of an answer, at most: the names of 100,000 route files."""
MOST_SOCKETS = 100
"""Sockets of one state folder that are asked, at most."""


class AnswerError(Exception):
    """What answered is no control server, or did not answer in time."""


def find_sockets(state: Path) -> list[Path]:
    """Return the control sockets of a state folder, living or not, by name; and of the folder that stands in for it.

    A folder in the temporary directory counts only where it is this user's alone: anybody may write there.
    """
    folders = [state]
    fallback = fallback_folder(state)
    if is_private(fallback):
        folders.append(fallback)
    found: list[Path] = []
    for folder in folders:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        found += [folder / name for name in names if port_of(name) is not None and (folder / name).is_socket()]
    return found[:MOST_SOCKETS]


def fetch(address: Address, path: str) -> tuple[int, bytes]:
    """Ask for a path; returns status code and body. Raises OSError where nobody answers, else AnswerError."""
    deadline = monotonic() + DEADLINE
    with _connect(address) as connection:
        client = h11.Connection(h11.CLIENT)
        host = "localhost" if address.path else str(address).removeprefix("http://")
        request = h11.Request(
            method="GET", target=path, headers=[("Host", host), ("Accept", "application/json"), ("Connection", "close")]
        )
        connection.settimeout(DEADLINE)
        connection.sendall(client.send(request) or b"")
        client.send(h11.EndOfMessage())
        try:
            return _read(client, connection, deadline)
        except (h11.RemoteProtocolError, TimeoutError) as error:
            raise AnswerError(str(error) or "it did not answer in time") from None


def _connect(address: Address) -> socket.socket:
    if not address.path:
        return socket.create_connection((address.host, address.port), timeout=DEADLINE)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(DEADLINE)
        connection.connect(address.path)
    except BaseException:
        connection.close()
        raise
    return connection


def _read(client: h11.Connection, connection: socket.socket, deadline: float) -> tuple[int, bytes]:
    code, body = 0, bytearray()
    while True:
        event = client.next_event()
        if event is h11.NEED_DATA:
            left = deadline - monotonic()
            if left <= 0:
                raise AnswerError("it did not answer in time")
            connection.settimeout(left)
            client.receive_data(connection.recv(65536))
        elif isinstance(event, h11.Response):
            code = event.status_code
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > MOST_BYTES:
                raise AnswerError("its answer is too long")
        elif isinstance(event, h11.EndOfMessage):
            return code, bytes(body)
        elif not isinstance(event, h11.InformationalResponse):
            raise AnswerError("it hung up")
