"""Route files written from other descriptions of an API."""
