"""Puts the gateway's HTTP layer where mitmproxy's next-layer addon has chosen its own, also beneath TLS."""

from __future__ import annotations

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers import ClientTLSLayer, HttpLayer, ServerTLSLayer
from mitmproxy.proxy.layers.modes import ReverseProxy

from .gate import Gate
from .http import GatewayHttpLayer

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client sends first that speaks HTTP/2 without TLS (RFC 9113 section 3.4)."""

MOST_HELLO = 131_396
"""Bytes of a ClientHello with its message header, at most: OpenSSL takes no longer one."""


class GatewayClientTLS(ClientTLSLayer):
    """TLS toward a client, whose ClientHello is bounded: the core reads it anew with each piece, and keeps 16 MB."""

    def receive_handshake_data(self, data: bytes) -> CommandGenerator[tuple[bool, str | None]]:
        if not self.client_hello_parsed and len(self.recv_buffer) + len(data) > MOST_HELLO:
            self.recv_buffer.clear()
            return False, "Cannot parse ClientHello: it is too long"
        return (yield from super().receive_handshake_data(data))

    def receive_data(self, data: bytes) -> CommandGenerator[None]:
        if self.tls:  # else there was no handshake, and what still comes belongs to nobody
            yield from super().receive_data(data)


class Closed(layer.Layer):
    """A connection that is not served."""

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Start):
            yield commands.CloseConnection(self.context.client)


def choose(next_layer: layer.NextLayer, gate: Gate) -> None:
    """Replace the layer that was chosen for a connection of the reverse listener.

    Any other protocol than HTTP, with TLS or without, is closed.
    """
    context = next_layer.context
    chosen = next_layer.layer
    if not context.layers or not isinstance(context.layers[0], ReverseProxy):
        next_layer.layer = Closed(context)
        return
    data = next_layer.data_client()
    in_clear = not any(isinstance(own, ClientTLSLayer) for own in context.layers)
    if in_clear and len(data) < len(b"PRI ") and PREFACE.startswith(data):
        _forget(chosen, context.layers)
        next_layer.layer = None  # it may become HTTP/2: wait for the next bytes
        return
    if in_clear and data.startswith(b"PRI "):
        context.client.alpn = b"h2"
    next_layer.layer = _swapped(chosen, context.layers, gate) or Closed(context)


def _swapped(chosen: layer.Layer | None, layers: list[layer.Layer], gate: Gate) -> layer.Layer | None:
    if isinstance(chosen, HttpLayer):
        _forget(chosen, layers)
        return GatewayHttpLayer(chosen.context, gate)
    if isinstance(chosen, ClientTLSLayer):
        child = chosen.child_layer
        _forget(chosen, layers)
        secured = GatewayClientTLS(chosen.context)
        secured.child_layer = _swapped(child, layers, gate) or Closed(chosen.context)
        return secured
    if isinstance(chosen, ServerTLSLayer):
        # The reverse URL is https: its TLS belongs to connections that are decided, not to this stack.
        child = chosen.child_layer
        layers.remove(chosen)
        chosen.context.server.tls = False
        return _swapped(child, layers, gate)
    return None


def _forget(chosen: layer.Layer | None, layers: list[layer.Layer]) -> None:
    """Take a layer that will not be used, and what lies beneath it, out of the context's list."""
    while chosen is not None:
        if chosen in layers:
            layers.remove(chosen)
        chosen = getattr(chosen, "child_layer", None)
