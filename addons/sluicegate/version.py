"""Which Sluicegate this is."""

from __future__ import annotations

from pathlib import Path


def version() -> str:
    """Return the version: of the working tree that the package lies in, else of the installed distribution."""
    addons = Path(__file__).resolve().parents[1]
    project = addons.parent / "pyproject.toml"
    if (addons / "routing.py").is_file() and project.is_file():
        import tomllib

        return f"{tomllib.loads(project.read_text(encoding='utf-8'))['project']['version']} (working tree)"
    from importlib import metadata

    try:
        return metadata.version("sluicegate")
    except metadata.PackageNotFoundError:
        return "(copied without its metadata)"
