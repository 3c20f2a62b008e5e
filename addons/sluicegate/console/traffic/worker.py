"""A process that compares blocks of a request log: `python -m sluicegate.console.traffic.worker`.

It reads frames (`config/transfer.py`) from standard input, first a Task, then blocks, answers each block with what
came out, and ends when standard input does: it cannot outlive the command.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from ...config.transfer import read_frame, write_frame
from .blocks import compare_block, settle


def main() -> None:
    """Answer blocks until standard input ends."""
    blocks = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints must not get between the frames
    with suppress(EOFError, BrokenPipeError):
        comparison = read_frame(blocks).comparison()
        settle()
        while True:
            write_frame(answers, compare_block(comparison, read_frame(blocks)))
            answers.flush()
    os._exit(0)  # an answer that nobody reads any more need not be written


if __name__ == "__main__":
    main()
