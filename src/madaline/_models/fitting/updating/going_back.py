"""Earlier states of a model are tried on new rows; where one is better, the model goes back."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

from madaline._models.fitting.updating.comparison import CandidateLosses, losses_in_unit
from madaline._models.fitting.updating.new_rows import read_as_known
from madaline._models.model import FittedModel
from madaline._models.model.kept_models import KeptModels
from madaline._race.evaluation.score import LOSS_METRICS
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Squared
from madaline.records.model_decisions import AS_IT_IS, Updated, WentBack

_LEVEL = 0.05  # probability that one of the earlier models seems better by chance
_MIN_ROWS = 20  # labeled rows from which models are compared
_LIVE = ""
FIRST = "first-fit"


def metric_of(model: FittedModel) -> str:
    """Return the metric that is the mean loss of rows."""
    loss = model.predictor.loss
    if isinstance(model.predictor.target_encoder, ClassEncoder):
        return "log_loss"
    return "mean_squared_error" if isinstance(loss, Squared) else LOSS_METRICS[type(loss)][0]


def better_model(
    model: FittedModel, table: Table, target: Array, date: str, weight: Array | None = None
) -> WentBack | None:
    """Return the earlier state that predicts rows better than the model; None if none does.

    Its mean loss must be lower by so many standard errors that in one of twenty cases, at most, one
    of those tried seems better by chance. Neighbors in time are alike: standard errors are those of
    50 stretches.
    """
    if model.kept_models is None or len(target) < _MIN_ROWS:
        return None
    losses = {_LIVE: _losses(model, table, target)}
    for name in model.kept_models.files:
        earlier = state(model, name)
        needed = {column.name for column in earlier.schema.columns if column.kept}
        if _classes(earlier) == _classes(model) and needed <= {*table.names}:
            losses[name] = _losses(earlier, table, target)
    compared = CandidateLosses(losses, weight)
    differences = {name: compared.difference(name, _LIVE) for name in losses if name != _LIVE}
    if not differences:
        return None
    best = min(differences, key=lambda name: differences[name].mean)
    mean, error = differences[best]
    if -mean <= NormalDist().inv_cdf(1 - _LEVEL / len(differences)) * error:
        return None
    rows = len(target)
    return WentBack(0, "the model", best, date, rows, metric_of(model), -mean, error)


def gone_back(model: FittedModel, decision: WentBack) -> FittedModel:
    """Return the earlier state that was decided for; the present one is kept in its place."""
    earlier, kept = state(model, decision.name), model.kept_models
    assert kept is not None
    models = keeping(kept.without(decision.name), model)
    decisions = (*earlier.decisions, decision)
    return replace(earlier, decisions=decisions, kept_rows=model.kept_rows, kept_models=models)


def go_back(model: FittedModel, name: str, date: str) -> FittedModel:
    """Return an earlier state of the model, by its name."""
    if model.kept_models is None:
        raise InputError("The model keeps no earlier models: update it with keep_models= first.")
    return gone_back(model, WentBack(0, "the model", name=name, date=date))


def state(model: FittedModel, name: str) -> FittedModel:
    """Return an earlier state of a model; `InputError` if none has this name."""
    assert model.kept_models is not None
    return FittedModel.from_bytes(memoryview(model.kept_models[name]), name)


def keeping(kept: KeptModels, model: FittedModel) -> KeptModels:
    """Return the kept models and this one, under the day since when it is as it is."""
    content = replace(model, kept_rows=None, kept_models=None).to_bytes()
    return kept.with_file(_name_of(model), content)


def _name_of(model: FittedModel) -> str:
    for decision in reversed(model.decisions):
        if isinstance(decision, WentBack):
            return decision.name
        if isinstance(decision, Updated) and decision.kept != AS_IT_IS:
            return decision.date
    return FIRST


def _losses(model: FittedModel, table: Table, target: Array) -> Array:
    predictor = model.predictor
    output = predictor.output(predictor.table(table))
    labels, __ = read_as_known(predictor.target_encoder, target)
    return losses_in_unit(predictor.loss, predictor.target_encoder, output, labels)


def _classes(model: FittedModel) -> list[object]:
    encoder = model.predictor.target_encoder
    return encoder.classes.tolist() if isinstance(encoder, ClassEncoder) else []
