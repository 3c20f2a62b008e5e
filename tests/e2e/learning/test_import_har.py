"""`sluice import har FILE`: the first draft of a route file from a recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.sluice import write
from tests.e2e.harness import Upstream, gateway
from tests.e2e.learning import recorded, shop
from tests.e2e.learning.kinto import shape
from tests.e2e.learning.learned import ran

pytestmark = pytest.mark.entry("mitmdump")


@pytest.fixture(scope="module")
def har(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded.write_har(tmp_path_factory.mktemp("har") / "shop.har", shop.traffic())


def test_the_draft_is_a_sound_route_file_of_the_recordings_endpoints(har: Path, tmp_path: Path) -> None:
    draft = ran("import", "har", har, "--target", "http://127.0.0.1:9001", cwd=tmp_path)
    write(tmp_path, {"routes/shop.yaml": draft.out})
    ran("check", cwd=tmp_path)
    ran("fmt", "--check", cwd=tmp_path)
    listed = ran("list", "--json", cwd=tmp_path).json
    listed = listed["endpoints"] if isinstance(listed, dict) else listed
    assert {(row["method"], shape(row["path"])) for row in listed} == shop.ENDPOINTS
    assert {row["host"] for row in listed} == {shop.HOST}
    assert "s3cr3t" not in draft.out + draft.err
    assert not (tmp_path / ".sluicegate").exists()


def test_a_gateway_serves_the_draft_as_it_is(har: Path, tmp_path: Path) -> None:
    with Upstream() as up:
        draft = ran("import", "har", har, "--target", up.url, cwd=tmp_path)
        with gateway({"shop.yaml": draft.out}) as running:
            assert running.get("/accounts/77/orders/12?x=1", host=shop.HOST).status == 200
            assert running.get("/wp-login.php", host=shop.HOST).status == 404
        assert [each.target for each in up.requests] == ["/accounts/77/orders/12?x=1"]


def test_a_file_that_is_there_is_not_replaced_unasked(har: Path, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("mine", encoding="utf-8")
    result = ran("import", "har", har, "--target", "http://127.0.0.1:1", "-o", "shop.yaml", cwd=tmp_path, code=2)
    assert "shop.yaml" in result.err
    assert (tmp_path / "shop.yaml").read_text() == "mine"
