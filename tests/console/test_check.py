"""`sluice check`, run for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from .sluice import golden, sluice, write

WRONG = {
    "routes/hotel.yaml": (
        "host: api.hotel.test\n"
        "origin: http://127.0.0.1:9000\n"
        "endpoints:\n"
        "  GET /hotels/{hotel}: http://127.0.0.1:9001/{hotl}\n"
        "  GET /旅館/{名}: http://127.0.0.1:9001/a\n"
        f"  GET /long/{{a}}: http://127.0.0.1:9001/{'x' * 120}/{{b}}/{'y' * 120}\n"
        "  GET /rooms/{room}: http://127.0.0.1:9001/{room}\n"
    ),
    "routes/rooms.yaml": (
        "host: api.hotel.test\n"
        "origin:\thttp://127.0.0.1:9009\n"
        "endpoints:\n"
        "  GET /rooms/{id}: http://127.0.0.1:9002/{id}\n"
    ),
}
SUSPICIOUS = {
    "routes/any.yaml": "endpoints:\n  GET /status: http://127.0.0.1:9005/\n",
    "routes/api.yaml": (
        "host: api.hotel.test\n"
        "endpoints:\n"
        "  GET /hotels/{hotel}: http://127.0.0.1:9001/{hotel}\n"
        "  POST /bookings:\n"
        "  GET /status: http://127.0.0.1:9001/status\n"
    ),
    "routes/tenants.yaml": (
        "host:\n"
        "  - '{tenant}.hotel.test'\n"
        "origin: http://127.0.0.1:9000\n"
        "endpoints:\n"
        "  GET /{kind}/7: http://127.0.0.1:9002/{tenant}/{kind}\n"
    ),
}
GOOD = "host: api.hotel.test\nendpoints:\n  GET /a: http://name.invalid/a\n"


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    return write(tmp_path, WRONG)


@pytest.fixture
def suspicious(tmp_path: Path) -> Path:
    return write(tmp_path, SUSPICIOUS)


def test_every_problem_comes_with_its_line_and_a_caret(wrong: Path) -> None:
    ran = sluice("check", cwd=wrong)
    assert ran.out == golden("check_errors.txt")
    assert (ran.code, ran.err) == (1, "")


def test_what_is_suspicious_comes_with_a_request_that_shows_it(suspicious: Path) -> None:
    ran = sluice("check", cwd=suspicious)
    assert ran.out == golden("check_warnings.txt")
    assert (ran.code, ran.err) == (0, "")


def test_strict_says_the_same_and_counts_warnings(suspicious: Path) -> None:
    ran = sluice("check", "--strict", "routes", cwd=suspicious)
    assert (ran.code, ran.out) == (1, golden("check_warnings.txt"))


def test_annotations_of_errors_and_of_warnings(tmp_path: Path) -> None:
    folder = write(tmp_path, WRONG | {name.replace("routes", "more"): text for name, text in SUSPICIOUS.items()})
    ran = sluice("check", "--format", "github", "routes", "more", cwd=folder)
    assert ran.out == golden("check_github.txt")
    assert (ran.code, ran.err) == (1, "")


def test_the_problems_as_json(tmp_path: Path) -> None:
    folder = write(tmp_path, WRONG | {name.replace("routes", "more"): text for name, text in SUSPICIOUS.items()})
    ran = sluice("check", "--json", "routes/rooms.yaml", "more", cwd=folder)
    assert ran.out == golden("check_json.txt")
    assert ran.code == 0


def test_good_files_are_told_in_one_line(tmp_path: Path) -> None:
    folder = write(tmp_path, {"routes/a.yaml": GOOD})
    ran = sluice("check", cwd=folder)
    assert (ran.code, ran.out, ran.err) == (0, "1 file, 1 endpoint: no problems\n", "")


def test_files_are_checked_without_those_beside_them(wrong: Path) -> None:
    ran = sluice("check", "routes/rooms.yaml", cwd=write(wrong, {"routes/rooms.yaml": GOOD}))
    assert (ran.code, ran.out) == (0, "1 file, 1 endpoint: no problems\n")


def test_names_are_looked_up_on_request(tmp_path: Path) -> None:
    folder = write(tmp_path, {"routes/a.yaml": GOOD})
    ran = sluice("check", "--dns", "--strict", cwd=folder)
    place, line, caret, summary = ran.out.splitlines()
    assert place.startswith("routes/a.yaml:3:3: target-unresolved: target host 'name.invalid' does not resolve: ")
    assert place.endswith(" (warning)")
    assert (line, caret) == ("      GET /a: http://name.invalid/a", "      ^")
    assert summary == "1 warning in 1 file"
    assert ran.code == 1


def test_a_binary_file_is_unreadable_and_the_others_are_checked_nevertheless(wrong: Path) -> None:
    (wrong / "routes" / "binary.yaml").write_bytes(b"\x00\xff\xfe\x80" * 100)
    ran = sluice("check", cwd=wrong)
    assert ran.code == 2
    assert ran.err == "sluice: routes/binary.yaml:1:2: not-utf-8: byte 0xFF is not UTF-8 text: save the file as UTF-8\n"
    assert "routes/hotel.yaml:4:46: variable-unknown: " in ran.out
    assert "binary.yaml:" not in ran.out


def test_a_binary_file_alone_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe" * 100)
    assert sluice("check", "binary.yaml", cwd=tmp_path).one_line_error.startswith("binary.yaml:1:1: not-utf-8: ")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["none"], "none: no such file or folder"),
        (["--routes", "none"], "none: no such file or directory"),
        (["empty"], "empty: no route files in this folder: they end in .yaml or .yml"),
        (["notes.txt"], "notes.txt: not a route file: its name ends in .yaml or .yml"),
    ],
)
def test_what_cannot_be_checked_is_told_in_one_line(tmp_path: Path, arguments: list[str], error: str) -> None:
    (write(tmp_path, {"notes.txt": "x"}) / "empty").mkdir()
    assert sluice("check", *arguments, cwd=tmp_path).one_line_error == error


def test_json_and_annotations_exclude_each_other(tmp_path: Path) -> None:
    ran = sluice("check", "--json", "--format", "github", cwd=write(tmp_path, {"routes/a.yaml": GOOD}))
    assert (ran.code, ran.out) == (2, "")
    assert "choose one" in ran.err
