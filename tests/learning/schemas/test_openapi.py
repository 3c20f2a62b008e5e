"""The exported document: valid OpenAPI 3.0.0, deterministic, and complete for what it is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from sluicegate.endpoints.hosts import HostPattern
from sluicegate.endpoints.table import operation_id
from sluicegate.endpoints.templates import parse_path
from sluicegate.importing.openapi import read_openapi
from sluicegate.importing.references import Documents
from sluicegate.learning.observation import Key
from sluicegate.learning.schemas.bodies import FORM
from sluicegate.learning.schemas.openapi import THRESHOLDS, Learned, openapi
from sluicegate.learning.schemas.profile import Profile

from .material import exchange, profile

HOST = "api.hotel.test"


def learned(method: str, path: str, host: str = HOST, **more: Any) -> Learned:
    return Learned(Key(method, host, path), **more)


def exported(*endpoints: Learned, host: str = "", **more: Any) -> dict[str, Any]:
    made = openapi(endpoints, host, **more)
    assert made.left_out == ()
    OpenAPIV30SpecValidator(made.data).validate()
    return made.data


def orders() -> Profile:
    made = Profile()
    for number in range(600):
        made.observe(
            exchange(
                f"/orders/{number}",
                query=[("page", str(number % 9))],
                headers=[("X-Tenant", "blue")],
                body={"pieces": number % 5, "id": f"a-{number}", "by": {str(number): None}, "any": [1, "x", None]},
                answer={"total": number / 2},
                status=200 + number % 2,
            ),
            [str(number)],
        )
    return made


def test_all_that_can_be_learned_makes_a_valid_document() -> None:
    data = exported(learned("POST", "/orders/{var1}", profile=orders()), with_responses=True)
    operation = data["paths"]["/orders/{var1}"]["post"]
    assert data["openapi"] == "3.0.0"
    assert data["servers"] == [{"url": f"https://{HOST}"}]
    assert [(one["in"], one["name"], one.get("required")) for one in operation["parameters"]] == [
        ("path", "var1", True),
        ("query", "page", True),
        ("header", "x-tenant", True),
    ]
    assert operation["requestBody"]["required"]
    assert operation["responses"].keys() == {"200", "201", "default"}
    assert "600 requests" in operation["parameters"][1]["description"]


def test_an_operation_has_the_id_that_it_has_everywhere() -> None:
    data = exported(learned("GET", "/a/{var1}"))
    expected = operation_id("GET", HostPattern.parse(HOST), parse_path("/a/{id}"))
    assert data["paths"]["/a/{var1}"]["get"]["operationId"] == expected


def test_an_endpoint_without_traffic_has_its_path_variables() -> None:
    (operation,) = exported(learned("GET", "/a/{var1}/b/{var2}.json"))["paths"].values()
    assert operation["get"]["parameters"] == [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in ("var1", "var2")
    ]
    assert operation["get"]["responses"] == {"default": {"description": "Any answer."}}


def test_responses_and_thresholds_are_there_when_asked_for() -> None:
    made = orders()
    plain = exported(learned("POST", "/orders/{var1}", profile=made))
    assert plain["paths"]["/orders/{var1}"]["post"]["responses"].keys() == {"default"}
    assert THRESHOLDS not in json.dumps(plain)
    with_rate = exported(learned("POST", "/orders/{var1}", thresholds={"suggested_threshold": 7}))
    assert with_rate["paths"]["/orders/{var1}"]["post"][THRESHOLDS] == {"suggested_threshold": 7}


def test_what_is_in_the_inbox_says_so() -> None:
    data = exported(learned("GET", "/a", is_saved=False), learned("PUT", "/a"))
    assert "not saved" in data["paths"]["/a"]["get"]["description"]
    assert "description" not in data["paths"]["/a"]["put"]


def test_host_variables_become_server_variables() -> None:
    data = exported(learned("GET", "/a", "{hostVar2}.{hostVar1}.example.com"))
    (server,) = data["servers"]
    assert server["url"] == "https://{hostVar2}.{hostVar1}.example.com"
    assert server["variables"].keys() == {"hostVar1", "hostVar2"}


def test_any_host_is_a_server_of_its_own() -> None:
    assert exported(learned("GET", "/a", "*"))["servers"] == [{"url": "/"}]
    assert exported(learned("GET", "/a", ""))["servers"] == [{"url": "/"}]


def test_each_operation_of_several_hosts_names_its_own() -> None:
    data = exported(learned("GET", "/a"), learned("GET", "/b", "{hostVar1}.hotel.test"), learned("GET", "/c", "*"))
    servers = {path: item["get"]["servers"][0]["url"] for path, item in data["paths"].items()}
    assert servers == {"/a": f"https://{HOST}", "/b": "https://{hostVar1}.hotel.test", "/c": "/"}


def test_a_host_gets_all_endpoints_that_serve_it() -> None:
    endpoints = [
        learned("GET", "/a"),
        learned("GET", "/b", "{hostVar1}.hotel.test"),
        learned("GET", "/c", "*"),
        learned("GET", "/d", "other.test"),
    ]
    assert list(exported(*endpoints, host=HOST)["paths"]) == ["/a", "/b", "/c"]
    assert list(exported(*endpoints, host="{hostVar1}.hotel.test")["paths"]) == ["/b"]


@pytest.mark.parametrize("is_saved", [True, False])
def test_of_two_that_serve_a_host_the_one_that_a_request_would_match_is_taken(is_saved: bool) -> None:
    exact, pattern = Key("GET", HOST, "/a"), Key("GET", "{hostVar1}.hotel.test", "/a")
    made = openapi([Learned(pattern), Learned(exact, is_saved=is_saved)], HOST)
    expected = exact if is_saved else pattern  # a saved endpoint beats every discovered one
    assert made.data["paths"]["/a"]["get"]["operationId"] == operation_id(
        "GET", HostPattern.parse(expected.host), parse_path("/a")
    )
    assert made.left_out == ()


def test_what_a_document_cannot_have_is_told() -> None:
    endpoints = [
        learned("GET", "/a"),
        learned("GET", "/a", "{hostVar1}.hotel.test"),
        learned("CONNECT", "/a"),
        learned("GET", "/a{b"),
        learned("GET", "/a", "no host"),
    ]
    made = openapi(endpoints)
    told = {one.key: one.reason for one in made.left_out}
    assert told.keys() == {one.key for one in endpoints[1:]}
    assert told[endpoints[1].key] == f"the same method and path are in it for the host {HOST}"
    assert told[endpoints[2].key] == "OpenAPI 3.0 has no operation for the method CONNECT"
    OpenAPIV30SpecValidator(made.data).validate()
    assert list(made.data["paths"]) == ["/a"]


def test_a_body_where_it_means_nothing_is_left_out() -> None:
    made = profile([exchange(body={"a": 1})])
    assert "requestBody" not in exported(learned("GET", "/a", profile=made))["paths"]["/a"]["get"]
    assert "requestBody" in exported(learned("DELETE", "/a", profile=made))["paths"]["/a"]["delete"]


def test_forms_and_media_types_that_are_not_learned() -> None:
    bodies = [exchange(body=b"a=1&b=x", media=FORM), exchange(body=b"<x/>", media="text/xml")]
    (item,) = exported(learned("POST", "/a", profile=profile(bodies * 30)))["paths"].values()
    content = item["post"]["requestBody"]["content"]
    assert content.keys() == {FORM, "text/xml"}
    assert content[FORM]["schema"]["properties"]["a"]["type"] == "integer"
    assert content["text/xml"] == {}


def test_the_same_knowledge_gives_the_same_document() -> None:
    endpoints = [learned("POST", "/orders/{var1}", profile=orders()), learned("GET", "/b"), learned("GET", "/a")]
    again = [learned("GET", "/a"), learned("POST", "/orders/{var1}", profile=orders()), learned("GET", "/b")]
    assert json.dumps(exported(*endpoints)) == json.dumps(exported(*again))


def test_the_import_reads_every_operation_back(tmp_path: Path) -> None:
    endpoints = [
        learned("POST", "/orders/{var1}", profile=orders()),
        learned("GET", "/a/{var1}.json"),
        learned("GET", "/"),
    ]
    data = json.dumps(exported(*endpoints, with_responses=True)).encode()
    description = read_openapi(Documents(lambda _: data, "learned.json"))
    assert {(one.method, one.path) for one in description.operations} == {
        (one.key.method, one.key.endpoint) for one in endpoints
    }


def test_odd_names_in_traffic_make_no_broken_document() -> None:
    odd = [
        exchange(
            query=[("a[b]", "1"), ("$ref", "2"), ("é", "3"), ("x" * 80, "4")],
            headers=[("x-ü".encode("latin-1").decode("latin-1"), "1")],
            body={"$ref": "#/nowhere", "nullable": True, "properties": {"type": "x"}, "": {"description": 7}},
            media="application/vnd.api+json",
        )
    ]
    exported(learned("PATCH", "/a", profile=profile(odd * 60)))
