"""A gRPC service without generated code: messages are plain bytes. Over TLS or in plain text."""

from __future__ import annotations

import concurrent.futures
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import trustme

from .tls import authority

SERVICE = "inner.Search"


@dataclass(slots=True)
class GrpcUpstream:
    """`calls` holds the method and invocation metadata of each call."""

    port: int
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)


class _Search(grpc.GenericRpcHandler):
    def __init__(self, shown: GrpcUpstream) -> None:
        self._shown = shown

    def service(self, details: Any) -> grpc.RpcMethodHandler | None:
        metadata = {key: str(value) for key, value in details.invocation_metadata}
        self._shown.calls.append((details.method, metadata))
        match details.method:
            case "/inner.Search/Upper":
                return grpc.unary_unary_rpc_method_handler(_upper)
            case "/inner.Search/Count":
                return grpc.unary_stream_rpc_method_handler(_count)
            case "/inner.Search/Total":
                return grpc.stream_unary_rpc_method_handler(_total)
            case "/inner.Search/Chat":
                return grpc.stream_stream_rpc_method_handler(_chat)
            case "/inner.Search/Fail":
                return grpc.unary_unary_rpc_method_handler(_fail)
        return None


def _upper(message: bytes, context: grpc.ServicerContext) -> bytes:
    context.set_trailing_metadata((("x-cost", "7"),))
    return message.upper()


def _count(message: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
    for number in range(int(message)):
        yield str(number).encode()


def _total(messages: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
    return str(sum(len(message) for message in messages)).encode()


def _chat(messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
    for message in messages:
        yield b"re: " + message


def _fail(message: bytes, context: grpc.ServicerContext) -> bytes:
    context.set_trailing_metadata((("x-reason", "no-rooms"),))
    context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "sold out")


@contextlib.contextmanager
def grpc_upstream(*, tls: bool = True, names: tuple[str, ...] = ("localhost",)) -> Iterator[GrpcUpstream]:
    """Serves `inner.Search`: Upper, Count, Total, Chat and Fail."""
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=8)
    server = grpc.server(pool)
    shown = GrpcUpstream(0)
    server.add_generic_rpc_handlers((_Search(shown),))
    if tls:
        shown.port = server.add_secure_port("127.0.0.1:0", _credentials(authority().issue_cert(*names)))
    else:
        shown.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield shown
    finally:
        server.stop(grace=0).wait()
        pool.shutdown(wait=False)


def _credentials(issued: trustme.LeafCert) -> grpc.ServerCredentials:
    key = issued.private_key_pem.bytes()
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    return grpc.ssl_server_credentials(((key, chain),))
