"""Reading YAML documents: places, merge keys, bounds, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml.nodes import MappingNode, ScalarNode

from sluicegate.config.diagnostics import Findings
from sluicegate.config.documents import MAX_BYTES, entries, kind_of, mark_of, read_document

from .folders import Files, case, check, compile_files, compiled, target

LAUGHS = "lol: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
LONG_PATH = "GET /" + "k" * 1100

CASES = [
    case(
        "a byte that is not UTF-8 is found at its line and column",
        b"host: a.test\norigin: h\xc3\xa9\xff\n",
        "2:11: not-utf-8",
        "0xFF",
        "UTF-8",
    ),
    case(
        "a file in UTF-16 is refused",
        "host: a.test\n".encode("utf-16"),
        "1:1: not-utf-8",
        "0xFF",
    ),
    case(
        "a key that stands twice is an error that names both lines",
        "host: a.test\nendpoints:\n  GET /a: http://h/a\n  GET /b: http://h/b\n  GET /a: http://h/c\n",
        "5:3: duplicate-key",
        "'GET /a'",
        "line 3",
    ),
    case(
        "a key that stands twice, once in quotes, is an error",
        "host: a.test\n'host': b.test\n",
        "2:1: duplicate-key",
        "'host'",
        "line 1",
    ),
    case("a tag is refused", "host: !secret a.test\n", "1:7: tag", "'!secret'", "leave it out"),
    case("a python tag is refused", "host: !!python/name:os.system\n", "1:7: tag", "python/name:os.system"),
    case(
        "the billion-laughs file is refused where it grows too large",
        LAUGHS,
        "7:4: alias-expansion",
        "1000000 nodes",
    ),
    case(
        "the billion-laughs file is refused beneath a key that is otherwise ignored",
        "x-" + LAUGHS.replace("\n", "\nx-", 8),
        "7:6: alias-expansion",
        "aliases",
    ),
    case(
        "mappings merged over and over are refused",
        "x-0: &a0 {k: 1}\n" + "".join(f"x-{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 9)),
        "7:15: alias-expansion",
    ),
    case(
        "an alias inside its own anchor is refused",
        "host: &a [*a]\n",
        "1:7: alias-cycle",
        "no end",
    ),
    case(
        "a mapping that is merged into itself is refused",
        "x-a: &a\n  <<: *a\n",
        "1:6: alias-cycle",
    ),
    case("lists nested 100,000 deep are refused", "host: " + "[" * 100_000, "1:45: too-deep", "40 levels"),
    case(
        "a chain of merges that is too deep is refused",
        "x-0: &a0 {k: 1}\n" + "".join(f"x-{i}: &a{i} {{<<: *a{i - 1}}}\n" for i in range(1, 500)),
        "40:7: too-deep",
        "40 levels",
    ),
    case("a key that is a list is refused", "? [a, b]\n: c\nhost: a.test\n", "1:3: wrong-type", "a key is a text"),
    case("a merge of a text is refused", "host: a.test\n<<: x\n", "2:5: wrong-type", "'<<'", "'x'"),
    case("two merge keys in one mapping are refused", "x-a: &a {}\n<<: *a\n<<: *a\n", "3:1: duplicate-key", "'<<'"),
]


@pytest.mark.parametrize(("files", "place", "parts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_what_is_refused(tmp_path: Path, files: Files, place: str, parts: list[str]) -> None:
    check(compile_files(tmp_path, files).diagnostics, place, parts)


def test_a_file_of_enormous_size_is_refused_unread_as_yaml(tmp_path: Path) -> None:
    outcome = compile_files(tmp_path, "# " + "x" * MAX_BYTES)
    check(outcome.diagnostics, "hotel.yaml:1:1: file-size", [str(MAX_BYTES)])


def test_a_byte_order_mark_is_skipped_and_columns_stay_right(tmp_path: Path) -> None:
    outcome = compile_files(tmp_path, b"\xef\xbb\xbfhots: a.test\n")
    check(outcome.diagnostics, "hotel.yaml:1:1: unknown-key", ["'host'"])


def test_a_byte_order_mark_does_not_shift_the_place_of_a_bad_byte(tmp_path: Path) -> None:
    check(compile_files(tmp_path, b"\xef\xbb\xbfhost: \xff").diagnostics, "hotel.yaml:1:7: not-utf-8", [])


@pytest.mark.parametrize("text", ["no", "on", "1:30", "010", "1.0", "0x1f"])
def test_what_yaml_1_1_takes_for_another_type_stays_its_plain_text(tmp_path: Path, text: str) -> None:
    if ":" in text:
        assert target(tmp_path, f"endpoints:\n  GET /{text}: http://h/{text}\n").path == (f"/{text}",)
    else:
        assert compiled(tmp_path, f"host: {text}\n").hosts[0][0].text == text


def test_merged_keys_may_be_overridden_and_earlier_merges_win(tmp_path: Path) -> None:
    text = (
        "x-slow: &slow {timeout: 60s, host_header: source}\n"
        "x-fast: &fast {timeout: 1s, host_header: target}\n"
        "endpoints:\n"
        "  GET /a:\n    <<: [*fast, *slow]\n    route: http://h/a\n    host_header: other.test\n"
    )
    found = target(tmp_path, text)
    assert (found.timeout, found.host_header) == (1.0, "other.test")


def test_endpoints_can_be_merged_from_an_anchor(tmp_path: Path) -> None:
    text = (
        "x-common: &common\n  GET /health: http://h/health\n  GET /ready: http://h/ready\n"
        "endpoints:\n  <<: *common\n  GET /ready: http://h/own\n"
    )
    found = {endpoint.text: endpoint for endpoint in compiled(tmp_path, text).endpoints}
    assert {key: endpoint.route.text for key, endpoint in found.items() if endpoint.route} == {
        "GET /health": "http://h/health",
        "GET /ready": "http://h/own",
    }
    assert (found["GET /health"].place.line, found["GET /ready"].place.line) == (2, 6)


def test_a_quoted_merge_key_is_a_key_like_any_other(tmp_path: Path) -> None:
    check(compile_files(tmp_path, "'<<': {host: a}\n").diagnostics, "hotel.yaml:1:1: unknown-key", ["'<<'"])


def test_a_fault_in_an_anchor_that_many_merge_is_reported_once(tmp_path: Path) -> None:
    text = "x-a: &a {timeout: soon}\nendpoints:\n" + "".join(
        f"  GET /{number}: {{<<: *a, route: 'http://h/'}}\n" for number in range(5)
    )
    check(compile_files(tmp_path, text).diagnostics, "hotel.yaml:1:19: timeout", ["'soon'"])


def test_a_key_of_more_than_1024_characters_works_in_the_long_form(tmp_path: Path) -> None:
    assert target(tmp_path, f"endpoints:\n  ? {LONG_PATH}\n  : http://h/short\n").path == ("/short",)


@given(st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30), st.integers(0, 5))
def test_a_mark_is_where_the_text_stands(text: str, lines: int) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    content = "#\n" * lines + f"é: {quoted}\n"
    findings = Findings("f")
    root = read_document(content.encode(), findings)
    assert isinstance(root, MappingNode)
    ((key, mark, node, merged),) = entries(root, findings)
    assert (key, mark.line, mark.column, mark.exact, merged) == ("é", lines + 1, 1, True, False)
    assert isinstance(node, ScalarNode)
    assert (node.value, mark_of(node).line, mark_of(node).column, mark_of(node).exact) == (text, lines + 1, 4, False)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_document_or_come_with_findings(content: bytes) -> None:
    findings = Findings("f")
    root = read_document(content, findings)
    assert root is None or (not findings.found and kind_of(root))
    for finding in findings.found:
        assert finding.line >= 1
        assert finding.column >= 1
        assert "\n" not in str(finding)


yaml_like = st.lists(
    st.sampled_from(
        [
            "host",
            ": ",
            "\n",
            "  ",
            "- ",
            "[",
            "]",
            "{",
            "}",
            "*a",
            "&a ",
            "<<",
            "|",
            "'",
            '"',
            "#",
            "?",
            "!",
            "x",
            "\t",
            "---",
            "é",
        ]
    ),
    max_size=40,
).map("".join)


@given(yaml_like)
def test_anything_like_yaml_is_read_or_explained(text: str) -> None:
    findings = Findings("f")
    root = read_document(text.encode(), findings)
    if root is None and text.strip(" \n#-") and not findings.found:
        assert all(not line.strip() or line.strip()[0] in "#-?!" for line in text.split("\n"))
    for finding in findings.found:
        assert finding.line <= text.count("\n") + 1
        assert "\n" not in str(finding)
