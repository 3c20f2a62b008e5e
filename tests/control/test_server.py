"""The control server on real sockets, with clients that mean it well and others."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from sluicegate.control import server as module
from sluicegate.control.addresses import Address
from sluicegate.control.places import fallback_folder, is_private
from sluicegate.control.server import MOST_CONNECTIONS, MOST_IGNORED, ControlServer

from .statuses import status

ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
LOG = "sluicegate.control"


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Path]:
    """A server on a socket in a folder; gives the socket's path."""
    server = ControlServer(status)
    address = await server.serve_socket(folder / "state", 8080)
    try:
        yield Path(address.path)
    finally:
        await server.close()


async def asked(path: Path, data: bytes = ASK) -> bytes:
    """All that comes back for these bytes; nothing where the server has hung up at once."""
    reader, writer = await asyncio.open_unix_connection(path)
    answer = b""
    with suppress(ConnectionError):
        writer.write(data)
        answer = await reader.read()
    writer.close()
    return answer


async def send_until_refused(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send the same again and again; raises what the system says when the other side has gone."""
    while True:
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(0.001)


def loud(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG]


async def test_a_socket_in_the_state_folder_answers_and_goes_with_the_server(folder: Path) -> None:
    async with serving(folder) as path:
        assert path == folder / "state" / "control-8080.sock"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (await asked(path)).startswith(b"HTTP/1.1 200 OK\r\n")
    assert sorted(one.name for one in path.parent.iterdir()) == [".gitignore"]


async def test_a_loopback_port_answers_local_hosts_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = ControlServer(status)
    await server.serve_port(Address(host="127.0.0.1", port=port))
    answers = []
    for host in ("localhost", "evil.test"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: %b\r\n\r\n" % host.encode())
        answers.append((await reader.read()).split(b" ")[1])
        writer.close()
    await server.close()
    assert answers == [b"200", b"421"]


async def test_a_client_that_ends_its_side_after_the_request_is_answered(folder: Path) -> None:
    async with serving(folder) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(ASK)
        writer.write_eof()
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_a_client_that_ends_its_side_before_is_hung_up_on(folder: Path) -> None:
    async with serving(folder) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(ASK[:10])
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()


async def test_a_slow_client_is_hung_up_on_in_the_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.05)
    async with serving(folder) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(ASK[:10])
        assert await reader.read() == b""
        writer.close()


async def test_a_client_that_stays_after_its_answer_is_hung_up_on_in_the_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.05)
    async with serving(folder) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(ASK)
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            await send_until_refused(writer, b"x")
        writer.close()


async def test_connections_beyond_the_limit_are_closed_and_the_others_stay(folder: Path) -> None:
    async with serving(folder) as path:
        held = [await asyncio.open_unix_connection(path) for _ in range(MOST_CONNECTIONS)]
        reader, writer = await asyncio.open_unix_connection(path)
        assert await reader.read() == b""
        writer.close()
        held[0][1].write(ASK)
        assert (await held[0][0].read()).startswith(b"HTTP/1.1 200 ")
        held[0][1].close()
        while not (await asked(path)).startswith(b"HTTP/1.1 200 "):
            await asyncio.sleep(0)  # until the one that has closed has left
        for _, each in held:
            each.close()


async def test_a_body_without_end_is_read_up_to_a_bound(folder: Path) -> None:
    async with serving(folder) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"POST /status HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 405 ")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            await send_until_refused(writer, b"x" * MOST_IGNORED)
        writer.close()


@pytest.mark.parametrize("data", [b"\x00" * 100_000, b"\r\n\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"x" * 100_000, ASK * 99])
async def test_hostile_clients_leave_no_line_in_the_log(
    folder: Path, caplog: pytest.LogCaptureFixture, data: bytes
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(folder) as path:
        for _ in range(3):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(data)
            writer.write_eof()
            await reader.read()
            writer.transport.abort()
        assert (await asked(path)).startswith(b"HTTP/1.1 200 ")
    assert loud(caplog) == []


async def test_a_fault_in_looking_is_a_500_that_is_logged_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    def look() -> None:
        raise LookupError("a fault")

    server = ControlServer(look)  # type: ignore[arg-type]
    address = await server.serve_socket(folder / "state", 8080)
    for _ in range(2):
        answer = await asked(Path(address.path), b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert b"a fault" not in answer
    assert (await asked(Path(address.path))).startswith(b"HTTP/1.1 200 ")
    await server.close()
    assert len(loud(caplog)) == 1


async def test_a_path_that_is_too_long_leads_to_the_fallback(folder: Path) -> None:
    state = folder / ("d" * 60) / ("e" * 60)
    server = ControlServer(status)
    address = await server.serve_socket(state, 8080)
    assert Path(address.path) == fallback_folder(state) / "control-8080.sock"
    assert is_private(fallback_folder(state))
    assert json.loads((await asked(Path(address.path))).partition(b"\r\n\r\n")[2]) == {"status": "ok"}
    await server.close()
    assert not fallback_folder(state).exists()


async def test_a_file_in_the_place_of_the_state_folder_leads_to_the_fallback(folder: Path) -> None:
    (folder / "state").write_text("mine")
    async with serving(folder) as path:
        assert path.parent == fallback_folder(folder / "state")
    assert (folder / "state").read_text() == "mine"


async def test_a_planted_fallback_is_not_used(folder: Path) -> None:
    (folder / "state").write_text("mine")
    fallback_folder(folder / "state").mkdir(mode=0o755)
    server = ControlServer(status)
    with pytest.raises(PermissionError):
        await server.serve_socket(folder / "state", 8080)
    await server.close()
    assert list(fallback_folder(folder / "state").iterdir()) == []


async def test_another_gateway_that_chooses_its_name_is_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen_in = module.listen_in
    tries = []

    def busy_at_first(*arguments: object) -> object:
        tries.append(arguments)
        if len(tries) < 3:
            raise BlockingIOError
        return listen_in(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "listen_in", busy_at_first)
    async with serving(folder) as path:
        assert path == folder / "state" / "control-8080.sock"
    assert len(tries) == 3
