"""What is legal but suspicious: found with its place, proved by its witness, and not found where nothing is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from sluicegate import trial
from sluicegate.config.compiler import Compiled, Compiler
from sluicegate.config.diagnostics import Diagnostic
from sluicegate.config.host_overlaps import MOST
from sluicegate.config.suspicions import suspicions, target_hosts, unresolved
from sluicegate.config.tries import STEPS
from sluicegate.exchange import Exchange
from sluicegate.snapshot import Snapshot

from .folders import compiled, write

ROUTE = "endpoints:\n  GET /x: http://127.0.0.1:1/x\n"


class Looked:
    """A folder that was looked through, and what becomes of a witness in it."""

    def __init__(self, folder: Path, files: Mapping[str, str], steps: int = STEPS) -> None:
        compiler = Compiler(write(folder, files), environ={})
        outcome = compiler.compile()
        assert outcome.compiled is not None, outcome.diagnostics
        self.compiled: Compiled = outcome.compiled
        self.found = suspicions(compiler.route_files, self.compiled, steps)

    @property
    def one(self) -> Diagnostic:
        (found,) = self.found
        assert found.severity == "warning"
        return found

    def tried(self, one: Diagnostic) -> Exchange:
        method, _, url = one.witness.partition(" http://")
        host, slash, path = url.partition("/")
        snapshot = Snapshot(1, self.compiled.table(), self.compiled.settings)
        exchange = trial.decided(trial.Request(method, host, (slash + path).encode()), snapshot)
        assert (exchange.host, exchange.path) == (host, slash + path)
        return exchange

    @property
    def codes(self) -> list[str]:
        return [f"{one.file}:{one.line}:{one.column}: {one.code}" for one in self.found]


def test_an_endpoint_without_a_route_or_an_origin_is_refused(tmp_path: Path) -> None:
    looked = Looked(tmp_path, {"a.yaml": "host: a.test\nendpoints:\n  GET /x: http://h/\n  POST /b/{id}:\n"})
    assert looked.codes == ["a.yaml:4:3: no-route"]
    assert looked.one.witness == "POST http://a.test/b/id1"
    exchange = looked.tried(looked.one)
    assert exchange.endpoint is not None
    assert exchange.endpoint.text == "POST /b/{id}"
    assert exchange.problem is not None
    assert f"they are answered {exchange.problem.status}:" in looked.one.message


def test_an_endpoint_of_several_hosts_without_a_route_is_named_once(tmp_path: Path) -> None:
    looked = Looked(tmp_path, {"a.yaml": "host: [a.test, b.test]\nendpoints:\n  GET /x:\n"})
    assert looked.codes == ["a.yaml:3:3: no-route"]


def test_a_witness_of_an_endpoint_without_a_route_is_one_that_no_other_endpoint_takes(tmp_path: Path) -> None:
    text = "host: a.test\nendpoints:\n  GET /{id}:\n  GET /id1: http://h/\n  GET /id2: http://h/\n"
    looked = Looked(tmp_path, {"a.yaml": text})
    assert looked.one.witness == "GET http://a.test/id3"
    assert looked.tried(looked.one).problem is not None


@pytest.mark.parametrize(
    "files",
    [
        {"a.yaml": "host: a.test\norigin: http://h\nendpoints:\n  GET /x:\n"},
        {"a.yaml": "host: a.test\nendpoints:\n  GET /x:\n", "b.yaml": "host: a.test\norigin: http://h\n"},
    ],
    ids=["its own file's", "another file's for the same host"],
)
def test_an_origin_takes_the_requests_of_endpoints_without_a_route(tmp_path: Path, files: Mapping[str, str]) -> None:
    assert Looked(tmp_path, files).found == []


def test_hosts_that_overlap_are_found_with_the_endpoint_that_loses_a_request(tmp_path: Path) -> None:
    files = {
        "a.yaml": "host: ['{tenant}.test']\nendpoints:\n  GET /hotels/{h}: http://127.0.0.1:1/{tenant}/{h}\n",
        "b.yaml": "host: api.test\nendpoints:\n  GET /{kind}/7: http://127.0.0.1:2/{kind}\n",
    }
    looked = Looked(tmp_path, files)
    assert looked.codes == ["a.yaml:1:8: host-overlap"]
    assert looked.one.message == (
        "host '{tenant}.test' overlaps with 'api.test' (b.yaml:1): 'GET /{kind}/7' (b.yaml:3), whose host is more "
        "specific, takes requests from 'GET /hotels/{h}' in line 3"
    )
    assert looked.one.witness == "GET http://api.test/hotels/7"
    exchange = looked.tried(looked.one)
    matches = list(looked.compiled.table().matches("GET", exchange.host, exchange.path))
    assert [(one.text, one.place.file) for one in matches] == [
        ("GET /{kind}/7", "b.yaml"),
        ("GET /hotels/{h}", "a.yaml"),
    ]


def test_hosts_that_overlap_are_found_where_no_endpoint_loses_a_request_yet(tmp_path: Path) -> None:
    files = {
        "a.yaml": "host: '{tenant}.test'\nendpoints:\n  GET /a: http://127.0.0.1:1/{tenant}\n",
        "b.yaml": "host: api.test\nendpoints:\n  GET /b/{x}: http://127.0.0.1:2/{x}\n",
        "c.yaml": "host: web.test\nendpoints:\n  GET /c: http://127.0.0.1:2/\n",
    }
    looked = Looked(tmp_path, files)
    assert looked.codes == ["a.yaml:1:7: host-overlap"]
    assert looked.one.message.startswith(
        "host '{tenant}.test' overlaps with 'api.test' (b.yaml:1) and 1 more: where both"
    )
    assert looked.one.witness == "GET http://api.test/b/x1"
    endpoint = looked.tried(looked.one).endpoint
    assert endpoint is not None
    assert endpoint.place.file == "b.yaml"


def test_patterns_of_which_none_holds_the_other_overlap_in_what_they_share(tmp_path: Path) -> None:
    files = {
        "a.yaml": f"host: '{{t}}.hotel.test'\n{ROUTE}",
        "b.yaml": f"host: 'api.{{z}}.test'\n{ROUTE}",
    }
    looked = Looked(tmp_path, files)
    assert looked.codes == ["b.yaml:1:7: host-overlap"]
    assert looked.one.witness == "GET http://api.hotel.test/x"
    endpoint = looked.tried(looked.one).endpoint
    assert endpoint is not None
    assert endpoint.place.file == "a.yaml"


def test_a_file_for_any_host_is_named_only_where_it_loses_a_request(tmp_path: Path) -> None:
    files = {"any.yaml": "endpoints:\n  GET /a: http://h/\n  GET /x: http://h/\n", "b.yaml": f"host: api.test\n{ROUTE}"}
    looked = Looked(tmp_path, files)
    assert looked.codes == ["any.yaml:3:3: host-overlap"]
    assert looked.one.message.startswith("'GET /x' is for any host, but on host 'api.test' 'GET /x' (b.yaml:3) takes")
    endpoint = looked.tried(looked.one).endpoint
    assert endpoint is not None
    assert endpoint.place.file == "b.yaml"


@pytest.mark.parametrize(
    "files",
    [
        {"a.yaml": f"host: ['{{t}}.test', api.test]\n{ROUTE}"},
        {"a.yaml": f"host: '{{t}}.test'\n{ROUTE}", "b.yaml": f"host: '{{t}}.{{u}}.test'\n{ROUTE}"},
        {"a.yaml": f"host: '{{t}}.test'\n{ROUTE}", "b.yaml": "host: '{u}.test'\nendpoints:\n  GET /y: http://h/{u}\n"},
        {"a.yaml": f"host: '{{t}}'\n{ROUTE}", "b.yaml": f"host: '[::1]'\n{ROUTE}"},
        {"any.yaml": "endpoints:\n  GET /a: http://h/\n", "b.yaml": f"host: api.test\n{ROUTE}"},
        {"any.yaml": "origin: http://h\n", "b.yaml": f"host: api.test\norigin: http://i\n{ROUTE}"},
    ],
    ids=[
        "both of one file",
        "other numbers of labels",
        "the same hosts by another name",
        "a name and an address",
        "any host, without a request in common",
        "an origin for any host, another for one",
    ],
)
def test_hosts_that_take_nothing_from_each_other_are_not_suspicious(tmp_path: Path, files: Mapping[str, str]) -> None:
    assert Looked(tmp_path, files).found == []


ORIGINS = {
    "a.yaml": "host: '{t}.test'\norigin: http://127.0.0.1:1\n",
    "b.yaml": f"host: api.test\norigin: http://127.0.0.1:2\n{ROUTE}",
}


def test_an_origin_that_another_file_s_shades_is_found(tmp_path: Path) -> None:
    looked = Looked(tmp_path, ORIGINS)
    found = [one for one in looked.found if one.code == "origin-shadowed"]
    assert [f"{one.file}:{one.line}:{one.column}" for one in found] == ["a.yaml:2:9"]
    assert found[0].message == (
        "this origin is not that of host 'api.test' (b.yaml:1): requests that no endpoint takes go to "
        "http://127.0.0.1:2 (b.yaml:2) there"
    )
    exchange = looked.tried(found[0])
    assert exchange.endpoint is None
    assert exchange.forward is not None
    assert exchange.forward.url.startswith("http://127.0.0.1:2/")


@pytest.mark.parametrize("host", ["host: '{t}.test'\n", ""])
def test_a_host_without_an_origin_shades_that_of_a_wider_one(tmp_path: Path, host: str) -> None:
    looked = Looked(tmp_path, {"a.yaml": f"{host}origin: http://127.0.0.1:1\n", "b.yaml": f"host: api.test\n{ROUTE}"})
    found = [one for one in looked.found if one.code == "origin-shadowed"]
    assert [one.file for one in found] == ["a.yaml"]
    problem = looked.tried(found[0]).problem
    assert problem is not None
    assert f"requests that no endpoint takes are answered {problem.status} there" in found[0].message


def test_the_same_origin_written_twice_shades_nothing(tmp_path: Path) -> None:
    files = ORIGINS | {"b.yaml": ORIGINS["b.yaml"].replace("127.0.0.1:2", "127.0.0.1:1")}
    assert [one.code for one in Looked(tmp_path, files).found] == ["host-overlap"]


def test_origins_in_the_shade_of_many_say_of_how_many(tmp_path: Path) -> None:
    files = {"a.yaml": ORIGINS["a.yaml"]} | {f"b{n}.yaml": f"host: h{n}.test\n{ROUTE}" for n in range(3)}
    (found,) = (one for one in Looked(tmp_path, files).found if one.code == "origin-shadowed")
    assert "'h0.test' (b0.yaml:1) and 2 more:" in found.message


def test_more_patterns_than_are_looked_at_are_told_as_at_least(tmp_path: Path) -> None:
    hosts = ", ".join(f"h{number}.test" for number in range(MOST + 5))
    looked = Looked(tmp_path, {"a.yaml": ORIGINS["a.yaml"], "b.yaml": f"host: [{hosts}]\n{ROUTE}"})
    assert [one.code for one in looked.found] == ["host-overlap", "origin-shadowed"]
    for one in looked.found:
        assert f" and at least {MOST - 1} more: " in one.message


@pytest.mark.parametrize("steps", [1, 15, 40, 100])
def test_where_not_all_is_looked_at_that_is_said_and_what_was_found_is_proved(tmp_path: Path, steps: int) -> None:
    files = {f"{n}.yaml": f"host: '{{a}}.h{n}.test'\norigin: http://h{n}\n{ROUTE}" for n in range(10)}
    files |= {f"z{n}.yaml": f"host: 'z{n}.{{b}}.test'\norigin: http://h{n}\n{ROUTE}" for n in range(10)}
    every = Looked(tmp_path, files).found
    looked = Looked(tmp_path, files, steps)
    told = [one for one in looked.found if one.code == "check-incomplete"]
    assert [(one.file, one.line, one.column, one.severity) for one in told] == [("0.yaml", 1, 1, "warning")]
    places = {(one.file, one.line, one.column, one.code) for one in every}
    assert {(one.file, one.line, one.column, one.code) for one in looked.found if one not in told} < places
    for one in looked.found:
        if one not in told:
            looked.tried(one)


def test_findings_come_in_the_order_of_their_places(tmp_path: Path) -> None:
    files = ORIGINS | {"b.yaml": "host: api.test\nendpoints:\n  GET /x: http://h/\n  GET /y:\n"}
    assert Looked(tmp_path, files).codes == [
        "a.yaml:1:7: host-overlap",
        "a.yaml:2:9: origin-shadowed",
        "b.yaml:4:3: no-route",
    ]


TARGETS = """\
host: a.test
origin: http://origin.invalid
endpoints:
  GET /a: http://name.invalid/a
  GET /b: http://name.invalid:8080/b
  GET /c: http://127.0.0.1/c
  GET /d: http://[::1]/d
"""


def test_the_hosts_of_targets_and_origins_are_names_with_their_places(tmp_path: Path) -> None:
    hosts = target_hosts(compiled(tmp_path, TARGETS))
    assert {host: [place[1:] for place in places] for host, places in hosts.items()} == {
        "name.invalid": [(4, 3), (5, 3)],
        "origin.invalid": [(2, 9)],
    }


def test_a_target_host_that_does_not_resolve_is_found_at_its_first_place(tmp_path: Path) -> None:
    hosts = target_hosts(compiled(tmp_path, TARGETS))
    found = unresolved(hosts, {"name.invalid": "not known", "origin.invalid": "not known"})
    assert [(one.line, one.severity, one.code, one.message) for one in sorted(found)] == [
        (2, "warning", "target-unresolved", "target host 'origin.invalid' does not resolve: not known"),
        (
            4,
            "warning",
            "target-unresolved",
            "target host 'name.invalid' does not resolve: not known; used in 1 more place",
        ),
    ]
