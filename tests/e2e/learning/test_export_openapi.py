"""`sluice export openapi`: what was learned as a document that other tools take, and that goes back in."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.console.sluice import write
from tests.e2e.learning import figures, recorded, shop
from tests.e2e.learning.kinto import shape
from tests.e2e.learning.learned import learn, ran
from tests.e2e.sluice.material import refused

pytestmark = pytest.mark.entry("mitmdump")

SECOND_HOST = "stock.example.test"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state file of the shop, with 120 clients, and of a second host."""
    folder = tmp_path_factory.mktemp("export")
    exchanges = [
        *shop.traffic(clients=120),
        *(
            shop.Exchange("GET", f"/items/{number}", token=shop.token(number % 20), at=figures.hours_ago(1) + number,
                          host=SECOND_HOST, body={"pieces": number})
            for number in range(100)
        ),
    ]  # fmt: skip
    recorded.write_har(folder / "traffic.har", exchanges)
    learn("traffic.har", "--state", "state.db", cwd=folder)
    return folder


def export(folder: Path, *options: str) -> dict[str, Any]:
    result = ran("export", "openapi", "--state", "state.db", *options, cwd=folder)
    document: dict[str, Any] = result.json
    OpenAPIV30SpecValidator(document).validate()
    assert document["openapi"] == "3.0.0"
    return document


@pytest.fixture(scope="module")
def document(folder: Path) -> dict[str, Any]:
    return export(folder, "--host", shop.HOST)


def operation(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """The operation of a shape, with the parameters of its path among its own."""
    ((_, item),) = [(key, item) for key, item in document["paths"].items() if shape(key) == path]
    found: dict[str, Any] = item[method.lower()]
    return {**found, "parameters": [*item.get("parameters", []), *found.get("parameters", [])]}


def parameters(one: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(each["in"], each["name"]): each for each in one["parameters"]}


def sent(one: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = one["requestBody"]["content"]["application/json"]["schema"]
    return schema


def test_it_holds_the_endpoints_of_the_host_and_no_others(document: dict[str, Any]) -> None:
    found = {(method.upper(), shape(path)) for path, item in document["paths"].items()
             for method in item if method != "parameters"}  # fmt: skip
    assert found == shop.ENDPOINTS
    assert any(shop.HOST in server["url"] for server in document["servers"])


def test_without_a_host_all_hosts_are_in_it(folder: Path) -> None:
    shown = json.dumps(export(folder))
    assert "/items/{var1}" in shown
    assert "/accounts/{var1}" in shown


def test_path_variables_are_required_parameters_with_their_types(document: dict[str, Any]) -> None:
    found = parameters(operation(document, "GET", "/accounts/{}/orders/{}"))
    account, order = found["path", "var1"], found["path", "var2"]
    assert (account["required"], account["schema"]["type"]) == (True, "integer")
    assert (order["required"], order["schema"]["type"], order["schema"]["format"]) == (True, "string", "uuid")


def test_query_parameters_are_learned_and_values_of_sessions_are_not(document: dict[str, Any]) -> None:
    found = parameters(operation(document, "GET", "/products"))
    assert found["query", "page"]["schema"]["type"] == "integer"
    assert found["query", "sort"]["schema"]["type"] == "string"
    assert not any(place == "header" and name.lower() == "authorization" for place, name in found)
    assert shop.token(1) not in json.dumps(document)


def test_each_learned_parameter_says_how_sure_it_is_and_of_how_many(document: dict[str, Any]) -> None:
    asked = sum(each.path == "/products" for each in shop.traffic(clients=120))
    told = parameters(operation(document, "GET", "/products"))["query", "page"]["description"]
    assert re.search(r"confidence (0\.\d+|1)", told)
    (requests,) = re.findall(r"in ([\d,]+) requests", told)
    assert 0.9 * asked <= int(requests.replace(",", "")) <= asked


def test_request_bodies_have_types_ranges_and_formats(document: dict[str, Any]) -> None:
    schema = sent(operation(document, "POST", "/accounts"))
    assert schema["type"] == "object"
    fields = schema["properties"]
    assert fields.keys() == {"name", "email", "age"}
    assert fields["age"]["type"] == "integer"
    assert fields["email"].get("format") == "email"


def test_the_learned_schema_accepts_fresh_valid_bodies_and_unknown_fields(document: dict[str, Any]) -> None:
    check = jsonschema_rs.validator_for(sent(operation(document, "POST", "/accounts/{}/orders")))
    fresh = [each.sent for each in shop.traffic(clients=200, seed=7) if each.sent and each.path.endswith("/orders")]
    accepted = sum(check.is_valid(body) for body in fresh)
    assert accepted >= 0.97 * len(fresh)
    assert check.is_valid({**fresh[0], "note": "a field never seen"})
    assert not check.is_valid({**fresh[0], "pieces": "two"})


def test_responses_are_in_it_only_when_asked_for(folder: Path, document: dict[str, Any]) -> None:
    def content(exported: dict[str, Any]) -> list[Any]:
        answers = operation(exported, "GET", "/products/{}")["responses"]
        return [each["content"] for each in answers.values() if "content" in each]

    assert content(document) == []
    with_responses = export(folder, "--host", shop.HOST, "--with-responses")
    (only,) = content(with_responses)
    assert only["application/json"]["schema"]["properties"].keys() == {"product", "price", "stock"}
    statuses = operation(with_responses, "POST", "/accounts")["responses"].keys()
    assert "201" in statuses


def test_it_goes_back_in(folder: Path, tmp_path: Path) -> None:
    result = ran(
        "export", "openapi", "--state", folder / "state.db", "--host", shop.HOST, "-o", "shop.json", cwd=tmp_path
    )
    assert result.out == ""
    OpenAPIV30SpecValidator(json.loads((tmp_path / "shop.json").read_text())).validate()
    imported = ran(
        "import", "openapi", "shop.json", "--target", "http://127.0.0.1:9001", "--host", shop.HOST, cwd=tmp_path
    )
    write(tmp_path, {"routes/shop.yaml": imported.out})
    assert ran("check", "routes", cwd=tmp_path).out.count("error") == 0
    listed = ran("list", "--json", cwd=tmp_path).json
    listed = listed["endpoints"] if isinstance(listed, dict) else listed
    assert {(row["method"], shape(row["path"])) for row in listed} == shop.ENDPOINTS
    assert {row["host"] for row in listed} == {shop.HOST}


def test_a_file_that_is_there_is_not_replaced_unasked(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text("mine", encoding="utf-8")
    refused(
        ran("export", "openapi", "--state", folder / "state.db", "-o", "shop.json", cwd=tmp_path, code=2), "shop.json"
    )
    assert (tmp_path / "shop.json").read_text() == "mine"


def test_thresholds_are_in_it_only_when_asked_for(tmp_path: Path) -> None:
    traffic = figures.in_order(figures.bursts("/offers", {1: 50, 37: 10}, at=figures.hours_ago(2)))
    recorded.write_request_log(tmp_path / "requests.log", traffic)
    learn("requests.log", "--state", "state.db", cwd=tmp_path)
    assert "threshold" not in json.dumps(export(tmp_path)).lower()
    told = json.dumps(operation(export(tmp_path, "--with-thresholds"), "GET", "/offers"))
    found = re.search(r'"suggested_threshold": (\d+)', told)
    assert found, told
    assert 1 < int(found[1]) < 37


def test_multipart_and_xml_are_noted_and_not_learned(tmp_path: Path) -> None:
    har = json.loads(
        recorded.write_har(
            tmp_path / "a.har", figures.of_latencies("/u", [5] * 80, at=figures.hours_ago(1))
        ).read_text()
    )
    for number, entry in enumerate(har["log"]["entries"]):
        kind = "multipart/form-data; boundary=x" if number % 2 else "application/xml"
        entry["request"].update(method="POST", url=f"http://{shop.HOST}/{'files' if number % 2 else 'orders'}")
        entry["request"]["headers"].append({"name": "Content-Type", "value": kind})
        text = (
            '--x\r\nContent-Disposition: form-data; name="colour"\r\n\r\nred\r\n--x--'
            if number % 2
            else "<colour>red</colour>"
        )
        entry["request"]["postData"] = {"mimeType": kind, "text": text}
    (tmp_path / "traffic.har").write_text(json.dumps(har), encoding="utf-8")
    learn("traffic.har", "--state", "state.db", cwd=tmp_path)
    document = export(tmp_path)
    for path, kind in (("/files", "multipart/form-data"), ("/orders", "application/xml")):
        body = operation(document, "POST", path)["requestBody"]
        assert kind in body["content"]
        assert "colour" not in json.dumps(body)


def test_forms_are_learned_field_by_field(tmp_path: Path) -> None:
    chance = random.Random(3)
    har = json.loads(
        recorded.write_har(
            tmp_path / "a.har", figures.of_latencies("/u", [5] * 120, at=figures.hours_ago(1))
        ).read_text()
    )
    for entry in har["log"]["entries"]:
        kind = "application/x-www-form-urlencoded"
        entry["request"].update(method="POST", url=f"http://{shop.HOST}/search")
        entry["request"]["headers"].append({"name": "Content-Type", "value": kind})
        text = f"pages={chance.randint(1, 50)}&order={chance.choice(['up', 'down'])}"
        entry["request"]["postData"] = {"mimeType": kind, "text": text}
    (tmp_path / "traffic.har").write_text(json.dumps(har), encoding="utf-8")
    learn("traffic.har", "--state", "state.db", cwd=tmp_path)
    body = operation(export(tmp_path), "POST", "/search")["requestBody"]
    fields = body["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]
    assert fields["pages"]["type"] == "integer"
    assert sorted(fields["order"]["enum"]) == ["down", "up"]


def test_an_unknown_host_is_refused_by_name(folder: Path) -> None:
    result = ran("export", "openapi", "--state", "state.db", "--host", "nobody.example.test", cwd=folder, code=2)
    assert "nobody.example.test" in result.err


def test_the_same_traffic_gives_the_same_document(folder: Path) -> None:
    assert export(folder) == export(folder)
