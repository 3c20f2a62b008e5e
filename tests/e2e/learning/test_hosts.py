"""Several hosts with the same API are one, with a variable for the label in which they differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.learning import recorded, shop
from tests.e2e.learning.learned import learn, shapes

pytestmark = pytest.mark.entry("mitmdump")


def traffic_of(*hosts: str, clients: int = 20) -> list[shop.Exchange]:
    return [
        each for step, host in enumerate(hosts) for each in shop.traffic(clients, seed=step, host=host, noise=False)
    ]


def test_hosts_that_differ_in_one_label_and_have_the_same_endpoints_become_one(tmp_path: Path) -> None:
    exchanges = traffic_of("us-api.example.test", "de-api.example.test", "fr-api.example.test", "jp-api.example.test")
    recorded.write_har(tmp_path / "traffic.har", exchanges)
    found = learn("--no-state", "traffic.har", cwd=tmp_path)
    assert {row["host"] for row in found} == {"{hostVar1}.example.test"}
    assert shapes(found) == shop.ENDPOINTS
    (settings,) = [row for row in found if row["endpoint"] == "/v2/settings"]
    assert settings["requests"] == 80
    (variable,) = settings["variables"]
    assert variable["evidence"] == "4 hosts have the same endpoints: de-api, fr-api, jp-api, us-api"


def test_the_variable_is_where_the_hosts_differ(tmp_path: Path) -> None:
    recorded.write_har(
        tmp_path / "t.har", traffic_of(*(f"api.{place}.example.test" for place in ("eu", "us", "asia", "au")))
    )
    assert {row["host"] for row in learn("--no-state", "t.har", cwd=tmp_path)} == {"api.{hostVar1}.example.test"}


def test_hosts_with_other_endpoints_stay_apart(tmp_path: Path) -> None:
    others = {
        "www.example.test": ("/news", "/about", "/jobs", "/contact"),
        "cdn.example.test": ("/fonts", "/scripts", "/images", "/styles"),
        "auth.example.test": ("/login", "/logout", "/token", "/keys"),
    }
    exchanges = traffic_of("api.example.test") + [
        shop.Exchange("GET", path, token=shop.token(client), host=host, at=1.795e9 + client, body={"ok": True})
        for host, paths in others.items()
        for path in paths
        for client in range(20)
    ]
    recorded.write_har(tmp_path / "t.har", exchanges)
    found = learn("--no-state", "t.har", cwd=tmp_path)
    assert {row["host"] for row in found} == {"api.example.test", *others}
    for host, paths in others.items():
        assert {row["endpoint"] for row in found if row["host"] == host} == set(paths)


def test_hosts_of_different_domains_stay_apart(tmp_path: Path) -> None:
    hosts = {"api.one.test", "api.two.example", "shop.third.example.com"}
    recorded.write_har(tmp_path / "t.har", traffic_of(*sorted(hosts)))
    assert {row["host"] for row in learn("--no-state", "t.har", cwd=tmp_path)} == hosts


def test_addresses_are_not_merged(tmp_path: Path) -> None:
    hosts = {f"10.0.0.{last}" for last in range(1, 6)}
    recorded.write_har(tmp_path / "t.har", traffic_of(*sorted(hosts), clients=8))
    assert {row["host"] for row in learn("--no-state", "t.har", cwd=tmp_path)} == hosts


def test_the_case_of_a_host_and_its_default_port_do_not_matter(tmp_path: Path) -> None:
    recorded.write_har(tmp_path / "t.har", traffic_of("API.example.test", "api.example.test:80", "api.example.test"))
    assert {row["host"] for row in learn("--no-state", "t.har", cwd=tmp_path)} == {"api.example.test"}
