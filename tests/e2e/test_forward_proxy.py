"""Nothing is ever served as by a forward proxy, not even in the first milliseconds; other doors stay shut."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest

from tests.e2e.harness import Connection, ConnectionEnded, Gateway, Response, Upstream, gateway, head

ROUTES = {"a.yaml": "host: api.hotel.test\nendpoints:\n  GET /a: {url}/a\n"}


class Hammer:
    """Clients that ask for a forbidden server as of a forward proxy, over and over, until told to stop."""

    def __init__(self, port: int, secret: Upstream, clients: int = 4) -> None:
        self._port = port
        self._requests = [
            head("CONNECT", secret.authority, host=secret.authority),
            head("GET", f"{secret.url}/taken", host=secret.authority),
            head("GET", "/taken", host=secret.authority),
        ]
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.answers: list[Response] = []
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        while not self._over.is_set():
            number += 1
            with contextlib.suppress(OSError, ConnectionEnded), Connection(self._port, timeout=5) as client:
                client.send(self._requests[number % len(self._requests)])
                answer = client.read_response()
                with self._lock:
                    self.answers.append(answer)
            # A refused attempt costs microseconds: leave the machine's two cores to the program that starts.
            self._over.wait(0.002)

    def wait_answers(self, count: int, running: Gateway) -> None:
        """Waits until that many requests were answered."""
        pause = threading.Event()
        for _ in range(600):
            with self._lock:
                if len(self.answers) >= count:
                    return
            assert running.process.poll() is None, running.log
            pause.wait(0.05)
        raise AssertionError(f"{len(self.answers)} answers")

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


@contextlib.contextmanager
def hammered(running: Gateway, secret: Upstream) -> Iterator[Hammer]:
    hammer = Hammer(running.port, secret)
    try:
        yield hammer
    finally:
        hammer.stop()


@pytest.mark.parametrize("options", [(), ("--set", "mode=regular")], ids=["as documented", "told otherwise"])
def test_from_the_first_accepted_connection_on_nothing_is_proxied_to_where_the_client_says(
    upstream: Upstream, other: Upstream, options: tuple[str, ...]
) -> None:
    """Bare mitmproxy: until reverse mode is up the listener is a regular proxy."""
    files = {name: text.format(url=upstream.url) for name, text in ROUTES.items()}
    with gateway(files, *options, ready=False) as running, hammered(running, other) as hammer:
        hammer.wait_answers(40, running)
    assert other.connections == 0
    for answer in hammer.answers:
        assert 400 <= answer.status < 500
        answer.problem()


def test_the_program_needs_no_argument_but_where_it_listens(upstream: Upstream) -> None:
    files = {name: text.format(url=upstream.url) for name, text in ROUTES.items()}
    with gateway(files) as running:
        assert running.get("/a").body == b"upstream"
        assert f"listening at 127.0.0.1:{running.port}" in running.log


@pytest.mark.entry("mitmweb")
def test_mitmweb_serves_the_same(upstream: Upstream) -> None:
    files = {name: text.format(url=upstream.url) for name, text in ROUTES.items()}
    with gateway(files) as running:
        assert running.get("/a").body == b"upstream"
        running.get("/nothing").problem(404)


def test_the_onboarding_app_is_off(upstream: Upstream) -> None:
    """Bare mitmproxy: a request with `Host: mitm.it` is answered by the onboarding app when the host is kept."""
    with gateway({"any.yaml": f"origin: {upstream.url}\n"}) as running:
        for host in ("mitm.it", "mitm.it:80"):
            assert running.get("/", host=host).body == b"upstream"
            assert running.get("/cert/pem", host=host).body == b"upstream"


def test_a_connection_that_sends_nothing_reaches_no_upstream(upstream: Upstream) -> None:
    """Bare mitmproxy: an eager connect."""
    with gateway({"any.yaml": f"origin: {upstream.url}\n"}) as running:
        with running.connection() as silent, running.connection() as refused:
            refused.request("GET", "/%zz").problem(400)
            assert upstream.connections == 0
            assert silent.request("GET", "/").status == 200
        assert upstream.connections == 1


def test_a_client_of_an_unknown_protocol_reaches_no_upstream(upstream: Upstream) -> None:
    with gateway({"any.yaml": f"origin: {upstream.url}\n"}) as running:
        for greeting in (b"SSH-2.0-client\r\n", b"\x16\x03\x01\x00\x00\r\n\r\n", b"EHLO x\r\n\r\n"):
            with running.connection() as client:
                client.send(greeting)
                client.end_output()
                assert running.get("/").status == 200
        assert len(upstream.requests) == upstream.connections == 3


def test_a_socks_greeting_is_not_served(upstream: Upstream) -> None:
    with gateway({"any.yaml": f"origin: {upstream.url}\n"}) as running:
        with running.connection() as client, contextlib.suppress(OSError):
            client.send(b"\x05\x01\x00")
            client.end_output()
            assert client.read_to_end()[:2] != b"\x05\x00"
        assert upstream.connections == 0
