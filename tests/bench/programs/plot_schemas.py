"""Draws the curves of learned schemas: `plot_schemas.py schemas.json schemas.png`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

COLOURS = ("#1f6fb2", "#2a9d6f", "#c9772f", "#8c4fa3")
STYLES = {"dev": "--", "held-out": "-"}


def axis(axes: Axes, steps: list[int], title: str) -> None:
    axes.set_xscale("log")
    axes.set_xticks(steps, [f"{step:,}" for step in steps])
    axes.minorticks_off()
    axes.set_xlabel("requests learned from, of an endpoint")
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.3)


def draw(curves: list[dict[str, Any]], picture: Path) -> None:
    """Valid requests refused on the left, mutated ones refused on the right."""
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.2))
    steps = sorted({one["requests"] for one in curves})
    halves = list(dict.fromkeys(one["half"] for one in curves))
    for half in halves:
        rows = sorted((one for one in curves if one["half"] == half), key=lambda one: one["requests"])
        refused = [max(1e-5, 1 - one["acceptance"]) for one in rows]
        left.plot(steps, refused, STYLES[half], marker="o", color="#333333", label=f"{half} providers")
        right.plot(
            steps, [one["rejection"] for one in rows], STYLES[half], marker="o", color="#333333", label=f"all, {half}"
        )
        for colour, group in zip(COLOURS, rows[0]["classes"], strict=True):
            values = [one["classes"][group] for one in rows]
            right.plot(steps, values, STYLES[half], color=colour, label=group if half == halves[-1] else None)
    left.plot([100, 1000], [0.03, 0.001], "x", color="#c0392b", label="asked for, at most")
    left.set_yscale("log")
    right.plot([1000], [0.9], "x", color="#c0392b", label="asked for, of all")
    right.set_ylim(0, 1.02)
    axis(left, steps, "Share of fresh valid requests that are refused")
    axis(right, steps, "Share of mutated requests that are refused")
    left.legend(fontsize=8, handlelength=4)
    right.legend(fontsize=8, handlelength=4)
    figure.tight_layout()
    figure.savefig(picture, dpi=110)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text())["curves"], Path(sys.argv[2]))
