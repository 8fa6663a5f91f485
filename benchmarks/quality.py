"""How good madaline is with default arguments: its loss on each set beside what its peers reach."""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, geometric_mean
from typing import Any

from measuring import (
    Failure,
    Job,
    Measurement,
    measure_all,
    read_measurements,
    run_worker_if_asked,
)
from tables import DEFAULT_FOLDER, Table, table_names

OURS = "madaline"
# A solved set (loss near zero) has wild ratios; below this losses count as equal.
LOSS_FLOOR = 0.02


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure madaline on the sets and print the comparison; 1 if a set failed, else 0."""
    options = _parse(arguments)
    default_names = table_names(options.folder, large=options.large)
    names = options.sets or default_names
    peers = read_measurements(options.peers or options.folder / "tabular" / "BASELINES.csv")
    ours, failures = _measure(names, options)
    if ours:
        print(comparison(ours, [peer for peer in peers if peer.name in names]))
    for failure in failures:
        print(f"{failure.job.name} failed: {failure.message}", file=sys.stderr)
    return 1 if failures else 0


def comparison(ours: Sequence[Measurement], peers: Sequence[Measurement]) -> str:
    """Return the table of losses and ratios, and under it one line of summary per peer.

    Parameters
    ----------
    ours : sequence of Measurement
        Of madaline; several seeds of a set are averaged.
    peers : sequence of Measurement
        Of any methods on any sets.

    Returns
    -------
    str
        Per set: our loss, our processor seconds, and for every peer its loss and our loss divided
        by it. Per peer, over the sets that both have: the geometric mean of the ratios, losses
        below 0.02 counted as 0.02; wins; the worst set; both sums of processor seconds.
    """
    of_ours = _by_method(ours)[OURS]
    of_peers = _by_method(peers)
    heads = [cell for method in of_peers for cell in (method, "ratio")]
    lines = [_line("set", [OURS, "cpu s", *heads])]
    lines += [_line(name, _cells(name, of_ours, of_peers)) for name in of_ours]
    lines += ["", *(_summary(method, of_ours, of_peers[method]) for method in of_peers)]
    return "\n".join(lines)


@dataclass(frozen=True)
class _Mean:
    """The mean over the seeds of one method on one set."""

    loss: float
    cpu_s: float


def _by_method(measurements: Sequence[Measurement]) -> dict[str, dict[str, _Mean]]:
    seeds: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for one in measurements:
        seeds[one.method, one.name].append(one)
    means: dict[str, dict[str, _Mean]] = defaultdict(dict)
    for (method, name), group in seeds.items():
        means[method][name] = _Mean(
            fmean(one.loss for one in group), fmean(one.cpu_s for one in group)
        )
    return dict(sorted(means.items()))


def _cells(
    name: str, ours: Mapping[str, _Mean], peers: Mapping[str, Mapping[str, _Mean]]
) -> list[str]:
    cells = [f"{ours[name].loss:.4f}", f"{ours[name].cpu_s:.1f}"]
    for peer in peers.values():
        if name in peer:
            cells += [f"{peer[name].loss:.4f}", f"{_ratio(ours[name], peer[name]):.3f}"]
        else:
            cells += ["-", "-"]
    return cells


def _summary(method: str, ours: Mapping[str, _Mean], peer: Mapping[str, _Mean]) -> str:
    ratios = {name: _ratio(ours[name], peer[name]) for name in ours if name in peer}
    if not ratios:
        return f"{method:16} has none of these sets"
    wins = sum(ratio < 1 for ratio in ratios.values())
    worst = max(ratios, key=lambda name: ratios[name])
    our_s = sum(ours[name].cpu_s for name in ratios)
    peer_s = sum(peer[name].cpu_s for name in ratios)
    return (
        f"{method:16} loss x{geometric_mean(ratios.values()):.3f}; better on {wins} of "
        f"{len(ratios)}; worst {worst} x{ratios[worst]:.3f}; "
        f"processor seconds {our_s:.1f} to {peer_s:.1f}"
    )


def _ratio(ours: _Mean, theirs: _Mean) -> float:
    return max(ours.loss, LOSS_FLOOR) / max(theirs.loss, LOSS_FLOOR)


def _line(name: str, cells: Sequence[str]) -> str:
    return f"{name:22}" + "".join(
        f"{cell:>{15 if index % 2 == 0 else 7}}" for index, cell in enumerate(cells)
    )


def _measure(
    names: Sequence[str], options: argparse.Namespace
) -> tuple[list[Measurement], list[Failure]]:
    folder = str(options.folder.resolve())
    arguments = dict(options.set_argument)
    jobs = [Job(name, OURS, seed, folder, arguments) for name in names for seed in options.seeds]
    measurements: list[Measurement] = []
    failures: list[Failure] = []
    outcomes = measure_all(
        jobs, script=Path(__file__), output=options.output, parallel=options.jobs
    )
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            failures.append(outcome)
        else:
            measurements.append(outcome)
            _report(outcome)
    return sorted(measurements, key=lambda one: names.index(one.name)), failures


def _report(one: Measurement) -> None:
    print(f"{one.name} (seed {one.seed}): {one.loss:.4f}, {one.cpu_s:.1f} s", file=sys.stderr)


def _build(job: Job, table: Table) -> Any:
    from madaline import AdaptiveClassifier, AdaptiveRegressor

    kind = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
    return kind(random_state=job.seed, **job.arguments)


def _argument(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, such as effort=30.")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="default: all small sets")
    parser.add_argument("--large", action="store_true", help="the large sets, not the small ones")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], metavar="SEED")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time; 1 to time well")
    parser.add_argument(
        "--set-argument",
        action="append",
        default=[],
        type=_argument,
        metavar="NAME=VALUE",
        help="an argument of the estimators instead of its default; may be repeated",
    )
    parser.add_argument("--output", type=Path, help="CSV of measurements to write or to go on with")
    parser.add_argument(
        "--peers", type=Path, help="CSV written by peers.py; default: BASELINES.csv of the data"
    )
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run_worker_if_asked(_build)
    sys.exit(main())
