"""The only room that knows mitmproxy: flows become exchanges, decisions become flows."""

GATEWAY = "sluicegate"
"""Name of the gateway among mitmproxy's addons."""
