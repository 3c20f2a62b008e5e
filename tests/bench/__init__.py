"""The benchmark: the gateway beside bare mitmdump and other proxies. `scripts/bench --help` says how to run it."""
