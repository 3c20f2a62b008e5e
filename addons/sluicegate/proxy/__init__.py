"""The only room that knows mitmproxy: flows become exchanges, decisions become flows."""
