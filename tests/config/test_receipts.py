"""What two tables differ in, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.comparing.contents import Contents
from sluicegate.config.receipts import Listed, Receipt, receipt

from .folders import compiled

BEFORE = """
host: api.hotel.test
origin: http://127.0.0.1:9000
endpoints:
  GET /a/{x}: http://127.0.0.1:9001/{x}
  GET /b:
"""


def contents(folder: Path, text: str) -> Contents:
    folder.mkdir()
    whole = compiled(folder, text)
    return Contents(whole.endpoints, whole.hosts, whole.settings)


def added(*texts: str) -> Receipt:
    return Receipt(added=Listed.of(texts))


def removed(*texts: str) -> Receipt:
    return Receipt(removed=Listed.of(texts))


def changed(*texts: str) -> Receipt:
    return Receipt(changed=Listed.of(texts))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("GET /b:", "GET /b:", Receipt(), id="nothing"),
        pytest.param("host:", "# one\nhost:", Receipt(), id="a comment line"),
        pytest.param("GET /b:", "GET /b:\n  PUT /b:", added("PUT api.hotel.test/b"), id="an endpoint more"),
        pytest.param("GET /b:", "", removed("GET api.hotel.test/b"), id="an endpoint less"),
        pytest.param(":9001", ":9002", changed("GET api.hotel.test/a/{x}"), id="another target"),
        pytest.param("{x}", "{y}", changed("GET api.hotel.test/a/{y}"), id="another name of a variable"),
        pytest.param("/b:", "/b: http://127.0.0.1:9001", changed("GET api.hotel.test/b"), id="a route"),
        pytest.param(":9000", ":9009", changed("origin of api.hotel.test"), id="another origin"),
        pytest.param("origin: http://127.0.0.1:9000", "", changed("origin of api.hotel.test"), id="no origin"),
    ],
)
def test_a_receipt_names_what_differs(old: str, new: str, expected: Receipt, tmp_path: Path) -> None:
    before = contents(tmp_path / "before", BEFORE)
    now = contents(tmp_path / "now", BEFORE.replace(old, new))
    assert receipt(before, now) == expected


def test_without_a_table_before_everything_is_added(tmp_path: Path) -> None:
    assert receipt(None, contents(tmp_path / "now", BEFORE)) == Receipt(
        added=Listed(2, ("GET api.hotel.test/a/{x}", "GET api.hotel.test/b"))
    )


def test_another_setting_of_the_gateway_is_named(tmp_path: Path) -> None:
    files = {"_gateway.yaml": "trusted_proxies: [10.0.0.0/8]\n"}
    whole = compiled(tmp_path, files)
    assert receipt(Contents(), Contents(settings=whole.settings)).changed == Listed(1, ("trusted_proxies",))


def test_a_long_list_reads_as_its_first_texts_and_a_number() -> None:
    assert str(Listed.of(["a", "b"])) == "a, b"
    assert str(Listed.of([str(number) for number in range(22)])).endswith(", 18, 19 and 2 more")
