"""Fitted anew: a race of new networks on the kept and the new rows, with encoders of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from madaline._evaluation.objective import Objective
from madaline._fitting.fit import Fitting
from madaline._fitting.updating.joint_rows import JointRows
from madaline._model import FittedModel
from madaline._race.plan import Plan
from madaline._race.planning.preset import BALANCED

EFFORT = 100
"""Epochs of a network, at most, where the model's file is older than its settings."""


def fit_anew(
    model: FittedModel,
    rows: JointRows,
    objective: Objective,
    *,
    seed: int,
    n_jobs: int | None,
    memory_limit: int | str | None,
) -> Fitting:
    """Return the finished fit of new networks, evaluated on the folds of the rows.

    The race is smaller than the first one: only encodings start that the model ended with.
    """
    encodings = sorted({part.n_bins for part in model.predictor.parts})
    kinds = {one.name: one.kind for one in model.schema.columns if one.kept}
    settings = model.summary.settings
    monotone = settings.get("monotone", {})
    fitting = Fitting(
        rows.table,
        rows.target,
        task=model.summary.task,
        target_name=model.summary.target,
        target_format=model.schema.target,
        objective=objective,
        monotone={name: one for name, one in monotone.items() if name in rows.table},
        sample_weight=rows.weight if rows.is_weighted else None,
        folds=rows.given_folds,
        kinds={name: kind for name, kind in kinds.items() if name in rows.table},
        effort=settings.get("effort", EFFORT),
        preset=settings.get("preset", BALANCED.name),
        seed=seed,
        n_jobs=n_jobs,
        memory_limit=memory_limit,
        adjust=lambda plan: _smaller(plan, encodings),
    )
    for _ in fitting:
        pass
    return fitting


def _smaller(plan: Plan, encodings: Sequence[int]) -> Plan:
    """Return a plan of the recipes with some encodings; the same plan if it has none of them."""
    recipes = tuple(one for one in plan.recipes if one.n_bins in encodings)
    return replace(plan, recipes=recipes) if recipes else plan
