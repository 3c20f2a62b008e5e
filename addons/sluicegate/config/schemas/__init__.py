"""JSON Schemas (2020-12) of the files that people write, for editors.

They say what one file can be told by itself; what only all files together show is for the loader.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

NAMES: Final = {"routes": "route-file.json", "gateway": "gateway-file.json", "tests": "test-file.json"}
"""The schemas by what they are for: route files, `_gateway.yaml`, and `*.test.yaml`."""


def schema_text(name: str) -> str:
    """Return a schema as JSON, by its name in NAMES."""
    return resources.files(__name__).joinpath(NAMES[name]).read_text(encoding="utf-8")
