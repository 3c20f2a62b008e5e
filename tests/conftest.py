"""Settings for all tests."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says how loaded the machine is: speed belongs to the benches.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
