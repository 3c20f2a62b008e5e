"""Changes of route files that a command makes, proven to change nothing else: `inserting.with_endpoints`."""
