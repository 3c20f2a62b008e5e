"""TCP ports that are free."""

from __future__ import annotations

import os
import random
import socket

_PICK = random.Random(os.getpid())


def free_port() -> int:
    """A TCP port that nothing listens on, below the range from which outgoing connections take theirs."""
    while True:
        port = _PICK.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
