"""What mitmweb shows of an exchange, and what of it a saved flow holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.harness import (
    Gateway,
    Upstream,
    WebClient,
    answer,
    gateway,
    refusing_port,
    wait_until,
    websocket_client,
    websocket_upstream,
)

pytestmark = pytest.mark.entry("mitmweb")

ROUTES = """
host: api.hotel.test
endpoints:
  GET /hotels/{{hotel}}/dates: {up}/availability/{{hotel}}
  GET /hotels/{{hotel}}/{{part}}: {up}/part/{{hotel}}/{{part}}
  GET /hotels/{{hotel}}/d{{rest}}: {up}/rest/{{hotel}}/{{rest}}
  GET /down: http://127.0.0.1:{down}/
  GET /slow: {{route: "{up}/slow", timeout: 200ms}}
  GET /chat: http://{chat}/chat
"""


@dataclass
class World:
    gateway: Gateway
    upstream: Upstream
    web: WebClient

    def flow(self, request_id: str) -> dict[str, Any]:
        """The flow of the request that was sent with this id, once it has been answered."""
        found: list[dict[str, Any]] = []

        def answered() -> bool:
            flows = self.web.flows()
            found[:] = [
                flow
                for flow in flows
                if request_id in str(flow["request"]["headers"]) and (flow.get("response") or {}).get("timestamp_end")
            ]
            return bool(found)

        wait_until(answered, what=f"a finished flow of {request_id}")
        return found[-1]

    def ask(self, path: str, request_id: str, *headers: tuple[str, str]) -> dict[str, Any]:
        self.gateway.get(path, headers=[("X-Request-Id", request_id), *headers])
        return self.flow(request_id)

    def view(self, flow: dict[str, Any], message: str = "request") -> str:
        shown = self.web.view(flow["id"], message, "Sluicegate")
        assert shown["view_name"] == "Sluicegate"
        return str(shown["text"])


@pytest.fixture(scope="module")
def world(entry: str) -> Iterator[World]:
    with Upstream() as up, refusing_port() as down, websocket_upstream() as chat:
        files = {"sub/hotel.yaml": ROUTES.format(up=up.url, down=down, chat=chat.authority)}
        with gateway(files) as running:
            yield World(running, up, WebClient(running))


def test_the_comment_names_endpoint_target_and_place(world: World) -> None:
    flow = world.ask("/hotels/7/dates", "comment-1")
    target = f"{world.upstream.url}/availability/7"
    assert flow["comment"] == f"GET /hotels/{{hotel}}/dates → {target} · sub/hotel.yaml:4"
    assert flow["marked"] == ""


def test_the_comment_column_is_on(world: World) -> None:
    columns = world.web.call("GET", "/options")["web_columns"]
    assert "comment" in columns["value"]
    assert set(columns["default"]) <= set(columns["value"])


@pytest.mark.parametrize(
    ("path", "status"), [("/nothing", 404), ("/hotels/%zz/dates", 400), ("/down", 502), ("/slow", 504)]
)
def test_refusals_and_errors_are_marked_and_say_why(world: World, path: str, status: int) -> None:
    world.upstream.on("/slow", lambda call: call.peer_left(10) and call.close())
    flow = world.ask(path, f"mark-{status}")
    assert flow["response"]["status_code"] == status
    assert flow["marked"]
    assert str(status) in flow["comment"]
    assert str(status) in world.view(flow)


def test_filters_find_routes_and_refusals(world: World) -> None:
    routed, refused = world.ask("/hotels/8/dates", "filter-1"), world.ask("/nothing/8", "filter-2")
    failed = world.ask("/down", "filter-3")

    def found(expression: str) -> set[str]:
        world.web.call("PUT", "/options", {"view_filter": expression})
        try:
            return {flow["id"] for flow in world.web.flows()} & {routed["id"], refused["id"], failed["id"]}
        finally:
            world.web.call("PUT", "/options", {"view_filter": ""})

    assert found(r"~comment GET./hotels/.hotel./dates") == {routed["id"]}
    assert found(r"~comment hotel\.yaml:4") == {routed["id"]}
    assert found("~comment '(^| )404 '") == {refused["id"]}
    assert found("~comment '(^| )502 '") == {failed["id"]}
    assert found("~marked") == {refused["id"], failed["id"]}
    assert found(r"~meta hotel\.yaml:4") == {routed["id"]}
    assert found("~meta '[^-0-9a-f]404[^-0-9a-f]|refused|No endpoint'") == {refused["id"]}
    assert found("~meta '[^-0-9a-f]502[^-0-9a-f]|failed|No connection'") == {failed["id"]}
    assert found("~meta filter-2") == {refused["id"]}


def test_the_view_shows_the_whole_trail(world: World) -> None:
    headers = [("Connection", "X-Drop"), ("X-Drop", "1"), ("X-Kept", "1")]
    text = world.view(world.ask("/hotels/7/dates", "trail-1", *headers))
    assert f"GET /hotels/{{hotel}}/dates → {world.upstream.url}/availability/7 · sub/hotel.yaml:4" in text
    assert re.search(r"(?m)^\W*hotel\W+7$", text)
    losers = {line for line in text.splitlines() if "{part}" in line or "d{rest}" in line}
    assert len(losers) == 2
    assert all(re.search(r"sub/hotel\.yaml:[56]\b.*specific", line) for line in losers)
    changed = text.lower()[text.lower().index("headers") :]
    for name in ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via", "x-drop", "host"):
        assert re.search(rf"(?m)(^|\W){name}(\W|$)", changed), name
    assert "x-kept" not in changed
    assert len(re.findall(r"\d+(\.\d+)? ms", text)) >= 3


def test_the_view_of_the_response_shows_the_trail_too(world: World) -> None:
    flow = world.ask("/hotels/9/dates", "trail-2")
    assert "sub/hotel.yaml:4" in world.view(flow, "response")
    world.upstream.on("/availability/10", answer(204))
    assert "sub/hotel.yaml:4" in world.view(world.ask("/hotels/10/dates", "trail-3"), "response")


def test_the_view_of_a_failure_shows_what_failed(world: World) -> None:
    text = world.view(world.ask("/down", "trail-4"))
    assert "GET /down" in text
    assert "502" in text
    assert re.search(r"(?i)refused|connect", text)


def test_the_view_of_a_websocket_shows_its_route(world: World) -> None:
    with websocket_client(world.gateway.port, "/chat", headers=[("X-Request-Id", "chat-1")]) as client:
        client.send("hello")
        assert client.recv(timeout=10) == "hello"
    flow = world.flow("chat-1")
    assert flow["comment"].startswith("GET /chat → ")
    assert "sub/hotel.yaml:9" in world.view(flow)


def test_the_view_does_not_show_credentials(world: World) -> None:
    flow = world.ask("/hotels/7/dates", "quiet-1", ("Authorization", "Basic czNjcmV0"), ("Cookie", "id=s3cret"))
    assert not re.search("czNjcmV0|s3cret", world.view(flow) + flow["comment"])


def test_an_edited_flow_that_is_replayed_says_so(world: World) -> None:
    flow = world.ask("/hotels/7/dates", "edited-1")
    assert "edited" not in world.view(flow).replace("edited-1", "")
    world.web.edit(flow["id"], request={"path": "/by/hand"})
    world.web.replay(flow["id"])
    world.upstream.wait_seen("/by/hand")

    def says_so() -> bool:
        shown = next(each for each in world.web.flows() if each["id"] == flow["id"])
        return "edited" in (shown["comment"] + world.view(shown)).replace("edited-1", "")

    wait_until(says_so, what="a word about the edit")
