"""`session_identifiers` in route files and in the gateway's own file."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from sluicegate.comparing.contents import Contents
from sluicegate.config.receipts import Listed, receipt
from sluicegate.config.transfer import packed
from sluicegate.sessions.identifiers import Identifier, Source

from .folders import Files, case, check, compile_files, compiled


def listed(*entries: str) -> str:
    return "session_identifiers:\n" + "".join(f"  - {entry}\n" for entry in entries)


CASES = [
    case(
        "a mapping is no list",
        "session_identifiers: {header: X-A}\n",
        "1:22: wrong-type",
        "'session_identifiers'",
        "'- header: X-Api-Key'",
        "a mapping",
    ),
    case("a text is no list", "session_identifiers: Authorization\n", "1:22: wrong-type", "'Authorization'"),
    case(
        "an entry without a kind is told how to write it",
        listed("Authorization"),
        "2:5: session-identifier",
        "'Authorization'",
        "'header: Authorization'",
        "'cookie: …'",
    ),
    case("a claim without a kind is known by its '$'", listed("$.sub"), "2:5: session-identifier", "'jwt: $.sub'"),
    case("a pointer without a kind is known by its '/'", listed("/id"), "2:5: session-identifier", "'body: /id'"),
    case(
        "a kind without its colon is told the colon",
        listed("cookie sid"),
        "2:5: session-identifier",
        "'cookie: sid'",
    ),
    case("an unknown kind suggests the nearest", listed("heder: X"), "2:5: unknown-key", "nearest is 'header'"),
    case("an entry is no list", listed("[header, X]"), "2:5: wrong-type", "'header: Authorization'", "a list"),
    case("an empty entry names the kinds", listed("{}"), "2:5: session-identifier", "'jwt: $.sub'", "'body: /user/id'"),
    case("an entry of nothing but 'x-' names the kinds", listed("x-why: because"), "2:5: session-identifier"),
    case(
        "two kinds in one entry are two entries",
        listed("{header: X-A, cookie: b}"),
        "2:19: session-identifier",
        "'header' and 'cookie'",
    ),
    case("'from' alone identifies nothing", listed("from: header X-A"), "2:5: session-identifier", "'jwt: $.sub'"),
    case(
        "'from' is for tokens",
        listed("{header: X-A, from: cookie b}"),
        "2:19: session-identifier",
        "'from'",
        "'jwt'",
        "'header'",
    ),
    case(
        "'from' says whether it is a header or a cookie",
        listed("{jwt: $.sub, from: X-Token}"),
        "2:24: session-identifier",
        "'header NAME' or 'cookie NAME'",
        "'X-Token'",
    ),
    case(
        "'from' names what can be a header",
        listed("{jwt: $.sub, from: 'header X Token'}"),
        "2:24: session-identifier",
        "' '",
    ),
    case("a header's name holds no blank", listed("header: X Api"), "2:14: session-identifier", "' '", "header"),
    case("a cookie's name holds no '='", listed("cookie: a=b"), "2:14: session-identifier", "'='", "cookie"),
    case("a header has a name", listed("header: ''"), "2:13: session-identifier", "a name"),
    case("a header's name is a text", listed("header:"), "2:12: wrong-type", "'header'", "a text"),
    case("no variables stand in a name", listed("header: ${NAME}"), "2:13: environment-place", "'${NAME}'"),
    case("a JSONPath begins with '$'", listed("jwt: sub"), "2:10: session-identifier", "'$.sub'"),
    case("a JSONPath names one value", listed("jwt: $.a[*]"), "2:13: session-identifier", "no '*'"),
    case("a JSONPath does not search", listed("jwt: $..sub"), "2:11: session-identifier", "no '..'"),
    case("a JSONPath takes no filter", listed("jwt: '$.a[?(@.b)]'"), "2:10: session-identifier", "no filters"),
    case("a JSONPath takes no slice", listed("jwt: '$.a[0:2]'"), "2:10: session-identifier", "slices"),
    case("a JSONPath takes no negative index", listed("jwt: '$.a[-1]'"), "2:10: session-identifier", "negative"),
    case("a key in brackets has quotes", listed("jwt: '$[sub]'"), "2:10: session-identifier", "quotes"),
    case("the whole token is no claim", listed("jwt: $"), "2:10: session-identifier", "'$.sub'"),
    case("a JSON pointer begins with '/'", listed("body: user/id"), "2:11: session-identifier", "'/user/id'"),
    case("a JSON pointer has no '#'", listed("body: '#/user'"), "2:11: session-identifier", "'#'"),
    case("a JSON pointer escapes '~'", listed("body: /a~b"), "2:13: session-identifier", "'~0'"),
    case(
        "a name has 128 characters at most", listed("cookie: " + "a" * 129), "2:141: session-identifier", "128", "129"
    ),
    case(
        "an eleventh one is refused where it stands",
        listed(*(f"header: X-{number}" for number in range(12))),
        "12:5: session-identifier",
        "12 entries",
        "at most 10",
    ),
    case(
        "one that is there already names its line",
        listed("header: X-Api-Key", "cookie: a", "header: x-api-key"),
        "4:5: duplicate-identifier",
        "'header x-api-key'",
        "line 2",
    ),
    case(
        "the whole Cookie header is no good identifier",
        listed("header: Cookie") + "endpoints: {GET /a: 'http://h'}\n",
        "2:13: session-identifier",
        "'cookie: session'",
    ),
    case(
        "the gateway's own file is read in the same way",
        {"_gateway.yaml": listed("header: ")},
        "_gateway.yaml:2:12: wrong-type",
        "'header'",
    ),
]


@pytest.mark.parametrize(("files", "place", "parts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_what_is_found(tmp_path: Path, files: Files, place: str, parts: list[str]) -> None:
    check(compile_files(tmp_path, files).diagnostics, place, parts)


def test_every_kind_is_read_in_its_order(tmp_path: Path) -> None:
    text = listed(
        "header: X-Api-Key",
        "cookie: Sid",
        "jwt: $.user['id'][0]",
        "{jwt: $.sub, from: header  X-Token}",
        "{jwt: $.sub, from: cookie token}",
        "body: /user/id",
        "{header: X-B, x-why: because}",
    )
    assert compiled(tmp_path, {"_gateway.yaml": text}).settings.session_identifiers == (
        Identifier("header", "x-api-key"),
        Identifier("cookie", "Sid"),
        Identifier("jwt", "$.user['id'][0]"),
        Identifier("jwt", "$.sub", Source("header", "x-token")),
        Identifier("jwt", "$.sub", Source("cookie", "token")),
        Identifier("body", "/user/id"),
        Identifier("header", "x-b"),
    )


@pytest.mark.parametrize(("text", "expected"), [("", None), ("session_identifiers:\n", None), (listed(), None)])
def test_nothing_said_is_nothing_said(tmp_path: Path, text: str, expected: None) -> None:
    assert compiled(tmp_path, {"_gateway.yaml": text + "services:\n"}).settings.session_identifiers is expected


def test_an_empty_list_says_that_there_are_none(tmp_path: Path) -> None:
    assert compiled(tmp_path, {"_gateway.yaml": "session_identifiers: []\n"}).settings.session_identifiers == ()


HOTEL = "host: a.test\norigin: http://127.0.0.1:9000\nendpoints:\n  GET /a: http://127.0.0.1:9001\n  GET /b:\n"


def test_a_file_s_list_is_for_its_endpoints_and_its_origin_alone(tmp_path: Path) -> None:
    other = HOTEL.replace("a.test", "b.test")
    whole = compiled(tmp_path, {"a.yaml": HOTEL + listed("cookie: a"), "b.yaml": other})
    own = (Identifier("cookie", "a"),)
    assert {one.text + one.host.text: one.session_identifiers for one in whole.endpoints} == {
        "GET /aa.test": own,
        "GET /ba.test": own,
        "GET /ab.test": None,
        "GET /bb.test": None,
    }
    assert {pattern.text: origin and origin.session_identifiers for pattern, origin in whole.hosts} == {
        "a.test": own,
        "b.test": None,
    }


def contents(folder: Path, files: Files) -> Contents:
    whole = compiled(folder, files)
    return Contents(whole.endpoints, whole.hosts, whole.settings)


def test_another_list_of_a_file_changes_its_endpoints_and_its_origin(tmp_path: Path) -> None:
    before = contents(tmp_path / "1", HOTEL + listed("cookie: a"))
    now = contents(tmp_path / "2", HOTEL + listed("cookie: b"))
    assert receipt(before, now).changed == Listed.of(["GET a.test/a", "GET a.test/b", "origin of a.test"])


def test_another_list_of_the_gateway_changes_one_setting(tmp_path: Path) -> None:
    before = contents(tmp_path / "1", {"a.yaml": HOTEL, "_gateway.yaml": listed("cookie: a", "header: B")})
    now = contents(tmp_path / "2", {"a.yaml": HOTEL, "_gateway.yaml": listed("header: B", "cookie: a")})
    assert receipt(before, now).changed == Listed.of(["session_identifiers"])


def test_the_case_of_a_header_s_name_changes_nothing(tmp_path: Path) -> None:
    before = contents(tmp_path / "1", HOTEL + listed("header: X-API-KEY"))
    now = contents(tmp_path / "2", HOTEL + listed("header: x-api-key"))
    assert receipt(before, now).changed == Listed()


def test_identifiers_arrive_as_they_were_sent_and_endpoints_share_them() -> None:
    sent = (Identifier("jwt", "$.sub", Source("cookie", "token")), Identifier("body", "/a~1b"))
    frames = [pickle.loads(packed(sent)) for _ in range(2)]
    assert frames[0] == frames[1] == sent
    assert [one.text for one in frames[0]] == ["jwt $.sub from cookie token", "body /a~1b"]
    assert frames[0][1].steps == ("a/b",)
    assert frames[0][0] is frames[1][0]


def test_a_finding_is_printable_whatever_a_name_holds(tmp_path: Path) -> None:
    found = compile_files(tmp_path, listed(f"body: {json.dumps(chr(27) + '[31m')}")).diagnostics
    assert found
    assert all(one.message.isprintable() for one in found)
