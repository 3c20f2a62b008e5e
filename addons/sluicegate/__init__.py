"""Sluicegate: an API gateway as a mitmproxy addon, whose every decision can be seen, asked for and tried."""
