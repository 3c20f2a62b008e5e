"""A proxy as one writes it with Starlette and httpx, under uvicorn: `starlette_proxy.py PORT UPSTREAM_PORT`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

HOP = {"connection", "keep-alive", "transfer-encoding", "host"}


def application(upstream: int) -> Starlette:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{upstream}", limits=limits, timeout=60)

    async def forward(request: Request) -> Response:
        headers = [(name, value) for name, value in request.headers.items() if name not in HOP]
        url = httpx.URL(path=request.url.path, query=request.url.query.encode())
        answer = await client.request(request.method, url, headers=headers, content=await request.body())
        fields = {name: value for name, value in answer.headers.items() if name not in HOP}
        return Response(answer.content, answer.status_code, fields)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    return Starlette(routes=[Route("/{path:path}", forward)], lifespan=lifespan)


if __name__ == "__main__":
    uvicorn.run(
        application(int(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False
    )
