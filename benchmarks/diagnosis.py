"""Whether the diagnosis finds faults planted in real tables, and none where none was planted."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from measuring import Failure, Job, Outcome, measure_all, run_worker_if_asked
from tables import DEFAULT_FOLDER, Table, table_names

FEW = ("adult", "california_housing", "churn", "satimage", "abalone")
"""Sets that most faults are planted in: of numbers, two and six classes, with categories or not."""

WRONG, COPIED, SHIFT = 0.05, 0.2, 1.0
"""Share of labels that are wrong, share of rows that are copied, and standard deviations by which a
number is shifted; of a category, half of the rows get a rare level."""


@dataclass(frozen=True)
class Diagnosed(Outcome):
    """The findings of a diagnosis for a table with a fault; a row of a file.

    `raised` tells whether the finding was there, `named` whether it named the right column, layer
    or rows; `severity` is that of the finding. `area` is the area under the ROC curve of the
    ranking of wrong labels. `other` has the sentences of all other findings of high severity, and
    `medium` counts the other findings of medium severity.
    """

    name: str
    method: str
    n_train: int
    raised: int
    named: int
    severity: str
    area: float | None
    other: str
    medium: int
    cpu_s: float
    seed: int = 0
    arguments: str = "{}"


@dataclass
class Planted:
    """A table with a fault.

    Parameters
    ----------
    frame, target, new : DataFrame, ndarray, DataFrame
        The rows to learn from, their target, and the rows to predict.
    kind : str
        The kind of finding that must be raised.
    subject : str, optional
        What its subject must begin with.
    rows : ndarray of int, optional
        Rows that it must be about: at least nine in ten of those that it names.
    adjust : callable, optional
        What to change about the plan.
    prepare : callable, optional
        What to do to the fit before it starts.
    """

    frame: Any
    target: Any
    new: Any
    kind: str = ""
    subject: str = ""
    rows: Any = None
    adjust: Callable[[Any], Any] | None = None
    prepare: Callable[[Any], None] | None = None


def plant_nothing(table: Table, rng: np.random.Generator) -> Planted:
    """Leave the table as it is."""
    del rng
    return Planted(table.x_train.copy(), table.y_train.copy(), table.x_test.copy())


def plant_labels(table: Table, rng: np.random.Generator) -> Planted:
    """Give one in twenty rows another label, each other one as often."""
    planted = plant_nothing(table, rng)
    classes = np.unique(table.y_train)
    planted.rows = np.flatnonzero(rng.random(len(table.y_train)) < WRONG)
    for row in planted.rows:
        planted.target[row] = rng.choice(classes[classes != planted.target[row]])
    planted.kind = "wrong labels"
    return planted


def plant_leak(table: Table, rng: np.random.Generator) -> Planted:
    """Add a column that is the target with a little noise, or its classes under other names."""
    planted = plant_nothing(table, rng)
    for frame, target in ((planted.frame, table.y_train), (planted.new, table.y_test)):
        if table.is_classification:
            names = {label: f"code {index}" for index, label in enumerate(np.unique(target))}
            frame["known_later"] = [names[label] for label in target]
        else:
            frame["known_later"] = target + 0.01 * target.std() * rng.normal(size=len(target))
    planted.kind, planted.subject = "leak", "known_later"
    return planted


def plant_identifier(table: Table, rng: np.random.Generator) -> Planted:
    """Add a running number in random order, large random numbers, or texts, by chance."""
    planted = plant_nothing(table, rng)
    n_rows, n_new = len(planted.frame), len(planted.new)
    name = str(rng.choice(["number", "reference", "customer_id", "code"]))
    values = rng.permutation(n_rows + n_new)
    if name in ("reference", "customer_id"):
        values = rng.choice(10**8, n_rows + n_new, replace=False)
    if name == "number":
        values = np.concatenate([rng.permutation(n_rows), n_rows + np.arange(n_new)])
    texts = [f"{value:08x}" for value in values] if name == "code" else values
    planted.frame[name], planted.new[name] = texts[:n_rows], texts[n_rows:]
    planted.kind, planted.subject = "identifier", name
    return planted


def plant_drift(table: Table, rng: np.random.Generator) -> Planted:
    """Shift a random column of the rows to predict."""
    from pandas.api.types import is_numeric_dtype

    planted = plant_nothing(table, rng)
    varied = [name for name in table.x_train if table.x_train[name].nunique() > 1]
    name = str(rng.choice(varied))
    column = planted.new[name]
    if is_numeric_dtype(column) and column.dtype != bool:
        planted.new[name] = column + SHIFT * float(table.x_train[name].std())
    else:
        frequent = table.x_train[name].value_counts(normalize=True)
        level = frequent[frequent > 0.02].index[-1]
        changed = rng.random(len(column)) < 0.5
        planted.new[name] = [level if c else old for c, old in zip(changed, column, strict=True)]
    planted.kind, planted.subject = "drift", name
    return planted


def plant_duplicates(table: Table, rng: np.random.Generator) -> Planted:
    """Append copies of one in five rows."""
    import pandas as pd

    planted = plant_nothing(table, rng)
    n_rows = len(planted.frame)
    copies = rng.choice(n_rows, int(COPIED * n_rows), replace=False)
    planted.frame = pd.concat([planted.frame, planted.frame.iloc[copies]], ignore_index=True)
    planted.target = np.concatenate([planted.target, planted.target[copies]])
    planted.rows = np.concatenate([copies, np.arange(n_rows, n_rows + len(copies))])
    planted.kind = "duplicates"
    return planted


def plant_dead_layer(table: Table, rng: np.random.Generator) -> Planted:
    """Put the units of a random hidden layer where their activation is zero and flat."""
    planted = plant_nothing(table, rng)
    layer = int(rng.integers(1, 4))

    def kill(fitting: Any) -> None:
        for cohort in fitting.race.cohorts:
            cohort.network.bind(cohort.population.theta)[2 * (layer - 1)]["bias"][...] = -1e4
            cohort.rule.optimizer.start(cohort.population)

    planted.prepare = kill
    planted.kind, planted.subject = "dead units", f"layer {layer}"
    return planted


def plant_learning_rate(table: Table, rng: np.random.Generator) -> Planted:
    """Let all recipes start with a learning rate of 100."""
    planted = plant_nothing(table, rng)

    def hasten(plan: Any) -> Any:
        recipes = tuple(replace(recipe, learning_rate=100.0) for recipe in plan.recipes)
        return replace(plan, recipes=recipes)

    return replace(planted, adjust=hasten, kind="divergence")


WITHOUT_NETWORKS = ("leak", "identifier", "drift", "duplicates")
"""Faults that are found by checks without networks."""

FAULTS: Mapping[str, tuple[Callable[..., Planted], tuple[str, ...]]] = {
    "nothing": (plant_nothing, ()),
    "wrong labels": (plant_labels, ("letter", "satimage")),
    "leak": (plant_leak, FEW),
    "identifier": (plant_identifier, FEW),
    "drift": (plant_drift, FEW),
    "duplicates": (plant_duplicates, FEW),
    "dead layer": (plant_dead_layer, FEW),
    "learning rate 100": (plant_learning_rate, FEW),
}
"""What is planted, and in which sets; nothing, in all of them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Plant every fault with every seed and print what was found; 1 if a fit failed, else 0."""
    options = _parse(arguments)
    faults = options.faults or (FAULTS if options.effort else WITHOUT_NETWORKS)
    if not options.effort and not set(faults) <= set(WITHOUT_NETWORKS):
        raise SystemExit(f"Without effort, only {', '.join(WITHOUT_NETWORKS)} can be found.")
    folder, settings = str(options.folder.resolve()), {"effort": options.effort}
    jobs = [
        Job(name, fault, seed, folder, settings)
        for fault in faults
        for seed in options.seeds
        for name in options.sets or FAULTS[fault][1] or table_names(options.folder)
    ]
    measured, failed = [], 0
    for outcome in measure_all(
        jobs, script=Path(__file__), output=options.output, parallel=options.jobs, kind=Diagnosed
    ):
        if isinstance(outcome, Failure):
            failed += 1
            print(f"{outcome.job.method} in {outcome.job.name} failed:", file=sys.stderr)
            print(outcome.message, file=sys.stderr)
        else:
            measured.append(outcome)
            print(f"{outcome.method}, {outcome.name}, seed {outcome.seed}", file=sys.stderr)
    print("\n".join([*_lines(measured), "", *_oddities(measured)]))
    return 1 if failed else 0


def _lines(measured: Sequence[Diagnosed]) -> Iterator[str]:
    form = "{:20}{:>6}{:>8}{:>8}{:>16}{:>14}{:>14}"
    yield form.format(
        "fault", "runs", "raised", "named", "least area", "other high", "other medium"
    )
    for fault in FAULTS:
        runs = [one for one in measured if one.method == fault]
        if runs:
            areas = [one.area for one in runs if one.area is not None]
            yield form.format(
                fault,
                len(runs),
                "" if fault == "nothing" else f"{fmean(one.raised for one in runs):.0%}",
                "" if fault == "nothing" else f"{fmean(one.named for one in runs):.0%}",
                f"{min(areas):.4f}" if areas else "",
                sum(bool(one.other) for one in runs),
                sum(one.medium for one in runs),
            )


def _oddities(measured: Sequence[Diagnosed]) -> Iterator[str]:
    """Yield the runs in which something was missed, and all other findings of high severity."""
    for one in measured:
        where = f"{one.method}, {one.name}, seed {one.seed}"
        if one.method != "nothing" and not one.named:
            yield f"{where}: {'raised, but not named' if one.raised else 'missed'}"
        if one.other:
            yield f"{where}: {one.other}"


def _build(job: Job, table: Table) -> Any:
    plant = FAULTS[job.method][0]
    return plant(table, np.random.default_rng([job.seed, len(job.name)]))


def _measure(job: Job, table: Table, planted: Planted) -> Diagnosed:
    import warnings

    from madaline._models.fitting import Fitting
    from madaline._models.fitting.training_data import Roles
    from madaline._models.request import FitRequest
    from madaline._tables.io.recognition import to_table

    warnings.simplefilter("ignore")
    start = time.process_time()
    task = "classification" if table.is_classification else "regression"
    request = FitRequest(task=task, effort=job.arguments["effort"] or 1, seed=job.seed)
    roles, rows = Roles(planted.target), to_table(planted.frame)
    fitting = Fitting(request, rows, roles, adjust=planted.adjust).prepare()
    if planted.prepare is not None:
        planted.prepare(fitting)
    if job.arguments["effort"]:
        findings = _trained(fitting, to_table(planted.new))
    else:
        findings = list(_untrained(fitting, to_table(planted.new)))
    hits = [one for one in findings if one.kind == planted.kind]
    named = [one for one in hits if _is_named(one, planted)]
    rest = [one for one in findings if one not in hits and not _follows(one, planted)]
    return Diagnosed(
        job.name,
        job.method,
        len(planted.target),
        bool(hits) + 0,
        bool(named) + 0,
        hits[0].severity if hits else "",
        _area(fitting, planted),
        " ".join(one.sentence for one in rest if one.severity == "high"),
        sum(one.severity == "medium" for one in rest),
        round(time.process_time() - start, 3),
        job.seed,
        json.dumps(job.arguments, sort_keys=True),
    )


def _trained(fitting: Any, new: Any) -> list[Any]:
    """Return all that is found in a fit and in a new table."""
    for _ in fitting:
        pass
    return [*fitting.evaluation.diagnosis, *fitting.model().diagnose(new)]


def _untrained(fitting: Any, new: Any) -> Iterator[Any]:
    """Yield the findings of checks without networks, with a constant prediction of every row."""
    from madaline._models.diagnosis.new_table import find_drift
    from madaline._models.diagnosis.training_table import (
        find_duplicates,
        find_identifiers,
        find_leaking,
    )
    from madaline._tables.profile import TableProfile

    facts = _facts_without_networks(fitting)
    yield from find_leaking(fitting.leaks)
    yield from find_identifiers(facts.schema, facts.table)
    yield from find_duplicates(facts)
    yield from find_drift(new, TableProfile.of(fitting.prepared.data.table, fitting.schema))


def _facts_without_networks(fitting: Any) -> Any:
    from madaline._models.diagnosis.out_of_fold import OutOfFold
    from madaline._tables.target import ClassEncoder

    rows, dataset, target_encoder = fitting.rows, fitting.race.dataset, fitting.target_encoder
    order, prior = rows.order[: rows.n_evaluated], dataset.prior_output()
    target, weight, groups = dataset.evaluated_facts
    return OutOfFold(
        fitting.prepared.data.table.select(fitting.schema.kept).take(order),
        fitting.schema,
        rows.bounds,
        dataset.loss,
        prior,
        prior,
        target,
        tuple(map(str, target_encoder.classes))
        if isinstance(target_encoder, ClassEncoder)
        else None,
        weight,
        groups,
        order,
    )


def _is_named(finding: Any, planted: Planted) -> bool:
    if planted.rows is not None:
        return bool(np.isin(finding.rows, planted.rows).mean() >= 0.9)
    return bool(finding.subject.startswith(planted.subject))


def _follows(finding: Any, planted: Planted) -> bool:
    """Return whether a finding is true, too, as it follows from what was planted."""
    crippled = {"nothing learned", "weak fit", "worse group", "dead units"}
    return planted.kind in ("dead units", "divergence") and finding.kind in crippled


def _area(fitting: Any, planted: Planted) -> float | None:
    from sklearn.metrics import roc_auc_score

    if planted.kind != "wrong labels":
        return None
    wrong = np.isin(np.arange(len(planted.target)), planted.rows)
    return float(roc_auc_score(wrong, -fitting.evaluation.label_suspects.quality))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", nargs="+", choices=list(FAULTS), metavar="FAULT")
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="default: those of each fault")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], metavar="SEED")
    parser.add_argument(
        "--effort", type=int, default=100, help="epochs, at most; 0: nothing is trained"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--output", type=Path, help="CSV of outcomes to write or to go on with")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run_worker_if_asked(_build, _measure)
    sys.exit(main())
