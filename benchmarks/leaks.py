"""Which planted leaks are found in real tables, and what is found where none was planted.

Nothing is trained: leaks and identifiers are looked for before the race. A line a table says what
was missed, or what was found in it as it is.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tables import DEFAULT_FOLDER, load_table, table_names

Array = NDArray[Any]

SETS = (
    "abalone",
    "ames_housing",
    "california_housing",
    "concrete",
    "diamonds",
    "adult",
    "churn",
    "credit_g",
    "satimage",
    "vehicle",
)
"""Sets that leaks are planted in: five of numbers, three of two classes, two of more."""

CERTAIN, SUSPICIOUS = "certain", "suspicious"


@dataclass
class Plant:
    """A table that leaks are planted in, and what every plant is made of.

    Parameters
    ----------
    target : ndarray of shape (n_samples,)
        The target: numbers, or labels of classes.
    is_classification : bool
        Whether the target is a class.
    rng : Generator
        Decides what differs from seed to seed.
    """

    target: Array
    is_classification: bool
    rng: np.random.Generator
    columns: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Compute what an outcome is: the rarest class, or the highest quarter of numbers."""
        self.n_rows = len(self.target)
        if self.is_classification:
            _, self.codes, counts = np.unique(self.target, return_inverse=True, return_counts=True)
            self.outcome = self.codes == counts.argmin()
            # A number with ranges of its own for each class, such as points for grades
            self.number = 10.0 * self.codes + self.rng.uniform(0, 9, self.n_rows)
        else:
            self.number = self.target.astype(float)
            self.codes = np.digitize(self.number, np.quantile(self.number, [1 / 3, 2 / 3]))
            self.outcome = self.number > np.quantile(self.number, 0.75)
        self.scale = float(self.number.std())

    def normal(self) -> Array:
        """Return a standard normal number for each row."""
        return self.rng.normal(size=self.n_rows)

    def uniform(self, low: float, high: float) -> Array:
        """Return a number between two others for each row."""
        return self.rng.uniform(low, high, self.n_rows)

    def chance(self, share: float) -> Array:
        """Return a share of the rows, by chance."""
        return np.asarray(self.rng.random(self.n_rows) < share)


def plant_filled(plant: Plant) -> None:
    """Plant a code that is filled for most rows of the outcome, and for few others."""
    of_outcome, of_others = plant.rng.choice([0.92, 0.97, 1.0]), plant.rng.choice([0.0, 0.01])
    filled = np.where(plant.outcome, plant.chance(of_outcome), plant.chance(of_others))
    codes = plant.rng.choice(["A1", "B2", "C7", "D4"], plant.n_rows).astype(object)
    plant.columns["reason_code"] = np.where(filled, codes, None)


def plant_parts(plant: Plant) -> None:
    """Plant two columns that add up to the target, or to a number that decides on the class."""
    one = plant.number * plant.uniform(0.2, 0.8) + plant.scale * plant.normal()
    plant.columns |= {"casual": one, "registered": plant.number - one}


def plant_bounds(plant: Plant) -> None:
    """Plant a lower and an upper bound of the target; of classes, some bounds are open."""
    if plant.is_classification:
        low = np.where(plant.chance(0.2), 0.0, 10.0 * plant.codes)
        high = np.where(plant.chance(0.2), 10.0 * plant.codes.max() + 10, 10.0 * plant.codes + 10)
    else:
        low = plant.number - 0.25 * plant.scale * np.abs(plant.normal())
        high = plant.number + 0.25 * plant.scale * np.abs(plant.normal())
    plant.columns |= {"lower": low, "upper": high}


def plant_pair(plant: Plant) -> None:
    """Plant two columns whose difference or ratio is the target."""
    other = plant.rng.lognormal(0, 1, plant.n_rows)
    if plant.rng.random() < 0.5:
        other *= 2 * plant.scale
        plant.columns |= {"revenue": plant.number + other, "cost": other}
    else:
        plant.columns |= {"amount": plant.number * other, "quantity": other}


def plant_noisy_copy(plant: Plant) -> None:
    """Plant the target with noise of 3 to 12 % of its spread; of classes, 2 to 5 % are others."""
    if plant.is_classification:
        other = plant.rng.permutation(plant.codes)
        codes = np.where(plant.chance(plant.rng.uniform(0.02, 0.05)), other, plant.codes)
        plant.columns["review"] = np.array([f"result {code}" for code in codes], object)
    else:
        noise = plant.rng.uniform(0.03, 0.12) * plant.scale * plant.normal()
        plant.columns["review"] = plant.number + noise


def plant_group_mean(plant: Plant) -> None:
    """Plant the mean target of the row's group, or the group's share of the outcome."""
    group = plant.rng.integers(0, max(2, plant.n_rows // plant.rng.integers(4, 20)), plant.n_rows)
    values = plant.outcome.astype(float) if plant.is_classification else plant.number
    sums, counts = np.bincount(group, weights=values), np.bincount(group)
    plant.columns["branch_mean"] = sums[group] / counts[group]


def plant_identifier(plant: Plant) -> None:
    """Plant a unique code or number in a file that is sorted by the target."""
    order = np.argsort(plant.number if not plant.is_classification else plant.codes, kind="stable")
    rank = np.empty(plant.n_rows, int)
    rank[order] = np.arange(plant.n_rows)
    counted = 1000 + np.cumsum(plant.rng.integers(1, 4, plant.n_rows))
    if plant.rng.random() < 0.5:
        counted = 1000 + np.arange(plant.n_rows)
    texts = plant.rng.random() < 0.5
    values = [f"H{number}" for number in counted] if texts else counted
    plant.columns["ref"] = np.array(values, object if texts else float)[rank]


def plant_rank(plant: Plant) -> None:
    """Plant a column known only afterwards: percentiles or tenths of the target."""
    number = plant.number + (plant.uniform(0, 0.4) if plant.is_classification else 0)
    share = number.argsort().argsort() / plant.n_rows
    parts = int(plant.rng.choice([10, 20, 100]))
    plant.columns["percentile"] = np.floor(parts * share)


def plant_copy(plant: Plant) -> None:
    """Plant the target in another unit and rounded; the class by another name."""
    if plant.is_classification:
        plant.columns["grade"] = np.array([f"grade {chr(65 + code)}" for code in plant.codes])
    else:
        step = plant.scale * plant.rng.choice([0.01, 0.1, 0.3])
        plant.columns["pounds"] = 2.2 * step * np.round(plant.number / step)


def plant_date(plant: Plant) -> None:
    """Plant a date that is set with the outcome: later for higher targets, or for the outcome."""
    start = np.datetime64("2024-01-01", "s")
    if plant.is_classification:
        days = np.where(plant.outcome, plant.uniform(180, 360), plant.uniform(0, 180))
        days = np.where(plant.chance(0.03), plant.uniform(0, 360), days)
    else:
        days = 360 * plant.number.argsort().argsort() / plant.n_rows + 4 * plant.normal()
    dates = start + (86_400 * days).astype("timedelta64[s]")
    plant.columns["updated_at"] = dates


def plant_part(plant: Plant) -> None:
    """Plant a category that holds the class, or a third of the numbers, in a part of the rows."""
    told = plant.chance(plant.rng.uniform(0.4, 0.7))
    names = np.array(["settled", "returned", "open", "lost", "void", "new"], object)
    plant.columns["remark"] = np.where(told, names[plant.codes % 6], "pending")


KINDS: Mapping[str, Callable[[Plant], None]] = {
    "filled code": plant_filled,
    "two parts": plant_parts,
    "bounds": plant_bounds,
    "difference or ratio": plant_pair,
    "noisy copy": plant_noisy_copy,
    "mean by group": plant_group_mean,
    "sorted identifier": plant_identifier,
    "rank": plant_rank,
    "copy": plant_copy,
    "date": plant_date,
    "category in a part": plant_part,
}
"""What is planted, by its name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Plant every kind in every set, and print what was found."""
    options = _parse(arguments)
    found: dict[str, list[bool]] = {kind: [] for kind in options.kinds}
    certain, clean, alarms, spent = 0, 0, 0, 0.0
    for name in options.sets or SETS:
        frame, target, is_classification = _load(options.folder, name, options.rows)
        for kind in options.kinds:
            for seed in options.seeds:
                grade = _planted(frame, target, is_classification, kind, seed)
                found[kind].append(grade != "")
                certain += grade == CERTAIN
                if not grade:
                    print(f"{name}, {kind}, seed {seed}: missed", flush=True)
    for name in options.clean or table_names(options.folder):
        frame, target, is_classification = _load(options.folder, name, None)
        for rows in _parts(len(target), options.parts):
            start = time.process_time()
            told = _look(frame.iloc[rows], target[rows], is_classification)
            spent += time.process_time() - start
            clean += 1
            alarms += bool(told)
            for columns, grade, sentence in told:
                print(f"{name} as it is, {len(rows)} rows: {grade}, {columns}: {sentence}")
    print(f"\n{'planted':22}{'found':>8}{'of':>5}")
    for kind, outcomes in found.items():
        print(f"{kind:22}{sum(outcomes):>8}{len(outcomes):>5}")
    total = [one for outcomes in found.values() for one in outcomes]
    print(f"{'all':22}{sum(total):>8}{len(total):>5}, {certain} of them certain")
    print(f"{'tables as they are':22}{alarms:>8}{clean:>5} with an alarm")
    return 0


def _planted(frame: Any, target: Array, is_classification: bool, kind: str, seed: int) -> str:
    """Return how a planted leak was graded; "" if it was missed."""
    plant = Plant(target, is_classification, np.random.default_rng([seed, len(kind)]))
    KINDS[kind](plant)
    frame = frame.assign(**plant.columns)
    if kind == "sorted identifier":
        order = np.argsort(plant.columns["ref"], kind="stable")
        frame, target = frame.iloc[order].reset_index(drop=True), target[order]
    grades = [
        grade
        for columns, grade, _ in _look(frame, target, is_classification, planted=plant.columns)
        if set(columns) & set(plant.columns)
    ]
    return min(grades, default="")  # "certain" before "left out" and "suspicious"


def _look(
    frame: Any, target: Array, is_classification: bool, planted: Mapping[str, Array] | None = None
) -> list[tuple[tuple[str, ...], str, str]]:
    """Return the columns, the grade and the sentence of whatever is found before the race."""
    from madaline._models.fitting import Fitting
    from madaline._models.fitting.training_data import Roles
    from madaline._models.request import FitRequest
    from madaline._race.time.time_request import TimeRequest
    from madaline._tables.io.recognition import to_table

    task = "classification" if is_classification else "regression"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        request = FitRequest(task=task, time=TimeRequest(False))
        fitting = Fitting(request, to_table(frame), Roles(target)).prepare()
    told = [(leak.columns, leak.grade, str(leak)) for leak in fitting.leaks]
    left_out = [column for column in fitting.schema.columns if not column.kept]
    return told + [
        ((column.name,), "left out", column.detail)
        for column in left_out
        if planted is not None and column.name in planted
    ]


def _load(folder: Path, name: str, n_rows: int | None) -> tuple[Any, Array, bool]:
    """Return the columns, the target and the task of a set, or of so many of its rows."""
    table = load_table(folder, name)
    frame, target = table.x_train, table.y_train
    if n_rows is not None and n_rows < len(target):
        rows = np.random.default_rng(0).choice(len(target), n_rows, replace=False)
        frame, target = frame.iloc[rows].reset_index(drop=True), target[rows]
    return frame, target, table.is_classification


def _parts(n_rows: int, n_parts: int) -> list[Array]:
    """Return all rows, and so many parts of them by chance."""
    shuffled = np.random.default_rng(1).permutation(n_rows)
    parts = [] if n_parts < 2 else np.array_split(shuffled, n_parts)
    return [np.arange(n_rows), *map(np.sort, parts)]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--sets", nargs="*", metavar="NAME", help="default: ten of them")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], metavar="SEED")
    parser.add_argument("--rows", type=int, help="rows of each table, at most (default: all)")
    parser.add_argument("--clean", nargs="*", metavar="NAME", help="sets as they are: all of them")
    parser.add_argument("--parts", type=int, default=3, help="parts of sets as they are, too")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
