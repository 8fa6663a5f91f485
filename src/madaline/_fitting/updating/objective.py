"""The objective of a fitted model, as far as its file tells."""

from __future__ import annotations

from typing import Any

from madaline._evaluation.metrics import CLASS_METRICS, NUMBER_METRICS
from madaline._evaluation.objective import LOG_LOSS, Objective
from madaline._model import FittedModel
from madaline.nn.losses import Absolute, Poisson, Quantile

LOSSES = {Absolute: "absolute", Quantile: "quantile", Poisson: "poisson"}
"""The name of each loss other than the usual ones."""


def objective_of(model: FittedModel) -> Objective:
    """Return what a model minimizes; a metric that is a function is not in its file."""
    settings, loss = model.summary.settings, model.predictor.loss
    known: dict[str, Any] = {"loss": LOSSES.get(type(loss))}
    if isinstance(loss, Quantile):
        known["quantile"] = loss.level
    if settings.get("metric") in {LOG_LOSS, *CLASS_METRICS, *NUMBER_METRICS}:
        known["metric"] = settings["metric"]
    for name in ("class_weight", "threshold", "costs"):
        if name in settings:
            known[name] = settings[name]
    if isinstance(known.get("class_weight"), list):
        known["class_weight"] = dict(map(tuple, known["class_weight"]))
    return Objective(**known)
