"""Draws what scripts/bench-discovery found: `plot_discovery.py discovery.json discovery.png`."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

REGIMES = ("typed", "mixed", "words")
OURS = "sluicegate"
COLOURS = {"typed": "#1f6fb2", "mixed": "#2a9d6f", "words": "#c9772f"}
GREYS = ("#555555", "#8c8c8c", "#bdbdbd")


def f1(scores: list[dict[str, Any]], **wanted: Any) -> float | None:
    """The mean over seeds of F1 for one name, regime, half and part; None where it was not measured."""
    found = [one["f1"] for one in scores if all(one[key] == value for key, value in wanted.items())]
    return sum(found) / len(found) if found else None


def against(axes: Axes, scores: list[dict[str, Any]], half: str) -> None:
    """Our F1 beside each baseline's, by regime."""
    names = list(dict.fromkeys([OURS, *sorted(one["name"] for one in scores if one["part"] == "accuracy")]))
    strength = {
        name: sum(f1(scores, part="accuracy", half=half, name=name, regime=r) or 0 for r in REGIMES) for name in names
    }
    names.sort(key=lambda name: strength[name])
    for place, name in enumerate(names):
        for number, regime in enumerate(REGIMES):
            value = f1(scores, part="accuracy", half=half, name=name, regime=regime)
            if value is not None:
                colour = COLOURS[regime] if name == OURS else GREYS[number]
                height = place + (1 - number) * 0.27
                axes.barh(height, value, height=0.25, color=colour)
                axes.annotate(
                    f"{value:.2f}", (value, height), (3, 0), textcoords="offset points", va="center", fontsize=7
                )
    axes.set_yticks(range(len(names)), names)
    axes.set_xlim(0, 1.08)
    axes.set_title(f"F1 of templates, {half} providers: typed, mixed, words", fontsize=10)


def evidence(axes: Axes, scores: list[dict[str, Any]]) -> None:
    """What F1 loses without each kind of evidence."""
    lost: dict[str, dict[str, float]] = defaultdict(dict)
    for one in scores:
        if one["part"] == "ablation" and one["name"] != OURS:
            key = {"part": "ablation", "half": one["half"], "regime": one["regime"]}
            lost[one["name"]][one["regime"]] = (f1(scores, name=OURS, **key) or 0) - one["f1"]
    names = sorted(lost, key=lambda name: sum(lost[name].values()))
    for place, name in enumerate(names):
        for number, regime in enumerate(REGIMES):
            axes.barh(place + (1 - number) * 0.27, lost[name].get(regime, 0), height=0.25, color=COLOURS[regime])
    axes.set_yticks(range(len(names)), [f"without {name}" for name in names])
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_title("What F1 loses without it", fontsize=10)


def curve(axes: Axes, scores: list[dict[str, Any]]) -> None:
    """F1 by the volume of traffic."""
    for regime in REGIMES:
        for name, style in ((OURS, "o-"), ("speculator", "s:")):
            points = sorted(
                (one["mean"], one["f1"]) for one in scores
                if (one["part"], one["name"], one["regime"]) == ("curve", name, regime)
            )  # fmt: skip
            if points:
                label = f"{regime}{'' if name == OURS else ', ' + name}"
                axes.plot(*zip(*points, strict=True), style, color=COLOURS[regime], label=label, markersize=4)
    axes.set_xscale("log")
    axes.set_xticks([3, 10, 30, 100], ["3", "10", "30", "100"])
    axes.minorticks_off()
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("requests for each endpoint on average", fontsize=9)
    axes.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.11), ncols=3, frameon=False)
    axes.set_title("F1 by the volume of traffic", fontsize=10)


def main(source: Path, picture: Path) -> None:
    scores = json.loads(source.read_text())["scores"]
    halves = [half for half in ("dev", "held-out") if any(one["half"] == half for one in scores)]
    if not halves:
        sys.exit("nothing measured to draw")
    figure, ((first, second), (third, fourth)) = pyplot.subplots(2, 2, figsize=(13, 9))
    for axes, half in zip((first, second), halves, strict=False):
        against(axes, scores, half)
    if len(halves) == 1:
        second.set_axis_off()
    evidence(third, scores)
    curve(fourth, scores)
    for axes in (first, second, third, fourth):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y" if axes is fourth else "x", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(labelsize=8)
    figure.suptitle("Endpoints found from traffic: a template counts only when every segment is right", fontsize=12)
    figure.tight_layout()
    figure.savefig(picture, dpi=130)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
