"""The pinned versions and the project's own metadata."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

REPOSITORY = Path(__file__).resolve().parents[2]
CONSTRAINTS = (REPOSITORY / "scripts" / "constraints.txt").read_text()
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def test_constraints_hold_names_versions_and_hashes_only() -> None:
    name = r"[a-z0-9-]+==[0-9][0-9.]*"
    marker = r"(?: ; [a-z_]+ (?:==|!=|<|>=) '[A-Za-z0-9.]+')?"
    hashes = r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    assert re.fullmatch(f"(?:{name}{marker}{hashes})+", CONSTRAINTS)


def test_constraints_pin_a_version_that_every_requirement_allows() -> None:
    pinned = dict(re.findall(r"^([a-z0-9-]+)==([0-9.]+)", CONSTRAINTS, re.MULTILINE))
    extras = PROJECT["optional-dependencies"]
    texts = [
        *PROJECT["dependencies"],
        # The environment of the benchmark is the user's own.
        *(text for name, extra in extras.items() if name != "bench" for text in extra),
    ]
    for requirement in map(Requirement, texts):
        version = pinned[canonicalize_name(requirement.name)]
        assert Version(version) in requirement.specifier, requirement


def test_the_package_needs_nothing_but_what_the_design_names() -> None:
    names = [re.split(r"[<>=]", text)[0] for text in PROJECT["dependencies"]]
    assert names == [
        "brotli",
        "click",
        "ddsketch",
        "h11",
        "ijson",
        "mitmproxy",
        "pyyaml",
        "rich",
        "watchdog",
        "zstandard",
    ]
    assert "mitmproxy>=12.2.3,<13" in PROJECT["dependencies"]
    assert PROJECT["requires-python"] == ">=3.12"
