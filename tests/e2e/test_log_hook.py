"""Scripts that hear of the log by mitmproxy's deprecated `add_log` hook, with both entries."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.harness import REPOSITORY, Upstream, gateway


def test_a_script_hears_each_line_of_the_log(entry: str, tmp_path: Path) -> None:
    script = tmp_path / "hearing.py"
    script.write_text("def add_log(entry):\n    print('heard:', entry.level, entry.msg, flush=True)\n")
    with Upstream() as upstream:
        routes = {"a.yaml": f"host: api.hotel.test\nendpoints:\n  GET /a: {upstream.url}/b\n"}
        with gateway(routes, scripts=(REPOSITORY / "addons" / "routing.py", script)) as running:
            running.wait_log("heard: info .*routes generation 1")
            assert running.get("/a").status == 200
            running.wait_log("heard: info .*server connect")
            running.wait_log("heard: info .*client disconnect")
