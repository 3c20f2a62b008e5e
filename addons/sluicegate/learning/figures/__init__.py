"""Figures of an endpoint: how much it is asked, how it answers, by how many sessions; mergeable sketches."""
