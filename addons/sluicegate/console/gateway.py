"""`scripts/gateway`: the gateway by its own entry; takes mitmdump's options."""

from __future__ import annotations

import sys


def main() -> None:
    """Serve until told to end."""
    from ..proxy.master import main as serve  # mitmproxy takes long to import

    sys.argv[0] = "gateway"  # what its help and its errors call it
    serve(sys.argv[1:])


if __name__ == "__main__":
    main()
