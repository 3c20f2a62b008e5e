"""The HTTP interface of mitmweb, as its pages use it."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from .gateway import WEB_PASSWORD, Gateway
from .waiting import wait_until

_XSRF = "0123456789abcdef0123456789abcdef"


class WebClient:
    """Reads, edits and replays the flows of a gateway that runs in mitmweb."""

    def __init__(self, running: Gateway) -> None:
        self._base = f"http://127.0.0.1:{running.web_port}"

    def call(self, method: str, path: str, document: Any = None) -> Any:
        """One call; returns the JSON document of the answer, or its text."""
        headers = {
            "Authorization": f"Bearer {WEB_PASSWORD}",
            "Cookie": f"_mitmproxy_xsrf={_XSRF}",
            "X-XSRFToken": _XSRF,
            "Content-Type": "application/json",
        }
        data = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(self._base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            text = response.read().decode()
        try:
            return json.loads(text)
        except ValueError:
            return text

    def flows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", "/flows")
        return found

    def flow(self, path: str) -> dict[str, Any]:
        """Waits for the newest finished flow whose request has this path as shown."""
        found: list[dict[str, Any]] = []

        def finished() -> bool:
            found[:] = [
                flow
                for flow in self.flows()
                if flow["request"]["path"] == path and (flow.get("response") or {}).get("timestamp_end")
            ]
            return bool(found)

        wait_until(finished, what=f"a finished flow for {path}")
        return found[-1]

    def replay(self, flow_id: str) -> None:
        self.call("POST", f"/flows/{flow_id}/replay")

    def edit(self, flow_id: str, **changes: Any) -> None:
        self.call("PUT", f"/flows/{flow_id}", changes)

    def view(self, flow_id: str, message: str, name: str) -> dict[str, Any]:
        """The content view `name` of a flow's "request" or "response"."""
        shown: dict[str, Any] = self.call("GET", f"/flows/{flow_id}/{message}/content/{name}.json")
        return shown
