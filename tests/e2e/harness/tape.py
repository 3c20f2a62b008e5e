"""What went over a wire, byte by byte, in a form that two runs can be compared in."""

from __future__ import annotations

import re
import socket
import ssl
from typing import Any

import hpack
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

H2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

_MASKS = (
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"), "<request id>"),
    (re.compile(r"sluicegate-[0-9a-f]{8}"), "sluicegate-<pseudonym>"),
    (re.compile(r"(?i)(\bdate: )[^\r\n]+"), r"\1<date>"),
    (re.compile(r'(h3=":)\d+'), r"\1<the gateway's port>"),
)


def masked(text: str) -> str:
    """The text without what differs from one run to the next: request ids, the pseudonym in Via, dates."""
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


class Tape:
    """A socket that keeps what it received; `ended` is True once the peer has closed or reset the connection."""

    def __init__(self, wrapped: socket.socket) -> None:
        self.received = bytearray()
        self.ended = False
        self._wrapped = wrapped

    def recv(self, size: int) -> bytes:
        try:
            data = self._wrapped.recv(size)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            self.ended = True
            raise
        self.received += data
        self.ended |= not data
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)


def h1_text(data: bytes | bytearray) -> str:
    """Bytes of HTTP/1, masked."""
    return masked(data.decode("latin-1"))


def h2_text(data: bytes | bytearray) -> dict[int, list[str]]:
    """The frames of each HTTP/2 stream in order, masked; window updates are left out, for they follow TCP's cuts."""
    view = memoryview(bytes(data).removeprefix(H2_PREFACE))
    decoder = hpack.Decoder()
    streams: dict[int, list[str]] = {}
    while len(view) >= 9:
        frame, length = Frame.parse_frame_header(view[:9])
        frame.parse_body(view[9 : 9 + length])
        view = view[9 + length :]
        if not isinstance(frame, WindowUpdateFrame):
            streams.setdefault(frame.stream_id, []).append(masked(_shown(frame, decoder)))
    if view:
        streams.setdefault(-1, []).append(f"cut short: {bytes(view)!r}")
    return streams


def _shown(frame: Frame, decoder: hpack.Decoder) -> str:
    flags = "+".join(sorted(frame.flags))
    match frame:
        case DataFrame():
            content: object = bytes(frame.data)
        case HeadersFrame():
            content = [(bytes(name), bytes(value)) for name, value in decoder.decode(frame.data, raw=True)]
        case SettingsFrame():
            content = sorted(frame.settings.items())
        case RstStreamFrame():
            content = frame.error_code
        case GoAwayFrame():
            content = (frame.last_stream_id, frame.error_code, bytes(frame.additional_data))
        case PingFrame():
            content = bytes(frame.opaque_data)
        case _:
            content = frame
    return f"{type(frame).__name__}[{flags}] {content!r}"


def websocket_text(data: bytes | bytearray) -> list[str]:
    """An HTTP/1 head, masked, and the WebSocket frames behind it, without the mask that each client's frame has."""
    head, _, rest = bytes(data).partition(b"\r\n\r\n")
    shown = [re.sub(r"(?i)(sec-websocket-key: )[^\r\n]+", r"\1<key>", h1_text(head))]
    while len(rest) >= 2:
        first, second = rest[0], rest[1]
        length, at = second & 0x7F, 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length, at = int.from_bytes(rest[2 : 2 + size]), 2 + size
        key = b""
        if second & 0x80:
            key, at = rest[at : at + 4], at + 4
        payload = rest[at : at + length]
        if key:
            payload = bytes(byte ^ key[place % 4] for place, byte in enumerate(payload))
        shown.append(f"{first:02x} masked={bool(key)} {payload!r}")
        rest = rest[at + length :]
    return shown
