"""Endpoints from traffic: which segments of the paths that were asked for are variables, and what shows it."""
