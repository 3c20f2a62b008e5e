"""Route files: read, checked and compiled into a snapshot, or into diagnostics that name place and fix."""
