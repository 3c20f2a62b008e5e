"""`sluice check`: every problem with its place, then what is legal but suspicious."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.console.sluice import sluice, write
from tests.e2e.sluice.material import (
    ESCAPE,
    HOTEL,
    caret_stands,
    hotel,
    no_traceback,
    on_a_terminal,
    problems,
    refused,
    sentence,
    without_reader,
)

WRONG = """\
host: api.wrong.test
endpoints:
  GET /hotels/{hotel}/dates: http://127.0.0.1:9001/availability/{hotl}
  GET /ok: http://127.0.0.1:9001/ok
  GRAB IT /nothing: http://127.0.0.1:9001/
"""
WRONG_COLUMN = WRONG.splitlines()[2].index("{hotl}") + 1
ALSO_WRONG = """\
host: api.other.test
colour: blue
endpoints:
  GET /a/{x}: http://127.0.0.1:9001/a
"""
TWINS = {
    "routes/one.yaml": "host: api.hotel.test\nendpoints:\n  GET /rooms/{room}: http://127.0.0.1:1/{room}\n",
    "routes/two.yaml": "host: api.hotel.test\nendpoints:\n\n  GET /rooms/{id}: http://127.0.0.1:2/{id}\n",
}
CROSSING = {
    "routes/a.yaml": 'host: "{tenant}.hotel.test"\nendpoints:\n  GET /x: http://127.0.0.1:1/{tenant}\n',
    "routes/b.yaml": 'host: "api.{zone}.test"\nendpoints:\n  GET /x: http://127.0.0.1:2/{zone}\n',
}
ORIGINS = {
    "routes/a.yaml": "host: api.hotel.test\norigin: http://127.0.0.1:1\nendpoints:\n  GET /a: http://127.0.0.1:1/\n",
    "routes/b.yaml": "host: api.hotel.test\norigin: http://127.0.0.1:2\nendpoints:\n  GET /b: http://127.0.0.1:1/\n",
}
NO_ORIGIN = "host: api.hotel.test\nendpoints:\n  GET /a: http://127.0.0.1:1/a\n  POST /booking:\n"


def test_good_files_are_fine(tmp_path: Path) -> None:
    ran = sluice("check", cwd=hotel(tmp_path))
    assert ran.code == 0, ran.out + ran.err
    assert "hotel.yaml:" not in ran.out


def test_every_problem_of_every_file_is_one_line_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, {"routes/wrong.yaml": WRONG, "routes/sub/also.yaml": ALSO_WRONG})
    ran = sluice("check", cwd=tmp_path)
    assert ran.code == 1
    heads = re.findall(r"^(routes/\S+?):(\d+):(\d+): ([a-z][a-z-]*): (.+)$", ran.out, re.M)
    places = {(file, int(line)) for file, line, *_ in heads}
    assert {("routes/wrong.yaml", 3), ("routes/wrong.yaml", 5)} <= places
    assert {("routes/sub/also.yaml", 2), ("routes/sub/also.yaml", 4)} <= places


def test_a_caret_stands_below_the_mistake(tmp_path: Path) -> None:
    write(tmp_path, {"routes/wrong.yaml": WRONG})
    ran = sluice("check", cwd=tmp_path)
    assert f"routes/wrong.yaml:3:{WRONG_COLUMN}: variable-unknown: " in ran.out
    assert caret_stands(ran.out, WRONG.splitlines()[2].strip(), WRONG_COLUMN - 2), ran.out


def test_a_caret_stands_right_behind_letters_that_are_more_than_one_byte(tmp_path: Path) -> None:
    line = "  GET /café/zürich/{hotel}: http://127.0.0.1:9001/é/{hotl}"
    write(tmp_path, {"routes/wrong.yaml": f"host: a.test\nendpoints:\n{line}\n"})
    ran = sluice("check", cwd=tmp_path)
    assert ran.code == 1
    assert caret_stands(ran.out, line.strip(), line.index("{hotl}") + 1 - 2), ran.out


def test_json_says_the_same_as_the_text(tmp_path: Path) -> None:
    write(tmp_path, {"routes/wrong.yaml": WRONG, "routes/sub/also.yaml": ALSO_WRONG})
    text, ran = sluice("check", cwd=tmp_path), sluice("check", "--json", cwd=tmp_path)
    assert ran.code == 1
    found = problems(ran)
    heads = re.findall(r"^(routes/\S+?):(\d+):(\d+): ([a-z][a-z-]*): ", text.out, re.M)
    assert [(each["file"], str(each["line"]), str(each["column"]), each["code"]) for each in found] == heads
    assert ("routes/wrong.yaml", 3, WRONG_COLUMN, "error", "variable-unknown") in [
        (each["file"], each["line"], each["column"], each["severity"], each["code"]) for each in found
    ]


def test_json_of_good_files_is_an_empty_list_of_problems(tmp_path: Path) -> None:
    ran = sluice("check", "--json", cwd=hotel(tmp_path))
    assert ran.code == 0
    assert problems(ran) == []


def test_folders_and_single_files_can_be_named(tmp_path: Path) -> None:
    write(tmp_path, {"one/good.yaml": HOTEL, "two/wrong.yaml": WRONG})
    assert sluice("check", "one", cwd=tmp_path).code == 0
    assert sluice("check", "one/good.yaml", cwd=tmp_path).code == 0
    ran = sluice("check", "one", "two/wrong.yaml", cwd=tmp_path)
    assert ran.code == 1
    assert "two/wrong.yaml:3:" in ran.out


def test_routes_names_the_folder_and_places_are_relative_to_where_one_stands(tmp_path: Path) -> None:
    write(tmp_path, {"deep/routes/wrong.yaml": WRONG})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ran = sluice("check", "--routes", "../deep/routes", cwd=elsewhere)
    assert ran.code == 1
    assert f"../deep/routes/wrong.yaml:3:{WRONG_COLUMN}: " in ran.out


def test_twins_come_with_a_request_that_both_would_match(tmp_path: Path) -> None:
    write(tmp_path, TWINS)
    ran = sluice("check", cwd=tmp_path)
    assert ran.code == 1
    shown = sentence(ran.out)
    assert "one.yaml:3" in shown
    assert "two.yaml:4" in shown
    witness = re.search(r"GET (?:https?://)?api\.hotel\.test/rooms/[^/{}\s'\"]+", shown) or re.search(
        r"GET /rooms/[^/{}\s'\"]+", shown
    )
    assert witness, ran.out


def test_the_witness_is_in_the_json_too(tmp_path: Path) -> None:
    write(tmp_path, TWINS)
    found = problems(sluice("check", "--json", cwd=tmp_path))
    assert any(re.search(r"GET \S*/rooms/[^/{}\s'\"]+", json.dumps(each)) for each in found), found


def test_hosts_that_cross_between_files_are_a_warning_with_a_host_that_both_serve(tmp_path: Path) -> None:
    write(tmp_path, CROSSING)
    ran = sluice("check", "--json", cwd=tmp_path)
    assert ran.code == 0, "a warning alone is fine"
    found = problems(ran)
    assert {each["severity"] for each in found} == {"warning"}
    assert any("api.hotel.test" in json.dumps(each) for each in found), found
    assert {Path(each["file"]).name for each in found} & {"a.yaml", "b.yaml"}


def test_strict_makes_warnings_count(tmp_path: Path) -> None:
    write(tmp_path, CROSSING)
    assert sluice("check", cwd=tmp_path).code == 0
    assert sluice("check", "--strict", cwd=tmp_path).code == 1
    assert sluice("check", "--strict", cwd=hotel(tmp_path / "good")).code == 0


def test_host_patterns_that_share_no_host_are_no_warning(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "routes/a.yaml": 'host: "{t}.x.test"\nendpoints:\n  GET /x: http://127.0.0.1:1/{t}\n',
            "routes/b.yaml": 'host: "{t}.y.test"\nendpoints:\n  GET /x: http://127.0.0.1:1/{t}\n',
            "routes/c.yaml": 'host: "{t}.{u}.x.test"\nendpoints:\n  GET /x: http://127.0.0.1:1/{t}/{u}\n',
        },
    )
    assert problems(sluice("check", "--json", "--strict", cwd=tmp_path)) == []


def test_origins_that_shadow_each_other_are_reported_with_both_files(tmp_path: Path) -> None:
    write(tmp_path, ORIGINS)
    ran = sluice("check", "--strict", cwd=tmp_path)
    assert ran.code == 1
    assert "a.yaml" in ran.out
    assert "b.yaml" in ran.out
    assert "origin" in ran.out


def test_an_endpoint_without_a_route_in_a_file_without_an_origin_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path, {"routes/a.yaml": NO_ORIGIN})
    ran = sluice("check", "--json", cwd=tmp_path)
    assert ran.code == 0
    (only,) = problems(ran)
    assert (only["file"], only["line"], only["severity"]) == ("routes/a.yaml", 4, "warning")
    write(tmp_path, {"routes/a.yaml": NO_ORIGIN.replace("endpoints:", "origin: http://127.0.0.1:9\nendpoints:")})
    assert problems(sluice("check", "--json", cwd=tmp_path)) == []


def test_names_are_resolved_only_when_asked(tmp_path: Path) -> None:
    text = (
        "host: a.test\nendpoints:\n  GET /a: http://no-such-host.invalid/a\n"
        "  GET /b: http://127.0.0.1/b\n  GET /c: http://[::1]:8/c\n"
    )
    write(tmp_path, {"routes/a.yaml": text})
    assert problems(sluice("check", "--json", cwd=tmp_path)) == []
    ran = sluice("check", "--json", "--dns", cwd=tmp_path)
    assert ran.code == 0
    (only,) = problems(ran)
    assert only["severity"] == "warning"
    assert only["line"] == 3
    assert "no-such-host.invalid" in only["message"]


def test_annotations_for_a_ci_log(tmp_path: Path) -> None:
    write(tmp_path, {"routes/wrong.yaml": WRONG})
    ran = sluice("check", "--format", "github", cwd=tmp_path)
    assert ran.code == 1
    commands = [line for line in ran.out.splitlines() if line.startswith("::")]
    assert any(
        re.match(rf"::error (?=.*file=routes/wrong\.yaml)(?=.*line=3\b)(?=.*col={WRONG_COLUMN}\b).*?::.+", line)
        for line in commands
    ), ran.out


def test_annotations_of_warnings_are_warnings(tmp_path: Path) -> None:
    write(tmp_path, {"routes/a.yaml": NO_ORIGIN})
    ran = sluice("check", "--format", "github", cwd=tmp_path)
    assert ran.code == 0
    assert re.search(r"^::warning .*file=routes/a\.yaml,.*line=4\b", ran.out, re.M), ran.out
    assert "::error" not in ran.out


def test_annotations_escape_what_would_end_them(tmp_path: Path) -> None:
    text = 'host: a.test\nendpoints:\n  "GET /100%zz/{x}": http://127.0.0.1:1/{y}\n'
    write(tmp_path, {"routes/odd,name: 5%.yaml": text})
    ran = sluice("check", "--format", "github", cwd=tmp_path)
    assert ran.code == 1
    commands = [line for line in ran.out.splitlines() if line.startswith("::error")]
    assert commands
    for line in commands:
        assert re.sub(r"%(25|0A|0D|3A|2C)", "", line).count("%") == 0, line
        assert "odd%2Cname%3A 5%25.yaml" in line


def test_a_failing_example_is_a_problem_at_its_line(tmp_path: Path) -> None:
    text = HOTEL.replace("rooms:/12/prices/7?x=1", "rooms:/13/prices/7?x=1")
    write(tmp_path, {"routes/hotel.yaml": text})
    ran = sluice("check", cwd=tmp_path)
    assert ran.code == 1
    assert re.search(r"^routes/hotel\.yaml:12:\d+: ", ran.out, re.M), ran.out


def test_lines_are_counted_alike_with_carriage_returns(tmp_path: Path) -> None:
    folder = write(tmp_path, {"routes/.keep": ""})
    (folder / "routes/wrong.yaml").write_bytes(WRONG.replace("\n", "\r\n").encode())
    ran = sluice("check", "--json", cwd=folder)
    assert ("routes/wrong.yaml", 3, WRONG_COLUMN) in [(p["file"], p["line"], p["column"]) for p in problems(ran)]


def test_a_file_that_is_no_utf_8_is_a_problem_of_that_file(tmp_path: Path) -> None:
    hotel(tmp_path)
    (tmp_path / "routes/latin.yaml").write_bytes("host: a.test\n# Zürich\nendpoints:\n".encode("latin-1"))
    ran = no_traceback(sluice("check", cwd=tmp_path))
    assert ran.code in (1, 2)
    assert "routes/latin.yaml" in ran.out + ran.err


def test_a_huge_line_is_shown_in_part(tmp_path: Path) -> None:
    line = "  GET /x/{a}: http://127.0.0.1:1/" + "y" * 1_000_000 + "/{b}"
    write(tmp_path, {"routes/huge.yaml": f"host: a.test\nendpoints:\n{line}\n"})
    ran = no_traceback(sluice("check", cwd=tmp_path))
    assert ran.code == 1
    assert "routes/huge.yaml:3:" in ran.out
    assert len(ran.out) < 50_000, len(ran.out)


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    text = 'host: a.test\n"colour\\e[31mred": 1\nendpoints:\n  "GET /\\e]0;owned\\a/{x}": http://127.0.0.1:1/{y}\n'
    write(tmp_path, {"routes/hostile.yaml": text})
    ran = no_traceback(sluice("check", cwd=tmp_path))
    assert ran.code == 1
    assert ESCAPE not in ran.out
    assert "\a" not in ran.out


def test_a_folder_behind_a_symbolic_link_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"real/wrong.yaml": WRONG})
    (tmp_path / "routes").symlink_to("real")
    ran = sluice("check", cwd=tmp_path)
    assert ran.code == 1
    assert "routes/wrong.yaml:3:" in ran.out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    hotel(tmp_path)
    (tmp_path / "routes/secret.yaml").write_text("host: a.test\n")
    (tmp_path / "routes/secret.yaml").chmod(0)
    ran = no_traceback(sluice("check", cwd=tmp_path))
    assert ran.code in (1, 2)
    assert "routes/secret.yaml" in ran.out + ran.err


def test_services_of_the_whole_gateway_are_known(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "routes/_gateway.yaml": "services:\n  shared: http://127.0.0.1:7000\n",
            "routes/a.yaml": "host: a.test\nendpoints:\n  GET /a: shared:/a\n  GET /b: sharde:/b\n",
        },
    )
    (only,) = problems(sluice("check", "--json", cwd=tmp_path))
    assert (only["file"], only["line"]) == ("routes/a.yaml", 4)
    assert "shared" in only["message"], "the nearest name is the fix"


def test_colours_are_for_terminals(tmp_path: Path) -> None:
    write(tmp_path, {"routes/wrong.yaml": WRONG})
    assert ESCAPE not in sluice("check", cwd=tmp_path).out
    code, shown = on_a_terminal("check", cwd=tmp_path)
    assert code == 1
    assert f"{ESCAPE}[" in shown
    code, shown = on_a_terminal("check", cwd=tmp_path, NO_COLOR="1")
    assert code == 1
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", shown), shown


def test_a_reader_who_leaves_gets_no_traceback(tmp_path: Path) -> None:
    lines = "".join(f"  GET /{number}/{{a}}: http://127.0.0.1:1/{{b}}\n" for number in range(3000))
    write(tmp_path, {"routes/wrong.yaml": f"host: a.test\nendpoints:\n{lines}"})
    _, read, err = without_reader("check", cwd=tmp_path)
    assert read.startswith("routes/wrong.yaml:3:")
    assert err == ""


def test_a_missing_file_among_good_ones_is_unusable_input(tmp_path: Path) -> None:
    refused(sluice("check", "routes", "missing.yaml", cwd=hotel(tmp_path)), "missing.yaml")
    refused(sluice("check", "--json", "missing", cwd=tmp_path), "missing")
