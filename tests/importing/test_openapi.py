"""OpenAPI descriptions: operations, references, servers, and what cannot be read."""

from __future__ import annotations

import pytest

from sluicegate.importing.documents import DocumentError

from .descriptions import describe, read


def told(paths: str, **more: str) -> list[str]:
    return [one.text for one in describe(paths, **more).operations]


def test_the_operations_of_every_path_in_the_order_of_the_document() -> None:
    paths = "/b: {get: {}, post: {}}\n/a/{x}: {delete: {}, put: {}, patch: {}, head: {}, options: {}, trace: {}}"
    assert told(paths) == [
        "GET /b",
        "POST /b",
        *(f"{m} /a/{{x}}" for m in ["DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE"]),
    ]


def test_what_stands_beside_the_operations_of_a_path_is_none() -> None:
    paths = (
        "/a:\n  summary: x\n  description: y\n  x-more: {get: {}}\n"
        "  parameters: [{name: p, in: query}]\n  servers: [{url: /}]\n  get: {}\nx-b: {get: {}}"
    )
    assert told(paths) == ["GET /a"]


def test_summary_tag_and_deprecation_are_kept() -> None:
    (one,) = describe("/a: {get: {summary: All of it, tags: [first, second], deprecated: true}}").operations
    assert (one.summary, one.tag, one.deprecated) == ("All of it", "first", True)


@pytest.mark.parametrize(
    ("head", "item", "expected"),
    [
        ("", "get: {}", "GET /a"),
        ("servers: []\n", "get: {}", "GET /a"),
        ("servers: [{url: 'https://h.test/v1/'}, {url: 'https://h.test/v2'}]\n", "get: {}", "GET /v1/a"),
        ("servers: [{url: v3}]\n", "get: {}", "GET /v3/a"),
        ("servers: [{url: '/{b}', variables: {b: {default: v4}}}]\n", "get: {}", "GET /v4/a"),
        ("servers: [{url: /v1}]\n", "servers: [{url: /v2}], get: {}", "GET /v2/a"),
        ("servers: [{url: /v1}]\n", "servers: [{url: /v2}], get: {servers: [{url: 'http://o.test/v3'}]}", "GET /v3/a"),
    ],
)
def test_the_first_of_the_nearest_servers_gives_the_base_path(head: str, item: str, expected: str) -> None:
    assert told(f"/a: {{{item}}}", head=head) == [expected]


def test_references_of_path_items_are_followed_from_file_to_file() -> None:
    found = describe(
        "/a: {$ref: '#/components/pathItems/a'}\n/b: {$ref: 'more/items.yaml#/b~1c'}\n/c: {$ref: '#/paths/~1a'}",
        head="components: {pathItems: {a: {get: {}}}}\n",
        files={"more/items.yaml": "b/c: {$ref: '../last.json'}", "last.json": '{"post": {}}'},
    )
    assert [one.text for one in found.operations] == ["GET /a", "POST /b", "GET /c"]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            "$ref: '#/components/pathItems/none'",
            "api.yaml#/paths/~1a/$ref: '#/components/pathItems/none' leads nowhere: 'api.yaml#' has no 'components'",
        ),
        ("$ref: '#/paths/~1a'", "api.yaml#/paths/~1a/$ref: the reference '#/paths/~1a' goes round in a circle"),
        (
            "$ref: 'https://far.test/x.yaml'",
            "api.yaml#/paths/~1a/$ref: 'https://far.test/x.yaml' is not a relative path, and nothing is fetched: "
            "save it beside the document, refer to that",
        ),
        (
            "$ref: 'gone.yaml#/a'",
            "api.yaml#/paths/~1a/$ref: 'gone.yaml#/a' cannot be followed: gone.yaml: no such file or directory",
        ),
        (
            "parameters: [{$ref: '#/components/parameters/none'}], get: {}",
            "api.yaml#/paths/~1a/parameters/0/$ref: '#/components/parameters/none' leads nowhere: 'api.yaml#' has no "
            "'components'",
        ),
        ("get: [1]", "api.yaml#/paths/~1a/get: the operation 'get' is a mapping, not a list"),
        ("servers: [{url: '/{v}'}], get: {}", "api.yaml#/paths/~1a/servers/0/url: the server variable '{v}' has no "
         "default, and the base path depends on it"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_told_with_file_and_pointer(item: str, message: str) -> None:
    with pytest.raises(DocumentError) as raised:
        describe(f"/a: {{{item}}}")
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "swagger: '2.0'\npaths: {}\n",
            "api.yaml: this is Swagger 2.0: convert it to OpenAPI 3.0 or 3.1 first, for example with swagger2openapi",
        ),
        ("openapi: 4.0.0\n", "api.yaml#: OpenAPI '4.0.0' is not read: 3.0 and 3.1 are"),
        ("info: {}\n", "api.yaml: this is not an OpenAPI document: 'openapi: 3.1.0' is missing at its top"),
        ("- a\n", "api.yaml: this is not an OpenAPI document: 'openapi: 3.1.0' is missing at its top"),
        ("openapi: 3.0.0\npaths: {}\n", "api.yaml#: there are no operations under 'paths': nothing to import"),
    ],
)
def test_other_documents_are_refused_with_the_fix(text: str, message: str) -> None:
    with pytest.raises(DocumentError) as raised:
        read(text)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    "text",
    [
        '{"openapi": "3.0.3", "paths": {"/a": {"get": {"responses": {"200": {"description": "\\ud83d\\ude00"}}}}}}',
        "openapi: 3.0.3\npaths:\n  /a:\n    get:\n      responses:\n        200: {description: no}\n",
        "\ufeffopenapi: 3.1.1\npaths: {/a: {get: }}\n",
    ],
)
def test_json_and_yaml_are_read_alike(text: str) -> None:
    assert [one.text for one in read(text).operations] == ["GET /a"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "openapi: [\n",
        '{"openapi": "3.0.0", "paths": {"/a": ',
        "openapi: 3.1.0\npaths:" + " {/a:" * 300,
        "a: &a [x, x]\nb: &b [*a, *a]\nc: !!python/object:os.system [x]\n",
        "\x00\x01\x02",
    ],
)
def test_what_is_no_document_at_all_is_one_line(text: str) -> None:
    with pytest.raises(DocumentError) as raised:
        read(text)
    assert str(raised.value).startswith("api.yaml")
    assert "\n" not in str(raised.value)
