"""Two tables side by side: what differs between them, and which requests would go elsewhere."""
