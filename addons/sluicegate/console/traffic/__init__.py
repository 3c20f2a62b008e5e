"""Recorded traffic on a command line: files read with a progress bar, long logs compared by several processes."""
