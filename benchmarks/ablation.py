"""What each mechanism buys: the fit with one of them taken out, beside the fit as it is."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, geometric_mean
from typing import Any

import numpy as np

from madaline._models.fitting import Fitting
from madaline._models.fitting.training_data import Roles
from madaline._models.model import FittedModel
from madaline._models.request import FitRequest
from madaline._race.plan import ALL, NETWORKS, Plan
from madaline._tables.io.recognition import to_table
from madaline._tables.io.targets import to_target
from measuring import Failure, Job, Measurement, measure_all, run_worker_if_asked
from quality import LOSS_FLOOR
from tables import DEFAULT_FOLDER, Table, table_names

AS_IS, NO_TREES = "as it is", "no trees"


def _with_decay(plan: Plan, decay_times: Mapping[int, float]) -> Plan:
    """Return the plan with one recipe for each encoding."""
    first = {recipe.n_bins: recipe for recipe in plan.recipes}
    recipes = [replace(one, decay_time=decay_times[n_bins]) for n_bins, one in first.items()]
    return replace(plan, recipes=tuple(recipes))


def _encodings(plan: Plan, *kept: int) -> Plan:
    """Return the plan with only the recipes of some encodings, or as it is if none has them."""
    recipes = tuple(recipe for recipe in plan.recipes if recipe.n_bins in kept)
    return replace(plan, recipes=recipes or plan.recipes)


def _undecayed(plan: Plan) -> Plan:
    recipes = {replace(recipe, decay_time=1e9) for recipe in plan.recipes}
    return replace(plan, recipes=tuple(sorted(recipes, key=lambda recipe: recipe.name)))


def _smoothed(plan: Plan, share: float, every: int = 1) -> Plan:
    """Return the plan with smoothed labels in every so-manieth recipe."""
    recipes = [
        replace(recipe, label_smoothing=0.0 if number % every else share)
        for number, recipe in enumerate(plan.recipes)
    ]
    return replace(plan, recipes=tuple(recipes))


ABLATIONS: dict[str, Callable[[Plan], Plan]] = {
    AS_IS: lambda plan: plan,
    "no weight decay": _undecayed,
    "one decay for each encoding": lambda plan: _with_decay(plan, {0: 10, 16: 3, 64: 3}),
    "numbers as they are only": lambda plan: _encodings(plan, 0),
    "no 64 bins": lambda plan: _encodings(plan, 0, 16),
    "no plain encoding": lambda plan: _encodings(plan, 16, 64),
    "no recipe is dropped": lambda plan: replace(plan, cuts=()),
    "no growth": lambda plan: replace(plan, widest=0),
    "growth of any network": lambda plan: replace(plan, rows_for_a_parameter=0.0),
    "no columns are hidden": lambda plan: replace(plan, fewest_columns=10**9),
    "columns are hidden in any table": lambda plan: replace(plan, fewest_columns=1),
    "nothing is kept for the ensemble": lambda plan: replace(plan, least_gain=1.0),
    "labels smoothed by .02": lambda plan: _smoothed(plan, 0.02),
    "labels smoothed by .05": lambda plan: _smoothed(plan, 0.05),
    "half of the recipes smoothed": lambda plan: _smoothed(plan, 0.05, every=2),
    NO_TREES: lambda plan: plan,
    "no pruning": lambda plan: replace(plan, tolerance=0.0),
    "patience 4": lambda plan: replace(plan, patience=4),
    "3 folds": lambda plan: replace(plan, n_folds=3),
}
"""What is changed in the plan of a fit; what the change costs or saves is the mechanism's worth."""


class Ablated:
    """The fit of the estimators, with an adjusted plan, perhaps with shuffled columns beside."""

    def __init__(self, table: Table, seed: int, method: str = AS_IS, shuffled: int = 0) -> None:
        self.task = "classification" if table.is_classification else "regression"
        self.seed, self.adjust, self.shuffled = seed, ABLATIONS[method], shuffled
        self.members = NETWORKS if method == NO_TREES else ALL
        self.model: FittedModel

    def fit(self, x: Any, y: Any) -> None:
        """Fit to a frame."""
        request = FitRequest(task=self.task, seed=self.seed, members=self.members)
        fitting = Fitting(request, self._table(x), Roles(to_target(y)), adjust=self.adjust)
        for _ in fitting:
            pass
        self.model = fitting.model()

    @property
    def classes_(self) -> Any:
        """The labels, in the order of the probabilities."""
        return np.asarray(getattr(self.model.predictor.target_encoder, "classes", None))

    def predict(self, x: Any) -> Any:
        """Predict a frame."""
        return self.model.predict(self._table(x))

    def predict_proba(self, x: Any) -> Any:
        """Predict the probabilities of a frame."""
        return self.model.predict_proba(self._table(x))

    def _table(self, x: Any) -> Any:
        """Return a table with so many shuffled copies of each column, which tell nothing."""
        rng = np.random.default_rng(5)
        copies = {
            f"{name} {number}": x[name].to_numpy()[rng.permutation(len(x))]
            for number in range(self.shuffled)
            for name in x.columns
        }
        return to_table(x.assign(**copies))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the ablations and print what each costs; 1 if a fit failed, else 0."""
    options = _parse(arguments)
    names = options.sets or table_names(options.folder, large=False)
    methods = [AS_IS, *(name for name in options.ablations if name != AS_IS)]
    folder = str(options.folder.resolve())
    arguments = {"shuffled": options.shuffled} if options.shuffled else {}
    jobs = [
        Job(name, method, seed, folder, arguments)
        for method in methods
        for seed in options.seeds
        for name in names
    ]
    measured, failed = [], 0
    for outcome in measure_all(jobs, script=Path(__file__), output=options.output):
        if isinstance(outcome, Failure):
            failed += 1
            print(f"{outcome.job.method} on {outcome.job.name}: {outcome.message}", file=sys.stderr)
        else:
            measured.append(outcome)
    print(comparison(measured, methods))
    return 1 if failed else 0


def comparison(measured: Sequence[Measurement], methods: Sequence[str]) -> str:
    """Return a line for each ablation: its loss and time over those of the fit as it is.

    Ratios are geometric means over sets and seeds, losses below 0.02 counted as 0.02; ``scatter``
    is the standard deviation over the seeds of a seed's geometric mean.
    """
    by_method: dict[str, dict[tuple[str, int], Measurement]] = defaultdict(dict)
    for one in measured:
        by_method[one.method][one.name, one.seed] = one
    lines = [f"{'':32}{'loss':>8}{'scatter':>9}{'time':>7}  worst set"]
    for method in methods[1:]:
        lines.append(_line(method, by_method[method], by_method[AS_IS]))
    return "\n".join(lines)


def _line(
    method: str,
    ours: Mapping[tuple[str, int], Measurement],
    base: Mapping[tuple[str, int], Measurement],
) -> str:
    keys = [key for key in ours if key in base]
    if not keys:
        return f"{method:32} was not measured"
    ratios = {
        key: max(ours[key].loss, LOSS_FLOOR) / max(base[key].loss, LOSS_FLOOR) for key in keys
    }
    seeds = sorted({seed for _, seed in keys})
    means = [geometric_mean(ratios[key] for key in keys if key[1] == seed) for seed in seeds]
    names = sorted({name for name, _ in keys})
    by_set = {name: fmean(ratios[key] for key in keys if key[0] == name) for name in names}
    worst = max(by_set, key=lambda name: by_set[name])
    time = sum(ours[key].cpu_s for key in keys) / sum(base[key].cpu_s for key in keys)
    return (
        f"{method:32}{fmean(means):8.3f}{float(np.std(means)):9.4f}{time:7.2f}"
        f"  {worst} {by_set[worst]:.3f}"
    )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ablations", nargs="+", default=list(ABLATIONS), choices=list(ABLATIONS))
    parser.add_argument("--sets", nargs="+", help="names of sets (default: all small ones)")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="default: 0")
    parser.add_argument(
        "--shuffled", type=int, default=0, help="shuffled copies of each column to put beside it"
    )
    parser.add_argument("--output", type=Path, help="CSV of measurements to go on with")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run_worker_if_asked(lambda job, table: Ablated(table, job.seed, job.method, **job.arguments))
    sys.exit(main())
