"""`sluice save`: discovered endpoints in route files, which keep everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..sluice import write
from .running import HOST, endpoints, hotels, recorded, sluice

ROUTES = """\
# the hotels
host: api.hotel.test  # one name
origin: http://127.0.0.1:9000

endpoints:
  # found by guests
  GET /hotels/{hotel}: http://127.0.0.1:9003/{hotel}  # one of them
  POST /bookings:      http://127.0.0.1:9004/
"""
ROOMS = ("GET", HOST, "/hotels/{var1}/rooms")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    recorded(tmp_path, *hotels())
    assert sluice("learn", "hotels.har", cwd=tmp_path).code == 0
    return tmp_path


def states(folder: Path) -> dict[str, str]:
    return {key: one["state"] for key, one in endpoints(sluice("discovered", "--json", cwd=folder)).items()}


def test_an_endpoint_becomes_a_line_of_the_file_for_its_host(folder: Path) -> None:
    write(folder, {"routes/hotel.yaml": ROUTES, "routes/other.yaml": "host: other.test\nendpoints:\n"})
    ran = sluice("save", *ROOMS, "--target", "http://127.0.0.1:9005/v1", cwd=folder)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "GET api.hotel.test /hotels/{var1}/rooms: saved at routes/hotel.yaml:8, "
        "to http://127.0.0.1:9005/v1/hotels/{var1}/rooms\n1 endpoint saved\n"
    )
    assert (
        (folder / "routes" / "hotel.yaml").read_text()
        == """\
# the hotels
host: api.hotel.test  # one name
origin: http://127.0.0.1:9000

endpoints:
  # found by guests
  GET /hotels/{hotel}:      http://127.0.0.1:9003/{hotel}  # one of them
  GET /hotels/{var1}/rooms: http://127.0.0.1:9005/v1/hotels/{var1}/rooms
  POST /bookings:           http://127.0.0.1:9004/
"""
    )
    assert sluice("fmt", "--check", "routes", cwd=folder).code == 0
    assert states(folder) == {
        "GET /hotels": "review", "GET /hotels/{var1}": "saved", "GET /hotels/{var1}/rooms": "saved"
    }  # fmt: skip


def test_without_a_file_for_the_host_there_is_a_new_one(folder: Path) -> None:
    write(folder, {"routes/other.yaml": "host: [api.hotel.test, www.hotel.test]\n"})
    assert sluice("save", *ROOMS, "--target", "http://127.0.0.1:9005", cwd=folder).code == 0
    assert (folder / "routes" / "api-hotel-test.yaml").read_text() == (
        "host: api.hotel.test\n\nendpoints:\n  GET /hotels/{var1}/rooms: http://127.0.0.1:9005/hotels/{var1}/rooms\n"
    )


def test_all_that_wait_are_saved_and_only_they(folder: Path) -> None:
    write(folder, {"routes/hotel.yaml": ROUTES})
    sluice("ignore", "GET", HOST, "/hotels", cwd=folder)
    assert sluice("save", "--all", cwd=folder).out == (
        "GET api.hotel.test /hotels/{var1}/rooms: saved at routes/hotel.yaml:8, managed, not routed\n1 endpoint saved\n"
    )
    assert sluice("save", "--all", cwd=folder).out == "nothing waits for review\n"
    assert states(folder)["GET /hotels"] == "ignored"


def test_what_is_there_already_is_not_added_twice(folder: Path) -> None:
    write(folder, {"routes/hotel.yaml": ROUTES})
    ran = sluice("save", "GET", HOST, "/hotels/{var1}", "--json", cwd=folder)
    assert ran.json == [
        {
            "method": "GET",
            "host": HOST,
            "endpoint": "/hotels/{var1}",
            "file": "routes/hotel.yaml",
            "line": 7,
            "target": "http://127.0.0.1:9003/{hotel}",
            "added": False,
        }
    ]
    assert (folder / "routes" / "hotel.yaml").read_text() == ROUTES


def test_a_service_of_the_file_can_be_the_target(folder: Path) -> None:
    services = ROUTES.replace("endpoints:", "services:\n  rooms: http://127.0.0.1:9002/v2\n\nendpoints:")
    write(folder, {"routes/hotel.yaml": services})
    assert (
        "to http://127.0.0.1:9002/v2/hotels/{var1}/rooms" in sluice("save", *ROOMS, "--target", "rooms", cwd=folder).out
    )
    assert "GET /hotels/{var1}/rooms: rooms:/hotels/{var1}/rooms\n" in (folder / "routes" / "hotel.yaml").read_text()


def test_a_file_can_be_chosen_by_its_name_or_its_path(folder: Path) -> None:
    write(folder, {"routes/hotel.yaml": ROUTES, "routes/more/rooms.yaml": f"host: {HOST}\n"})
    assert "routes/more/rooms.yaml:4" in sluice("save", *ROOMS, "--to", "more/rooms.yaml", cwd=folder).out
    assert "routes/new.yaml:4" in sluice("save", "GET", HOST, "/hotels", "--to", "routes/new.yaml", cwd=folder).out


@pytest.mark.parametrize(
    ("files", "arguments", "told"),
    [
        ({}, [], "name an endpoint by METHOD HOST PATH or by its id, or all that wait for review by --all"),
        ({}, [*ROOMS, "--all"], "name an endpoint by METHOD HOST PATH or by its id, or all that wait"),
        ({}, ["GET", HOST, "/rooms"], "'GET api.hotel.test /rooms' was not discovered; nearest "),
        ({}, [*ROOMS, "--target", "backend:80/x"], "--target: "),
        ({}, [*ROOMS, "--target", "nowhere"],
         "routes/api-hotel-test.yaml:4: nothing was written, for this line would be wrong: service 'nowhere' is not "),
        ({}, [*ROOMS, "--to", "../x.yaml"], "--to ../x.yaml: this is not in the folder of route files, routes"),
        ({}, [*ROOMS, "--to", "x.txt"], "--to x.txt: not a route file: its name ends in .yaml or .yml"),
        ({"o.yaml": "host: o.test\n"}, [*ROOMS, "--to", "o.yaml"],
         "--to routes/o.yaml: this file is for o.test, and the endpoint is one of api.hotel.test"),
        ({"o.yaml": f"host: {HOST}\nendpoints: {{GET /a: http://a.test}}\n"}, [*ROOMS],
         "routes/o.yaml:2: 'endpoints' is written in braces"),
        ({"o.yaml": "host: o.test\nendpoint:\n"}, [*ROOMS], "routes/o.yaml:2:1: "),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_changes_nothing(
    folder: Path, files: dict[str, str], arguments: list[str], told: str
) -> None:
    write(folder / "routes", files)
    assert sluice("save", *arguments, cwd=folder).one_line_error.startswith(told)
    assert {path.name: path.read_text() for path in (folder / "routes").iterdir()} == files
    assert set(states(folder).values()) == {"review"}
