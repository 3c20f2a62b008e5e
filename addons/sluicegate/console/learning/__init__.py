"""What the commands about learned endpoints share: recordings as they are learned from, the state file, endpoints."""
