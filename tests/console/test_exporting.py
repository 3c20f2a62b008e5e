"""`sluice export openapi`, run for real on recorded traffic and route files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from .sluice import Ran, sluice, write

HOST = "api.hotel.test"
ROUTES = """\
host: api.hotel.test
endpoints:
  GET /hotels/{hotel}: http://127.0.0.1:9001/{hotel}
  DELETE /hotels/{hotel}: http://127.0.0.1:9001/{hotel}
"""


def entry(number: int, method: str, path: str, host: str = HOST, body: Any = None) -> dict[str, Any]:
    """An exchange of a HAR file; nine clients take turns."""
    headers = [{"name": "Authorization", "value": f"Bearer client-{number % 9}"}]
    request: dict[str, Any] = {"method": method, "url": f"https://{host}{path}", "headers": headers}
    if body is not None:
        headers.append({"name": "Content-Type", "value": "application/json"})
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(body)}
    answer = {"mimeType": "application/json", "text": json.dumps({"id": number, "stars": number % 5 + 1})}
    return {
        "startedDateTime": f"2026-03-01T10:{number // 60 % 60:02}:{number % 60:02}.000Z",
        "time": 5,
        "request": request,
        "response": {
            "status": 200,
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": answer,
        },
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with route files, and a state file that was learned beside them."""
    folder = write(tmp_path_factory.mktemp("export"), {"routes/hotels.yaml": ROUTES})
    entries = []
    for number in range(120):
        entries.append(entry(number, "GET", f"/hotels/{number % 10 + 1}"))
        entries.append(
            entry(number, "POST", "/bookings", body={"nights": number % 7 + 1, "guest": f"g{number}@mail.test"})
        )
        entries.append(entry(number, "GET", "/prices", "eu.prices.test"))
        entries.append(entry(number, "GET", "/prices", "us.prices.test"))
    (folder / "traffic.har").write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    ran = sluice("learn", "traffic.har", cwd=folder)
    assert ran.code == 0, ran
    return folder


def exported(folder: Path, *options: str, code: int = 0) -> dict[str, Any]:
    ran = sluice("export", "openapi", *options, cwd=folder)
    assert ran.code == code, ran
    data: dict[str, Any] = ran.json
    OpenAPIV30SpecValidator(data).validate()
    return data


def methods(data: dict[str, Any]) -> set[str]:
    return {f"{method.upper()} {path}" for path, item in data["paths"].items() for method in item}


def test_saved_endpoints_and_those_in_the_inbox_are_exported(folder: Path) -> None:
    data = exported(folder, "--host", HOST)
    assert methods(data) == {"GET /hotels/{var1}", "DELETE /hotels/{var1}", "POST /bookings"}
    assert "not saved" in data["paths"]["/bookings"]["post"]["description"]
    assert data["servers"] == [{"url": f"https://{HOST}"}]


def test_only_saved_endpoints_on_request(folder: Path) -> None:
    assert methods(exported(folder, "--saved")) == {"GET /hotels/{var1}", "DELETE /hotels/{var1}"}


def test_ids_from_1_to_10_are_stated_as_such(folder: Path) -> None:
    (hotel,) = exported(folder, "--host", HOST)["paths"]["/hotels/{var1}"]["get"]["parameters"]
    assert hotel["schema"] == {"type": "integer", "minimum": 1, "maximum": 10}
    assert hotel["description"] == "Learned from 120 values, confidence 0.9918."


def test_the_counts_of_api_shield_are_a_preset(folder: Path) -> None:
    data = exported(folder, "--host", HOST, "--saved", "--preset", "api-shield")
    assert data["paths"]["/hotels/{var1}"]["get"]["parameters"][0]["schema"] == {"type": "string"}


def test_what_was_ignored_is_never_exported(folder: Path, tmp_path: Path) -> None:
    state = str(tmp_path / "other.db")
    assert sluice("learn", "traffic.har", "--state", state, cwd=folder).code == 0
    assert sluice("ignore", "POST", HOST, "/bookings", "--state", state, cwd=folder).code == 0
    assert "POST /bookings" not in methods(exported(folder, "--host", HOST, "--state", state))


def test_of_two_hosts_with_the_same_path_one_is_left_out_and_told(folder: Path) -> None:
    ran = sluice("export", "openapi", cwd=folder)
    assert ran.code == 1
    OpenAPIV30SpecValidator(ran.json).validate()
    assert ran.err == (
        "sluice: left out: GET us.prices.test /prices: the same method and path are in it for the host eu.prices.test\n"
    )
    assert ran.json["paths"]["/prices"]["get"]["servers"] == [{"url": "https://eu.prices.test"}]
    assert methods(exported(folder, "--host", "us.prices.test")) == {"GET /prices"}


def test_a_file_is_written_whole_and_overwritten_by_force_only(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "hotels.json"
    ran = sluice("export", "openapi", "--host", HOST, "-o", target, cwd=folder)
    assert (ran.code, ran.out, ran.err) == (0, "", f"sluice: {target}: 3 endpoints\n")
    assert methods(json.loads(target.read_text())) == methods(exported(folder, "--host", HOST))
    target.write_text("mine")
    assert "--force" in sluice("export", "openapi", "-o", target, cwd=folder).one_line_error
    assert target.read_text() == "mine"
    assert sluice("export", "openapi", "--host", HOST, "-o", target, "--force", cwd=folder).code == 0
    assert target.read_text().startswith("{")
    assert list(tmp_path.iterdir()) == [target]


def test_it_goes_back_in_as_the_same_endpoints(folder: Path, tmp_path: Path) -> None:
    assert sluice("export", "openapi", "--host", HOST, "-o", tmp_path / "a.json", cwd=folder).code == 0
    made = sluice("import", "openapi", "a.json", "--target", "http://127.0.0.1:9001", "--host", HOST, cwd=tmp_path)
    assert made.code == 0, made
    write(tmp_path, {"routes/a.yaml": made.out})
    assert sluice("check", "routes", cwd=tmp_path).code == 0
    listed = sluice("list", "--json", cwd=tmp_path).json
    rows = listed["endpoints"] if isinstance(listed, dict) else listed
    ids = {row["operation_id"] for row in rows}
    operations = [one for item in exported(folder, "--host", HOST)["paths"].values() for one in item.values()]
    assert ids == {one["operationId"] for one in operations}


def refused(folder: Path, *options: str) -> str:
    ran: Ran = sluice("export", "openapi", *options, cwd=folder)
    return ran.one_line_error


def test_what_cannot_be_used_is_told_in_one_line(folder: Path, tmp_path: Path) -> None:
    assert refused(folder, "--host", "nobody.test") == (
        "no endpoint of nobody.test was saved or learned: known are api.hotel.test, eu.prices.test, us.prices.test"
    )
    assert refused(folder, "--host", "no host").startswith("--host: host 'no host' is not a host name")
    assert "nothing was learned yet" in refused(tmp_path, "--state", "none.db")
    assert "folder does not exist" in refused(folder, "-o", "none/a.json")
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0 and then nonsense" * 100)
    assert "broken.db" in refused(tmp_path, "--state", "broken.db")


def test_half_a_character_in_traffic_is_escaped(folder: Path, tmp_path: Path) -> None:
    odd = [entry(number, "POST", "/odd", body={"\ud800": "\udfff", "é": 1}) for number in range(20)]
    (tmp_path / "odd.har").write_text(json.dumps({"log": {"entries": odd}}), encoding="utf-8")
    assert sluice("learn", "odd.har", "--state", "odd.db", cwd=tmp_path).code == 0
    assert sluice("export", "openapi", "--state", "odd.db", "-o", "odd.json", cwd=tmp_path).code == 0
    schema = json.loads((tmp_path / "odd.json").read_text(encoding="utf-8"))["paths"]["/odd"]["post"]["requestBody"]
    assert schema["content"]["application/json"]["schema"]["properties"].keys() == {"\ud800", "é"}
