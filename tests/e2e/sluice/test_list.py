"""`sluice list`: the table of endpoints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.console.sluice import sluice, write
from tests.e2e.sluice.material import DATES_LINE, ESCAPE, HOTEL, hotel, on_a_terminal, rows, without_reader

MIXED = {
    "routes/hotel.yaml": HOTEL,
    "routes/other.yaml": (
        'host: ["www.other.test", "{tenant}.other.test"]\norigin: http://127.0.0.1:9000\nendpoints:\n'
        "  POST /bookings:\n  GET /a: http://127.0.0.1:1/a\n"
    ),
    "routes/any.yaml": "endpoints:\n  DELETE /everywhere/{id}: http://127.0.0.1:2/{id}\n",
}


def test_each_endpoint_is_a_line_with_all_its_columns(tmp_path: Path) -> None:
    ran = sluice("list", cwd=hotel(tmp_path))
    assert ran.code == 0
    (line,) = [line for line in ran.out.splitlines() if "/hotels/{hotel}/dates" in line]
    for column in ("GET", "api.hotel.test", "http://127.0.0.1:9001/availability/{hotel}"):
        assert column in line
    assert f"routes/hotel.yaml:{DATES_LINE}" in line
    assert re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", line), "the operation id"


def test_json_has_every_column(tmp_path: Path) -> None:
    found = rows(sluice("list", "--json", cwd=hotel(tmp_path)))
    assert len(found) == 3
    for row in found:
        assert row.keys() >= {"method", "host", "path", "target", "file", "line", "operation_id"}
    (dates,) = [row for row in found if row["path"] == "/hotels/{hotel}/dates"]
    assert (dates["method"], dates["host"], dates["file"], dates["line"]) == (
        "GET", "api.hotel.test", "routes/hotel.yaml", DATES_LINE,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "paths"),
    [
        (("--method", "POST"), {"/bookings"}),
        (("--method", "DELETE"), {"/everywhere/{id}"}),
        (("--path", "rooms"), {"/hotels/{hotel}/rooms/{room}/price"}),
        (("--path", "/hotels", "--path", "/hotels"), None),
        (("--method", "GET", "--path", "dates"), {"/hotels/{hotel}/dates"}),
        (("--method", "POST", "--path", "dates"), set()),
    ],
)
def test_filters_leave_what_was_asked_for(tmp_path: Path, filters: tuple[str, ...], paths: set[str] | None) -> None:
    write(tmp_path, MIXED)
    ran = sluice("list", *filters, "--json", cwd=tmp_path)
    found = {row["path"] for row in rows(ran)}
    assert ran.code == 0
    assert found == paths if paths is not None else all("/hotels" in path for path in found)


def test_a_host_filter_finds_what_serves_that_host(tmp_path: Path) -> None:
    write(tmp_path, MIXED)
    found = {row["path"] for row in rows(sluice("list", "--host", "acme.other.test", "--json", cwd=tmp_path))}
    assert {"/bookings", "/a"} <= found
    assert "/hotels/{hotel}" not in found


@pytest.mark.parametrize("column", ["path", "host", "method", "target"])
def test_sorting_orders_by_that_column(tmp_path: Path, column: str) -> None:
    write(tmp_path, MIXED)
    ran = sluice("list", "--sort", column, "--json", cwd=tmp_path)
    values = [row[column] for row in rows(ran) if row[column] not in (None, "*", "(origin)")]
    assert len(values) >= 3
    assert values == sorted(values)


def test_host_variables_are_shown_as_the_file_names_them(tmp_path: Path) -> None:
    write(tmp_path, MIXED)
    assert "{tenant}.other.test" in sluice("list", cwd=tmp_path).out


def test_a_table_that_is_not_for_a_terminal_is_never_cut(tmp_path: Path) -> None:
    path = "/long" * 80
    write(tmp_path, {"routes/a.yaml": f"host: a.test\nendpoints:\n  GET {path}: http://127.0.0.1:1{path}/end\n"})
    ran = sluice("list", cwd=tmp_path, env={"COLUMNS": "40"})
    (line,) = [line for line in ran.out.splitlines() if path in line]
    assert f"http://127.0.0.1:1{path}/end" in line


def test_a_reader_who_leaves_gets_no_traceback(tmp_path: Path) -> None:
    lines = "".join(f"  GET /{number}: http://127.0.0.1:1/{number}\n" for number in range(5000))
    write(tmp_path, {"routes/a.yaml": f"host: a.test\nendpoints:\n{lines}"})
    for more in ((), ("--json",)):
        _, read, err = without_reader("list", *more, cwd=tmp_path)
        assert read
        assert err == ""


def test_colours_are_for_terminals_and_can_be_refused(tmp_path: Path) -> None:
    hotel(tmp_path)
    assert ESCAPE not in sluice("list", cwd=tmp_path).out
    code, shown = on_a_terminal("list", cwd=tmp_path, COLUMNS="250")
    assert code == 0
    assert "/hotels/{hotel}/dates" in shown.replace("\r\n", "")
    _, shown = on_a_terminal("list", cwd=tmp_path, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", shown), shown


def test_the_shipped_folder_is_the_default_where_there_is_none(tmp_path: Path) -> None:
    found = rows(sluice("list", "--json", cwd=tmp_path))
    assert any(row["path"] == "/hotels/{hotel}/bookings" for row in found)
