"""Several processes that serve one port: what they share, and the parent that starts and watches them."""
