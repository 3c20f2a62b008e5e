"""`sluice discovered`, `save`, `ignore`, `restore`, `split`, `merge`: the inbox, and what a person says about it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.console.sluice import sluice, write
from tests.e2e.harness import REPOSITORY, Upstream, gateway
from tests.e2e.learning import recorded, shop
from tests.e2e.learning.learned import MEMBERS, discovered, learn, no_traceback, ran, shapes, the

pytestmark = pytest.mark.entry("mitmdump")

ACCOUNT = ("GET", shop.HOST, "/accounts/{var1}")
PRODUCT = ("GET", shop.HOST, "/products/{var1}")
SHOP = """\
# The shop: ask Ann before you change it.
host: shop.example.test  # the public name
origin: {origin}
services:
  stock: {origin}/stock  # moved in March

endpoints:
  # what the warehouse asks
  GET /v2/settings: stock:/settings  # cached there
"""


@pytest.fixture(scope="module")
def learned_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learned")
    (folder / "routes").mkdir()
    recorded.write_har(folder / "traffic.har", shop.traffic())
    learn("traffic.har", cwd=folder)
    return folder


@pytest.fixture
def folder(learned_once: Path, tmp_path: Path) -> Path:
    """A folder with empty routes and what was learned of the shop, for one test."""
    shutil.copytree(learned_once, tmp_path / "work")
    return tmp_path / "work"


def test_the_inbox_lists_each_endpoint_with_its_evidence(folder: Path) -> None:
    found = discovered(cwd=folder)
    assert shapes(found) == shop.ENDPOINTS
    assert all(row.keys() >= MEMBERS for row in found)
    told = ran("discovered", cwd=folder).out
    (evidence,) = [each["evidence"] for each in the(found, "GET", "/accounts/{}")["variables"]]
    assert evidence in told
    for row in found:
        assert f"{row['method']} {row['host']} {row['endpoint']}\n" in told


def test_scanners_noise_stays_out_of_the_inbox_and_can_be_listed(folder: Path) -> None:
    paths = {row["endpoint"] for row in discovered(cwd=folder)}
    assert paths.isdisjoint({*shop.NOISE, shop.ONCE})
    assert {row["endpoint"] for row in discovered("--noise", cwd=folder)} >= {*shop.NOISE, shop.ONCE, *paths}


def test_ignored_leaves_the_inbox_and_restored_comes_back(folder: Path) -> None:
    ran("ignore", *ACCOUNT, cwd=folder)
    assert the(discovered(cwd=folder), "GET", "/accounts/{}")["state"] == "ignored"
    review = discovered("--state-is", "review", cwd=folder)
    assert shapes(review) == shop.ENDPOINTS - {("GET", "/accounts/{}")}
    assert shapes(discovered("--state-is", "ignored", cwd=folder)) == {("GET", "/accounts/{}")}
    ran("restore", *ACCOUNT, cwd=folder)
    assert the(discovered(cwd=folder), "GET", "/accounts/{}")["state"] == "review"


def test_ignored_stays_ignored_when_more_is_learned(folder: Path) -> None:
    ran("ignore", *ACCOUNT, cwd=folder)
    recorded.write_har(folder / "more.har", shop.traffic(seed=2))
    row = the(learn("more.har", cwd=folder), "GET", "/accounts/{}")
    assert row["state"] == "ignored"
    assert row["requests"] == 160


def test_an_endpoint_is_named_by_its_id_too(folder: Path) -> None:
    row = the(discovered(cwd=folder), "GET", "/accounts/{}")
    ran("ignore", row["id"], cwd=folder)
    assert the(discovered(cwd=folder), "GET", "/accounts/{}")["state"] == "ignored"


@pytest.mark.parametrize("command", ["save", "ignore", "restore", "split", "merge"])
def test_what_is_not_there_is_refused_by_name(command: str, folder: Path) -> None:
    before = (folder / ".sluicegate" / "state.db").read_bytes()
    more = {"split": ["x"], "merge": ["/nowhere/else"]}.get(command, [])
    ended = no_traceback(sluice(command, "GET", shop.HOST, "/nowhere/{var1}", *more, cwd=folder))
    assert ended.code in (1, 2)
    assert "/nowhere/" in ended.err
    assert (folder / ".sluicegate" / "state.db").read_bytes() == before
    assert list((folder / "routes").iterdir()) == []


def test_save_adds_to_the_file_of_the_host_and_keeps_every_comment(folder: Path) -> None:
    text = SHOP.format(origin="http://127.0.0.1:9000")
    write(folder, {"routes/shop.yaml": text})
    ran("save", *ACCOUNT, cwd=folder)
    ran("save", *PRODUCT, "--target", "http://127.0.0.1:9001/catalogue", cwd=folder)
    written = (folder / "routes" / "shop.yaml").read_text(encoding="utf-8")
    for comment in ("# The shop: ask Ann before you change it.", "# the public name", "# moved in March",
                    "# what the warehouse asks", "# cached there"):  # fmt: skip
        assert comment in written
    assert [path.name for path in (folder / "routes").iterdir()] == ["shop.yaml"]
    assert ran("check", cwd=folder).out.count(" error") == 0
    ran("fmt", "--check", cwd=folder)
    explained = ran("explain", "--json", "GET", f"http://{shop.HOST}/accounts/77", cwd=folder).json
    assert explained["target"].startswith("http://127.0.0.1:9000/accounts/77")
    explained = ran("explain", "--json", "GET", f"http://{shop.HOST}/products/red-lamp", cwd=folder).json
    assert explained["target"].startswith("http://127.0.0.1:9001/catalogue/products/red-lamp")
    states = {row["endpoint"]: row["state"] for row in discovered("--method", "GET", cwd=folder)}
    assert states["/accounts/{var1}"] == states["/products/{var1}"] == states["/v2/settings"] == "saved"
    assert states["/v2/profile"] == "review"


def test_save_makes_a_file_where_the_host_has_none(folder: Path) -> None:
    ran("save", "--all", "--target", "http://127.0.0.1:9000", cwd=folder)
    ran("check", cwd=folder)
    (made,) = (folder / "routes").iterdir()
    assert made.suffix == ".yaml"
    assert {row["state"] for row in discovered(cwd=folder)} == {"saved"}


def test_save_into_a_named_file(folder: Path) -> None:
    ran("save", *ACCOUNT, "--to", "routes/people/accounts.yaml", "--target", "http://127.0.0.1:9000", cwd=folder)
    assert "/accounts/{" in (folder / "routes" / "people" / "accounts.yaml").read_text(encoding="utf-8")
    ran("check", cwd=folder)


def test_saving_twice_changes_nothing(folder: Path) -> None:
    write(folder, {"routes/shop.yaml": SHOP.format(origin="http://127.0.0.1:9000")})
    ran("save", *ACCOUNT, cwd=folder)
    once = (folder / "routes" / "shop.yaml").read_bytes()
    sluice("save", *ACCOUNT, cwd=folder)
    assert (folder / "routes" / "shop.yaml").read_bytes() == once


def test_save_leaves_a_broken_file_as_it_is(folder: Path) -> None:
    text = "host: shop.example.test\nendpoints:\n  GET /a/{b: http://127.0.0.1:9000/\n"
    write(folder, {"routes/shop.yaml": text})
    ended = no_traceback(sluice("save", *ACCOUNT, cwd=folder))
    assert ended.code in (1, 2)
    assert "shop.yaml" in ended.err + ended.out
    assert (folder / "routes" / "shop.yaml").read_text(encoding="utf-8") == text


def test_a_saved_endpoint_is_routed_by_the_running_gateway(folder: Path) -> None:
    with Upstream() as up:
        text = SHOP.format(origin="http://127.0.0.1:1").replace("origin: http://127.0.0.1:1\n", "")
        write(folder, {"routes/shop.yaml": text})
        with gateway(folder / "routes") as running:
            assert running.get("/accounts/77", host=shop.HOST).status == 404
            ran("save", *ACCOUNT, "--target", up.url, cwd=folder)
            running.wait_log("routes generation 2: .*added 1")
            assert running.get("/accounts/77", host=shop.HOST).status == 200
            assert [each.target for each in up.requests] == ["/accounts/77"]


def test_the_default_routes_of_the_repository_are_not_written_to(folder: Path) -> None:
    before = {path: path.read_bytes() for path in (REPOSITORY / "routes").rglob("*") if path.is_file()}
    ran("save", "--all", cwd=folder)
    assert {path: path.read_bytes() for path in (REPOSITORY / "routes").rglob("*") if path.is_file()} == before


def values_asked(path: str) -> int:
    return sum(each.path == path and each.method == "GET" for each in shop.traffic())


def test_split_takes_a_value_out_also_for_what_was_learned_before(folder: Path) -> None:
    asked = values_asked("/products/oak-table")
    assert asked > 0
    before = the(discovered(cwd=folder), "GET", "/products/{}")["requests"]
    ran("split", *PRODUCT, "oak-table", cwd=folder)
    found = discovered("--noise", cwd=folder)
    (literal,) = [row for row in found if row["endpoint"] == "/products/oak-table" and row["method"] == "GET"]
    assert literal["requests"] == asked
    assert the(found, "GET", "/products/{}")["requests"] == before - asked


def test_split_holds_for_what_is_learned_later(folder: Path) -> None:
    ran("split", *PRODUCT, "oak-table", cwd=folder)
    recorded.write_har(folder / "more.har", shop.traffic(seed=2))
    learn("more.har", cwd=folder)
    (literal,) = [row for row in discovered("--noise", cwd=folder) if row["endpoint"] == "/products/oak-table"]
    more = sum(each.path == "/products/oak-table" for each in shop.traffic(seed=2))
    assert literal["requests"] == values_asked("/products/oak-table") + more


def test_split_of_one_variable_among_several(folder: Path) -> None:
    endpoint = ("GET", shop.HOST, "/accounts/{var1}/orders/{var2}")
    ran("split", *endpoint, "1007", "--variable", "var1", cwd=folder)
    paths = {row["endpoint"] for row in discovered("--noise", cwd=folder) if row["method"] == "GET"}
    assert "/accounts/1007/orders/{var1}" in paths
    assert "/accounts/{var1}/orders/{var2}" in paths


def test_merge_makes_one_of_two_also_for_what_was_learned_before_and_comes_after(folder: Path) -> None:
    ran("merge", "GET", shop.HOST, "/v2/settings", "/v2/profile", cwd=folder)
    found = discovered(cwd=folder)
    merged = the(found, "GET", "/v2/{}")
    assert merged["requests"] == 80
    assert not {row["endpoint"] for row in found} & {"/v2/settings", "/v2/profile"}
    recorded.write_har(folder / "more.har", shop.traffic(seed=2))
    assert the(learn("more.har", cwd=folder), "GET", "/v2/{}")["requests"] == 160


def test_split_takes_a_merge_back(folder: Path) -> None:
    ran("merge", "GET", shop.HOST, "/v2/settings", "/v2/profile", cwd=folder)
    ran("split", "GET", shop.HOST, "/v2/{var1}", "settings", "profile", cwd=folder)
    assert shapes(discovered(cwd=folder)) == shop.ENDPOINTS


def test_merge_takes_a_split_back(folder: Path) -> None:
    before = the(discovered(cwd=folder), "GET", "/products/{}")["requests"]
    ran("split", *PRODUCT, "oak-table", cwd=folder)
    ran("merge", "GET", shop.HOST, "/products/{var1}", "/products/oak-table", cwd=folder)
    found = discovered("--noise", cwd=folder)
    assert "/products/oak-table" not in {row["endpoint"] for row in found if row["method"] == "GET"}
    assert the(found, "GET", "/products/{}")["requests"] == before


def test_an_endpoint_of_a_route_file_is_saved_and_settles_what_is_a_variable(folder: Path) -> None:
    """Two words below /v2 are too few to tell; the route file says that they are values."""
    text = f"host: {shop.HOST}\norigin: http://127.0.0.1:9000\nendpoints:\n  GET /v2/{{section}}:\n"
    write(folder, {"routes/shop.yaml": text})
    found = discovered(cwd=folder)
    row = the(found, "GET", "/v2/{}")
    assert (row["state"], row["requests"]) == ("saved", 80)
    assert not {each["endpoint"] for each in found} & {"/v2/settings", "/v2/profile"}


def test_presets_and_thresholds_move_what_is_in_the_inbox(folder: Path) -> None:
    def told(*options: str) -> set[tuple[str, str]]:
        return shapes(discovered(*options, cwd=folder))

    assert told() == told("--preset", "laptop") == shop.ENDPOINTS
    assert told("--preset", "api-shield") == set()
    often = {("GET", "/products/{}"), ("GET", "/products/{}/reviews")}
    assert told("--min-requests", "150", "--min-sessions", "0") == often


def test_the_documented_preset_wants_500_requests_within_ten_days(tmp_path: Path) -> None:
    import time

    def asked(path: str, count: int, days_ago: float) -> list[shop.Exchange]:
        start = time.time() - days_ago * 86400
        return [
            shop.Exchange("GET", path, token=shop.token(step % 60), at=start + step, body={"ok": True})
            for step in range(count)
        ]

    exchanges = sorted(
        [*asked("/enough", 500, 3), *asked("/few", 499, 3), *asked("/spread", 300, 20), *asked("/spread", 300, 3)],
        key=lambda each: each.at,
    )
    recorded.write_request_log(tmp_path / "requests.log", exchanges)
    (tmp_path / "routes").mkdir()
    found: list[dict[str, Any]] = learn("requests.log", "--preset", "api-shield", cwd=tmp_path)
    assert [row["endpoint"] for row in found] == ["/enough"]
