"""`sluice diff`: what differs between two sets of route files, and for whom."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.console.sluice import Ran, sluice, write
from tests.e2e.harness import Upstream, gateway
from tests.e2e.sluice.material import (
    DIFF_MEMBERS,
    ESCAPE,
    HOTEL,
    as_argv,
    committed,
    environment,
    har,
    har_entry,
    no_traceback,
    refused,
    sentence,
    without_reader,
    write_har,
)

OLD = """\
host: api.shop.test
services:
  orders-v1: http://127.0.0.1:9001
  orders-v2: http://127.0.0.1:9002
endpoints:
  GET /orders/{order}: orders-v1:/orders/{order}
  GET /orders/{order}/items: orders-v1:/orders/{order}/items
  GET /baskets/{basket}: orders-v1:/baskets/{basket}
  GET /same: orders-v1:/same
"""
NEW = """\
host: api.shop.test
services:
  orders-v1: http://127.0.0.1:9001
  orders-v2: http://127.0.0.1:9002
endpoints:
  GET /orders/{order}: orders-v2:/orders/{order}
  GET /orders/{order}/items: orders-v1:/orders/{order}/items
  GET /orders/latest: orders-v1:/latest
  GET /same: orders-v1:/same
  GET /new/{x}: orders-v2:/new/{x}
"""
HOST = "http://api.shop.test"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write(tmp_path, {"old/shop.yaml": OLD, "new/shop.yaml": NEW})


@pytest.fixture
def traffic(shop: Path) -> Path:
    """12 unchanged, 3 that move, 2 that become 404 and 1 that is matched for the first time."""
    return write_har(
        shop / "traffic.har",
        *(f"GET {HOST}/orders/{number}/items" for number in range(10)),
        *(f"GET {HOST}/same?n={number}" for number in range(2)),
        *(f"GET {HOST}/orders/{number}" for number in range(3)),
        *(f"GET {HOST}/baskets/{number}" for number in range(2)),
        f"GET {HOST}/new/1",
    )


def counted(ran: Ran) -> tuple[int, int, int, int]:
    document = ran.json
    assert document.keys() >= DIFF_MEMBERS
    values = [document[name] for name in ("unchanged", "moved", "unmatched", "newly_matched")]
    assert all(isinstance(value, int) for value in values), values
    return values[0], values[1], values[2], values[3]


def test_equal_tables_are_no_difference(shop: Path) -> None:
    ran = sluice("diff", "old", "old", cwd=shop)
    assert ran.code == 0
    assert "/orders" not in ran.out


def test_layout_and_comments_are_no_difference(tmp_path: Path) -> None:
    moved = OLD.replace("endpoints:", "# a comment\n\n\nendpoints:   # another")
    write(tmp_path, {"old/shop.yaml": OLD, "new/renamed.yaml": moved})
    ran = sluice("diff", "old", "new", cwd=tmp_path)
    assert ran.code == 0
    assert "/orders/{order}/items" not in ran.out


def test_added_removed_and_changed_endpoints_are_told_with_a_witness(shop: Path) -> None:
    ran = sluice("diff", "old", "new", cwd=shop)
    assert ran.code == 0, "a difference is a failure only when --fail-on names it"
    shown = sentence(ran.out)
    for path in ("/baskets/{basket}", "/new/{x}", "/orders/{order}", "/orders/latest"):
        assert path in shown
    assert "/orders/{order}/items" not in shown, "unchanged"
    for witness in (r"/baskets/[^/{}\s]+", r"/new/[^/{}\s]+", r"/orders/[^/{}\s]+"):
        assert re.search(rf"GET \S*{witness}", shown), witness
    for word in ("added", "removed", "changed"):
        assert word in shown.lower()


def test_json_without_traffic_names_the_endpoints(shop: Path) -> None:
    ran = sluice("diff", "old", "new", "--json", cwd=shop)
    assert ran.code == 0
    shown = json.dumps(ran.json)
    for path in ("/baskets/{basket}", "/new/{x}", "/orders/{order}", "/orders/latest"):
        assert path in shown


def test_a_new_endpoint_that_takes_requests_from_another_shows_one_of_them(tmp_path: Path) -> None:
    more = HOTEL + "  GET /hotels/{hotel}/{part}: dates:/parts/{hotel}/{part}\n"
    special = more + "  GET /hotels/7/{part}: rooms:/seven/{part}\n"
    write(tmp_path, {"old/a.yaml": more, "new/a.yaml": special})
    ran = sluice("diff", "old", "new", cwd=tmp_path)
    found = re.search(r"GET \S*(/hotels/7/[^/{}\s]+)", sentence(ran.out))
    assert found, ran.out
    targets = [
        sluice("explain", "GET", f"http://api.hotel.test{found[1]}", "--routes", folder, "--json", cwd=tmp_path).json[
            "target"
        ]
        for folder in ("old", "new")
    ]
    assert targets[0] != targets[1]


def test_changed_settings_of_a_route_are_a_change(tmp_path: Path) -> None:
    for number, changed in enumerate(("timeout: 9s", "host_header: source", "rewrite_location: true")):
        new = OLD.replace("GET /same: orders-v1:/same", f"GET /same: {{route: 'orders-v1:/same', {changed}}}")
        write(tmp_path, {f"{number}/old/a.yaml": OLD, f"{number}/new/a.yaml": new})
        ran = sluice("diff", f"{number}/old", f"{number}/new", cwd=tmp_path)
        assert "/same" in ran.out, changed
        assert "/baskets" not in ran.out


def test_a_changed_service_url_changes_the_endpoints_behind_it(tmp_path: Path) -> None:
    write(tmp_path, {"old/a.yaml": OLD, "new/a.yaml": OLD.replace("127.0.0.1:9001", "127.0.0.1:9009")})
    ran = sluice("diff", "old", "new", cwd=tmp_path)
    assert "/same" in ran.out
    assert "9009" in ran.out


def test_single_files_can_be_compared(shop: Path) -> None:
    ran = sluice("diff", "old/shop.yaml", "new/shop.yaml", cwd=shop)
    assert ran.code == 0
    assert "/new/{x}" in ran.out


def test_traffic_is_counted_by_where_it_goes(shop: Path, traffic: Path) -> None:
    ran = sluice("diff", "old", "new", "--traffic", "traffic.har", "--json", cwd=shop)
    assert ran.code == 0
    assert counted(ran) == (12, 3, 2, 1)
    changes: list[dict[str, Any]] = ran.json["changes"]
    assert len(changes) == 6
    for change in changes:
        assert change.keys() >= {"request", "old", "new"}
    assert "/orders/0" in json.dumps(changes)


def test_the_text_speaks_of_services_and_statuses(shop: Path, traffic: Path) -> None:
    ran = sluice("diff", "old", "new", "--traffic", "traffic.har", cwd=shop)
    shown = sentence(ran.out)
    assert "12 unchanged" in shown
    assert re.search(r"3 moved? from orders-v1 to orders-v2", shown), shown
    assert re.search(r"2 becomes? 404", shown), shown
    assert "/baskets/0" in shown
    assert ESCAPE not in ran.out + ran.err
    assert "\r" not in ran.out + ran.err, "no progress bar away from a terminal"


@pytest.mark.parametrize(
    ("fail_on", "new", "code"),
    [
        ("moved", "new", 1),
        ("unmatched", "new", 1),
        ("moved,unmatched", "new", 1),
        ("moved,unmatched", "old", 0),
        ("moved", "lost", 0),
        ("unmatched", "lost", 1),
    ],
)
def test_fail_on_names_what_counts(shop: Path, traffic: Path, fail_on: str, new: str, code: int) -> None:
    write(shop, {"lost/shop.yaml": OLD.replace("  GET /baskets/{basket}: orders-v1:/baskets/{basket}\n", "")})
    ran = sluice("diff", "old", new, "--traffic", "traffic.har", "--fail-on", fail_on, cwd=shop)
    assert ran.code == code, ran.out + ran.err


def test_an_unknown_kind_to_fail_on_is_used_wrongly(shop: Path, traffic: Path) -> None:
    ran = no_traceback(sluice("diff", "old", "new", "--traffic", "traffic.har", "--fail-on", "mooved", cwd=shop))
    assert ran.code == 2
    assert "mooved" in ran.err


def test_several_recordings_add_up(shop: Path, traffic: Path) -> None:
    write_har(shop / "more.har", f"GET {HOST}/same", f"GET {HOST}/orders/9")
    ran = sluice("diff", "old", "new", "--traffic", "traffic.har", "--traffic", "more.har", "--json", cwd=shop)
    assert counted(ran) == (13, 4, 2, 1)


def test_the_same_endpoint_at_another_line_is_unchanged(tmp_path: Path) -> None:
    write(tmp_path, {"old/a.yaml": OLD, "new/sub/b.yaml": "# moved down\n\n" + OLD})
    write_har(tmp_path / "t.har", f"GET {HOST}/same", f"GET {HOST}/orders/1", f"GET {HOST}/nothing")
    ran = sluice("diff", "old", "new", "--traffic", "t.har", "--json", cwd=tmp_path)
    assert counted(ran) == (3, 0, 0, 0)


def test_har_files_of_browsers_are_read(shop: Path) -> None:
    odd = [
        har_entry("GET", f"{HOST}/same", _initiator={"entries": [{"request": {"method": "GET", "url": "x"}}]}),
        har_entry("GET", "https://API.shop.test:443/orders/1?q=%2F#top"),
        har_entry("POST", f"{HOST}/same"),
        har_entry("GET", f"{HOST}/baskets/1", body='{"log": {"entries": [{"url": "http://x"}]}}'),
    ]
    (shop / "odd.har").write_bytes(b"\xef\xbb\xbf" + har(odd).encode())
    ran = sluice("diff", "old", "new", "--traffic", "odd.har", "--json", cwd=shop)
    assert ran.code == 0, ran.err
    assert counted(ran) == (2, 1, 1, 0)


def test_what_is_no_http_request_in_a_har_does_not_count_as_404(shop: Path) -> None:
    urls = ("data:text/plain,hi", "blob:http://api.shop.test/1", "chrome-extension://abc/x.js")
    (shop / "t.har").write_text(har([*(har_entry("GET", url) for url in urls), har_entry("GET", f"{HOST}/same")]))
    ran = sluice("diff", "old", "new", "--traffic", "t.har", "--json", cwd=shop)
    assert ran.code == 0, ran.err
    assert counted(ran)[1:] == (0, 0, 0)


def test_a_large_recording_fits_in_little_memory(shop: Path) -> None:
    body = "x" * 5_000_000
    with (shop / "large.har").open("w") as file:
        file.write('{"log": {"version": "1.2", "entries": [')
        for number in range(60):
            file.write("," * (number > 0) + json.dumps(har_entry("GET", f"{HOST}/orders/{number}", body=body)))
        file.write("]}}")
    peak = (
        "import resource, subprocess, sys;"
        "code = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, check=True);"
        "unit = 1024 if sys.platform != 'darwin' else 1 << 20;"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // unit);"
        "print(code.stdout.decode())"
    )
    asked = as_argv("diff", "old", "new", "--traffic", "large.har", "--json")
    ran = subprocess.run(
        [sys.executable, "-c", peak, *asked], cwd=shop, env=environment(), capture_output=True, check=True, text=True
    )
    megabytes, _, out = ran.stdout.partition("\n")
    assert json.loads(out)["moved"] == 60
    assert int(megabytes) < 200


def test_a_reader_who_leaves_gets_no_traceback(shop: Path, traffic: Path) -> None:
    _, read, err = without_reader("diff", "old", "new", "--traffic", "traffic.har", cwd=shop)
    assert read
    assert err == ""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flows and a request log of a gateway with the old table, and flows of a plain mitmdump in front of it."""
    folder = tmp_path_factory.mktemp("recorded")
    with Upstream() as up:
        old = OLD.replace("http://127.0.0.1:9001", up.url).replace("http://127.0.0.1:9002", up.url)
        log = f"request_log={folder / 'requests.log'}"
        with gateway({"shop.yaml": old}, "-w", str(folder / "gateway.flows"), "--set", log) as running:
            plain = (f"reverse:{running.url}", "--set", "keep_host_header=true")
            with gateway({}, "--mode", *plain, "-w", str(folder / "plain.flows"), scripts=(), ready=False) as front:
                front.wait_ready()
                for path in ("/orders/1", "/orders/2?a=1", "/same", "/baskets/%2F", "/new/1", "/orders/1/items"):
                    front.get(path, host="api.shop.test")
    return folder


@pytest.mark.parametrize("name", ["gateway.flows", "plain.flows", "requests.log"])
def test_recordings_are_judged_by_what_the_client_asked(recorded: Path, shop: Path, name: str) -> None:
    ran = sluice("diff", "old", "new", "--traffic", recorded / name, "--json", cwd=shop)
    assert ran.code == 0, ran.err
    same, *rest = counted(ran)
    assert rest == [2, 1, 1], ran.out
    assert same >= 2, "and the requests that had no Host"


def test_a_log_line_that_is_none_is_named_by_its_number(recorded: Path, shop: Path) -> None:
    lines = (recorded / "requests.log").read_text().splitlines()
    (shop / "broken.log").write_text("\n".join([*lines[:2], '{"method": "GET"', *lines[2:]]) + "\n")
    refused(sluice("diff", "old", "new", "--traffic", "broken.log", cwd=shop), "broken.log:3")


def test_revisions_of_a_repository_are_compared(tmp_path: Path) -> None:
    folder = committed(
        tmp_path / "repository", {"routes/shop.yaml": OLD, "README": "x"}, {"routes/shop.yaml": NEW, "README": "x"}
    )
    write(folder, {"routes/shop.yaml": OLD})
    single = "HEAD~1:routes/shop.yaml"
    for old, new in (
        ("HEAD~1:routes", "HEAD:routes"),
        ("routes", "HEAD:routes"),
        (single, "HEAD:routes"),
    ):
        ran = sluice("diff", old, new, cwd=folder)
        assert ran.code == 0, ran.err
        assert "/new/{x}" in ran.out, (old, new)
    ran = sluice("diff", "routes", "HEAD~1:routes", cwd=folder)
    assert "/new/{x}" not in ran.out


def test_revisions_are_read_from_a_folder_below_and_with_services_of_the_gateway(tmp_path: Path) -> None:
    shared = {"a/routes/_gateway.yaml": "services:\n  shared: http://127.0.0.1:7000\n", "a/deep/.keep": ""}
    text = "host: a.test\nendpoints:\n  GET /a: shared:/a\n"
    folder = committed(
        tmp_path / "repository",
        {**shared, "a/routes/sub/a.yaml": text},
        {**shared, "a/routes/sub/a.yaml": text + "  GET /b: shared:/b\n"},
    )
    ran = sluice("diff", "HEAD~1:a/routes", "HEAD:a/routes", cwd=folder / "a/deep")
    assert ran.code == 0, ran.err
    assert "/b" in ran.out


def test_traffic_is_judged_by_revisions_too(tmp_path: Path) -> None:
    folder = committed(tmp_path / "repository", {"routes/shop.yaml": OLD}, {"routes/shop.yaml": NEW})
    write_har(folder / "t.har", f"GET {HOST}/orders/1", f"GET {HOST}/same")
    ran = sluice("diff", "HEAD~1:routes", "HEAD:routes", "--traffic", "t.har", "--json", cwd=folder)
    assert counted(ran) == (1, 1, 0, 0)


@pytest.mark.parametrize("revision", ["nowhere:routes", "HEAD:missing", "HEAD:../routes", ":routes", "HEAD:README"])
def test_a_revision_that_is_not_there_is_an_error(tmp_path: Path, revision: str) -> None:
    folder = committed(tmp_path / "repository", {"routes/shop.yaml": OLD, "README": "\x01 no: [routes"})
    for arguments in ((revision, "routes"), ("routes", revision), ("routes", revision, "--json")):
        refused(sluice("diff", *arguments, cwd=folder), revision.partition(":")[2])


def test_a_revision_is_never_an_option_of_git(tmp_path: Path) -> None:
    folder = committed(tmp_path / "repository", {"routes/shop.yaml": OLD})
    ran = no_traceback(sluice("diff", "--", "--output=owned:routes", "routes", cwd=folder))
    assert ran.code == 2
    assert sorted(path.name for path in folder.iterdir()) == [".git", "routes"]


def test_a_revision_outside_of_a_repository_is_an_error(shop: Path) -> None:
    ran = sluice("diff", "HEAD:old", "new", cwd=shop, env={"GIT_CEILING_DIRECTORIES": str(shop.parent)})
    refused(ran, "HEAD:old")


def test_git_need_not_be_there_for_folders(shop: Path) -> None:
    (shop / "bin").mkdir()
    assert sluice("diff", "old", "new", cwd=shop, env={"PATH": str(shop / "bin")}).code == 0
    refused(sluice("diff", "HEAD:old", "new", cwd=shop, env={"PATH": str(shop / "bin")}), "git")


def test_a_folder_with_a_colon_in_its_name_is_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"v1:old/shop.yaml": OLD, "new/shop.yaml": NEW})
    ran = sluice("diff", "v1:old", "new", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "/new/{x}" in ran.out


def test_a_table_that_cannot_be_used_is_an_error_with_its_place(shop: Path) -> None:
    write(shop, {"wrong/shop.yaml": OLD.replace("/same\n", "/{same}\n")})
    for arguments in (("old", "wrong"), ("wrong", "new"), ("old", "wrong", "--json")):
        ran = no_traceback(sluice("diff", *arguments, cwd=shop))
        assert ran.code == 2
        assert ran.out == ""
        assert "wrong/shop.yaml:9:" in ran.err
    assert os.listdir(shop / "wrong") == ["shop.yaml"]
