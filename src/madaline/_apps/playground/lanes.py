"""A fit as a page shows it: a lane for each recipe, and what happens in it, event by event.

A `RaceLog` is one more consumer of a fit's records and decisions. It only looks: the fit has the
same bits with it and without it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np

from madaline._apps.playground.learning import finite
from madaline._apps.playground.plane import Plane
from madaline._base.words import METRICS
from madaline._models.fitting import Fitting
from madaline._models.model import FittedModel
from madaline._race.ensemble_weights import weighted_mean
from madaline._race.evaluation.score import mean_and_error
from madaline._race.state import Candidate, RaceState
from madaline._race.stopping_policies import ensemble_weights
from madaline._tell.progress.progress import Leaderboard
from madaline.nn.arrays import Array
from madaline.nn.layers import Trees
from madaline.records.decision import Decision
from madaline.records.history import Record

_MAX_MEASURES = 3  # scores that the end tells


@final
class RaceLog:
    """The events of a fit in the order in which they came, as JSON-able dictionaries.

    Each has a `kind`: "start"; "lane", a recipe that joins; "loss", an epoch of a recipe;
    "decision"; "ensemble", the weights of the best ensemble after an epoch; "map", what networks
    predict on a plane; "end"; or "failure". Events are only ever added, so that another thread may
    read them meanwhile.
    """

    def __init__(
        self,
        fitting: Fitting,
        *,
        plane: Plane | None = None,  # where predictions are drawn, of two columns of numbers
        share: float = 1.0,  # of the time of the fit that looking at it may take, about
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.events: list[dict[str, Any]] = []
        self._fitting = fitting
        self._race = fitting.race
        self._plane, self._share, self._clock = plane, share, clock
        self._started = clock()
        self._spent = 0.0
        self._board = Leaderboard()
        self._drawn: dict[str, int] = {}  # of each lane, the epoch whose networks were drawn
        self._add("start", **_start(fitting))
        self._take_earlier(fitting)

    @property
    def ended(self) -> bool:
        """Whether no event will come any more."""
        return self.events[-1]["kind"] in ("end", "failure")

    def take(self, record: Record, decision: Decision | None) -> None:
        """Take in one event of the fit."""
        if decision is None:
            self._take_record(record)
        else:
            self._take_decision(decision)

    def end(self, model: FittedModel) -> None:
        """Take in what the fit came to."""
        summary = model.summary
        weights = dict[str, float]()
        for member in summary.members:
            weights[member.recipe_id] = weights.get(member.recipe_id, 0.0) + member.weight
        if self._plane is not None:
            self._add("map", lane="", epoch=summary.epochs, pixels=self._plane.of_model(model))
        self._add(
            "end",
            weights=weights,
            units={member.recipe_id: sum(member.units) for member in summary.members},
            scores=[
                {
                    "metric": METRICS.get(score.metric, score.metric),
                    "value": score.estimate,
                    "baseline": score.written.show(score.baseline),
                }
                for score in summary.scores[:_MAX_MEASURES]
            ],
            learned=summary.learned,
            networks=summary.n_networks,
            story=list(model.story()),
        )

    def fail(self, sentence: str) -> None:
        """Take in why the fit ended without a model."""
        self._add("failure", sentence=sentence)

    def _take_earlier(self, fitting: Fitting) -> None:
        """Take in what was decided on the plan, and what a fit that goes on did before."""
        for decision in fitting.decisions:
            if not decision.epoch:
                self._take_decision(decision)
        for record in fitting.records:
            self._take_record(record, look=False)
        for decision in fitting.decisions:
            if decision.epoch:
                self._take_decision(decision)

    def _take_decision(self, decision: Decision) -> None:
        self._board.note(decision)
        self._add(
            "decision",
            epoch=decision.epoch,
            lane=decision.recipe_id,
            type=type(decision).__name__,
            action=decision.action,
            subject=decision.subject,
            sentence=decision.sentence,
        )

    def _take_record(self, record: Record, *, look: bool = True) -> None:
        lane = record.recipe_id
        candidate = self._race.candidates.get(record.recipe_id)
        is_new = lane not in self._board.entries
        self._board.add(record)
        if is_new:
            entry = self._board.entries[lane]
            self._add(
                "lane",
                lane=lane,
                letter=entry.letter,
                name=record.recipe,
                differs=self._board.recipes.difference(entry.letter),
                epoch=record.epoch,
                **_networks(candidate),
            )
        self._add(
            "loss",
            epoch=record.epoch,
            lane=lane,
            loss=finite(record.loss),
            best=record.improved,
            rate=record.learning_rate,
            folds=(look and self._looked(lambda: self._fold_losses(candidate))) or [],
        )
        if look and self._board.is_complete(record):
            self._looked(self._look_at_ensemble)

    def _fold_losses(self, candidate: Candidate | None) -> list[float | None]:
        """Return the out-of-fold loss of each fold's network in its latest epoch."""
        dataset = self._race.dataset
        if candidate is None or len(candidate.latest_output) != dataset.rows.n_evaluated:
            return []
        spans = [dataset.rows.held_out(fold) for fold in range(dataset.rows.n_folds)]
        return [
            finite(dataset.validation_loss(candidate.latest_output[rows], rows)) for rows in spans
        ]

    def _look_at_ensemble(self) -> None:
        """Tell the best ensemble so far, and draw what has changed."""
        state = self._race.state
        if not state.able:
            return
        weights = ensemble_weights(state)
        outputs = [candidate.output for candidate in state.able]
        mean = weighted_mean(
            outputs, np.array([weights[candidate.key] for candidate in state.able])
        )
        of_lanes: dict[str, float] = {}
        for candidate in state.able:
            of_lanes[candidate.recipe_id] = (
                of_lanes.get(candidate.recipe_id, 0.0) + weights[candidate.key]
            )
        self._add(
            "ensemble",
            epoch=state.epoch,
            weights=of_lanes,
            loss=finite(state.dataset.validation_loss(mean)),
            single=_single(state, mean),
        )
        if self._plane is not None:
            self._draw(self._plane, weights)

    def _draw(self, plane: Plane, weights: Mapping[str, float]) -> None:
        candidates = self._race.candidates
        for key, candidate in candidates.items():
            if (
                candidate.epoch
                and not candidate.snapshot
                and self._drawn.get(key) != candidate.epoch
            ):
                self._drawn[key] = candidate.epoch
                self._add(
                    "map", lane=key, epoch=candidate.epoch, pixels=plane.of_candidates({key: 1.0})
                )
        drawn = {key: weight for key, weight in weights.items() if weight}
        pixels = plane.of_candidates(drawn)
        self._add("map", lane="", epoch=self._race.epoch, pixels=pixels)

    def _looked(self, look: Callable[[], Any]) -> Any:
        """Look at the fit, unless that has taken too much of its time already."""
        started = self._clock()
        if self._spent > self._share * (started - self._started):
            return None
        seen = look()
        self._spent += self._clock() - started
        return seen

    def _add(self, kind: str, **facts: Any) -> None:
        self.events.append({"kind": kind} | facts)


def _start(fitting: Fitting) -> dict[str, Any]:
    """Return what is known before the first epoch."""
    race, prepared = fitting.race, fitting.prepared
    target, weight, _ = race.dataset.evaluated_facts
    prior = race.dataset.prior_output()
    classes = getattr(prepared.target_encoder, "classes", None)
    return {
        "task": fitting.task,
        "target": fitting.target_name,
        "classes": None if classes is None else [str(label) for label in classes],
        "rows": prepared.n_own,
        "columns": len(fitting.encoder.columns),
        "folds": race.plan.n_folds,
        "recipes": len(race.plan.recipes),
        "networks": len(race.plan.recipes) * race.dataset.rows.n_networks,
        "epochs": race.max_epochs,
        "baseline": float(race.dataset.loss.mean(prior, target, weight)),
    }


def _single(state: RaceState, mean: Array) -> dict[str, Any]:
    """Return the best recipe alone, and how far the loss of a mean output is below its loss."""
    best = min(state.able, key=lambda one: one.loss)
    target, weight, groups = state.dataset.evaluated_facts
    outputs = best.output[:], mean
    alone, together = (np.asarray(state.dataset.loss.rows(o, target), float) for o in outputs)
    gain, error = mean_and_error(alone - together, weight, groups)
    return {"lane": best.recipe_id, "gain": finite(gain), "error": finite(error)}


def _networks(candidate: Candidate | None) -> dict[str, Any]:
    """Return how large the networks of a lane are, and of which other they are copies."""
    if candidate is None or any(isinstance(layer, Trees) for layer in candidate.network.layers):
        return {"units": [], "parameters": 0, "parent": ""}
    return {
        "units": list(candidate.recipe.units),
        "parameters": candidate.network.layout.size,
        "parent": candidate.parent_id,
    }
