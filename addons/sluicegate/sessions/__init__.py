"""Sessions: which client an exchange belongs to, by a keyed hash of what identifies it."""
