"""The worker process, spoken to over its pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sluicegate.config import transfer
from sluicegate.config.receipts import Listed
from sluicegate.config.transfer import End, Request, read_frame, write_frame

from .edits import routes
from .folders import write

FAULTS = """
import sys, time
from sluicegate.config import worker
from sluicegate.config.compiler import Compiler

compile_folder = Compiler.compile

def compile_with_fault(self):
    faults = self.folder / "fault"
    if faults.exists():
        exec(faults.read_text())
    return compile_folder(self)

Compiler.compile = compile_with_fault
worker.main()
"""
"""A worker that runs what stands in a file `fault` before it compiles."""


class Client:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.frames: list[tuple[str, Any]] = []

    def send(self, *, keep: bool, own_addresses: tuple[tuple[str, int], ...] = ()) -> None:
        assert self.process.stdin is not None
        write_frame(self.process.stdin, Request(own_addresses, keep))
        self.process.stdin.flush()

    def receive(self) -> End:
        """The end of a reply; all of its frames are in `frames`."""
        assert self.process.stdout is not None
        self.frames = [read_frame(self.process.stdout)]
        while self.frames[-1][0] != "end":
            self.frames.append(read_frame(self.process.stdout))
        end = self.frames[-1][1]
        assert isinstance(end, End)
        return end

    def ask(self, *, keep: bool = True, own_addresses: tuple[tuple[str, int], ...] = ()) -> End:
        self.send(keep=keep, own_addresses=own_addresses)
        return self.receive()

    def sent(self) -> dict[str, list[Any]]:
        """What came in the last reply, by kind, the frames of one kind put together."""
        together = defaultdict(list)
        for kind, content in self.frames[:-1]:
            together[kind] += content
        return together

    def endpoints(self) -> list[str]:
        return [endpoint.text for endpoint in self.sent()["endpoints"]]


@contextmanager
def started(folder: Path, *command: str) -> Iterator[Client]:
    with subprocess.Popen(
        [sys.executable, *(command or ("-m", "sluicegate.config.worker")), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(transfer.__file__).parents[2])},
    ) as process:
        try:
            yield Client(process)
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "routes", {"a.yaml": routes("/a1", "/a2"), "b.yaml": routes("/b1", "/b2")})


@pytest.fixture
def worker(folder: Path) -> Iterator[Client]:
    with started(folder) as client:
        yield client


def test_the_first_reply_holds_the_whole_table(worker: Client) -> None:
    end = worker.ask()
    assert end.complete
    assert worker.endpoints() == ["GET /a1", "GET /a2", "GET /b1", "GET /b2"]
    assert [name for name, _ in worker.sent()["files"]] == ["a.yaml", "b.yaml"]
    assert end.receipt.added == Listed(4, ("GET /a1", "GET /a2", "GET /b1", "GET /b2"))


def test_a_second_reply_sends_only_what_is_new(worker: Client, folder: Path) -> None:
    worker.ask()
    (folder / "b.yaml").write_text(routes("/b1", "/b3"))
    end = worker.ask()
    assert worker.endpoints() == ["GET /b3"]
    assert worker.sent()["again"] == [0, 1, 2]
    assert (end.receipt.added, end.receipt.removed) == (Listed(1, ("GET /b3",)), Listed(1, ("GET /b2",)))


def test_numbers_stay_right_over_several_replies(worker: Client, folder: Path) -> None:
    known: list[str] = []
    for a, b in (("/1", "/2"), ("/3", "/2"), ("/3", "/4"), ("/1", "/4"), ("/1", "/2")):
        (folder / "a.yaml").write_text(routes(a, "/same"))
        (folder / "b.yaml").write_text(routes(b))
        assert worker.ask().complete
        known = [known[number] for number in worker.sent()["again"]] + worker.endpoints()
        assert sorted(known) == sorted(f"GET {path}" for path in (a, "/same", b))


def test_an_endpoint_with_another_route_has_changed(worker: Client, folder: Path) -> None:
    worker.ask()
    (folder / "a.yaml").write_text(routes("/a1", "/a2").replace(":9001/a2", ":9009/a2"))
    assert worker.ask().receipt.changed == Listed(1, ("GET /a2",))
    assert worker.endpoints() == ["GET /a2"]


def test_an_endpoint_on_another_line_is_sent_again_but_has_not_changed(worker: Client, folder: Path) -> None:
    worker.ask()
    (folder / "a.yaml").write_text("# on top\n" + routes("/a1", "/a2"))
    receipt = worker.ask().receipt
    assert (receipt.added.count, receipt.removed.count, receipt.changed.count) == (0, 0, 0)
    assert [endpoint.place.line for endpoint in worker.sent()["endpoints"]] == [3, 4]


def test_nothing_is_sent_where_nothing_changed(worker: Client) -> None:
    worker.ask()
    assert worker.ask().unchanged
    assert worker.frames == [("end", End(unchanged=True))]


def test_a_reply_that_was_not_kept_is_given_again(worker: Client, folder: Path) -> None:
    worker.ask()
    worker.ask()
    (folder / "b.yaml").write_text(routes("/b1"))
    assert worker.ask().receipt.removed == Listed(1, ("GET /b2",))
    again = worker.ask(keep=False)
    assert again.complete
    assert again.receipt.removed == Listed(1, ("GET /b2",))
    assert worker.ask().unchanged


def test_a_bad_file_gives_its_diagnostics_once(worker: Client, folder: Path) -> None:
    worker.ask()
    (folder / "a.yaml").write_text("endpoints: [")
    end = worker.ask()
    assert not end.complete
    assert not end.unchanged
    assert [diagnostic.file for diagnostic in worker.sent()["diagnostics"]] == ["a.yaml"]
    assert worker.ask().unchanged


def test_a_mended_file_gives_the_table_again(worker: Client, folder: Path) -> None:
    worker.ask()
    content = (folder / "a.yaml").read_text()
    (folder / "a.yaml").write_text("endpoints: [")
    worker.ask()
    (folder / "a.yaml").write_text(content)
    end = worker.ask()
    assert end.complete
    assert worker.sent()["again"] == [0, 1, 2, 3]
    assert end.receipt.added.count == 0


def test_the_gateways_own_addresses_count_from_the_request_on(worker: Client) -> None:
    assert worker.ask().complete
    assert not worker.ask(own_addresses=(("127.0.0.1", 9001),)).complete
    assert worker.ask().complete


def test_long_lists_of_a_receipt_are_cut(worker: Client, folder: Path) -> None:
    (folder / "a.yaml").write_text(routes(*(f"/{number}" for number in range(120))))
    added = worker.ask().receipt.added
    assert (added.count, len(added.texts)) == (122, 20)
    assert str(added).endswith("GET /19 and 102 more")
    assert max(len(content) for kind, content in worker.frames if kind == "endpoints") <= 50


def test_it_ends_with_its_standard_input(worker: Client) -> None:
    worker.ask()
    assert worker.process.stdin is not None
    worker.process.stdin.close()
    assert worker.process.wait(20) == 0


def test_it_goes_on_after_an_interrupt_of_the_process_group(worker: Client) -> None:
    worker.ask()
    worker.process.send_signal(signal.SIGINT)
    assert worker.ask().unchanged


def test_it_ends_with_its_standard_input_while_it_compiles(folder: Path) -> None:
    os.mkfifo(folder / "busy")
    (folder / "fault").write_text("(self.folder / 'busy').open('w').close(); time.sleep(3600)")
    with started(folder, "-c", FAULTS) as client:
        client.send(keep=False)
        (folder / "busy").open("rb").close()  # opens when the worker is at it
        assert client.process.stdin is not None
        client.process.stdin.close()
        assert client.process.wait(20) == 0


def test_an_exception_in_the_compiler_is_a_reply_and_the_next_one_is_right(folder: Path) -> None:
    with started(folder, "-c", FAULTS) as client:
        assert client.ask().complete
        (folder / "fault").write_text("raise ZeroDivisionError('planted')")
        end = client.ask()
        assert not end.complete
        assert end.fault.rstrip().endswith("ZeroDivisionError: planted")
        (folder / "fault").unlink()
        assert client.ask().complete
        assert client.sent()["again"] == [0, 1, 2, 3]


def test_prints_do_not_get_between_the_frames(folder: Path) -> None:
    (folder / "fault").write_text("print('x' * 100000, flush=True)")
    with started(folder, "-c", FAULTS) as client:
        assert client.ask().complete
        assert len(client.endpoints()) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not limit a process's memory")
def test_a_compilation_that_wants_all_memory_is_refused(folder: Path) -> None:
    (folder / "fault").write_text("bytearray(16 << 30)")
    with started(folder, "-c", FAULTS) as client:
        assert "MemoryError" in client.ask().fault
        (folder / "fault").unlink()
        assert client.ask().complete
