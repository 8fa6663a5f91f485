"""What `madaline fit` prints before it trains: what was read, and what is going to be learned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from madaline._cli.output import WIDTH, clipped, paragraph
from madaline._cli.sections import KIND_WORDS, column_lines
from madaline._cli.training_data import TrainingData, source_name
from madaline._data.io.table_files import STANDARD_INPUT
from madaline._evaluation.scores import label_text
from madaline._fitting import Fitting
from madaline._race.recipe import legend
from madaline._story.constraints import tell_constraints
from madaline._words import count, metric_name, short, some

MOST_CLASSES = 4
"""Classes whose shares are shown."""

MOST_NOTES = 3
"""Notes on how values were read that are shown without -v."""


def opening_lines(source: str, data: TrainingData, fitting: Fitting) -> Iterator[str]:
    """Yield three lines about the table and the task, and one about the training.

    Parameters
    ----------
    source : str
        The path of the table.
    data : TrainingData
        What was read.
    fitting : Fitting
        The fit before its first epoch.
    """
    name = "standard input" if source == str(STANDARD_INPUT) else source_name(source)
    rows, columns = count(data.table.n_samples, "row"), count(data.n_columns, "column")
    yield clipped(f"Read {name}: {rows}, {columns}.", WIDTH)
    yield clipped(f"Columns: {'; '.join(_columns(fitting))}.", WIDTH)
    yield from _target(data, fitting)
    constraints = tell_constraints(fitting.monotone, fitting.target_encoder)
    yield from map(paragraph, (*filter(None, [constraints]), *data.notes))
    notes = fitting.schema.notes
    yield from map(paragraph, notes[:MOST_NOTES])
    if len(notes) > MOST_NOTES:
        yield f"... {count(len(notes) - MOST_NOTES, 'more note')} of this kind: -v prints all."
    n_recipes, n_folds = len(fitting.plan.recipes), fitting.plan.n_folds
    sets = count(n_recipes, "set")
    yield paragraph(
        f"Training {sets} of hyperparameters (recipe{'s' * (n_recipes != 1)}) × {n_folds} folds,"
        f" up to {count(fitting.plan.epochs, 'epoch')} each."
    )
    metric = fitting.race.dataset.metric
    if metric is not None:
        yield paragraph(
            f"Recipes compete by {metric_name(metric.name)}: the validation loss is how far it is"
            " from perfect."
        )
    if fitting.cheaper is not None:
        yield paragraph(fitting.cheaper.sentence)
    if fitting.resumed_epoch:
        yield f"An interrupted fit of the same table goes on after epoch {fitting.resumed_epoch}."


def details(fitting: Fitting) -> Iterator[str]:
    """Yield the kind of each column, further notes, and how to read the names of recipes."""
    yield from map(paragraph, fitting.schema.notes[MOST_NOTES:])
    yield from column_lines(fitting.schema)
    yield paragraph(f"Why {fitting.task}: {fitting.task_reason}.")
    yield paragraph(legend(recipe.name for recipe in fitting.plan.recipes))
    yield paragraph(
        "The validation loss is that of rows that the networks were not trained on: lower is"
        " better. Recipes with a higher one are stopped early."
    )


def _columns(fitting: Fitting) -> Iterator[str]:
    columns = fitting.schema.columns
    numbers = Counter(one.kind for one in columns)
    yield ", ".join(count(numbers[kind], *KIND_WORDS[kind]) for kind in KIND_WORDS if numbers[kind])
    left_out = [one.name for one in columns if not one.kept]
    if left_out:
        yield f"left out: {some(left_out, limit=3)}"
    missing = [one.name for one in columns if one.n_missing]
    if missing:
        few = len(missing) <= 2
        yield f"missing values in {' and '.join(missing) if few else f'{len(missing)} columns'}"


def _target(data: TrainingData, fitting: Fitting) -> Iterator[str]:
    """Yield what is predicted, and how to choose the other task where that is possible."""
    name, target = clipped(fitting.target_name, 24), data.target
    if target.ndim == 2:
        of_classes = fitting.task == "classification"
        what = f"{target.shape[1]} {'labels' if of_classes else 'numbers'}, predicted together"
    elif fitting.task == "classification":
        labels, counts = np.unique([label_text(label) for label in target], return_counts=True)
        frequent = np.argsort(-counts, kind="stable")
        shares = [f"{clipped(str(labels[k]), 16)} {counts[k] / len(target):.0%}" for k in frequent]
        what = f"{len(labels)} classes ({some(shares, limit=MOST_CLASSES)})"
    else:
        low, median, high = map(short, np.quantile(target.astype(float), [0, 0.5, 1]))
        what = f"a number from {low} to {high}, median {median}"
        levels = fitting.prepared.objective.levels
        what = f"quantiles {some(levels, limit=4)} of {what}" if len(levels) > 1 else what
    yield clipped(f"Target: {name}, {what}.", WIDTH)
    if target.dtype.kind in "iuf" and fitting.task_reason != "as told":
        other = "regression" if fitting.task == "classification" else "classification"
        yield f"Task: {fitting.task} (add --task {other} if that is wrong)."
