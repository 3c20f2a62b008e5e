"""gRPC through a rewritten route, over TLS and in plain text on both sides."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from tests.e2e.harness import Gateway, GrpcUpstream, authority_file, gateway, grpc_upstream

ROUTES = """
host: api.hotel.test
services:
  secure: https://localhost:{secure}
  clear: {{url: "http://127.0.0.1:{clear}", h2c: true}}
endpoints:
  POST /hotel.Search/{{method}}: secure:/inner.Search/{{method}}
  POST /clear.Search/{{method}}: clear:/inner.Search/{{method}}
  POST /down.Search/{{method}}: https://localhost:{refused}/inner.Search/{{method}}
"""


@dataclass
class World:
    gateway: Gateway
    secure: GrpcUpstream
    clear: GrpcUpstream

    def channel(self, *, tls: bool) -> Any:
        address = f"127.0.0.1:{self.gateway.port}"
        if not tls:
            return grpc.insecure_channel(address, options=[("grpc.default_authority", "api.hotel.test")])
        roots = (self.gateway.confdir / "mitmproxy-ca-cert.pem").read_bytes()
        options = [("grpc.ssl_target_name_override", "api.hotel.test")]
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(roots), options=options)


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with grpc_upstream() as secure, grpc_upstream(tls=False) as clear:
        text = ROUTES.format(secure=secure.port, clear=clear.port, refused=1)
        trust = f"ssl_verify_upstream_trusted_ca={authority_file()}"
        with gateway({"api.yaml": text}, "--set", trust) as running:
            yield World(running, secure, clear)


@pytest.fixture(
    params=[(True, "hotel"), (True, "clear"), (False, "clear"), (False, "hotel")],
    ids=["TLS to TLS", "TLS to h2c", "h2c to h2c", "h2c to TLS"],
)
def calls(request: pytest.FixtureRequest, world: World) -> Iterator[tuple[Any, str]]:
    """A channel to the gateway and the public name of the service."""
    tls, package = request.param
    with world.channel(tls=tls) as channel:
        yield channel, f"/{package}.Search"


def test_a_unary_call_and_its_trailing_metadata_pass(calls: tuple[Any, str]) -> None:
    channel, service = calls
    reply, call = channel.unary_unary(f"{service}/Upper").with_call(b"rooms", timeout=30)
    assert reply == b"ROOMS"
    assert ("x-cost", "7") in [(item.key, item.value) for item in call.trailing_metadata()]


def test_an_error_status_passes_with_its_details(calls: tuple[Any, str]) -> None:
    channel, service = calls
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(f"{service}/Fail")(b"", timeout=30)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert caught.value.details() == "sold out"
    assert ("x-reason", "no-rooms") in [(item.key, item.value) for item in caught.value.trailing_metadata()]


def test_a_server_stream_passes(calls: tuple[Any, str]) -> None:
    channel, service = calls
    assert list(channel.unary_stream(f"{service}/Count")(b"20", timeout=30)) == [
        str(number).encode() for number in range(20)
    ]


def test_a_client_stream_passes(calls: tuple[Any, str]) -> None:
    channel, service = calls
    reply = channel.stream_unary(f"{service}/Total")(iter([b"x" * 50_000] * 10), timeout=30)
    assert reply == b"500000"


def test_a_conversation_passes_message_by_message(calls: tuple[Any, str]) -> None:
    """Each question is asked only after the answer to the one before: nothing may be held back."""
    channel, service = calls
    questions: queue.Queue[bytes | None] = queue.Queue()
    answers = channel.stream_stream(f"{service}/Chat")(iter(questions.get, None), timeout=30)
    for number in range(5):
        questions.put(b"%d" % number)
        assert next(answers) == b"re: %d" % number
    questions.put(None)
    assert list(answers) == []


def test_many_calls_share_one_connection(world: World) -> None:
    with world.channel(tls=True) as channel:
        pending = [channel.unary_unary("/hotel.Search/Upper").future(b"a", timeout=20) for _ in range(30)]
        assert {call.result() for call in pending} == {b"A"}


def test_the_upstream_sees_the_rewritten_method_and_the_clients_metadata(world: World) -> None:
    with world.channel(tls=True) as channel:
        channel.unary_unary("/hotel.Search/Upper")(b"a", timeout=30, metadata=[("x-tenant", "acme")])
    method, metadata = world.secure.calls[-1]
    assert method == "/inner.Search/Upper"
    assert metadata["x-tenant"] == "acme"
    assert metadata["x-forwarded-host"] == "api.hotel.test"


def test_a_method_that_no_endpoint_has_and_an_upstream_that_is_down_end_the_call(world: World) -> None:
    with world.channel(tls=True) as channel:
        for path, code in (
            ("/nothing.Search/Upper", grpc.StatusCode.UNIMPLEMENTED),
            ("/down.Search/Upper", grpc.StatusCode.UNAVAILABLE),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                channel.unary_unary(path)(b"", timeout=30)
            assert caught.value.code() == code
