"""What end-to-end tests are made of: the running program, recording servers and clients of exact bytes."""

from .client import (
    Connection,
    ConnectionEnded,
    Digest,
    Response,
    digest_of,
    head,
    pieces,
    upload,
)
from .gateway import (
    DOOR,
    ENTRIES,
    REPOSITORY,
    WEB_PASSWORD,
    Gateway,
    GatewayExited,
    by_default,
    gateway,
    program_command,
    program_environment,
)
from .grpc_upstream import GrpcUpstream, grpc_upstream
from .h2_client import H2Connection, H2Response
from .h2_upstream import H2Call, H2Recorded, H2Upstream
from .ports import free_port, refusing_port, silent_port
from .relay import Relay
from .tls import authority, authority_file, server_context, stranger_context
from .upstream import Call, Handler, PeerGone, Recorded, Upstream, answer
from .waiting import wait_until
from .web import WebClient
from .websocket import WebSocketUpstream, websocket_client, websocket_upstream

__all__ = [
    "DOOR",
    "ENTRIES",
    "REPOSITORY",
    "WEB_PASSWORD",
    "Call",
    "Connection",
    "ConnectionEnded",
    "Digest",
    "Gateway",
    "GatewayExited",
    "GrpcUpstream",
    "H2Call",
    "H2Connection",
    "H2Recorded",
    "H2Response",
    "H2Upstream",
    "Handler",
    "PeerGone",
    "Recorded",
    "Relay",
    "Response",
    "Upstream",
    "WebClient",
    "WebSocketUpstream",
    "answer",
    "authority",
    "authority_file",
    "by_default",
    "digest_of",
    "free_port",
    "gateway",
    "grpc_upstream",
    "head",
    "pieces",
    "program_command",
    "program_environment",
    "refusing_port",
    "server_context",
    "silent_port",
    "stranger_context",
    "upload",
    "wait_until",
    "websocket_client",
    "websocket_upstream",
]
