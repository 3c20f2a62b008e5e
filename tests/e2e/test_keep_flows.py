"""What a long run of mitmweb keeps: a bounded number of flows, and a bounded number of body bytes."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.e2e.harness import Call, Upstream, WebClient, gateway, pieces, wait_until

MIB = 1 << 20


pytestmark = pytest.mark.entry("mitmweb")


def routes(upstream: Upstream) -> dict[str, str]:
    return {"a.yaml": f"endpoints:\n  GET /a/{{x}}: {upstream.url}/a/{{x}}\n"}


def named(flow: dict[str, Any]) -> str:
    return str(flow["request"]["path"]).rpartition("/")[2]


def test_the_oldest_finished_flows_go_and_those_that_the_user_marked_stay(upstream: Upstream) -> None:
    release = threading.Event()

    def hold(call: Call) -> None:
        release.wait(30)
        call.respond(200)

    upstream.on("/a/held", hold)
    with gateway(routes(upstream), "--set", "keep_flows=6") as running:
        web = WebClient(running)

        def kept() -> list[str]:
            return [named(flow) for flow in web.flows()]

        def identify(name: str) -> str:
            wait_until(lambda: name in kept(), what=name)
            return next(str(flow["id"]) for flow in web.flows() if named(flow) == name)

        for path in ("/a/marked", "/a/plain", "/nothing/refused", "/nothing/remarked"):
            running.get(path)
        for name in ("marked", "remarked"):
            web.edit(identify(name), marked=":star:")
        with running.connection() as client:
            client.send(b"GET /a/held HTTP/1.1\r\nHost: api.hotel.test\r\n\r\n")
            upstream.wait_seen("/a/held")
            for number in range(12):
                running.get(f"/a/later{number}")
            wait_until(lambda: "later11" in kept() and len(kept()) <= 6 + 3, what="evictions")
            names = kept()
            assert {"marked", "remarked", "held", "later11", "later10"} <= set(names), names
            assert not {"plain", "refused", "later0", "later1"} & set(names), names
            release.set()
            assert client.read_response().status == 200
        for number in range(12, 20):
            running.get(f"/a/later{number}")
        wait_until(lambda: "later19" in kept() and "held" not in kept(), what="the held one's eviction")
        assert {"marked", "remarked"} <= set(kept())


def test_zero_keeps_them_all(upstream: Upstream) -> None:
    with gateway(routes(upstream), "--set", "keep_flows=0") as running:
        web = WebClient(running)
        for number in range(30):
            running.get(f"/a/{number}")
        wait_until(lambda: {str(number) for number in range(30)} <= {named(flow) for flow in web.flows()})


def test_the_body_bytes_that_are_kept_are_capped_over_all_flows(upstream: Upstream) -> None:
    for number in range(72):
        upstream.on(f"/a/{number}", lambda call: call.stream(MIB, pieces(MIB)))
    with gateway(routes(upstream)) as running:
        web = WebClient(running)
        with running.connection() as client:
            for number in range(72):
                client.send(b"GET /a/%d HTTP/1.1\r\nHost: api.hotel.test\r\n\r\n" % number)
                read = bytearray()
                assert client.read_response(sink=read.extend).status == 200
                assert len(read) == MIB
        wait_until(lambda: "71" in [named(flow) for flow in web.flows()])
        lengths = {named(flow): flow["response"]["contentLength"] or 0 for flow in web.flows() if flow.get("response")}
        assert sum(lengths.values()) <= 64 * MIB + 1000
        assert sum(lengths.values()) >= 32 * MIB
