"""`sluice fmt`: one layout, every comment kept, nothing else touched."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.console.sluice import sluice, write
from tests.e2e.sluice.material import ESCAPE, no_traceback, rows

UGLY = """\
# the first line
   # indented, before anything
host:    "{tenant}.hotel.test"      # host: with # inside
services: {up: 'http://127.0.0.1:9001', "down": http://127.0.0.1:9002}   # flow style
x-common: &common
    timeout: 5s    # anchored\t
# between two keys

endpoints:     # the table
    # before the first row
    GET /a/{x}:     up:/a/{x}     # short
    GET /a/much/longer/{path}/than/the/others: up:/b/{path}
    POST /odd:
    # below an empty one
    "GET /it's":  'up:/quoted'


    GET /mapped/{m}:          # a mapping
              # inside, at an odd depth
              <<: *common
              route:   up:/m/{m}     # größer ✓
              examples:
                    /mapped/1:    "http://127.0.0.1:9001/m/1"   # example
# the last line, without an end"""


def comments(text: str) -> list[str]:
    """The comments of UGLY and its like, byte for byte; a `#` there only stands at their start or inside them."""
    found = (re.search(r"(?:^|(?<=\s))#.*", line) for line in text.split("\n"))
    return [match[0] for match in found if match]


def meaning(folder: Path) -> list[dict[str, Any]]:
    found = rows(sluice("list", "--json", cwd=folder))
    assert found
    return [{name: value for name, value in row.items() if name != "line"} for row in found]


@pytest.fixture
def ugly(tmp_path: Path) -> Path:
    return write(tmp_path, {"routes/ugly.yaml": UGLY})


def test_comments_are_kept_byte_for_byte_and_in_their_order(ugly: Path) -> None:
    assert len(comments(UGLY)) == 15
    assert sluice("fmt", "routes", cwd=ugly).code == 0
    assert comments((ugly / "routes/ugly.yaml").read_text()) == comments(UGLY)


def test_the_meaning_stays(ugly: Path) -> None:
    before = meaning(ugly)
    assert sluice("fmt", "routes", cwd=ugly).code == 0
    assert (ugly / "routes/ugly.yaml").read_text() != UGLY
    assert meaning(ugly) == before
    checked = sluice("check", cwd=ugly)
    assert "error" not in checked.out.lower()
    assert checked.code == 0


def test_a_second_run_changes_nothing(ugly: Path) -> None:
    sluice("fmt", "routes", cwd=ugly)
    once = (ugly / "routes/ugly.yaml").read_bytes()
    assert sluice("fmt", "--check", "routes", cwd=ugly).code == 0
    assert sluice("fmt", "routes", cwd=ugly).code == 0
    assert (ugly / "routes/ugly.yaml").read_bytes() == once


def test_targets_stand_in_one_column(tmp_path: Path) -> None:
    table = {"GET /a": "up:/1", "DELETE /much/longer/{x}": "up:/2/{x}", "GET /café": "up:/3", "OPTIONS /b": "up"}
    lines = "".join(f"  {source}: {target}\n" for source, target in table.items())
    write(tmp_path, {"routes/a.yaml": f"host: a.test\nservices:\n  up: http://127.0.0.1:1\nendpoints:\n{lines}"})
    assert sluice("fmt", "routes", cwd=tmp_path).code == 0
    text = (tmp_path / "routes/a.yaml").read_text()
    columns = set()
    for source, target in table.items():
        (line,) = [line for line in text.splitlines() if line.lstrip().startswith(f"{source}:")]
        found = re.fullmatch(rf"(\s*{re.escape(source)}:\s+){re.escape(target)}", line)
        assert found, line
        columns.add(len(found[1]))
    assert len(columns) == 1, text


def test_check_changes_nothing_and_names_the_file(ugly: Path) -> None:
    ran = sluice("fmt", "--check", "routes", cwd=ugly)
    assert ran.code == 1
    assert "routes/ugly.yaml" in ran.out
    assert (ugly / "routes/ugly.yaml").read_text() == UGLY
    assert ESCAPE not in ran.out


def test_json_names_the_files_that_change(ugly: Path) -> None:
    sluice("fmt", "routes", cwd=ugly)
    write(ugly, {"routes/other.yaml": UGLY.replace("{tenant}.hotel", "other.hotel")})
    ran = sluice("fmt", "--check", "--json", "routes", cwd=ugly)
    assert ran.code == 1
    assert ran.json
    assert "routes/other.yaml" in ran.out


def test_the_folder_of_the_gateway_is_the_default_and_routes_names_another(ugly: Path) -> None:
    assert sluice("fmt", "--check", cwd=ugly).code == 1
    elsewhere = ugly / "elsewhere"
    elsewhere.mkdir()
    assert sluice("fmt", "--check", "--routes", "../routes", cwd=elsewhere).code == 1
    assert sluice("fmt", "--routes", "../routes", cwd=elsewhere).code == 0
    assert sluice("fmt", "--check", cwd=ugly).code == 0


def test_the_shipped_routes_are_in_the_layout(tmp_path: Path) -> None:
    ran = sluice("fmt", "--check", cwd=tmp_path)
    assert ran.code == 0, ran.out


def test_carriage_returns_lose_no_comment_and_stay_settled(ugly: Path) -> None:
    path = ugly / "routes/ugly.yaml"
    path.write_bytes(UGLY.replace("\n", "\r\n").encode())
    before = meaning(ugly)
    assert sluice("fmt", cwd=ugly).code == 0
    text = path.read_bytes().decode()
    assert [comment.rstrip("\r") for comment in comments(text)] == comments(UGLY)
    assert text.count("\r") in (0, text.count("\n")), "one kind of line end"
    assert meaning(ugly) == before
    assert sluice("fmt", "--check", cwd=ugly).code == 0


@pytest.mark.parametrize(
    "text",
    [
        "# only a comment\n",
        "\n\n# a\n\n\n# b",
        "host: a.test\n",
        "host: a.test\nendpoints:\n  # nothing yet\n",
        "host: a.test\nendpoints: {}   # none\n",
        "host: a.test # x\nendpoints: {GET /a: 'http://127.0.0.1:1/a', GET /b: http://127.0.0.1:1/b} # flow\n",
        "---\nhost: a.test\nendpoints:\n  GET /a: http://127.0.0.1:1/a\n...\n",
        "host:\n- a.test   # one\n# between\n- b.test\nendpoints:\n  GET /a: http://127.0.0.1:1/a\n",
        "x-note: |\n  text # no comment\n\n    deeper\nhost: a.test\n",
        "x-note: >-\n  folded # no comment\n  more\nhost: a.test # c\n",
        "host: a.test\nendpoints:\n  GET /a:\n    route: http://127.0.0.1:1/a\n    # tail of the mapping\n  # tail\n",
        "host: a.test\nendpoints:\n  GET /a: >-\n    http://127.0.0.1:1/a\n  ? GET /b\n  : http://127.0.0.1:1/b\n",
        "host: a.test\ntimeout: 5s\nendpoints:\n  GET /a: {route: 'http://127.0.0.1:1/a', insecure: true} # c\n",
        "x-v: [0x1F, 1_000, 012, 1e3, ~, yes, No, 2026-07-01, '1', \"\\u00e9\\t\"]\nhost: a.test\n",
        "host: a.test\nendpoints:\n  GET /" + "long/" * 100 + "{x}: http://127.0.0.1:1/" + "y" * 500 + "/{x} # c\n",
        "host: a.test\r\nendpoints:\r\n  GET /a: http://127.0.0.1:1/a # c\r\n",
    ],
)
def test_any_layout_settles_at_once_and_keeps_comments_and_values(tmp_path: Path, text: str) -> None:
    import yaml

    write(tmp_path, {"routes/.keep": ""})
    path = tmp_path / "routes/a.yaml"
    path.write_bytes(text.encode())
    ran = no_traceback(sluice("fmt", "routes/a.yaml", cwd=tmp_path))
    assert ran.code == 0, ran.err
    after = path.read_bytes().decode()
    assert yaml.safe_load(after) == yaml.safe_load(text)
    assert [each.rstrip("\r") for each in comments(after)] == [each.rstrip("\r") for each in comments(text)]
    assert sluice("fmt", "--check", "routes/a.yaml", cwd=tmp_path).code == 0, after


def test_a_broken_file_is_an_error_with_its_place_and_stays_as_it_was(ugly: Path) -> None:
    broken = "host: a.test\nendpoints:\n  GET /a: [http://127.0.0.1:1/a\n"
    write(ugly, {"routes/broken.yaml": broken})
    for more in ((), ("--check",), ("--json",)):
        ran = no_traceback(sluice("fmt", *more, "routes/broken.yaml", cwd=ugly))
        assert ran.code == 2, ran.out
        assert "routes/broken.yaml:" in ran.err
        assert (ugly / "routes/broken.yaml").read_text() == broken


def test_duplicate_keys_are_not_thrown_away(tmp_path: Path) -> None:
    text = "host: a.test\nendpoints:\n  GET /a:  http://127.0.0.1:1/a\n  GET /a: http://127.0.0.1:1/b\n"
    write(tmp_path, {"routes/a.yaml": text})
    ran = no_traceback(sluice("fmt", "routes", cwd=tmp_path))
    after = (tmp_path / "routes/a.yaml").read_text()
    assert after == text if ran.code == 2 else after.count("GET /a:") == 2


def test_mode_and_symbolic_link_of_a_file_stay(ugly: Path) -> None:
    real = ugly / "real.yaml"
    (ugly / "routes/ugly.yaml").rename(real)
    real.chmod(0o640)
    (ugly / "routes/ugly.yaml").symlink_to("../real.yaml")
    assert sluice("fmt", "routes", cwd=ugly).code == 0
    assert (ugly / "routes/ugly.yaml").is_symlink()
    assert real.read_text() != UGLY
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(path.name for path in (ugly / "routes").iterdir()) == ["ugly.yaml"]


def test_a_file_in_the_layout_is_not_written_again(ugly: Path) -> None:
    sluice("fmt", cwd=ugly)
    before = (ugly / "routes/ugly.yaml").stat()
    assert sluice("fmt", cwd=ugly).code == 0
    after = (ugly / "routes/ugly.yaml").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
