"""The figures of the experiment that `README.md` beside this file lays down, from its results."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from statistics import fmean, geometric_mean

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rivals import AFTER, DEFAULT, GONE, OPEN_GATES, PARTS, RACE, RANDOM, RIVALS, SINGLE
from run import DEFAULT_RECIPE, Result
from tables_apart import SEEN

from measuring import Measurement, read_measurements
from quality import LOSS_FLOOR
from tables import DEFAULT_FOLDER

PEERS = ("catboost", "lightgbm")
PRESETS = (DEFAULT, "quick", "best")
ALL_METHODS = (*RIVALS, *GONE, *AFTER)


@dataclass(frozen=True)
class Mean:
    """The mean over the seeds of one method on one table."""

    loss: float
    seconds: float


Means = Mapping[str, Mapping[str, Mean]]  # of each method, of each table


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="what run.py wrote")
    parser.add_argument("--unseen", action="store_true", help="without tables that others read")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data")
    options = parser.parse_args(arguments)
    results = read_measurements(options.results, Result)
    results = [one for one in results if not (options.unseen and one.name in SEEN)]
    peers = read_measurements(options.folder / "adapting" / "PEERS.csv")
    print(*lines_of(results), *lines_beside(means_of(results), peers), sep="\n")
    return 0


def lines_of(results: Sequence[Result]) -> Iterator[str]:
    """Yield each figure as a line."""
    every = means_of(results)
    yield from overview(results, every)
    best = best_recipe(every)
    if best is None:
        yield "The best recipe in hindsight is known once all nine are measured."
        return
    yield f"\nThe best recipe in hindsight: {best}\n\nRace at equal time over"
    for title, curve in curves_of(every, best).items():
        pairs = list(at_equal_time(means_of(shared(results, [RACE, *curve])), curve))
        yield line_of(title, [one for _, one, _ in pairs], [name for name, *_ in pairs])
        beyond = sum(outside for *_, outside in pairs)
        yield f"  (read at the end of its line on {beyond} of {len(pairs)} tables)"
    yield line_of("best of each table", *hindsight(means_of(shared(results, [RACE, *SINGLE]))))
    yield "\nOver the best of our methods, seed 0"
    yield from worst_of_each(of_first_seed(results))
    parts = [one for one in (*PARTS, *GONE) if one in every and one != OPEN_GATES]
    chances = holm([chance(paired(results, part, RACE)[0]) for part in parts])
    yield "\nParts, p with Holm's correction:"
    yield from (f"  {part:26}{p:7.3f}" for part, p in zip(parts, chances, strict=True))


def overview(results: Sequence[Result], every: Means) -> Iterator[str]:
    """Yield a line for each method: its losses over those of the race, time and mean rank."""
    ranks = mean_ranks(of_first_seed(results))
    title = f"{'over ' + RACE:28}{'loss':>7}{'p':>8}{'better':>9}{'time':>7}{'rank':>7}"
    yield f"{title}  worst table"
    for method in ALL_METHODS:
        if method in every:
            ratios, names, time = paired(results, method, RACE)
            yield line_of(method, ratios, names, time, ranks.get(method))


def lines_beside(every: Means, peers: Iterable[Measurement]) -> Iterator[str]:
    """Yield how methods compare with the better of other packages, and where they lose."""
    lowest: dict[str, float] = {}
    for peer in peers:
        if peer.method in PEERS:
            lowest[peer.name] = min(peer.loss, lowest.get(peer.name, np.inf))
    yield f"\nOver the better of {' and '.join(PEERS)}"
    for method in (RACE, *PRESETS, OPEN_GATES, *AFTER):
        means = every.get(method, {})
        over = {
            name: ratio(means[name].loss, lowest[name]) for name in sorted(lowest) if name in means
        }
        if over:
            yield line_of(method, list(over.values()), list(over))
            far = ", ".join(f"{name} {value:.3f}" for name, value in over.items() if value > 1.1)
            yield f"  above 1.10: {far or 'none'}"


def mean_ranks(every: Means) -> dict[str, float]:
    """Return the mean rank by loss of each method, over the tables that all of them have.

    Presets beyond the default, and those of later, are not ranked.
    """
    from scipy.stats import rankdata

    ranked = [one for one in (*RIVALS, *GONE) if one in every and one != "best"]
    names = sorted(set.intersection(*(set(every[one]) for one in ranked)))
    if not names:
        return {}
    losses = [[max(every[one][name].loss, LOSS_FLOOR) for one in ranked] for name in names]
    return dict(zip(ranked, rankdata(losses, axis=1).mean(axis=0).tolist(), strict=True))


def means_of(results: Iterable[Result]) -> Means:
    """Return the mean over the seeds of each method on each table."""
    seeds: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for one in results:
        seeds[one.method, one.name].append(one)
    means: dict[str, dict[str, Mean]] = defaultdict(dict)
    for (method, name), group in seeds.items():
        loss, seconds = fmean(one.loss for one in group), fmean(one.cpu_s for one in group)
        means[method][name] = Mean(loss, seconds)
    return means


def paired(
    results: Sequence[Result], method: str, other: str
) -> tuple[list[float], list[str], float]:
    """Return losses over those of another method, their tables, and the ratio of the seconds.

    Both are means over the seeds that both have.
    """
    known = {(one.method, one.name, one.seed) for one in results}
    both = [
        one
        for one in results
        if one.method in (method, other)
        and {(method, one.name, one.seed), (other, one.name, one.seed)} <= known
    ]
    means = means_of(both)
    names = sorted(means.get(method, {}))
    ratios = [ratio(means[method][name].loss, means[other][name].loss) for name in names]
    times = [sum(means[which][name].seconds for name in names) for which in (method, other)]
    return ratios, names, times[0] / times[1] if names else np.nan


def shared(results: Sequence[Result], methods: Sequence[str]) -> list[Result]:
    """Return the results of methods on the tables and with the seeds that all of them have."""
    known = {(one.method, one.name, one.seed) for one in results}
    return [
        one
        for one in results
        if one.method in methods and {(other, one.name, one.seed) for other in methods} <= known
    ]


def of_first_seed(results: Sequence[Result]) -> Means:
    """Return the results with seed 0, which all methods have on nearly all tables."""
    return means_of(one for one in results if one.seed == 0)


def ratio(loss: float, other: float) -> float:
    """Return a loss over another; both count as the floor at least."""
    return max(loss, LOSS_FLOOR) / max(other, LOSS_FLOOR)


def chance(ratios: Sequence[float]) -> float:
    """Return the p of Wilcoxon's signed-rank test on the logarithms, two-sided."""
    from scipy.stats import wilcoxon

    logs = np.log(ratios)
    return float(wilcoxon(logs).pvalue) if np.any(logs) else 1.0


def holm(chances: Sequence[float]) -> list[float]:
    """Return each p, corrected for how many there are.

    Holm (1979), "A simple sequentially rejective multiple test procedure".

    >>> [round(one, 3) for one in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order, corrected, most = np.argsort(chances), np.empty(len(chances)), 0.0
    for place, number in enumerate(order):
        most = max(most, min(1.0, (len(chances) - place) * chances[number]))
        corrected[number] = most
    return corrected.tolist()


def line_of(
    title: str,
    ratios: Sequence[float],
    names: Sequence[str],
    time: float | None = None,
    rank: float | None = None,
) -> str:
    """Return the figures of ratios of losses over tables."""
    worst = int(np.argmax(ratios))
    return (
        f"{title:28}{geometric_mean(ratios):7.3f}{chance(ratios):8.3f}"
        f"{sum(one < 1 for one in ratios):4} of {len(ratios):2}"
        f"{'' if time is None else format(time, '.2f'):>7}"
        f"{'' if rank is None else format(rank, '.1f'):>7}  {names[worst]} {ratios[worst]:.3f}"
    )


def best_recipe(every: Means) -> str | None:
    """Return the recipe with the lowest geometric mean of losses over all tables."""
    if not set(SINGLE) <= set(every):
        return None
    names = set.intersection(*(set(every[recipe]) for recipe in SINGLE))
    return min(
        SINGLE,
        key=lambda one: geometric_mean(max(every[one][n].loss, LOSS_FLOOR) for n in names),
    )


def curves_of(every: Means, best: str) -> dict[str, list[str]]:
    """Return the rivals that are run with several numbers of networks."""
    curves = {
        recipe: [recipe, f"{recipe} x3", f"{recipe} x9"]
        for recipe in dict.fromkeys([best, DEFAULT_RECIPE])
    }
    known = {title: [one for one in curve if one in every] for title, curve in curves.items()}
    drawn = [one for one in RANDOM if one in every]
    return known | ({"random": drawn} if drawn else {})


def at_equal_time(every: Means, curves: Sequence[str]) -> Iterator[tuple[str, float, bool]]:
    """Yield each table, the race's loss over that of a curve at its seconds, and if none are.

    A curve is the methods that differ in how many networks they train.
    """
    for name, race in sorted(every[RACE].items()):
        points = sorted(
            (every[one][name].seconds, every[one][name].loss)
            for one in curves
            if name in every.get(one, {})
        )
        if points:
            seconds, losses = zip(*points, strict=True)
            loss = float(np.interp(log(race.seconds), np.log(seconds), losses))
            outside = not seconds[0] <= race.seconds <= seconds[-1]
            yield name, ratio(race.loss, loss), outside


def hindsight(every: Means) -> tuple[list[float], list[str]]:
    """Return the race's losses over those of the best of all recipes on each table."""
    names = sorted(set(every[RACE]).intersection(*(every[one] for one in SINGLE)))
    lowest = [min(every[one][name].loss for one in SINGLE) for name in names]
    return [ratio(every[RACE][n].loss, low) for n, low in zip(names, lowest, strict=True)], names


def worst_of_each(every: Means) -> Iterator[str]:
    """Yield where each recipe, and the race, is furthest from the best of our methods."""
    names = sorted(set(every[RACE]).intersection(*(every[one] for one in SINGLE)))
    ours = [method for method in every if method not in (OPEN_GATES, *AFTER)]
    lowest = {n: min(every[one][n].loss for one in ours if n in every[one]) for n in names}
    for method in (RACE, *SINGLE):
        over = {name: ratio(every[method][name].loss, lowest[name]) for name in names}
        worst, n_far = max(over, key=lambda name: over[name]), sum(v > 1.1 for v in over.values())
        yield f"  {method:26} worst {worst} {over[worst]:.3f}; {n_far} above 1.10"


if __name__ == "__main__":
    sys.exit(main())
