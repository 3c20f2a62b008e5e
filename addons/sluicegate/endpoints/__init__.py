"""The words of the public API that every room shares: hosts and paths in normal form, endpoints, targets, the table."""
