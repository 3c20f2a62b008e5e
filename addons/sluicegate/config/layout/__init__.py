"""The canonical layout of route files, and the proof that a text means the same in it: `canonical.laid_out`."""
