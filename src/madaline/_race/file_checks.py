"""What a checkpoint must be: its description, its arrays, and that they are those of a race."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from madaline._data.codec import given_fields
from madaline._data.json_checks import (
    TRUTH,
    Check,
    Fields,
    Kinds,
    ListOf,
    Malformed,
    Measured,
    Number,
    OneOf,
    Optional,
    Text,
    Whole,
)
from madaline._race.cohort import Cohort
from madaline._race.dataset import Dataset
from madaline._race.recipe import (
    GridRecipe,
    LinearRecipe,
    PatternRecipe,
    Recipe,
    TableRecipe,
    TextRecipe,
)
from madaline._race.state import Candidate
from madaline.nn.arrays import Array
from madaline.records.reading import DECISIONS, RECORD, RECORDS

EPOCH, SHARE, STRENGTH = Whole(0, 2**31), Number(0, 1 - 2**-20), Number(0, 1000)
UNITS, NO_UNITS = ListOf(Whole(1, 4096), least=1, most=64), ListOf(Whole(1, 1), most=0)

_SETTINGS: Mapping[str, Check] = {
    "n_bins": Whole(0, 1024),
    "decay_time": Number(0, 1e9, above=True),
    "units": UNITS,
    "learning_rate": Number(0, 1000, above=True),
    "column_dropout": SHARE,
    "label_smoothing": SHARE,
    "tolerance": SHARE,
    "monotone": TRUTH,
    "channels": ListOf(UNITS, most=64),
    "dropout": SHARE,
    "warping": STRENGTH,
    "flips": SHARE,
    "depth": Whole(1, 16),
    "normalized": TRUTH,
    "offset": STRENGTH,
    "pitch": STRENGTH,
    "squares": TRUTH,
    "changes": TRUTH,
}
RECIPE = Kinds(
    "type",
    {kind.__name__: given_fields(kind, _SETTINGS) for kind in (TableRecipe, GridRecipe, TextRecipe)}
    | {
        kind.__name__: given_fields(kind, {**_SETTINGS, "units": NO_UNITS})
        for kind in (LinearRecipe, PatternRecipe)
    },
)

CANDIDATE = Fields(
    {
        "recipe_id": Text(100),
        "recipe": RECIPE,
        "loss": Measured(),
        "epoch": EPOCH,
        "record": Optional(RECORD),
        "entered": EPOCH,
        "inherited_epochs": EPOCH,
        "parent_id": Text(100),
        "snapshot_epoch": EPOCH,
        "snapshot": TRUTH,
        "racing": TRUTH,
    }
)

CHECKPOINT_FILE = Fields(
    {
        "format": Whole(0, 1000),
        "fingerprint": Text(100),
        "backend": OneOf(("numpy", "numba")),
        "epoch": EPOCH,
        "multiply_adds": Number(0),
        "cohorts": ListOf(ListOf(RECIPE, least=1, most=1000), most=1000),
        "candidates": ListOf(CANDIDATE, least=1, most=10_000),
        "records": RECORDS,
        "decisions": DECISIONS,
    }
)
"""The description of a checkpoint."""


def check_shape(array: Array | None, shape: tuple[int, ...], name: str) -> Array:
    """Return an array of float32 if it has a shape, else raise `Malformed`."""
    if array is None or array.dtype != np.float32 or array.shape != shape:
        raise Malformed(f"is no array of float32 of the shape {shape}").within(name)
    return array


def check_race(
    epoch: int, cohorts: Sequence[Cohort], candidates: Sequence[Candidate], plan: Sequence[Recipe]
) -> None:
    """Raise `Malformed` unless cohorts and candidates are those of one race of a plan.

    Parameters
    ----------
    epoch : int
        Its latest epoch.
    cohorts : sequence of Cohort
        The networks that train.
    candidates : sequence of Candidate
        All recipes, and snapshots of them.
    plan : sequence of Recipe
        The recipes that started.
    """
    for problem in _problems(epoch, cohorts, candidates, plan):
        raise Malformed(problem)


def check_candidate(candidate: Candidate, dataset: Dataset) -> None:
    """Raise `Malformed` unless a candidate's outputs have the loss that is told of them."""
    if not candidate.epoch:
        return
    found = dataset.mean_loss(candidate.output[:])
    if not np.isclose(found, candidate.loss, rtol=1e-3, atol=1e-6):
        raise Malformed(f"has outputs of a loss of {found:.4g}, not {candidate.loss:.4g}")
    if not np.isfinite(candidate.theta).all():
        raise Malformed("has parameters that are no finite numbers")


def _problems(
    epoch: int, cohorts: Sequence[Cohort], candidates: Sequence[Candidate], plan: Sequence[Recipe]
) -> Iterator[str]:
    training = Counter(recipe for cohort in cohorts for recipe in cohort.recipes)
    if training != Counter(one.recipe for one in candidates if one.racing):
        yield "trains other recipes than race"
    if not set(plan) <= {one.recipe for one in candidates}:
        yield "lacks recipes of the plan"
    if len({one.key for one in candidates}) < len(candidates):
        yield "has two candidates of one name"
    if any(max(one.epoch, one.entered, one.snapshot_epoch) > epoch for one in candidates):
        yield "has candidates of later epochs"
    if any(
        one.racing and (one.snapshot or (epoch > one.entered) != bool(one.record))
        for one in candidates
    ):
        yield "has candidates that race without a record"
