"""The route file of a description: canonical, proved, and honest about what is missing in it."""

from __future__ import annotations

import pytest

from sluicegate.config.layout.writer import layout
from sluicegate.importing.composing import read_host
from sluicegate.importing.naming import comment, service_name, with_variables
from sluicegate.importing.route_file import read_target_url

from .descriptions import made, rows


def left_out(paths: str, **more: str) -> list[tuple[str, str]]:
    return [(one.operation, one.reason) for one in made(paths, **more).left_out]


def test_the_base_path_is_in_the_source_and_the_target_stands_for_the_server() -> None:
    found = made("/a/{x}: {get: {}}", target="http://t.test/inner", head="servers: [{url: 'https://h.test/v1'}]\n")
    assert rows(found) == ["GET /v1/a/{x}: hotels:/a/{x}"]
    assert "hotels: http://t.test/inner\n" in found.text
    assert "# host: left out, so any host is meant; the document's servers: h.test\n" in found.text


def test_a_host_is_written_where_it_is_given() -> None:
    assert 'host: "{tenant}.hotel.test"\n' in made("/a: {get: {}}", host="{tenant}.hotel.test").text


def test_the_file_is_in_the_one_layout() -> None:
    paths = "/a: {get: {summary: Short}, post: {}}\n/a/much/longer/{path}: {get: {summary: 'It: #1', deprecated: true}}"
    text = made(paths).text
    assert layout(text) == text
    assert "  GET /a:                    hotels:/a  # Short\n" in text
    assert "  GET /a/much/longer/{path}: hotels:/a/much/longer/{path}  # deprecated: It: #1\n" in text


def test_operations_stand_below_their_tags() -> None:
    found = made("/a: {get: {tags: [one]}}\n/b: {get: {tags: [two]}}\n/c: {get: {tags: [one]}}\n/d: {get: {}}")
    assert rows(found) == [
        "# one", "GET /a: hotels:/a", "GET /c: hotels:/c", "# two", "GET /b: hotels:/b", "# without a tag",
        "GET /d: hotels:/d",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("/u/{user-id}", "GET /u/{user_id}: hotels:/u/{user_id}"),
        ("/u/{user.id}/{user-id}", "GET /u/{user_id}/{user_id_2}: hotels:/u/{user_id}/{user_id_2}"),
        ("/u/{a-b}/{a_b}", "GET /u/{a_b_2}/{a_b}: hotels:/u/{a_b_2}/{a_b}"),
        ("/u/{x}/{x}", "GET /u/{x}/{x_2}: hotels:/u/{x}/{x_2}"),
        ("/u/{2nd}", "GET /u/{_2nd}: hotels:/u/{_2nd}"),
        ("/files/{name}.json", "GET /files/{name}.json: hotels:/files/{name}.json"),
        ("/a/", "GET /a/: hotels:/a/"),
        ("/", "GET /: hotels:/"),
        ("/a%2Fb", "GET /a%2Fb: hotels:/a%2Fb"),
        ("/café", "GET /café: hotels:/café"),
        ("/a b", "GET /a%20b: hotels:/a%20b"),
    ],
)
def test_paths_are_written_as_route_files_allow_them(path: str, row: str) -> None:
    found = made(f"'{path}': {{get: {{}}}}")
    assert rows(found) == [row]
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("paths", "operation", "reason"),
    [
        (
            "'/m/{lat},{lng}'",
            "GET /m/{lat},{lng}",
            "segment '{lat},{lng}' holds 2 variables: a segment holds at most one",
        ),
        ("no-slash", "GET no-slash", "the path 'no-slash' does not begin with '/'"),
        (
            "'/f/{path+}'",
            "GET /f/{path+}",
            "'{path+}' is an expansion: a variable of a route file is one segment or a part of it",
        ),
    ],
)
def test_what_cannot_be_an_endpoint_is_left_out_and_told(paths: str, operation: str, reason: str) -> None:
    found = made(f"{paths}: {{get: {{}}}}\n/fine: {{get: {{}}}}")
    assert [(one.operation, one.reason) for one in found.left_out] == [(operation, reason)]
    assert f"#   {operation}: {reason}\n" in found.text
    assert rows(found) == ["GET /fine: hotels:/fine"]


def test_of_two_paths_that_match_the_same_requests_the_first_stands() -> None:
    assert left_out("/a/{x}: {get: {}}\n/a/{y}: {get: {}, post: {}}") == [
        ("GET /a/{y}", "it matches the same requests as 'GET /a/{x}', which stands first")
    ]


def test_a_method_that_route_files_do_not_know_is_left_out() -> None:
    (one,) = made("/a: {query: {}, get: {}}").left_out
    assert one.operation == "QUERY /a"
    assert one.reason.startswith("'QUERY' is not a method of route files")


def test_a_literal_beside_a_variable_is_proved_by_a_request_of_its_own() -> None:
    assert rows(made("/a/{x}: {get: {}}\n/a/7: {get: {}}\n/{y}/7: {get: {}}")) == [
        "GET /a/{x}: hotels:/a/{x}", "GET /a/7: hotels:/a/7", "GET /{y}/7: hotels:/{y}/7",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Swagger Petstore 3.0", "petstore"),
        ("The Hotel's Rooms API", "hotels-rooms"),
        ("API", "backend-example"),
        ("Überweisungen", "uberweisungen"),
        ("Http", "backend-example"),
        ("A very long title that never comes to an end", "very-long-title-that"),
    ],
)
def test_a_service_is_named_after_the_title_else_after_the_host(title: str, name: str) -> None:
    assert service_name(title, "backend.example.com") == name


def test_comments_stay_in_their_line() -> None:
    assert comment("a\r\nGET /evil: b\x1b[31m\u2028c ") == "a GET /evil: b [31m c"
    assert len(comment("x" * 500)) == 100


def test_variables_do_not_take_the_names_of_the_host() -> None:
    assert with_variables("/{tenant}", ("tenant",)) == "/{tenant_2}"


@pytest.mark.parametrize("url", ["", "backend", "ftp://x", "http://", "http://u@h", "http://h/{x}", "http://h?x", "/p"])
def test_a_target_is_a_url(url: str) -> None:
    with pytest.raises(ValueError) as raised:
        read_target_url(url, "Hotels")
    assert "\n" not in str(raised.value)


def test_a_host_is_a_pattern_of_route_files() -> None:
    assert read_host("").labels == ()
    with pytest.raises(ValueError, match="not a host name"):
        read_host("a b")
