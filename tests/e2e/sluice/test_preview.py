"""`--set route_preview=N`: saving a file tells which of the last requests would have gone elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.e2e.harness import Gateway, Upstream, gateway, wait_until

OLD = """\
host: api.shop.test
services:
  orders-v1: {url}/v1
  orders-v2: {url}/v2
endpoints:
  GET /orders/{{order}}: orders-v1:/orders/{{order}}
  GET /baskets/{{basket}}: orders-v1:/baskets/{{basket}}
  GET /same: orders-v1:/same
"""


@pytest.fixture(scope="module")
def up() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def shared(up: Upstream) -> Iterator[Gateway]:
    with gateway({"shop.yaml": OLD.format(url=up.url)}, "--set", "route_preview=4") as running:
        yield running


class Shop:
    def __init__(self, running: Gateway, up: Upstream) -> None:
        self.running, self.up = running, up
        self.version = 0

    @property
    def old(self) -> str:
        return OLD.format(url=self.up.url)

    def ask(self, *paths: str, **more: str) -> None:
        for path in paths:
            self.running.get(path, host="api.shop.test", headers=[*more.items()])

    def save(self, text: str) -> str:
        """Saves a text and gives the log of the reload, to the end of its receipt.

        A second, empty change makes the end certain: its own receipt comes after the first one is whole.
        """
        after = len(self.running.log)
        self.running.write("shop.yaml", text)
        self.running.wait_log(r"routes generation \d+", after=after)
        between = len(self.running.log)
        self.running.write("marker.yaml", f"host: marker.test\nendpoints:\n  GET /m{between}: http://127.0.0.1:1/\n")
        self.running.wait_log(rf"(?s)routes generation \d+.*/m{between}\b", after=after)
        log = self.running.log[after:]
        return log[: log.index(f"/m{between}")]


@pytest.fixture
def shop(shared: Gateway, up: Upstream) -> Shop:
    """The gateway with the old table, and four requests of no interest as its last ones."""
    found = Shop(shared, up)
    if (shared.routes / "shop.yaml").read_text() != found.old:
        found.save(found.old)
    found.ask("/same", "/same", "/same", "/same")
    return found


def test_a_save_tells_which_requests_would_have_gone_elsewhere(shop: Shop) -> None:
    shop.ask("/orders/1?secret=1", "/orders/2", "/baskets/3", "/same")
    new = shop.old.replace("/orders/{order}: orders-v1", "/orders/{order}: orders-v2")
    new = new.replace("  GET /baskets/{basket}: orders-v1:/baskets/{basket}\n", "")
    log = shop.save(new)
    assert re.search(r"1 unchanged", log), log
    assert re.search(r"2 moved? from orders-v1 to orders-v2", log), log
    assert re.search(r"1 becomes? 404", log), log


def test_a_save_that_moves_nobody_says_so_or_nothing(shop: Shop) -> None:
    shop.ask("/orders/1", "/orders/2", "/same", "/same")
    log = shop.save(shop.old + "  GET /more: orders-v2:/more\n")
    assert "404" not in log
    assert not re.search(r"moved? from", log), log


def test_only_the_last_requests_are_kept(shop: Shop) -> None:
    shop.ask("/baskets/1", "/baskets/2", "/baskets/3", "/same", "/same", "/same", "/orders/4")
    new = shop.old.replace("  GET /baskets/{basket}: orders-v1:/baskets/{basket}\n", "")
    new = new.replace("/orders/{order}: orders-v1", "/orders/{order}: orders-v2")
    log = shop.save(new)
    assert re.search(r"3 unchanged", log), log
    assert re.search(r"1 moves? from orders-v1 to orders-v2", log), log
    assert not re.search(r"becomes? 404", log), log


def test_a_bad_save_previews_nothing_and_the_next_good_one_does(shop: Shop) -> None:
    shop.ask("/orders/1", "/orders/2", "/orders/3", "/orders/4")
    after = len(shop.running.log)
    shop.running.write("shop.yaml", shop.old.replace("/orders/{order}\n", "/orders/{ordr}\n"))
    shop.running.wait_log("not taken over", after=after)
    assert not re.search(r"moves? from|becomes? 404", shop.running.log[after:])
    log = shop.save(shop.old.replace("/orders/{order}: orders-v1", "/orders/{order}: orders-v2"))
    assert re.search(r"4 move from orders-v1 to orders-v2", log), log


def test_headers_are_not_kept(shop: Shop) -> None:
    shop.ask("/orders/1", Cookie="not-to-be-seen", Authorization="Bearer not-to-be-seen")
    log = shop.save(shop.old.replace("/orders/{order}: orders-v1", "/orders/{order}: orders-v2"))
    assert "not-to-be-seen" not in log


def test_without_the_option_a_save_previews_nothing(up: Upstream) -> None:
    with gateway({"shop.yaml": OLD.format(url=up.url)}) as running:
        shop = Shop(running, up)
        shop.ask("/orders/1")
        log = shop.save(shop.old.replace("/orders/{order}: orders-v1", "/orders/{order}: orders-v2"))
        assert not re.search(r"moves? from|unchanged", log), log


@pytest.mark.parametrize("value", ["-1", "many"])
def test_a_number_that_makes_no_sense_is_told_at_the_start(up: Upstream, value: str) -> None:
    files = {"shop.yaml": OLD.format(url=up.url)}
    with gateway(files, "--set", f"route_preview={value}", ready=False) as running:
        wait_until(lambda: "route_preview" in running.log or running.process.poll() is not None, 40, "a word about it")
        running.wait_exit()
        assert "route_preview" in running.log
        assert "Traceback" not in running.log
