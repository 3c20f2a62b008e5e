"""The bound of a helper process: whatever it is given to read, it ends before the machine does."""

from __future__ import annotations

from contextlib import suppress


def limit_memory(most: int) -> None:
    """Bound the address space of this process, bytes, where the system can (macOS cannot)."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
