"""Three small hotel services and an origin, for the demonstration: standard library only.

    python scripts/hotel_services.py [FIRST_PORT]

listens on 127.0.0.1, the origin on FIRST_PORT (9000), then dates, rooms and overview on the ports after it.
Every answer is JSON that says which service answered and what it received.
"""

from __future__ import annotations

import http.server
import json
import re
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

HOST = "127.0.0.1"
HOTELS = {"7": "Hotel Seeblick", "8": "Casa del Faro", "9": "The Harbour Inn"}
ECHOED_HEADERS = ("host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "via")

Answer = tuple[int, dict[str, object]]


def dates(hotel: str) -> Answer:
    return 200, {"hotel": hotel, "available": ["2026-07-04", "2026-07-05", "2026-07-11"], "nights_min": 2}


def price(room: str, hotel: str) -> Answer:
    return 200, {
        "hotel": hotel,
        "room": room,
        "price": {"amount": "129.00", "currency": "EUR"},
        "per": "night",
    }


def overview(hotel: str) -> Answer:
    name = HOTELS.get(hotel, f"Hotel {hotel}")
    return 200, {"hotel": hotel, "name": name, "stars": 4, "rooms": 42, "check_in": "15:00"}


def booking(hotel: str) -> Answer:
    return 201, {"hotel": hotel, "booking": "B-20260704-0017", "state": "confirmed"}


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its name and its endpoints, each a method, a path pattern and what it answers."""

    name: str
    endpoints: tuple[tuple[str, str, Callable[..., Answer]], ...]
    otherwise: int = 404

    def answer(self, method: str, path: str) -> Answer:
        for known_method, pattern, handler in self.endpoints:
            match = re.fullmatch(pattern, path)
            if match and known_method == method:
                return handler(*map(unquote, match.groups()))
        return self.otherwise, {}


SERVICES = (
    Service("origin", (("POST", "/hotels/([^/]+)/bookings", booking),), otherwise=200),
    Service("dates", (("GET", "/availability/([^/]+)", dates),)),
    Service("rooms", (("GET", "/v2/([^/]+)/prices/([^/]+)", price),)),
    Service("overview", (("GET", "/hotel/([^/]+)/overview", overview),)),
)


class PortTakenError(Exception):
    """Another program listens on a port that is needed; `port` is its number."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} on {HOST} is taken")
        self.port = port


def is_taken(port: int) -> bool:
    """Whether something accepts connections on the port, also through a wildcard address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((HOST, port)) == 0:
            return True
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


class Server(http.server.ThreadingHTTPServer):
    """A threaded server for one `Service` that does not look its own name up while it starts."""

    def __init__(self, service: Service, port: int) -> None:
        self.service = service
        if is_taken(port):
            raise PortTakenError(port)
        try:
            super().__init__((HOST, port), Handler)
        except OSError as error:
            raise PortTakenError(port) from error

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every method with JSON, over persistent connections."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def answer(self) -> None:
        body_bytes = sum(map(len, self.body()))
        service = self.server.service
        status, data = service.answer(self.command, urlsplit(self.path).path)
        received: dict[str, object] = {"method": self.command, "path": self.path, "body_bytes": body_bytes}
        received |= {name: self.headers[name] for name in ECHOED_HEADERS if name in self.headers}
        content = (json.dumps({"service": service.name, **data, "received": received}, indent=2) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def body(self) -> Iterator[bytes]:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get("Content-Length", "0"))
        while left > 0 and (piece := self.rfile.read(min(left, 65536))):
            left -= len(piece)
            yield piece

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the gateway's own output is the one to look at."""


def start(first_port: int) -> list[Server]:
    """Starts every service on a thread of its own, from `first_port` on.

    Raises `PortTakenError`; then none is left running.
    """
    servers: list[Server] = []
    try:
        for port, service in enumerate(SERVICES, first_port):
            server = Server(service, port)
            threading.Thread(target=server.serve_forever, name=service.name, daemon=True).start()
            servers.append(server)
    except PortTakenError:
        stop(servers)
        raise
    return servers


def stop(servers: list[Server]) -> None:
    for server in servers:
        server.shutdown()
        server.server_close()


def main() -> int:
    first_port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    try:
        servers = start(first_port)
    except PortTakenError as error:
        print(f"hotel_services: {error}; give another first port", file=sys.stderr)
        return 1
    for server in servers:
        print(f"{server.service.name:9} http://{HOST}:{server.server_port}")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        stop(servers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
