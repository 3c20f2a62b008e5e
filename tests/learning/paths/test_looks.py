"""What segments look like: told in time that does not explode, whatever a client writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sluicegate.learning.paths.looks import look_of

ADDONS = Path(__file__).resolve().parents[3] / "addons"


@pytest.mark.parametrize(
    ("segment", "look"),
    [
        ("v1", "version"), ("v2.0", "version"), ("v1beta1", "version"), ("v1-alpha.2", "version"), ("1.0", "version"),
        ("v1..2", "numbered"), ("vx", "code"), ("orderItems", "camel"), ("aB", "camel"), ("aXMLFile2", "camel"),
        ("OrderItems", "pascal"), ("order_items", "snake"), ("order-items", "slug"),
    ],
)  # fmt: skip
def test_looks_of_names(segment: str, look: str) -> None:
    assert look_of(segment) == look


@pytest.mark.parametrize(
    "segment",
    ["v1" + "a" * 100 + "!", "v1.1" * 25 + "!", "aA" + "A" * 100 + "!", "aA1" * 30 + "!", "Aa" * 50 + "!",
     "a-a" * 30 + "!", "a_a" * 30 + "!", "a.a" * 30 + "!", "a1" * 50 + "!", "a" * 60 + "@" + "a." * 30 + "!"],
)  # fmt: skip
def test_a_segment_that_nearly_fits_is_told_at_once(segment: str) -> None:
    code = f"from sluicegate.learning.paths.looks import look_of; look_of({segment!r})"
    subprocess.run([sys.executable, "-c", code], cwd=ADDONS, check=True, timeout=20)  # what explodes takes years
