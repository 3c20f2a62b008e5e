"""Which endpoint a request belongs to, and where it goes."""
