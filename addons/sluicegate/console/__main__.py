"""`python -m sluicegate.console`, the same as `sluice`."""

from __future__ import annotations

from .cli import sluice


def main() -> None:
    """Run the command line; ends the process with its exit code."""
    sluice(prog_name="sluice")


if __name__ == "__main__":
    main()
