"""The demonstration: hotel services and the gateway together, and curl lines that work as printed.

Started by scripts/demo, which does the set-up first.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import hotel_services

ROOT = Path(__file__).resolve().parent.parent
HOST = hotel_services.HOST
DEFAULT_SERVICES_PORT = 9000
START_SECONDS = 30.0
STOP_SECONDS = 5.0


class StopRequest:
    """Whether Ctrl-C, SIGTERM or a closed terminal asked for the end.

    A flag and no exception: an exception could come between the start of the gateway and the note to stop it.
    """

    def __init__(self) -> None:
        self.made = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.make)

    def make(self, *_: object) -> None:
        self.made = True


@dataclass(frozen=True, slots=True)
class Step:
    """A curl line to print: what it shows, its arguments, and the two members its JSON answer must hold."""

    shows: str
    arguments: tuple[str, ...]
    path: str
    expected: tuple[tuple[str, object], ...]

    def line(self, port: int) -> str:
        words = ("curl", "-s", *self.arguments, f"http://{HOST}:{port}{self.path}")
        return " ".join(map(quote, words))


def quote(word: str) -> str:
    return word if re.fullmatch(r"[\w@%+=:,./-]+", word) else shlex.quote(word)


HOTEL = ("-H", "Host: api.hotel.test")
STEPS = (
    Step(
        "GET /hotels/{hotel}/dates, rewritten, from the dates service",
        HOTEL,
        "/hotels/7/dates",
        (("service", "dates"), ("hotel", "7")),
    ),
    Step(
        "GET /hotels/{hotel}, from another service",
        HOTEL,
        "/hotels/7",
        (("service", "overview"), ("name", "Hotel Seeblick")),
    ),
    Step(
        "two variables change places, the query is kept, the Host header too",
        HOTEL,
        "/hotels/7/rooms/12/price?currency=EUR",
        (("service", "rooms"), ("room", "12")),
    ),
    Step(
        "an endpoint without a route: the origin takes it",
        (*HOTEL, "-H", "Content-Type: application/json", "-d", '{"room": 12}'),
        "/hotels/7/bookings",
        (("service", "origin"), ("state", "confirmed")),
    ),
    Step(
        "a host that no route file serves: the gateway's own answer",
        ("-H", "Host: other.test"),
        "/hotels/7",
        (("status", 421),),
    ),
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Hotel services behind the gateway.")
    parser.add_argument("--port", type=int, default=8080, help="the gateway's port (default: 8080)")
    parser.add_argument(
        "--services-port",
        type=int,
        default=DEFAULT_SERVICES_PORT,
        help="the origin's port; the three services take the ports after it (default: 9000)",
    )
    parser.add_argument("--web", action="store_true", help="run mitmweb instead of mitmdump")
    parser.add_argument("--check", action="store_true", help="run every printed line, then stop: exit 0 or 1")
    return parser.parse_args()


def routes_folder(services_port: int, stack: ExitStack) -> Path:
    """The repository's route files; with other service ports a copy that names those."""
    if services_port == DEFAULT_SERVICES_PORT:
        return ROOT / "routes"
    copy = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluicegate-demo-"))) / "routes"
    shutil.copytree(ROOT / "routes", copy)
    for file in copy.rglob("*.y*ml"):
        text = file.read_text(encoding="utf-8")
        for offset in range(len(hotel_services.SERVICES)):
            text = text.replace(f"{HOST}:{DEFAULT_SERVICES_PORT + offset}", f"{HOST}:{services_port + offset}")
        file.write_text(text, encoding="utf-8")
    return copy


def start_gateway(options: argparse.Namespace, routes: Path) -> subprocess.Popen[bytes]:
    tool = Path(sys.executable).with_name("mitmweb" if options.web else "mitmdump")
    command: list[str | Path] = [
        tool,
        "-s",
        ROOT / "addons" / "routing.py",
        "--listen-host",
        HOST,
        "-p",
        str(options.port),
    ]
    command += ["--set", f"routes={routes}"]
    if options.check:
        command += ["--set", "flow_detail=0", "--set", "termlog_verbosity=warn"]
        command += ["--set", "web_open_browser=false"] if options.web else []
    # The route file's default for this name is the demonstration's own service.
    environment = {name: value for name, value in os.environ.items() if name != "ROOMS_URL"}
    return subprocess.Popen(command, env=environment)


def answers(port: int) -> bool:
    """Whether the first step's endpoint is served already."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", STEPS[0].path, headers={"Host": "api.hotel.test"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_until_it_answers(gateway: subprocess.Popen[bytes], port: int, stop_request: StopRequest) -> None:
    """Returns once the gateway serves, or when it was asked to stop; exits when it ends or is too slow."""
    deadline = time.monotonic() + START_SECONDS
    while not stop_request.made and not answers(port):
        if gateway.poll() is not None:
            sys.exit(f"scripts/demo: the gateway ended with status {gateway.returncode}: see its messages above")
        if time.monotonic() > deadline:
            sys.exit(f"scripts/demo: {STEPS[0].line(port)} was not answered with 200 in {START_SECONDS:.0f} s")
        time.sleep(0.05)


def print_lines(port: int, routes: Path) -> None:
    print(f"\nThe gateway listens on http://{HOST}:{port}. In another terminal:\n")
    for step in STEPS:
        print(f"# {step.shows}\n{step.line(port)}\n")
    print(f"The routes are in {routes}: save a change there and repeat a line.")
    print("Ctrl-C stops everything.", flush=True)


def run_line(line: str) -> str:
    """The output of a printed line, as it stands in a shell; where there is no curl, sends what it would."""
    if shutil.which("curl"):
        result = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=30, check=False)
        return result.stdout or f"curl {result.returncode}: {result.stderr}"
    parser = argparse.ArgumentParser()
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("url")
    words = parser.parse_args(shlex.split(line)[1:])
    url = urlsplit(words.url)
    connection = http.client.HTTPConnection(url.netloc, timeout=30)
    headers = dict(header.split(": ", 1) for header in words.headers)
    target = urlunsplit(("", "", url.path, url.query, ""))
    connection.request("POST" if words.data else "GET", target, words.data, headers)
    return connection.getresponse().read().decode()


def check(port: int) -> bool:
    """Runs every printed line and says which do not give what they promise."""
    passed = True
    for step in STEPS:
        line = step.line(port)
        output = run_line(line)
        try:
            answer = json.loads(output)
        except ValueError:
            answer = {}
        if all(answer.get(name) == value for name, value in step.expected):
            print(f"ok      {line}")
        else:
            passed = False
            print(f"FAILED  {line}\n        {output}")
    return passed


def stop_gateway(gateway: subprocess.Popen[bytes]) -> None:
    if gateway.poll() is None:
        gateway.terminate()
    try:
        gateway.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        gateway.kill()
        gateway.wait()


def start_services(options: argparse.Namespace) -> list[hotel_services.Server]:
    """Starts the services; exits when one of the ports is taken, the gateway's own included."""
    try:
        if hotel_services.is_taken(options.port):
            raise hotel_services.PortTakenError(options.port)
        return hotel_services.start(options.services_port)
    except hotel_services.PortTakenError as error:
        choice = "--port" if error.port == options.port else "--services-port"
        sys.exit(f"scripts/demo: {error}. Stop what listens there, or choose another: scripts/demo {choice} NUMBER")


def main() -> int:
    options = arguments()
    stop_request = StopRequest()
    with ExitStack() as stack:
        routes = routes_folder(options.services_port, stack)
        stack.callback(hotel_services.stop, start_services(options))
        gateway = start_gateway(options, routes)
        stack.callback(stop_gateway, gateway)
        wait_until_it_answers(gateway, options.port, stop_request)
        if not stop_request.made:
            print_lines(options.port, routes)
        if options.check:
            return 0 if check(options.port) else 1
        while not stop_request.made and gateway.poll() is None:
            time.sleep(0.1)
        return gateway.poll() or 0


if __name__ == "__main__":
    sys.exit(main())
