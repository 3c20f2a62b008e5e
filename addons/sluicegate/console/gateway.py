"""`scripts/gateway`: the gateway by its own entry; takes mitmdump's options, and two of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ..config.durations import parse_duration
from .processors import processors

MOST_WORKERS = 64
"""Processes on one port, at most (our choice: far more than the processors of a machine that runs Python)."""
MOST_DRAIN = 3600.0
"""Seconds of the drain, at most."""
_HELP = """
Gateway (beside mitmdump's options above):
  --workers N|auto      Processes that serve the port together, 1 to 64; auto is
                        one for each processor. Default: 1.
  --drain TIME          How long exchanges in flight may take after SIGTERM, such
                        as 10s or 500ms; SIGINT ends at once. Default: 10s.
  --web                 mitmweb instead, with its options, in one process.
"""


def main() -> None:
    """Serve until told to end."""
    own, rest = own_options(sys.argv[1:])
    sys.argv[0] = "gateway"  # what its help and its errors call it
    if own.workers == 1 or _only_prints(rest):
        from ..proxy.master import main as serve  # mitmproxy takes long to import

        try:
            serve(rest, drain=own.drain)
        finally:
            if _asks_for_help(rest):
                print(_HELP, end="")
        return
    from ..workers.output import Output
    from ..workers.parent import run

    terminals = "".join(name for name, stream in (("o", sys.stdout), ("e", sys.stderr)) if stream.isatty())
    command = [sys.executable, "-P", "-m", "sluicegate.proxy.worker"]
    output = Output(sys.stdout.buffer, sys.stderr.buffer, colours=sys.stdout.isatty())
    sys.exit(run(command, [terminals or "-", str(own.drain), *rest], own.workers, own.drain, output))


def own_options(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Take the gateway's own options out of a command line; returns them and the rest. Exits with 2 for nonsense."""
    parser = argparse.ArgumentParser(prog="gateway", add_help=False, allow_abbrev=False, usage="gateway [options]")
    parser.add_argument("--workers", type=_workers, default=1)
    parser.add_argument("--drain", type=_drain, default=10.0)
    own, rest = parser.parse_known_args(arguments)
    return own, rest


def _workers(text: str) -> int:
    if text == "auto":
        return min(processors(), MOST_WORKERS)
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_WORKERS:
        return int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 to {MOST_WORKERS}, nor 'auto'")


def _drain(text: str) -> float:
    seconds = parse_duration(text)
    if seconds is None or seconds > MOST_DRAIN:
        raise argparse.ArgumentTypeError(f"'{text}' is not a time of at most an hour, such as 10s or 500ms")
    return seconds


def _asks_for_help(arguments: Sequence[str]) -> bool:
    return "-h" in arguments or "--help" in arguments


def _only_prints(arguments: Sequence[str]) -> bool:
    return _asks_for_help(arguments) or "--version" in arguments


if __name__ == "__main__":
    main()
