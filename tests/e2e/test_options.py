"""Options as they are given on the command line: the request log's two forms, unknown names and bad values."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from tests.e2e.harness import ConnectionEnded, Upstream, gateway, head


def test_the_log_goes_to_standard_output_and_unknown_options_are_warned_about(
    upstream: Upstream, tmp_path: Path
) -> None:
    files = {"api.yaml": f"endpoints:\n  GET /a: {upstream.url}/a\n"}
    options = ("--set", "request_log=-", "--set", "sluice_nonsense=1", "--set", "routes_polling=false")
    with gateway(files, *options, cwd=tmp_path) as running:
        running.wait_log("(?i)sluice_nonsense")
        running.get("/a", headers=[("X-Request-Id", "to-stdout")])
        running.wait_log(r'\n\{.*"to-stdout".*\}\n')
        line = json.loads(next(text for text in running.log.splitlines() if '"to-stdout"' in text))
        assert line["status"] == 200
        assert [text for text in running.log.splitlines() if "nown" in text and "routes_polling" in text] == []
        assert not (tmp_path / "-").exists()


def test_without_the_option_no_log_is_written(upstream: Upstream, tmp_path: Path) -> None:
    files = {"api.yaml": f"endpoints:\n  GET /a: {upstream.url}/a\n"}
    with gateway(files, cwd=tmp_path) as running:
        running.get("/a", headers=[("X-Request-Id", "unlogged-1")])
        assert "unlogged-1" not in running.log
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "setting", ["keep_flows=many", "routes_polling=perhaps", "head_limit=banana", "request_log=/dev/null/file"]
)
def test_a_bad_value_is_named_and_never_opens_a_forward_proxy(upstream: Upstream, setting: str) -> None:
    """Whether the program ends or stays: a gateway that was not set up serves nobody."""
    name = setting.partition("=")[0]
    files = {"api.yaml": f"endpoints:\n  GET /a: {upstream.url}/a\n"}
    with gateway(files, "--set", setting, ready=False) as running:
        running.wait_log(rf"{name}|proxy listening")
        for method, target in (("GET", f"{upstream.url}/taken"), ("CONNECT", upstream.authority)) * 3:
            with contextlib.suppress(ConnectionEnded, OSError):
                assert running.request(method, target, host=upstream.authority).status >= 400
        assert upstream.requests == []
        running.wait_log(name)


def test_a_body_over_mitmproxys_own_limit_is_a_413_and_one_line_in_the_log(upstream: Upstream, tmp_path: Path) -> None:
    """Whether its length is announced or not: bare mitmproxy leaves the limit out where bodies are streamed."""
    log = tmp_path / "requests.jsonl"
    files = {"api.yaml": f"endpoints:\n  POST /a: {upstream.url}/a\n"}
    options = ("--set", f"request_log={log}", "--set", "body_size_limit=1k")
    upstream.on("/a", lambda call: call.respond(200, body=call.read_body()[:1]))
    with gateway(files, *options, cwd=tmp_path) as running:
        running.request("POST", "/a", body=b"x" * 2000).problem(413)
        with running.connection() as client:
            client.send(head("POST", "/a", headers=[("Transfer-Encoding", "chunked")]))
            client.send_chunk(b"x" * 2000)
            client.read_response().problem(413)
        with running.h2() as client:
            assert client.request("POST", "/a", body=b"x" * 2000).status == 413
            assert client.request("POST", "/a", body=b"x" * 1000).status == 200
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len([line for line in lines if line["path"] == "/a"]) == 4
    assert not [line for line in lines if line["path"] is None]  # none a second time, as a head without a request


def test_without_valid_routes_the_trail_says_what_the_answer_says(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with gateway({"bad.yaml": "endpoints: [\n"}, "--set", f"request_log={log}", cwd=tmp_path) as running:
        detail = running.get("/a").problem(503)["detail"]
    assert "bad.yaml" in detail
    assert json.loads(log.read_text().splitlines()[-1])["verdicts"][-1]["reason"] == detail
