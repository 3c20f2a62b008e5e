"""Draws throughput and processor time of each candidate to bare mitmdump: `plot.py results.json results.png`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

BARE, OURS, OTHERS = "#8c8c8c", "#1f6fb2", "#c9a227"
FAMILY = {"bare": BARE, "noop": BARE, "plain": OURS, "plain-1": OURS}


def colour(name: str) -> str:
    return FAMILY.get(name, OURS if name.startswith(("gateway", "workers")) else OTHERS)


def bars(axes: Axes, labels: list[str], values: list[float], colours: list[str], digits: int) -> None:
    """One bar for each value on a logarithmic axis that begins at bare's 1: to the right more, to the left less."""
    places = range(len(values))
    axes.barh(places, [value - 1 for value in values], left=1, color=colours, height=0.7)
    axes.set_xscale("log")
    axes.set_yticks(list(places), labels)
    axes.invert_yaxis()
    axes.axvline(1, color="black", linewidth=0.8)
    for place, value in zip(places, values, strict=True):
        text = f"{value:.{digits if value < 20 else 0}f}×"
        right = value >= 1
        axes.annotate(
            text, (value, place), xytext=(4 if right else -4, 0), textcoords="offset points",
            va="center", ha="left" if right else "right", fontsize=8,
        )  # fmt: skip
    room = (max(*values, 1) / min(*values, 1)) ** 0.18 * 1.1  # for the figures beside the bars
    axes.set_xlim(min(*values, 1) / room, max(*values, 1) * room)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def main(source: Path, picture: Path) -> None:
    results = json.loads(source.read_text())
    small = [one for one in results["summaries"] if one["body"] == "200b" and one["rate_ratio"] and one["cpu_ratio"]]
    if not small:
        sys.exit("nothing under load to draw")
    connections = max(one["connections"] for one in small)
    chosen = [one for one in small if one["connections"] == connections]
    labels, colours = [one["label"] for one in chosen], [colour(one["candidate"]) for one in chosen]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 1.6 + 0.36 * len(chosen)), sharey=True)
    bars(left, labels, [one["rate_ratio"] for one in chosen], colours, 2)
    left.set_title("requests per second: more is better", fontsize=10)
    bars(right, labels, [one["cpu_ratio"] for one in chosen], colours, 3)
    right.set_title("CPU per request: less is better", fontsize=10)
    right.tick_params(left=False, labelleft=False)
    left.tick_params(left=False)
    # Both axes are shared upside down: once is enough.
    left.set_ylim(len(chosen) - 0.4, -0.6)
    machine = results["machine"]
    title = f"Relative to bare mitmdump: 200 B bodies, {connections} connections, logarithmic axes"
    figure.suptitle(title, fontsize=12)
    figure.text(
        0.01, 0.01,
        f"{machine['date']} · {machine['processor']} · mitmproxy {machine['mitmproxy']}, Python {machine['Python']} · "
        "one worker each but for --workers 2; only Sluicegate has a table of routes",
        fontsize=7.5, color="#555555",
    )  # fmt: skip
    figure.tight_layout(rect=(0, 0.035, 1, 1))
    figure.savefig(picture, dpi=130)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
