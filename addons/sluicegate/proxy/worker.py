"""A worker of several: `python -m sluicegate.proxy.worker DESCRIPTOR TERMINALS DRAIN [mitmdump's arguments]`.

DESCRIPTOR is the connection to the parent. TERMINALS names the streams of the parent that are a terminal: `o`, `e`,
`-` for none. DRAIN is how long exchanges in flight may take at the end, in seconds.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from contextlib import suppress


class Printed(io.TextIOWrapper):
    """Standard output or error: a pipe to the parent, which may show it on a terminal, and may be killed."""

    def __init__(self, descriptor: int, *, on_terminal: bool) -> None:
        stream = io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False))
        super().__init__(stream, encoding=sys.stdout.encoding, errors="backslashreplace", line_buffering=True)
        self._descriptor = descriptor
        self._on_terminal = on_terminal

    def isatty(self) -> bool:
        """Whether colours will be seen."""
        return self._on_terminal

    def write(self, text: str) -> int:
        """Write; without the parent, whose end is noticed elsewhere, to nobody."""
        try:
            return super().write(text)
        except BrokenPipeError:
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), self._descriptor)
            return len(text)


def main() -> None:
    """Serve until the parent wants the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole process group; the parent decides
    descriptor, terminals, drain, *arguments = sys.argv[1:]
    sys.stdout = Printed(1, on_terminal="o" in terminals)
    sys.stderr = Printed(2, on_terminal="e" in terminals)
    sys.argv[0] = "gateway"
    from ..workers.link import Link
    from .master import main as serve

    with suppress(EOFError, ConnectionError):  # the parent is gone
        link = Link(int(descriptor))
        link.wait_for_turn()
        serve(arguments, drain=float(drain), link=link)


if __name__ == "__main__":
    main()
