"""What an update makes of the model: a new one of adjusted or of new networks."""

from __future__ import annotations

from dataclasses import replace

from madaline._data.profile import TableProfile
from madaline._fitting.evaluation import Evaluation
from madaline._fitting.fit import Fitting
from madaline._fitting.outcome import Outcome
from madaline._fitting.preparation import Preparation
from madaline._fitting.updating.adjusting import Adjusting
from madaline._model import FittedModel
from madaline._model.known_rows import KnownRows
from madaline.records.decision import Decision
from madaline.records.model_decisions import Updated
from madaline.version import __version__


def adjusted_model(
    before: FittedModel, prepared: Preparation, adjusting: Adjusting, decision: Updated, n_new: int
) -> FittedModel:
    """Return the model of adjusted networks, evaluated and calibrated on the new rows."""
    race = adjusting.finished_race()
    outcome = Outcome(prepared, race, adjusting.ensemble())
    decisions = (*before.decisions, *_calibration(outcome), decision)
    evaluation = Evaluation(outcome, decisions)
    predictor, summary = outcome.predictor(), before.summary
    known = KnownRows.of(predictor, prepared.data.table.take(slice(n_new)))
    return replace(
        before,
        predictor=predictor,
        summary=replace(
            summary,
            n_samples=summary.n_samples + n_new,
            n_evaluated=prepared.rows.n_evaluated,
            epochs=summary.epochs + race.epoch,
            multiply_adds=summary.multiply_adds + race.multiply_adds,
            scores=outcome.scores,
            standard_errors_better=outcome.standard_errors_better,
            importances=outcome.importances,
        ),
        decisions=decisions,
        version=__version__,
        diagnosis=evaluation.diagnosis,
        profile=TableProfile.of(prepared.data.table, before.schema),
        quality=evaluation.quality(),
        unseen_facts=evaluation.unseen_facts(),
        known_rows=known if before.known_rows is None else before.known_rows.with_rows(known),
    )


def model_fitted_anew(before: FittedModel, fitting: Fitting, decision: Updated) -> FittedModel:
    """Return the model of new networks, with the history of the updates before."""
    model = fitting.model()
    return replace(
        model,
        summary=replace(model.summary, settings=before.summary.settings),
        decisions=(*before.updates, *model.decisions, decision),
    )


def _calibration(outcome: Outcome) -> list[Decision]:
    return [one for one in (*outcome.calibrations, outcome.threshold) if one is not None]
