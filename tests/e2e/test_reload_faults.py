"""Faulty route files: what they leave as it was, what is said about them, and how they are mended."""

from __future__ import annotations

import re

from tests.e2e.harness import Upstream, gateway, wait_until
from tests.e2e.harness.editing import Editing, extra, steady, wait_status
from tests.e2e.harness.load import Load


def test_a_half_written_file_keeps_the_last_good_table_until_it_is_whole(edit: Editing) -> None:
    text = edit.text()
    cut = text.index("/v")
    edit.version -= 1
    with edit.under_load():
        shown = len(edit.gateway.log)
        with edit.file.open("w") as file:
            file.write(text[:cut])
            file.flush()
            edit.gateway.wait_log(r"moving\.yaml:\d+:\d+", after=shown)
            edit.wait_effect()
            edit.version += 1
            file.write(text[cut:])
        edit.wait_effect()


def test_a_bad_file_changes_nothing_is_logged_once_with_its_place_and_can_be_mended(edit: Editing) -> None:
    with edit.under_load():
        shown = len(edit.gateway.log)
        good = edit.text()
        edit.version -= 1
        lines = good.splitlines()
        lines[4] = f"  GET /padding/{{number}}: {edit.upstream.url}/padding"
        edit.file.write_text("\n".join(lines))
        edit.gateway.wait_log(r"moving\.yaml:5:\d+", after=shown)
        edit.wait_effect()
        edit.version += 1
        edit.file.write_text(good)
        edit.wait_effect()
    assert len(re.findall(r"moving\.yaml:5:\d+", edit.gateway.log[shown:])) == 1


def test_an_edit_of_a_good_file_waits_until_the_bad_one_is_mended(edit: Editing) -> None:
    """A table is swapped whole: nothing of a folder with a fault in it takes effect."""
    good = edit.file.read_text()
    shown = len(edit.gateway.log)
    edit.file.write_text("endpoints: [\n")
    edit.gateway.wait_log(r"moving\.yaml:\d+:\d+", after=shown)
    with Load(edit.gateway, ["/steady", "/moving"]) as load:
        edit.gateway.write("extra.yaml", extra(edit.upstream))
        load.wait_more(150)
        assert edit.gateway.get("/extra").status == 404
        edit.file.write_text(good)
        wait_status(edit.gateway, "/extra", 200)
    assert load.failures == []


def test_started_with_a_bad_file_it_stays_up_says_so_and_recovers(upstream: Upstream) -> None:
    bad = extra(upstream) + f"  GET /lost/{{x}}: {upstream.url}/\n"
    with gateway({"good.yaml": steady(upstream), "sub/bad.yaml": bad}) as running:
        for path in ("/extra", "/steady", "/nothing"):
            problem = running.get(path).problem(503)
            assert re.search(r"sub/bad\.yaml\b\D*\b4\b", str(problem)), problem
        assert running.get("/extra", host="other.test").problem(503)
        assert upstream.requests == []
        assert len(re.findall(r"sub/bad\.yaml:4:\d+", running.log)) == 1
        running.write("sub/bad.yaml", extra(upstream))
        wait_status(running, "/extra", 200)
        wait_status(running, "/steady", 200)
        running.get("/nothing").problem(404)
        assert running.process.poll() is None


def test_started_with_a_bad_file_it_recovers_when_the_file_is_deleted(upstream: Upstream) -> None:
    with gateway({"good.yaml": steady(upstream), "bad.yaml": "endpoints: [\n"}) as running:
        running.get("/steady").problem(503)
        running.write("bad.yaml", "endpoints: {{\n")
        wait_until(lambda: len(re.findall(r"bad\.yaml:\d+:\d+", running.log)) > 1)
        running.get("/steady").problem(503)
        (running.routes / "bad.yaml").unlink()
        wait_status(running, "/steady", 200)
