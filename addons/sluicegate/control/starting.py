"""Starts the control server where its option says, and never stands in the gateway's way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from .addresses import Address, parse_control
from .server import ControlServer
from .status import Status

logger = logging.getLogger(__name__)


async def start(look: Callable[[], Status], control: str, state: Path, port: int) -> ControlServer | None:
    """Serve what `look` tells, as the option `control` asks; says in the log where, or why not.

    `state` is the folder of the socket, `port` the gateway's. Returns None where nothing is served.
    """
    address = parse_control(control)
    if address is None:
        return None
    try:
        server = ControlServer(look)
        if address.port:
            await server.serve_port(address)
        else:
            address = await server.serve_socket(state, port)
    except OSError as error:
        _warn(address, error)
        return None
    except Exception:
        logger.warning("the control server did not start; the gateway runs without it", exc_info=True)
        return None
    logger.info("control: %s", address)
    return server


def _warn(address: Address, error: OSError) -> None:
    where = str(address) if address.port else "a socket"
    reason = error.strerror or str(error)
    logger.warning("control: the gateway runs without it: %s cannot be served: %s", where, reason)
