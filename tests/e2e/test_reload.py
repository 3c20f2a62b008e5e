"""Route files are edited in every way that people and tools have, while clients go on asking."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.harness import Call, Upstream, answer, wait_until
from tests.e2e.harness.editing import Editing, extra, moving, steady, wait_status

# The ways in which an edit reaches the disk.


def written_in_place_in_chunks(edit: Editing) -> None:
    with edit.file.open("w") as file:
        for line in edit.text().splitlines(keepends=True):
            file.write(line)
            file.flush()
            time.sleep(0.1)
    edit.wait_effect()


def written_beside_and_renamed(edit: Editing) -> None:
    for name in (".moving.yaml.swp", "moving.yaml~", "moving.yaml.tmp", ".moving.yaml"):
        beside = edit.folder / name
        beside.write_text(edit.text())
        beside.replace(edit.file)
        edit.wait_effect()


def backed_up_and_written_anew(edit: Editing) -> None:
    backup = edit.folder / "moving.yaml~"
    edit.file.rename(backup)
    edit.file.write_text(edit.text())
    backup.unlink()
    edit.wait_effect()


def deleted_and_created(edit: Editing) -> None:
    edit.file.unlink()
    edit.file.write_text(edit.text())
    edit.wait_effect()


def renamed_and_then_edited(edit: Editing) -> None:
    renamed = edit.file.rename(edit.folder / "renamed.yml")
    assert edit.load
    edit.load.wait_more(100)
    renamed.write_text(edit.text())
    edit.wait_effect()


def moved_into_a_new_folder_and_edited_there(edit: Editing) -> None:
    inner = edit.folder / "team" / "inner"
    inner.mkdir(parents=True)
    moved = edit.file.rename(inner / "moving.yaml")
    moved.write_text(edit.text())
    edit.wait_effect()
    moved.write_text(edit.text())
    edit.wait_effect()


def swapped_as_kubernetes_does(edit: Editing) -> None:
    """A ConfigMap volume: files are links through `..data`, a link to a folder that is made anew."""
    old: Path | None = None
    for name in ("..2026_01", "..2026_02", "..2026_03"):
        version = edit.folder / name
        version.mkdir()
        (version / "moving.yaml").write_text(edit.text())
        fresh = edit.folder / "..data_tmp"
        fresh.symlink_to(name)
        fresh.replace(edit.folder / "..data")
        if old is None:
            link = edit.folder / ".link"
            link.symlink_to("..data/moving.yaml")
            link.replace(edit.file)
        else:
            shutil.rmtree(old)
        old = version
        edit.wait_effect()


def read_through_a_linked_folder_that_is_swapped(edit: Editing) -> None:
    elsewhere = edit.folder.parent / f"elsewhere{edit.version}"
    for name in ("one", "two", "three"):
        (elsewhere / name).mkdir(parents=True)
        (elsewhere / name / "moving.yaml").write_text(edit.text())
        fresh = edit.folder / ".fresh"
        fresh.symlink_to(elsewhere / name)
        fresh.replace(edit.folder / "linked")
        if name == "one":
            edit.file.unlink()
        edit.wait_effect()


def put_back_after_the_whole_folder_was_moved_away(edit: Editing) -> None:
    away = edit.folder.rename(edit.folder.with_name("away"))
    assert edit.load
    edit.load.wait_more(200)
    (away / "moving.yaml").write_text(edit.text())
    away.rename(edit.folder)
    edit.wait_effect()
    edit.file.write_text(edit.text())
    edit.wait_effect()


def written_anew_after_the_whole_folder_was_removed(edit: Editing) -> None:
    shutil.rmtree(edit.folder)
    assert edit.load
    edit.load.wait_more(200)
    edit.folder.mkdir()
    (edit.folder / "steady.yaml").write_text(steady(edit.upstream))
    edit.file.write_text(edit.text())
    edit.wait_effect()
    edit.file.write_text(edit.text())
    edit.wait_effect()


@pytest.mark.parametrize(
    "way",
    [
        written_in_place_in_chunks,
        written_beside_and_renamed,
        backed_up_and_written_anew,
        deleted_and_created,
        renamed_and_then_edited,
        moved_into_a_new_folder_and_edited_there,
        swapped_as_kubernetes_does,
        read_through_a_linked_folder_that_is_swapped,
        put_back_after_the_whole_folder_was_moved_away,
        written_anew_after_the_whole_folder_was_removed,
    ],
)
def test_an_edit_takes_effect_and_no_request_fails(edit: Editing, way: Callable[[Editing], None]) -> None:
    with edit.under_load():
        way(edit)


def test_files_come_and_go_without_disturbing_the_others(edit: Editing) -> None:
    with edit.under_load():
        created = edit.gateway.write("extra.yaml", extra(edit.upstream))
        wait_status(edit.gateway, "/extra", 200)
        put_off = created.rename(edit.folder / "extra.yaml.off")
        wait_status(edit.gateway, "/extra", 404)
        put_on = put_off.rename(edit.folder / "extra.yml")
        wait_status(edit.gateway, "/extra", 200)
        put_on.unlink()
        wait_status(edit.gateway, "/extra", 404)
        nested = edit.gateway.write("deep/er/extra.yaml", extra(edit.upstream))
        wait_status(edit.gateway, "/extra", 200)
        shutil.rmtree(nested.parents[1])
        wait_status(edit.gateway, "/extra", 404)


def test_a_request_in_flight_keeps_the_route_that_it_started_with(edit: Editing, other: Upstream) -> None:
    def hold(call: Call) -> None:
        call.read_body()
        edit.wait_effect()
        call.respond(200, body=b"old")

    edit.upstream.on("/held", hold)
    edit.gateway.write("held.yaml", f"endpoints:\n  GET /held: {edit.upstream.url}/held\n")
    wait_status(edit.gateway, "/held", 200)
    edit.version += 1
    edit.upstream.on(f"/v{edit.version}", answer(body=f"/v{edit.version}".encode()))
    with edit.gateway.connection() as client:
        before = len(edit.upstream.seen("/held"))
        client.send(b"GET /held HTTP/1.1\r\nHost: api.hotel.test\r\n\r\n")
        edit.upstream.wait_seen("/held", before + 1)
        edit.gateway.write("held.yaml", f"endpoints:\n  GET /held: {other.url}/held\n")
        edit.file.write_text(moving(edit.upstream, f"/v{edit.version}"))
        assert client.read_response().body == b"old"
        assert client.request("GET", "/held").body == b"other"


def test_an_upload_in_flight_keeps_the_route_that_it_started_with(edit: Editing, other: Upstream) -> None:
    path = edit.gateway.write("held.yaml", f"endpoints:\n  POST /up: {edit.upstream.url}/up\n")
    wait_until(lambda: edit.gateway.request("POST", "/up").status == 200)
    before = len(edit.upstream.seen("/up"))
    with edit.gateway.connection() as client:
        client.send(b"POST /up HTTP/1.1\r\nHost: api.hotel.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send_chunk(b"first")
        edit.upstream.wait_seen("/up", before + 1)
        path.write_text(f"endpoints:\n  POST /up: {other.url}/up\n")
        wait_until(lambda: edit.gateway.request("POST", "/up").body == b"other")
        client.send_chunk(b"last")
        client.send_chunk(b"")
        assert client.read_response().body == b"upstream"
    assert edit.upstream.seen("/up")[before].body == b"firstlast"


def test_each_reload_logs_a_receipt(edit: Editing) -> None:
    def endpoints(*rows: str) -> str:
        return "endpoints:\n" + "".join(f"  GET /{row.format(up=edit.upstream.url)}\n" for row in rows)

    edit.gateway.write("extra.yaml", endpoints("kept: {up}/kept", "altered: {up}/one", "dropped: {up}/dropped"))
    wait_status(edit.gateway, "/dropped", 200)
    shown = len(edit.gateway.log)
    edit.gateway.write("extra.yaml", endpoints("kept: {up}/kept", "altered: {up}/two", "fresh: {up}/fresh"))
    wait_status(edit.gateway, "/fresh", 200)
    edit.gateway.wait_log(r"(?i)generation\W*\d+", after=shown)
    receipt = edit.gateway.log[shown:]
    for wanted in (
        r"3 files",
        r"13 endpoints",
        r"(?i)added",
        r"(?i)removed",
        r"(?i)changed",
        r"\d ?(ms|milliseconds)",
    ):
        assert re.search(wanted, receipt), wanted
    for named in ("GET /fresh", "GET /dropped", "GET /altered"):
        assert named in receipt
    assert "GET /kept" not in receipt
    generations = [int(number) for number in re.findall(r"routes generation (\d+)", edit.gateway.log)]
    assert generations == sorted(set(generations))
    assert len(generations) >= 2


def test_an_edit_that_keeps_size_and_time_takes_effect(edit: Editing) -> None:
    """As tools that copy with times (`rsync -t`, `cp -p`) do it, in place and by renaming."""
    edit.version = max(edit.version, 99)
    edit.file.write_text(edit.text())
    edit.wait_effect()
    stamp = edit.file.stat().st_mtime_ns
    with edit.under_load():
        for place in (edit.file, edit.folder / ".beside"):
            text = edit.text()
            assert len(text) == edit.file.stat().st_size
            place.write_text(text)
            os.utime(place, ns=(stamp, stamp))
            place.replace(edit.file)
            edit.wait_effect()


def test_a_service_for_all_files_is_pointed_elsewhere_by_one_edit(edit: Editing, other: Upstream) -> None:
    """The file that uses it has not changed and must be compiled again."""
    with edit.under_load():
        settings = edit.gateway.write("_gateway.yaml", f"services:\n  api: {edit.upstream.url}\n")
        edit.gateway.write("using.yaml", "host: api.hotel.test\nendpoints:\n  GET /using: api:/using\n")
        wait_status(edit.gateway, "/using", 200)
        assert edit.gateway.get("/using").header("x-upstream") == "upstream"
        settings.write_text(f"services:\n  api: {other.url}\n")
        wait_until(lambda: edit.gateway.get("/using").header("x-upstream") == "other")
        shown = len(edit.gateway.log)
        settings.unlink()
        edit.gateway.wait_log(r"using\.yaml:3:\d+", after=shown)
        assert edit.gateway.get("/using").header("x-upstream") == "other"
        settings.write_text(f"services:\n  api: {edit.upstream.url}\n")
        wait_until(lambda: edit.gateway.get("/using").header("x-upstream") == "upstream")


def test_a_quarrel_of_two_files_ends_when_the_one_that_was_there_first_gives_way(
    edit: Editing, other: Upstream
) -> None:
    with edit.under_load():
        edit.gateway.write("extra.yaml", extra(edit.upstream))
        wait_status(edit.gateway, "/extra", 200)
        shown = len(edit.gateway.log)
        edit.gateway.write("newer.yaml", extra(other))
        edit.gateway.wait_log(r"newer\.yaml:3", after=shown)
        assert edit.gateway.get("/extra").header("x-upstream") == "upstream"
        (edit.folder / "extra.yaml").unlink()
        wait_until(lambda: edit.gateway.get("/extra").header("x-upstream") == "other")
