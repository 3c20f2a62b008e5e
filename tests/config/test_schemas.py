"""The JSON Schemas: they are valid, use README's words, and take and refuse what the loader does."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from sluicegate.config.addresses import Service, Services
from sluicegate.config.endpoints import ENDPOINT_KEYS, METHODS
from sluicegate.config.gateway_file import GATEWAY_KEYS
from sluicegate.config.route_files import ROUTE_FILE_KEYS
from sluicegate.config.route_tests import EXPECT_KEYS, TEST_KEYS, read_test_file
from sluicegate.config.schemas import NAMES, schema_text
from sluicegate.config.services import SERVICE_KEYS
from sluicegate.endpoints.targets import Origin

from .folders import compile_files

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
FILES = {"routes": "hotel.yaml", "gateway": "_gateway.yaml", "tests": "hotel.test.yaml"}


def schema(name: str) -> Any:
    return json.loads(schema_text(name))


@cache
def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(name))


def typed(text: str) -> Any:
    """A YAML text as an editor gives it to a schema: scalars of the YAML 1.2 core schema, merge keys merged."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text)))


def is_loaded(folder: Path, name: str, text: str) -> bool:
    """Whether the loader finds no error in a file that is alone in its folder."""
    if name == "tests":
        services = Services({"rooms": Service("rooms", Origin("http", "127.0.0.1", 9002))})
        return not read_test_file(FILES[name], text.encode(), services).findings
    return compile_files(folder, {FILES[name]: text}).compiled is not None


def line(value: str) -> str:
    """A route file of one endpoint with a value, beside the services that it may name."""
    return "services: {rooms: 'http://127.0.0.1:9002/v2'}\nendpoints:\n  GET /a/{x}: " + value + "\n"


def key(text: str) -> str:
    return f"endpoints:\n  {text}: http://h\n"


def setting(text: str) -> str:
    return "endpoints:\n  GET /a:\n    route: https://h/a\n    " + text + "\n"


IDENTIFIERS_GOOD = [
    "session_identifiers:\n",
    "session_identifiers: []\n",
    "session_identifiers: [{header: X-Api-Key}, {cookie: 'koa:sess'}, {jwt: $.sub}, {body: /user/0/a~1b}]\n",
    "session_identifiers: [{jwt: '$.a-b[0][\"c.d\"]', from: header X-Token, x-a: 1}, {jwt: $.größe, from: cookie t}]\n",
    "session_identifiers: [{jwt: \"$['it\\\\'s']\"}, {body: /}]\n",
]
IDENTIFIERS_BAD = [
    "session_identifiers: {header: a}\n",
    "session_identifiers: [Authorization]\n",
    "session_identifiers: [{}]\n",
    "session_identifiers: [{x-a: 1}]\n",
    "session_identifiers: [{from: header a}]\n",
    "session_identifiers: [{header: a, cookie: b}]\n",
    "session_identifiers: [{header: a, from: header b}]\n",
    "session_identifiers: [{query: a}]\n",
    "session_identifiers: [{header: a b}]\n",
    "session_identifiers: [{header: '${A}'}]\n",
    "session_identifiers: [{header: }]\n",
    "session_identifiers: [{cookie: 'a=b'}]\n",
    "session_identifiers: [{cookie: größe}]\n",
    "session_identifiers: [{jwt: sub}]\n",
    "session_identifiers: [{jwt: $}]\n",
    "session_identifiers: [{jwt: $..a}]\n",
    "session_identifiers: [{jwt: '$.a[*]'}]\n",
    "session_identifiers: [{jwt: '$[-1]'}]\n",
    "session_identifiers: [{jwt: '$[01]'}]\n",
    "session_identifiers: [{jwt: $.a, from: query b}]\n",
    "session_identifiers: [{jwt: $.a, from: header}]\n",
    "session_identifiers: [{body: a}]\n",
    "session_identifiers: [{body: '#/a'}]\n",
    "session_identifiers: [{body: /a~2}]\n",
    f"session_identifiers: [{{header: {'a' * 129}}}]\n",
    "session_identifiers: [{header: a}, {header: a}]\n",
    f"session_identifiers: [{', '.join(f'{{header: x-{number}}}' for number in range(11))}]\n",
]
GOOD = [
    *IDENTIFIERS_GOOD,
    "",
    "# nothing but a comment\n",
    "x-anything: [1, 2]\nhost: a.test\n",
    "host: api.hotel.test\n",
    "host: API.hotel.test.\n",
    "host: [a.test, '{tenant}.b.test']\n",
    "host: '[::1]'\n",
    "host: a_b.test\n",
    "origin: http://127.0.0.1:9000\n",
    "origin: https://origin.test/base/\n",
    "origin: 127.0.0.1:9000\n",
    "origin: {url: 'http://h', timeout: 5, h2c: true, x-why: because}\n",
    "services: {s: 'http://h/base'}\norigin: s\n",
    "services: {s: 'http://h/base'}\norigin: s:/more\n",
    "services:\n",
    "services: {a-b_1: 'http://h', x: {url: 'https://h:8443', insecure: true, timeout: 500ms}}\n",
    "services: {s: '${NAME:-http://127.0.0.1:1}/v2'}\n",
    "endpoints:\n",
    "endpoints: {x-base: {route: 5}, GET /a: }\n",
    "timeout: 90\nhost_header: source\nrewrite_location: true\nnormalize_to_origin: false\n",
    "timeout: 1.5 s\n",
    "timeout: 3600s\n",
    "timeout: 60m\n",
    "timeout: 1h\n",
    "timeout: 0.5h\n",
    "timeout: 3600000ms\n",
    "timeout: '7'\n",
    *(key(f"{method} /a") for method in METHODS),
    key("GET /"),
    key("GET /a/"),
    "endpoints: {'GET /a/{x}/b/{y}.json': 'http://h/{x}/{y}'}\n",
    key("GET /a%2Fb/~c/d:e"),
    key("GET /größe"),
    line("http://h/a/{x}?q={x}&r=1"),
    line("https://api.test:8443/{x}.json"),
    line("'[::1]:9000/{x}'"),
    line("127.0.0.1:9000/{x}"),
    line("rooms:/{x}"),
    line("rooms:/a-{x}/b?c=d"),
    line("rooms"),
    line("rooms?x=1"),
    line("http://h"),
    line(""),
    line("~"),
    line("{route: 'rooms:/{x}'}"),
    line("{}"),
    setting("timeout: 5s"),
    setting("timeout: 5"),
    setting("host_header: target"),
    setting("host_header: api.example.com:8080"),
    setting("host_header: '[::1]:80'"),
    setting("insecure: True"),
    setting("rewrite_location: FALSE"),
    setting("normalize_to_origin: true"),
    setting("x-note: {any: [thing]}"),
    setting("examples:"),
    setting("examples: {/a?x=1: 'https://h/a?x=1'}"),
    "endpoints:\n  GET /a: {x-only: 1}\n",
    "x-d: &d {timeout: 5s}\nendpoints:\n  GET /a: {<<: *d, route: 'http://h'}\n",
]
BAD = [
    *IDENTIFIERS_BAD,
    "just a text\n",
    "- host: a.test\n",
    "hots: a.test\n",
    "trusted_proxies: [10.0.0.0/8]\n",
    "host:\n",
    "host: {a: b}\n",
    "host: http://a.test\n",
    "host: a.test:80\n",
    "host: '*.a.test'\n",
    "host: '{t}x.a.test'\n",
    "host: a..test\n",
    "host: [a.test, a.test]\n",
    "host: grün.test\n",
    "origin:\n",
    "origin: ftp://h\n",
    "origin: http://h?x=1\n",
    "origin: http://h/{x}\n",
    "origin: http://h/../x\n",
    "origin: [http://h]\n",
    "origin: {timeout: 5s}\n",
    "origin: {url: 'http://h', route: 'http://h'}\n",
    "origin: ${ORIGIN}\n",
    "services: [a]\n",
    "services: {a: }\n",
    "services: {http: 'http://h'}\n",
    "services: {HTTPS: 'http://h'}\n",
    "services: {a.b: 'http://h'}\n",
    "services: {a: b}\n",
    "services: {a: 'http://user@h'}\n",
    "services: {a: {timeout: 5s}}\n",
    "services: {a: {url: 'http://h', examples: {}}}\n",
    "services: {a: 'http://${1}'}\n",
    "timeout:\n",
    "timeout: soon\n",
    "timeout: 0\n",
    "timeout: 0s\n",
    "timeout: -5\n",
    "timeout: 3601\n",
    "timeout: 3601s\n",
    "timeout: 61m\n",
    "timeout: 1.5h\n",
    "timeout: 3600001ms\n",
    "timeout: true\n",
    "timeout: 5 d\n",
    "host_header: http://a.test\n",
    "host_header: a.test:99999\n",
    "host_header: a.test:0\n",
    "rewrite_location: maybe\n",
    "rewrite_location: 'true'\n",
    "normalize_to_origin: yes\n",
    "endpoints: [GET /a]\n",
    key("/a"),
    key("get /a"),
    key("CONNECT /a"),
    key("FETCH /a"),
    key("GET  /a"),
    key("GET a"),
    key("GET /a?x=1"),
    key("'GET /a#b'"),
    key("GET /a b"),
    key("GET /{a}{b}"),
    key("GET /{a-b}"),
    key("GET /{1}"),
    key("GET /{}"),
    key("GET /{a"),
    key("GET /a}"),
    key("GET /%zz"),
    key("GET /%00"),
    key("'GET /a ${b}'"),
    key("x-a b"),
    "endpoints:\n  ? GET /" + "k" * 4096 + "\n  : http://h\n",
    line("[http://h]"),
    line("''"),
    line("/a/{x}"),
    line("h:9000/{x}"),
    line("rooms/{x}"),
    line("rooms:{x}"),
    line("'rooms:'"),
    line("rooms://{x}"),
    line("HTTP://h/{x}"),
    line("http://{x}/a"),
    line("http://h:{x}/a"),
    line("http://u:p@h/{x}"),
    line("http://h/{x}#f"),
    line("http://h/a b/{x}"),
    line("http://h/./{x}"),
    line("http://h/%2e%2E/{x}"),
    line("http://h/{x}}"),
    line("http://h/{x}/%4"),
    line("http://h:0/{x}"),
    line("http:///{x}"),
    line("${ROOMS}/{x}"),
    line("{route: }"),
    line("{timeout: 5s}"),
    line("{target: 'rooms:/{x}'}"),
    *(f"endpoints: {{GET /a: {{{name}: {value}}}}}\n" for name, value in [("insecure", "true"), ("h2c", "true")]),
    setting("insecure: 'true'"),
    setting("insecure: 1"),
    setting("host_header: "),
    setting("timeout: [5s]"),
    setting("examples: [/a]"),
    setting("examples: {a: 'https://h/a'}"),
    setting("examples: {/a: }"),
    setting("examples: {/a: 'https://h/{a}'}"),
    setting("rout: https://h/a"),
]
GOOD_GATEWAY = [
    *IDENTIFIERS_GOOD,
    "",
    "services: {s: 'http://h'}\n",
    "services:\ntrusted_proxies:\n",
    "trusted_proxies: 10.0.0.1\n",
    "trusted_proxies: [10.0.0.0/8, '::1', 'fd00::/8', 127.0.0.0/255.0.0.0]\nx-a: 1\n",
]
BAD_GATEWAY = [
    *IDENTIFIERS_BAD,
    "[]\n",
    "host: a.test\n",
    "endpoints: {}\n",
    "trusted_proxies: x\n",
    "trusted_proxies: [10.0.0.0/33]\n",
    "trusted_proxies: [10.0.0.0/8, ]\nservices: 5\n",
    "trusted_proxies: {a: b}\n",
    "trusted_proxies: ['::1/129']\n",
    "services: {s: {url: rooms}}\n",
]
GOOD_TESTS = [
    "",
    "[]\n",
    "- {request: GET /hotels/7, expect: {status: 404}}\n",
    "- {request: GET http://a.test/x?y, host: a.test, expect: {target: 'rooms:/7?x=1', endpoint: 'GET /{x}'}}\n",
    "- {request: GET /, headers: {Accept: text/html, X: [1, two]}, expect: {status: '503', x-a: b}, x-c: d}\n",
]
BAD_TESTS = [
    "request: GET /\n",
    "- GET /\n",
    "- {request: GET /}\n",
    "- {expect: {status: 404}}\n",
    "- {request: GET, expect: {status: 404}}\n",
    "- {request: GET /, expect: {}}\n",
    "- {request: GET /, expect: {x-a: 1}}\n",
    "- {request: GET /, expect: {status: 200}}\n",
    "- {request: GET /, expect: {status: no}}\n",
    "- {request: GET /, expect: {location: /}}\n",
    "- {request: GET /, expect: {target: /x}}\n",
    "- {request: GET /, expect: {target: }}\n",
    "- {request: GET /, headers: [a], expect: {status: 404}}\n",
    "- {request: GET /, headers: {a: }, expect: {status: 404}}\n",
    "- {request: GET /, hosts: a, expect: {status: 404}}\n",
]
LOADER_ONLY = {
    "two endpoints that are one": key("GET /a/{x}").replace("http://h", "http://h/{x}")
    + "  GET /a/{y}: http://h/{y}\n",
    "a service that nobody defines": line("room:/{x}"),
    "a variable of the target that the source has not": line("rooms:/{y}"),
    "a variable of the source that the target has not": line("rooms:/a"),
    "a variable that stands twice in a path": key("GET /{x}/{x}"),
    "a variable that is one of the host's, too": "host: '{x}.test'\n" + line("rooms:/{x}"),
    "a host that is an address with too few groups": "host: '[:::1:::]'\n",
    "an example that comes out otherwise": setting("examples: {/a: 'https://h/b'}"),
    "an example of another endpoint": setting("examples: {/b: 'https://h/a'}"),
    "insecure without TLS": setting("insecure: true").replace("https", "http"),
    "HTTP/2 without TLS over TLS": setting("h2c: true"),
    "two values of one origin": setting("insecure: true") + "  GET /b: {route: 'https://h', insecure: false}\n",
    "a variable of the environment that is not set": "services: {s: '${SURELY_NOT_SET}'}\n",
    "a host twice in other letters": "host: [a.test, A.test]\n",
    "an identifier twice in other letters": "session_identifiers: [{header: a}, {header: A}]\n",
}
SCHEMA_ONLY = {
    "a host name that YAML takes for a number": "host: 1.5\n",
    "a setting without a route, merged from an anchor": ("x-d: &d {timeout: 5s}\nendpoints:\n  GET /a: {<<: *d}\n"),
}
"""What an editor marks and the loader takes: quotes, or the route that is missing, make it go."""

TABLE = [
    *(
        (name, text, True)
        for name, texts in (("routes", GOOD), ("gateway", GOOD_GATEWAY), ("tests", GOOD_TESTS))
        for text in texts
    ),
    *(
        (name, text, False)
        for name, texts in (("routes", BAD), ("gateway", BAD_GATEWAY), ("tests", BAD_TESTS))
        for text in texts
    ),
]


@pytest.mark.parametrize(("name", "text", "is_good"), TABLE)
def test_schema_and_loader_agree(tmp_path: Path, name: str, text: str, is_good: bool) -> None:
    assert is_loaded(tmp_path, name, text) is is_good
    assert validator(name).is_valid(typed(text)) is is_good


@pytest.mark.parametrize("text", LOADER_ONLY.values(), ids=LOADER_ONLY)
def test_what_only_the_loader_can_know(tmp_path: Path, text: str) -> None:
    assert not is_loaded(tmp_path, "routes", text)
    assert validator("routes").is_valid(typed(text))


@pytest.mark.parametrize("text", SCHEMA_ONLY.values(), ids=SCHEMA_ONLY)
def test_where_an_editor_is_stricter(tmp_path: Path, text: str) -> None:
    assert is_loaded(tmp_path, "routes", text)
    assert not validator("routes").is_valid(typed(text))


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_valid_2020_12_and_has_titles(name: str) -> None:
    found = schema(name)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(found)
    assert found["title"]
    assert all(definition["title"] for definition in found["$defs"].values())


def test_the_shipped_route_files_are_accepted_and_name_their_schema() -> None:
    shipped = sorted((REPOSITORY / "routes").rglob("*.yaml"))
    assert shipped
    for path in shipped:
        kind = "tests" if path.name.endswith(".test.yaml") else "gateway" if path.name == "_gateway.yaml" else "routes"
        text = path.read_text(encoding="utf-8")
        validator(kind).validate(typed(text))
        named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
        assert named is not None, path
        assert (path.parent / named[1]).read_text(encoding="utf-8") == schema_text(kind)


def endpoint_settings() -> Any:
    return schema("routes")["$defs"]["endpoint"]["anyOf"][2]


def test_the_keys_are_those_of_the_loader() -> None:
    found = schema("routes")
    assert set(found["properties"]) == set(ROUTE_FILE_KEYS)
    assert set(endpoint_settings()["properties"]) == set(ENDPOINT_KEYS)
    services = found["$defs"]["services"]["additionalProperties"]["anyOf"][1]
    assert set(services["properties"]) == set(SERVICE_KEYS)
    assert set(found["$defs"]["origin"]["anyOf"][1]["properties"]) == set(SERVICE_KEYS)
    assert set(schema("gateway")["properties"]) == set(GATEWAY_KEYS)
    assert set(schema("tests")["items"]["properties"]) == set(TEST_KEYS)
    assert set(schema("tests")["items"]["properties"]["expect"]["properties"]) == set(EXPECT_KEYS)
    (endpoint_key,) = (pattern for pattern in found["properties"]["endpoints"]["patternProperties"] if "GET" in pattern)
    assert re.search(r"\(\?:([A-Z|]+)\) ", endpoint_key)[1] == "|".join(METHODS)  # type: ignore[index]


def rows(head: str) -> dict[str, list[str]]:
    """The rows of README's table with this head: the cells behind the first one, by each `name` in that."""
    table = README.split(f"| {head} |", 1)[1].split("\n\n", 1)[0].split("\n")[2:]
    found: dict[str, list[str]] = {}
    for row in table:
        first, *cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        for name in first.split(", "):
            found[name.strip("` |")] = [cell.strip(" |") for cell in cells]
    return found


def test_every_key_of_a_file_is_described_in_the_words_of_the_readme() -> None:
    found = schema("routes")
    described = {key: value["description"] for key, value in found["properties"].items()}
    described["x-…"] = found["patternProperties"]["^x-"]["description"]
    table = rows("key of a file | meaning")
    assert set(table) == set(described)
    for name, (meaning,) in table.items():
        assert described[name].startswith(meaning), name


def test_every_setting_is_described_in_the_words_of_the_readme_with_its_default() -> None:
    found = schema("routes")
    table = rows("setting | meaning | default")
    settings = endpoint_settings()["properties"]
    assert set(table) == set(settings) - {"route"}
    shown = {False: "`false`", None: ""}
    for name, cells in table.items():
        meaning, default = [*cells, ""][:2]
        assert settings[name]["description"] == meaning
        stated = settings[name].get("default")
        assert default == shown.get(stated, f"`{stated}`")
        for holder in (
            found["properties"],
            found["$defs"]["services"]["additionalProperties"]["anyOf"][1]["properties"],
        ):
            if name in holder:
                assert holder[name]["description"].endswith(meaning)
                assert holder[name].get("default") == stated


def test_every_form_of_an_endpoint_s_value_is_described_in_the_words_of_the_readme() -> None:
    described = json.dumps(schema("routes")["$defs"], ensure_ascii=False)
    for form, (meaning,) in rows("value of an endpoint | meaning").items():
        assert meaning in described, form


def test_the_gateway_s_keys_are_described_in_the_words_of_the_readme() -> None:
    text = " ".join(README.split())
    properties = schema("gateway")["properties"]
    assert f"`trusted_proxies` ({properties['trusted_proxies']['description']})" in text
    assert "`services` and `session_identifiers` for all files" in text
    assert properties["services"]["description"].startswith("for all files: ")
