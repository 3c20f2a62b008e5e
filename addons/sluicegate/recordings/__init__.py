"""Recorded traffic: requests, and the answers that they got, out of files that are read as streams."""
