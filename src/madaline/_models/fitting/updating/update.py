"""One update, read from top to bottom: from a model and new rows to the model that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Integral
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._base.words import clip_text, format_count, format_list, warn
from madaline._models.fitting.evaluation import Evaluation
from madaline._models.fitting.fit import KEPT_STREAM, Fitting, check_kept_columns
from madaline._models.fitting.means import Means
from madaline._models.fitting.outcome import Outcome
from madaline._models.fitting.prepared import Preparation
from madaline._models.fitting.training_data import Roles
from madaline._models.fitting.updating.adjusting import Adjusting, learns, without_temperature
from madaline._models.fitting.updating.comparison import (
    CandidateLosses,
    losses_in_unit,
    own_fold_losses,
    unit_of_loss,
)
from madaline._models.fitting.updating.going_back import (
    better_model,
    gone_back,
    keeping,
    metric_of,
)
from madaline._models.fitting.updating.new_rows import (
    JointRows,
    NewRows,
    is_too_few,
    prepare_update,
)
from madaline._models.model import FittedModel
from madaline._models.model.kept_models import MAX_MODELS, KeptModels
from madaline._models.model.kept_rows import KeptRows
from madaline._models.model.known_rows import KnownRows
from madaline._models.request import FitRequest
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._models.runtime.predictor import Predictor
from madaline._race.evaluation.objective import Objective
from madaline._race.evaluation.scores import label_text
from madaline._race.plan import Plan
from madaline._race.time.forward import drift_of, drifted
from madaline._race.time.time_request import TimeRequest
from madaline._tables.kinds.moment import DatetimeEncoder
from madaline._tables.kinds.number import NumberEncoder
from madaline._tables.profile import TableProfile
from madaline._tables.splits.folds import FoldedRows
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder
from madaline._tables.target.values import left_out_words, missing_values
from madaline.errors import InputError, RowsLeftOutWarning
from madaline.nn.arrays import Array
from madaline.records.model_decisions import ADJUSTED, ANEW, AS_IT_IS, Updated
from madaline.version import __version__

_UNTRIED = (
    "{} are not adjusted, and new ones need kept rows, or as many new rows as the model learned"
    " from."
)
"""Why nothing was compared."""


def update_model(
    model: FittedModel,
    table: Table,
    roles: Roles,
    means: Means,
    *,
    date: str,
    keep_rows: int | None = None,
    keep_models: int | None = None,
    objective: Objective | None = None,
) -> FittedModel:
    """Return the model that new rows, in the order of time, make; its last decision says why.

    Where an earlier state that the model keeps predicts the rows better, it is updated, too; what
    has the lower loss on them then is the model.
    The objective is what is minimized, where the model's file does not tell all of it.
    """
    model.check_one_output("updated")
    most = keep_rows
    if most is None:
        most = 0 if model.kept_rows is None else model.kept_rows.most
    check_kept_columns(model.schema, most, of_past=model.predictor.past is not None)
    missing = missing_values(roles.target)
    counts_rows = model.predictor.past is not None
    left_out = "" if counts_rows else left_out_words(model.summary.target, missing)
    if left_out:
        warn(left_out, RowsLeftOutWarning)
        table, roles = table.take(~missing), roles.take(~missing)
    if keep_models is not None:
        model = _with_most(model, keep_models)
    objective = objective or _known_objective(model)
    back = better_model(model, table, roles.target, date, roles.weight)
    updated = []
    for before in [model] if back is None else [model, gone_back(model, back)]:
        new = NewRows.checked(before, table, roles)
        after, kept = _Update(before, new, objective, most, date, means).model, before.kept_models
        if kept is not None and after.updates[-1].kept != AS_IT_IS:
            kept = keeping(kept, before)
        updated.append(replace(after, kept_models=kept))
    return min(updated, key=lambda one: one.updates[-1].loss_now)


def _with_most(model: FittedModel, most: int) -> FittedModel:
    """Return the model that keeps so many earlier states from now on."""
    if isinstance(most, bool) or not isinstance(most, Integral) or not 0 <= most <= MAX_MODELS:
        raise InputError(
            "keep_models is {most!r}: give a number of earlier models, from 0 to {MAX_MODELS}.",
            most=most,
            MAX_MODELS=MAX_MODELS,
        )
    if most and model.predictor.past is not None:
        raise InputError("A model of lags keeps no earlier models: leave out keep_models=.")
    files = {} if model.kept_models is None else model.kept_models.files
    latest = dict([*files.items()][-most:] if most else ())
    return replace(model, kept_models=KeptModels(int(most), latest) if most else None)


@final
@dataclass(frozen=True, eq=False)
class _Update:
    before: FittedModel
    new: NewRows
    objective: Objective
    most: int  # how many rows to keep for later updates, at most
    date: str  # when the rows came, such as 2027-01-31
    means: Means = field(default_factory=Means)

    @cached_property
    def model(self) -> FittedModel:
        """What is kept; the last of its decisions says why."""
        if self.new.unknown and (self.before.kept_rows is None or not self._can_fit_anew):
            raise InputError(
                "y holds the {unknown}, which the model was not fitted to, and it keeps no rows of all its own classes to learn them together: fit again on all rows.",
                unknown=self._unknown,
            )
        if self._kept_rows is not None:
            self._kept_rows.check()
        too_few = not self.new.unknown and is_too_few(self.new.n_rows, self.before)
        decision = self._too_few if too_few else self._decision
        if decision.kept == ADJUSTED:
            n_new = self.new.n_rows
            model = _adjusted_model(self.before, self._prepared, self._adjusting, decision, n_new)
            model = self._with_times(model, decision)
        elif decision.kept == ANEW:
            model = _reading_as(self._fitting.model(), self.before)
            before = self.before.summary
            summary = replace(model.summary, request=before.request, given=before.given)
            decisions = (*self.before.changes, *model.decisions, decision)
            model = replace(model, summary=summary, decisions=decisions)
            model = self._with_times(model, decision)
        else:
            model = replace(self.before, decisions=(*self.before.decisions, decision))
        predictor = replace(model.predictor, past=self.new.past)
        return replace(model, predictor=predictor, kept_rows=self._kept_rows)

    def _with_times(self, model: FittedModel, decision: Updated) -> FittedModel:
        """Return the model with the times of the new rows, and how it predicted them before.

        By how much the model as it was predicts later rows worse than the new one tells how fast
        the relation changes; that is expected to go on.
        """
        forward, times = self.before.summary.forward, self.new.times
        if forward is None or times is None:
            return replace(model, summary=replace(model.summary, forward=None))
        is_square = (forward.metric, decision.metric) == ("rmse", "mean_squared_error")
        scores = model.summary.scores
        if self._rows.stretches is not None and decision.loss_now > 0:
            ratio = decision.loss / decision.loss_now
            aged = float(np.sqrt(ratio) if is_square else ratio)
            own = model.summary.forward  # the scores count on the drift of its stretches already
            counted = 1 + max(0.0, drift_of(own.aging)) if own is not None else 1.0
            scores = tuple(drifted(score, aged / counted - 1) for score in scores)
        baselines = (one.baseline for one in scores if one.metric == forward.metric)
        forward = forward.after_update(
            times.values,
            n_learned=self.before.summary.n_samples,
            loss=float(np.sqrt(decision.loss)) if is_square else decision.loss,
            of_later_rows=self._rows.stretches is not None,
            baseline=next(baselines, forward.stretches[-1].baseline),
        )
        return replace(model, summary=replace(model.summary, forward=forward, scores=scores))

    @property
    def _too_few(self) -> Updated:
        """The decision to keep the model, where nothing can be compared."""
        losses = own_fold_losses(self.before.predictor, self._rows)[: self.new.n_rows]
        loss = CandidateLosses({AS_IT_IS: losses}, self.new.data.weight).mean(AS_IT_IS)
        reason = _("{new_rows} are too few to judge a change by.").format(
            new_rows=format_count(self.new.n_rows, "new row")
        )
        return self._made(AS_IT_IS, loss=loss.mean, loss_error=loss.error, reason=reason)

    @property
    def _decision(self) -> Updated:
        """What is kept, and why."""
        losses, n_new = self._losses, self.new.n_rows
        data = self.new.data
        groups = None if data.groups is None else np.unique(data.groups, return_inverse=True)[1]
        compared = CandidateLosses({k: v[:n_new] for k, v in losses.items()}, data.weight, groups)
        kept, facts = compared.best, dict[str, Any]()
        if self.new.unknown:
            kept = ANEW
            facts["reason"] = _(
                "the new rows hold the {unknown}, which the old networks do not have."
            ).format(unknown=self._unknown)
        elif len(losses) == 1:
            networks = any(map(learns, self.before.predictor.parts))
            what = "networks of constrained predictions" if networks else "trees"
            facts["reason"] = _UNTRIED.format(what)
        facts["loss"], facts["loss_error"] = compared.mean(AS_IT_IS)
        for name, prefix in ((ADJUSTED, "adjusted"), (ANEW, "anew")):
            if name in losses:
                facts[f"{prefix}_loss"] = compared.mean(name).mean
                facts[f"{prefix}_error"] = compared.difference(name).error
        of_old = CandidateLosses({k: v[n_new:] for k, v in losses.items()}, None)
        n_old = int((~np.isnan(losses[AS_IT_IS][n_new:])).sum())
        if n_old and kept != AS_IT_IS:
            facts |= {
                "old_rows": n_old,
                "old_loss": of_old.mean(AS_IT_IS).mean,
                "old_loss_now": of_old.mean(kept).mean,
                "old_error": of_old.difference(kept).error,
            }
        return self._made(kept, **facts)

    def _made(self, kept: str, **facts: Any) -> Updated:
        epoch = self._adjusting.best[0].epoch if kept == ADJUSTED else 0
        return Updated(
            epoch,
            "the model",
            kept=kept,
            date=self.date,
            rows=self.new.n_rows,
            metric=metric_of(self.before),
            latest_rows=0 if self._rows.stretches is None else self._rows.rows.n_evaluated,
            **facts,
        )

    @cached_property
    def _losses(self) -> dict[str, Array]:
        """The loss of each row by each candidate, always by networks that did not learn from it."""
        rows = self._rows
        losses = {AS_IT_IS: own_fold_losses(self.before.predictor, rows)}
        if self._can_adjust:
            losses[ADJUSTED] = self._adjusted_losses()
        if self._can_fit_anew:
            fitting = self._fitting
            output, loss = fitting.out_of_fold(), fitting.race.dataset.loss
            losses[ANEW] = losses_in_unit(loss, fitting.target_encoder, output, rows.target)
        return losses

    def _adjusted_losses(self) -> Array:
        adjusting, prepared, rows = self._adjusting, self._prepared, self._rows
        parts = tuple(
            replace(part, theta=theta)
            for part, theta in zip(adjusting.parts, adjusting.best[1], strict=True)
        )
        predictor = replace(self.before.predictor, parts=parts, temperature=1.0)
        losses = own_fold_losses(predictor, rows)
        unit = unit_of_loss(predictor.loss, predictor.target_encoder)
        order = prepared.rows.order[: prepared.rows.n_evaluated]
        losses[order] = adjusting.honest_losses() * unit
        return losses

    @cached_property
    def _rows(self) -> JointRows:
        rng = np.random.default_rng([self._seed, KEPT_STREAM, self._number, 1])
        return JointRows.of(self.new, self.before, rng)

    @cached_property
    def _prepared(self) -> Preparation:
        return prepare_update(self.before, self._rows, self.new, self.objective)

    @cached_property
    def _adjusting(self) -> Adjusting:
        predictor = self.before.predictor
        parts = without_temperature(predictor.parts, predictor.temperature)
        parts = _continuing(parts, self._rows.rows)
        adjusting = Adjusting(parts, self._prepared, self._seed, self.means.n_jobs)
        adjusting.run()
        return adjusting

    @cached_property
    def _fitting(self) -> Fitting:
        """The finished fit of new networks, evaluated on the folds of the rows.

        The race is smaller than the first one: only encodings start that the model ended with.
        """
        model, rows = self.before, self._rows
        encodings = sorted({part.n_bins for part in model.predictor.parts})
        roles = Roles(
            rows.target,
            weight=rows.weight if rows.is_weighted else None,
            times=None if rows.stretches is None else rows.times,
            folds=rows.given_folds,
            names=model.summary.target,
            written=model.schema.target,
        )
        fitting = Fitting(
            self._request,
            rows.table,
            roles,
            self.means,
            adjust=lambda plan: _smaller(plan, encodings),
        )
        for __ in fitting:
            pass
        return fitting

    @property
    def _request(self) -> FitRequest:
        """What is asked of the fit of new networks: as before, with columns that there are."""
        request, names = self.before.summary.request, self._rows.table.names
        kinds = {column.name: column.kind for column in self.before.schema.columns if column.kept}
        return replace(
            request,
            task=self.before.summary.task,
            objective=self.objective,
            kinds={name: kind for name, kind in kinds.items() if name in names},
            monotone={name: sign for name, sign in request.monotone.items() if name in names},
            seed=self._seed,
            folds=None,
            keep_rows=0,
            time=TimeRequest(),
        )

    @property
    def _can_adjust(self) -> bool:
        """Whether networks can go on: if there are some, with the same classes, unconstrained.

        Pruned networks are monotone in ways of their own, which more training might undo.
        """
        constrained = self.before.summary.request.monotone
        networks = any(map(learns, self.before.predictor.parts))
        return networks and not self.new.unknown and not constrained

    @property
    def _can_fit_anew(self) -> bool:
        """Whether the rows hold all that new networks have to learn.

        They have to hold all old classes, or numbers that differ. Where no old rows are kept, they
        have to be as many as the model learned from: new networks would know fewer rows alone, and
        what they forgot shows on none of these. Rows with a past are learned from beside it alone.
        """
        if self.new.past is not None:
            return False
        if self.before.kept_rows is None and self.new.n_rows < self.before.summary.n_samples:
            return False
        labels = set(map(label_text, self._rows.target.tolist()))
        encoder = self.before.predictor.target_encoder
        if not isinstance(encoder, ClassEncoder):
            return len(labels) > 1
        return labels >= set(map(label_text, encoder.classes.tolist()))

    @property
    def _unknown(self) -> str:
        labels = format_list(clip_text(label, 100) for label in self.new.unknown)
        return f"{'class' if len(self.new.unknown) == 1 else 'classes'} {labels}"

    @cached_property
    def _kept_rows(self) -> KeptRows | None:
        """The sample of old and new rows that is kept."""
        if not self.most:
            return None
        data, n_new = self.new.data, self.new.n_rows
        new = KeptRows.of(
            data.table,
            data.target,
            self._rows.folds[:n_new],
            most=self.most,
            rng=np.random.default_rng([self._seed, KEPT_STREAM, self._number]),
            weight=None if data.weight is None else data.weight / data.weight.mean(),
        )
        old = self.before.kept_rows
        return new if old is None else old.with_rows(new)

    @property
    def _seed(self) -> int:
        return self.before.summary.request.seed

    @property
    def _number(self) -> int:
        return len(self.before.updates) + 1


def _continuing(parts: Sequence[NetworkPart], rows: FoldedRows) -> tuple[NetworkPart, ...]:
    """Return the networks that go on: those of stretches, if there are some, and the final ones."""
    if not rows.n_final:
        return tuple(parts)
    starts = [*(fold % rows.n_final for fold in range(rows.n_folds)), *range(rows.n_final)]
    return tuple(replace(part, theta=part.theta[:, starts]) for part in parts)


def _adjusted_model(
    before: FittedModel, prepared: Preparation, adjusting: Adjusting, decision: Updated, n_new: int
) -> FittedModel:
    """Return the model of adjusted networks, evaluated and calibrated on the new rows."""
    race = adjusting.finished_race()
    outcome = Outcome(prepared, race, adjusting.ensemble())
    decisions = (*before.decisions, *outcome.corrections, decision)
    evaluation = Evaluation(outcome, decisions)
    predictor, summary = outcome.predictor(), before.summary
    return replace(
        before,
        predictor=predictor,
        summary=replace(
            summary,
            n_samples=summary.n_samples + n_new,
            n_evaluated=prepared.rows.n_evaluated,
            epochs=summary.epochs + race.epoch,
            multiply_adds=summary.multiply_adds + race.multiply_adds,
            scores=outcome.scoring.scores,
            standard_errors_better=outcome.scoring.better_than_constants(),
            importances=outcome.importances,
            forward=outcome.scoring.forward,
        ),
        decisions=decisions,
        version=__version__,
        diagnosis=evaluation.diagnosis,
        profile=TableProfile.of(prepared.data.table, before.schema),
        quality=evaluation.quality(),
        unseen_facts=evaluation.unseen_facts(),
        known_rows=_known_rows(before, predictor, prepared, n_new),
    )


def _known_rows(
    before: FittedModel, predictor: Predictor, prepared: Preparation, n_new: int
) -> KnownRows:
    """Return the checksums of the rows that the model learned from, the new ones among them."""
    known, target = before.known_rows, prepared.data.target[:n_new]
    with_target = known is None or known.of_target
    table = prepared.data.table.take(slice(n_new))
    new_rows = KnownRows.of(predictor, table, target if with_target else None)
    return new_rows if known is None else known.with_rows(new_rows)


def _reading_as(model: FittedModel, before: FittedModel) -> FittedModel:
    """Return a model that reads text as numbers and dates as the one before it does.

    Its own rows were read already, so that it has seen no text.
    """
    formats: Mapping[str, Any] = before.predictor.encoder.written
    encoder = model.predictor.encoder
    encoders = tuple(
        replace(one, written=formats[one.name])
        if isinstance(one, NumberEncoder | DatetimeEncoder) and one.name in formats
        else one
        for one in encoder.encoders
    )
    columns = tuple(
        replace(one, written=formats[one.name], note=before.schema[one.name].note)
        if one.kept and one.name in formats
        else one
        for one in model.schema.columns
    )
    return replace(
        model,
        schema=replace(model.schema, columns=columns),
        predictor=replace(model.predictor, encoder=replace(encoder, encoders=encoders)),
    )


def _smaller(plan: Plan, encodings: Sequence[int]) -> Plan:
    """Return a plan of the recipes with some encodings; the same plan if it has none of them."""
    recipes = tuple(recipe for recipe in plan.recipes if recipe.n_bins in encodings)
    return replace(plan, recipes=recipes) if recipes else plan


def _known_objective(model: FittedModel) -> Objective:
    """Return what a model minimizes; a metric that is a function is not in its file."""
    objective = model.summary.request.objective
    return replace(objective, metric=None) if callable(objective.metric) else objective
