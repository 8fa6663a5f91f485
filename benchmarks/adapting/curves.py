"""Draws loss over time of the experiment that `README.md` beside this file lays down.

python benchmarks/adapting/curves.py results.csv adapting.svg                 # over all tables
python benchmarks/adapting/curves.py results.csv each.svg --each              # a curve for each
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Mapping, Sequence
from math import ceil
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from figures import PRESETS, best_recipe, curves_of, means_of, paired
from rivals import AFTER, DEFAULT, OPEN_GATES, RACE
from run import DEFAULT_RECIPE, Result

from measuring import read_measurements

Point = tuple[float, float]
"""Seconds and loss, both over those of the race."""

COLORS = {"recipe": "#8a6d3b", "random": "#888888", "other": "#c0a878"}
OURS = "#1f5fa8"
TICKS = (0.25, 0.5, 1, 2)
COLUMNS = 6
SHORT = 1.12
"""Losses over the race's beyond which a panel is cut."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw a picture of the results."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("results", type=Path, help="what run.py wrote")
    parser.add_argument("picture", type=Path, help="the file to draw")
    parser.add_argument("--each", action="store_true", help="a panel for each table")
    options = parser.parse_args(arguments)
    results = read_measurements(options.results, Result)
    every = means_of(results)
    best = best_recipe(every)
    if best is None:
        raise SystemExit("Curves need results of all nine recipes.")
    (draw_each if options.each else draw_all)(results, curves_of(every, best), options.picture)
    return 0


def points_of(
    results: Sequence[Result], names: Collection[str], methods: Sequence[str]
) -> dict[str, Point]:
    """Return each method's mean over tables, over the race's with the same seeds."""
    points, of_tables = {}, [one for one in results if one.name in names]
    for method in methods:
        ratios, _, time = paired(of_tables, method, RACE)
        if ratios:
            points[method] = time, geometric_mean(ratios)
    return points


def draw_all(results: Sequence[Result], curves: Mapping[str, Sequence[str]], path: Path) -> None:
    """Draw the means over the tables that all methods have."""
    import matplotlib.pyplot as plt

    names = set(means_of(results)[DEFAULT_RECIPE])
    figure, axes = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
    _draw(axes, results, curves, names)
    axes.set(xlabel="processor seconds, over those of the race", ylabel="loss, over the race's")
    axes.set_title(f"{len(names)} tables, geometric means: lower and further left is better")
    axes.legend(frameon=False)
    _save(figure, path)


def draw_each(results: Sequence[Result], curves: Mapping[str, Sequence[str]], path: Path) -> None:
    """Draw a panel for each table."""
    import matplotlib.pyplot as plt

    names = sorted(means_of(results)[RACE])
    rows = ceil(len(names) / COLUMNS)
    figure, grid = plt.subplots(
        rows, COLUMNS, figsize=(15, 2.3 * rows), layout="constrained", squeeze=False
    )
    for axes, name in zip(grid.flat, names, strict=False):
        _draw(axes, results, curves, [name], labels=False)
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, 2 - SHORT), min(high, SHORT))
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=7)
    for axes in grid.flat[len(names) :]:
        axes.axis("off")
    _save(figure, path)


def _draw(
    axes: Any,
    results: Sequence[Result],
    curves: Mapping[str, Sequence[str]],
    names: Collection[str],
    *,
    labels: bool = True,
) -> None:
    kinds = iter(("recipe", "other"))
    for title, methods in curves.items():
        kind = "random" if title == "random" else next(kinds)
        points = list(points_of(results, names, methods).values())
        if points:
            what = "drawn at random, 3 and 9" if kind == "random" else f"{title}: 1, 3 and 9"
            axes.plot(*zip(*points, strict=True), "o-", color=COLORS[kind], label=what, ms=4)
    drawn = [RACE, *(one for one in PRESETS if one != DEFAULT), OPEN_GATES, *AFTER]
    for method, point in points_of(results, names, drawn).items():
        axes.plot(*point, "D", color=OURS, ms=5)
        if labels:
            axes.annotate(method, point, xytext=(5, 4), textcoords="offset points", color=OURS)
    axes.axhline(1, color=OURS, lw=0.6)
    axes.set_xscale("log")
    axes.set_xticks(TICKS, [str(tick) for tick in TICKS])
    axes.minorticks_off()


def _save(figure: Any, path: Path) -> None:
    import matplotlib.pyplot as plt

    with plt.rc_context({"svg.hashsalt": "adapting"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


if __name__ == "__main__":
    sys.exit(main())
