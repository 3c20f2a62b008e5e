"""Endpoints put into route files: the same document and comments, and one endpoint more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.diagnostics import Findings
from sluicegate.config.editing.inserting import Added, new_file, with_endpoints
from sluicegate.config.editing.places import EditError
from sluicegate.config.layout.canonical import laid_out
from sluicegate.config.route_files import read_route_file

TEXT = """\
# what guests see
host: api.hotel.test    # the public name
origin: http://origin.test

endpoints:
  # one hotel
  GET /hotels/{hotel}:     http://a.test/{hotel}  # by its number
  POST /hotels:
    route: http://a.test
    timeout: 5s           # slow

  # staff
  GET /staff/{id}/holidays: http://b.test/{id}/holidays
  # the end
"""


def canonical(text: str) -> str:
    found = laid_out(text.encode(), Findings(""))
    assert found is not None
    return found.decode()


def added_to(text: str, *added: Added) -> str:
    return with_endpoints(text.encode(), added).decode()


def endpoints(content: bytes) -> list[tuple[str, str]]:
    """Keys and targets of a file that has no fault."""
    read = read_route_file("a.yaml", content, {})
    assert not read.findings
    return [(one.text, one.route.value if one.route else "") for one in read.endpoints]


def test_a_line_goes_behind_the_endpoint_with_the_most_in_common_in_the_columns_of_its_neighbours() -> None:
    new = added_to(canonical(TEXT), Added("GET", "/staff/{var1}/hours", "http://b.test/{var1}/hours", "40 requests"))
    assert new == canonical(TEXT).replace(
        "  GET /staff/{id}/holidays: http://b.test/{id}/holidays\n",
        "  GET /staff/{id}/holidays: http://b.test/{id}/holidays\n"
        "  GET /staff/{var1}/hours:  http://b.test/{var1}/hours  # 40 requests\n",
    )


def test_a_file_in_canonical_layout_stays_in_it_where_a_longer_key_moves_the_column() -> None:
    new = added_to(canonical(TEXT), Added("DELETE", "/hotels/{var1}/rooms/{var2}", "http://a.test/{var1}/{var2}"))
    assert new == canonical(new)
    assert "  GET /hotels/{hotel}:                http://a.test/{hotel}  # by its number\n" in new


def test_a_file_in_another_layout_is_laid_out() -> None:
    assert canonical(TEXT) != TEXT
    added = Added("PUT", "/hotels/{h}/x", "http://a.test/{h}/x")
    assert added_to(TEXT, added) == added_to(canonical(TEXT), added) == canonical(added_to(TEXT, added))


def test_an_endpoint_without_a_target_is_managed_not_routed() -> None:
    new = added_to(TEXT, Added("GET", "/new"))
    assert endpoints(new.encode())[-1] == ("GET /new", "")


def test_behind_a_mapping_means_behind_all_of_it() -> None:
    new = added_to(
        "endpoints:\n  POST /a:\n    route: http://a.test/a\n    timeout: 5s  # slow\n\n# end\n", Added("GET", "/a")
    )
    assert new == "endpoints:\n  POST /a:\n    route: http://a.test/a\n    timeout: 5s  # slow\n  GET /a:\n\n# end\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "endpoints:\n  GET /a:\n"),
        ("# nothing yet\n", "# nothing yet\nendpoints:\n  GET /a:\n"),
        ("host: a.test\n", "host: a.test\n\nendpoints:\n  GET /a:\n"),
        ("host: a.test", "host: a.test\n\nendpoints:\n  GET /a:\n"),
        ("endpoints:\n", "endpoints:\n  GET /a:\n"),
        ("endpoints:  # mine\nhost: a.test\n", "endpoints:  # mine\n  GET /a:\nhost: a.test\n"),
        ("endpoints:\n    GET /b: http://b.test", "endpoints:\n  GET /b: http://b.test\n  GET /a:\n"),
        ("endpoints: &all\n  GET /b:\n", "endpoints: &all\n  GET /b:\n  GET /a:\n"),
        (
            "host: a.test   # x\r\nendpoints:\r\n  GET /b:\r\n",
            "host: a.test  # x\nendpoints:\n  GET /b:\n  GET /a:\n",
        ),
        ("\ufeffendpoints:\n  GET /b:\n", "endpoints:\n  GET /b:\n  GET /a:\n"),
        ("endpoints:\n  ? GET /b\n  : http://b.test\n", "endpoints:\n  ? GET /b\n  : http://b.test\n  GET /a:\n"),
    ],
)
def test_wherever_a_file_has_its_endpoints_there_is_a_place(text: str, expected: str) -> None:
    assert added_to(text, Added("GET", "/a")) == expected


@pytest.mark.parametrize(
    ("text", "told", "line"),
    [
        ("endpoints: {GET /b: http://b.test}\n", "'endpoints' is written in braces", 1),
        ("x-all: &all {}\nendpoints: *all\n", "'endpoints' is written as something else than lines", 2),
        ("endpoints: ~\n", "'endpoints' is written as something else than lines", 1),
        ("{host: a.test}\n", "the file is written in brackets", 1),
        ("host: a.test\n...\n", "the file ends with '...'", 2),
        ("host: [\n", "the file ends inside brackets", 1),
        ("endpoints:\n  GET /a: http://b.test\n", "'GET /a' stands in the file already", 0),
    ],
)
def test_a_file_that_cannot_be_added_to_is_refused_with_the_fix(text: str, told: str, line: int) -> None:
    with pytest.raises(EditError) as caught:
        added_to(text, Added("GET", "/a"))
    assert told in str(caught.value)
    assert caught.value.line == line


def test_a_new_file_has_the_host_and_the_endpoints() -> None:
    made = new_file("{t}.hotel.test", [Added("GET", "/a", "http://a.test/a", "9 requests"), Added("GET", "/longer")])
    assert made.decode() == (
        'host: "{t}.hotel.test"\n\nendpoints:\n  GET /a: http://a.test/a  # 9 requests\n  GET /longer:\n'
    )
    assert new_file("*", [Added("GET", "/a")]) == b"endpoints:\n  GET /a:\n"


def test_a_key_of_any_length_and_a_path_that_ends_with_a_colon_are_read_back() -> None:
    added = [Added("GET", "/" + "a" * 1500, "http://a.test"), Added("GET", "/b:", "http://a.test/b:")]
    assert endpoints(new_file("", added)) == [(one.key, one.target) for one in added]
    assert endpoints(with_endpoints(b"endpoints:\n  GET /c:\n", added))[1:] == [(one.key, one.target) for one in added]


_SEGMENTS = st.sampled_from(["a", "b", "hotels", "{x}", "v1.2", "a:", "%20", "x,y", "@me", "-"])
_PATHS = st.lists(_SEGMENTS, min_size=1, max_size=4, unique=True).map(lambda parts: "/" + "/".join(parts))
_COMMENTS = st.sampled_from(["", "  # told", "   #x", "\n  # below", "\n\n"])


@given(
    st.lists(
        st.tuples(_PATHS, st.sampled_from(["", " http://a.test"]), _COMMENTS), unique_by=lambda one: one[0], max_size=5
    ),
    st.lists(_PATHS, unique=True, min_size=1, max_size=3),
    st.integers(1, 5),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_table_keeps_what_it_says(
    table: list[tuple[str, str, str]], new: list[str], indent: int, line_end: str
) -> None:
    rows = [f"{' ' * indent}GET {path.replace(':', ';')}:{target}{comment}" for path, target, comment in table]
    text = "\n".join(["# head", "endpoints:", *rows, "timeout: 5s  # behind", ""]).replace("\n", line_end)
    before = endpoints(text.encode())
    added = [Added("PUT", path, "http://b.test", "new") for path in new]
    after = with_endpoints(text.encode(), added)
    read = endpoints(after)
    assert [one for one in read if one in before] == before
    assert sorted(one for one in read if one not in before) == sorted((one.key, one.target) for one in added)
    squeezed = [b" ".join(line.split()) for line in after.splitlines()]
    assert all(b" ".join(line.split()) in squeezed for line in text.encode().splitlines())
