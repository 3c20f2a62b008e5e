"""A bare proxy with aiohttp, without a table of routes: `aiohttp_proxy.py PORT UPSTREAM_PORT`. On uvloop, if there."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web

HOP = {"connection", "keep-alive", "transfer-encoding", "host"}
BUFFERED = 1 << 16


def forwarder(session: ClientSession, upstream: int):
    async def forward(request: web.Request) -> web.StreamResponse:
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in HOP]
        url = f"http://127.0.0.1:{upstream}{request.rel_url}"
        data = request.content if request.body_exists else None
        async with session.request(request.method, url, headers=headers, data=data, allow_redirects=False) as answer:
            fields = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP]
            if answer.content_length is not None and answer.content_length <= BUFFERED:
                return web.Response(status=answer.status, headers=fields, body=await answer.read())
            response = web.StreamResponse(status=answer.status, headers=fields)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    return forward


async def main(port: int, upstream: int) -> None:
    async with ClientSession(
        connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar(), auto_decompress=False
    ) as session:
        runner = web.ServerRunner(web.Server(forwarder(session, upstream), access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    run = asyncio.run
    with contextlib.suppress(ImportError):
        from uvloop import run
    run(main(int(sys.argv[1]), int(sys.argv[2])))
