"""What may be written: the three laws over generated texts, and what is left as it is."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given, settings

from sluicegate.config.diagnostics import Findings
from sluicegate.config.documents import MAX_BYTES, read_document
from sluicegate.config.layout import canonical
from sluicegate.config.layout.canonical import laid_out
from sluicegate.config.layout.proof import first_difference

from .texts import route_like


def done(content: bytes) -> bytes:
    findings = Findings("a.yaml")
    new = laid_out(content, findings)
    assert new is not None, findings.found
    return new


def refused(content: bytes) -> str:
    findings = Findings("a.yaml")
    assert laid_out(content, findings) is None
    (found,) = findings.found
    return str(found)


def is_yaml(content: bytes) -> bool:
    findings = Findings("a.yaml")
    read_document(content, findings)
    return not findings.found


def comments(content: bytes) -> list[str]:
    """The comments of a generated text: each has a number of its own."""
    return re.findall(r"# c\d+[^\r\n]*", content.decode())


def events(content: bytes) -> list[tuple[object, ...]]:
    """Everything that PyYAML's own loader is told of a text, but for places: values, styles, anchors, aliases."""
    told = yaml.parse(content, Loader=yaml.CSafeLoader)
    members = ("anchor", "tag", "implicit", "value", "style", "flow_style", "explicit")
    return [(type(event), *(getattr(event, member, None) for member in members)) for event in told]


@settings(max_examples=400, deadline=None)
@given(route_like())
def test_a_layout_says_the_same_with_the_same_comments_and_stays(text: str) -> None:
    content = text.encode()
    findings = Findings("a.yaml")
    new = laid_out(content, findings)
    if new is None:
        assert not is_yaml(content), findings.found
        return
    trees = (read_document(each, Findings("a.yaml")) for each in (content, new))
    assert first_difference(*trees) is None
    assert events(new) == events(content)
    assert comments(new) == comments(content)
    assert done(new) == new
    assert not new.startswith(b"\n")
    assert new.endswith(b"\n")
    assert b"\r" not in new


def test_byte_order_marks_and_carriage_returns_go() -> None:
    assert done(b"\xef\xbb\xbfhost: a\r\n") == b"host: a\n"
    assert done(b"host: a # b\r\n\r\n\r\norigin: c") == b"host: a  # b\n\norigin: c\n"


def test_a_byte_order_mark_in_front_of_a_comment_goes_and_the_comment_stays() -> None:
    assert done(b"\xef\xbb\xbf# a\nhost: b\n") == b"# a\nhost: b\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"host: [a\n", "a.yaml:1:7: yaml-unclosed: "),
        (b"a: 1\nb:\n\tc: 1\n", "a.yaml:3:1: yaml-tab: "),
        (b"host: \xff\n", "a.yaml:1:7: not-utf-8: "),
        (b"a: 1\n---\nb: 1\n", "a.yaml:2:1: yaml-documents: "),
        (b"a: !x 1\n", "a.yaml:1:4: tag: "),
        (b"#" * (MAX_BYTES + 1), "a.yaml:1:1: file-size: "),
        (b"- " * 41 + b"a\n", "a.yaml:1:79: too-deep: "),
    ],
)
def test_what_is_no_route_file_has_no_layout(content: bytes, message: str) -> None:
    assert refused(content).startswith(message)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ("host: a  # b\nc: e\n", "2:4"),
        ("host: a\nc: d\n", "1:1"),
        ("c: d\nhost: a  # b\n", "1:1"),
        ("host: a   # b\nc: d\n", "1:1"),
    ],
)
def test_a_layout_that_would_do_harm_is_not_given(monkeypatch: pytest.MonkeyPatch, wrong: str, place: str) -> None:
    monkeypatch.setattr(canonical, "layout", lambda _: wrong)
    assert refused(b"host: a # b\nc: d\n") == (
        f"a.yaml:{place}: layout: the canonical layout would change what this line says: the file is left as it is"
    )


def test_a_key_that_would_end_the_document_at_the_margin_is_left_where_it_is() -> None:
    """`... b` is a key like any other as long as it is indented, and the end of the document where it is not."""
    assert refused(b"  host: a\n  ... b: c\n").startswith("a.yaml:2:1: layout: ")
