"""WebSocket between client and target, with messages of bounded size: the core keeps one until it is complete."""

from __future__ import annotations

import wsproto.events
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.websocket import WebsocketConnection, WebsocketEndHook, WebsocketLayer
from wsproto.connection import ConnectionState

MOST_MESSAGE = 64 << 20
"""Bytes in one message, at most."""
MOST_FRAMES = 20_000
"""Frames of one message, at most."""
TOO_BIG = 1009
"""The close code for a message that is too big (RFC 6455 section 7.4.1)."""


class GatewayWebsocketLayer(WebsocketLayer):
    """Relays messages, and ends the connection of a sender whose message does not end."""

    def relay_messages(self, event: events.Event) -> CommandGenerator[None]:
        yield from super().relay_messages(event)
        if any(is_too_big(sender) for sender in (self.client_ws, self.server_ws)):
            yield from self.refuse()

    def refuse(self) -> CommandGenerator[None]:
        """Close both sides."""
        for side in (self.client_ws, self.server_ws):
            if side.state is ConnectionState.OPEN:
                yield side.send2(wsproto.events.CloseConnection(TOO_BIG, "message too big"))
            yield commands.CloseConnection(side.conn)
        if self.flow.websocket is not None:
            self.flow.websocket.close_code = TOO_BIG
        self._handle_event = self.done
        yield WebsocketEndHook(self.flow)
        self.flow.live = False


def is_too_big(sender: WebsocketConnection) -> bool:
    """Whether what a side has sent of an unfinished message is more than may be kept."""
    frames = sender.frame_buf
    return len(frames) > MOST_FRAMES or sum(map(len, frames)) > MOST_MESSAGE
