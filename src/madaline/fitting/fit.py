"""One fit, read from top to bottom: from a table and a target to a fitted model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from madaline.data.profile import TableProfile
from madaline.data.splits.given_folds import GivenFolds
from madaline.data.table import Table
from madaline.diagnosis.diagnosis import Diagnosis
from madaline.diagnosis.labels import Suspects
from madaline.evaluation.objective import Objective
from madaline.fitting.arguments import check_effort, check_seed
from madaline.fitting.checkpoint_file import Keeper
from madaline.fitting.evaluation import Findings
from madaline.fitting.outcome import Outcome
from madaline.fitting.preparation import prepare
from madaline.fitting.quality_of_fit import quality_of_fit
from madaline.fitting.training_data import Given
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.race.ensemble import Ensemble
from madaline.race.importance import Importance
from madaline.race.plan import Plan
from madaline.race.pruning import PruningResult
from madaline.race.race import Event, Race
from madaline.race.workers import Workers, count_workers
from madaline.records.ensemble_decisions import Calibrated
from madaline.story.summary import Member, Summary


class Fitting:
    """A fit as an iterator of what happens; afterwards `model` returns what came of it.

    Parameters
    ----------
    table : Table
        The columns to learn from.
    target : ndarray of shape (n_samples,)
        Labels or numbers.
    task : {"classification", "regression"}, optional
        What to learn; told from the target by default.
    target_name : str, default="target"
        What the target is called.
    objective : Objective, optional
        What is to be made small.
    sample_weight : ndarray of shape (n_samples,), optional
        Weight of each row; rows of weight zero are left out.
    groups : ndarray of shape (n_samples,), optional
        Rows of one group are never on both sides of a fold.
    folds : int or GivenFolds, optional
        Number of folds, or which rows each fold's networks are judged on; by default as many folds
        as suit the number of rows, which have their share of each class or of large targets.
    kinds : mapping of str to str, optional
        What some columns are to be taken for, for example ``{"zip": "category"}``.
    effort : int, default=100
        How often a network may see the table, at most (epochs).
    seed : int, default=0
        Decides every random number: same seed, same bits, on any number of processors.
    n_jobs : int, optional
        Number of processors to use, as in scikit-learn; the result does not depend on it.
    adjust : callable, optional
        From the plan made for the table to the plan that is carried out: for experiments.
    source : str, optional
        The name of the file, or of the folder with a slash behind it, that the table is from, kept
        for the same reason as `file_options`.
    file_options : sequence of str, optional
        The options of `madaline fit` that say what other columns of a file were for, kept with the
        model so that the command can be given again.
    checkpoint : path, optional
        A file to keep the state in. If it holds the state of this very fit, the fit goes on there;
        what is resumed ends in the same bits. `discard_checkpoint` removes it.

    Raises
    ------
    InputError
        If there is nothing that could be learned, with the reason and the remedy.
    """

    def __init__(
        self,
        table: Table,
        target: Array,
        *,
        task: str | None = None,
        target_name: str = "target",
        objective: Objective | None = None,
        sample_weight: Array | None = None,
        groups: Array | None = None,
        folds: int | GivenFolds | None = None,
        kinds: Mapping[str, str] | None = None,
        effort: int = 100,
        seed: int = 0,
        n_jobs: int | None = None,
        adjust: Callable[[Plan], Plan] | None = None,
        source: str | None = None,
        file_options: Sequence[str] = (),
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> None:
        check_effort(effort)
        check_seed(seed)
        given = Given.checked(table, target, sample_weight, groups, folds)
        given.table.sort(count_workers(n_jobs))
        self.target_name = target_name
        self.prepared = prepare(
            given,
            objective or Objective(),
            task=task,
            kinds=kinds,
            effort=effort,
            seed=seed,
            adjust=adjust,
        )
        self._settings = {
            "effort": effort,
            "seed": seed,
            "kinds": dict(kinds or {}),
            "folds": folds if isinstance(folds, int) else None,
            "given": given.names,
            **({"source": source} if source else {}),
            **({"file_options": list(file_options)} if file_options else {}),
            **self.prepared.objective.settings(),
        }
        self.task, self.task_reason = self.prepared.task, self.prepared.task_reason
        self.schema, self.leaks = self.prepared.schema, self.prepared.leaks
        self.encoder, self.target_encoder = self.prepared.encoder, self.prepared.target_encoder
        self.plan, self.rows = self.prepared.plan, self.prepared.rows
        self.race = Race(self.plan, self.prepared.examples, seed, Workers(n_jobs))
        self._keeper = Keeper(None if checkpoint is None else Path(checkpoint))
        self.records, self.decisions = self._keeper.resume(self.race)

    def __iter__(self) -> Iterator[Event]:
        """Train; yield every record, with the decision that it led to, if any."""
        self._keeper.start()
        with self.race.workers:
            yield from self._race()
        yield from self._prune()
        yield from self._calibrate()

    def _race(self) -> Iterator[Event]:
        """Train until no recipe gets better; keep the state now and then."""
        while not self.race.finished:
            for record, decision in self.race.run_epoch():
                if decision is None:
                    self.records.append(record)
                else:
                    self.decisions.append(decision)
                yield record, decision
            self._keeper.save_if_due(self.race, self.records, self.decisions)

    def _prune(self) -> Iterator[Event]:
        """Make what predicts as small as it may be; yield every decision, with a record."""
        for decision in self.pruned.decisions:
            record = self.race.candidates[decision.recipe_id].record
            if record is not None and decision not in self.decisions:
                self.decisions.append(decision)
                yield record, decision

    def _calibrate(self) -> Iterator[Event]:
        """Yield how probabilities are calibrated, with the last record."""
        if self.calibration is not None and self.calibration not in self.decisions:
            self.decisions.append(self.calibration)
            yield self.records[-1], self.calibration

    @property
    def resumed_epoch(self) -> int:
        """The epoch at which the fit stands; above zero before the first step if it was resumed."""
        return self.race.epoch

    @property
    def kept_epoch(self) -> int:
        """The epoch after which the same fit would go on, were it stopped now; zero: anew."""
        return self._keeper.epoch

    @property
    def checkpoint(self) -> Path | None:
        """The file that the state is kept in."""
        return self._keeper.path

    def discard_checkpoint(self) -> None:
        """Remove the file that the fit was kept in, once the model is safe."""
        self._keeper.discard()

    @cached_property
    def outcome(self) -> Outcome:
        """What came of the race, once it is over."""
        return Outcome(self.prepared, self.race)

    @cached_property
    def findings(self) -> Findings:
        """What the judged rows tell, once the race is over."""
        return Findings(self.outcome, self.decisions)

    @property
    def pruned(self) -> PruningResult:
        """What predicts once the race is over, and what was removed from it."""
        return self.outcome.pruned

    @property
    def ensemble(self) -> Ensemble:
        """What predicts, once the race is over."""
        return self.outcome.ensemble

    @property
    def calibration(self) -> Calibrated | None:
        """The temperature of the ensemble, once the race is over; None for regression."""
        return self.outcome.calibration

    @property
    def importances(self) -> tuple[Importance, ...]:
        """How much each column matters to what predicts, on rows that it never saw."""
        return self.outcome.importances

    @property
    def diagnosis(self) -> Diagnosis:
        """What is wrong with the fit, once the race is over; rows by their numbers in the table."""
        return self.findings.diagnosis

    @property
    def label_suspects(self) -> Suspects | None:
        """The rows whose label may be wrong, in the order of the table; None for numbers.

        As in `out_of_fold`, rows of weight zero are not among them.
        """
        return self.findings.label_suspects

    def out_of_fold(self) -> Array:
        """Return the final raw output for every training row by networks that never saw it.

        They are the networks before pruning: what to prune was chosen by these very rows, so that
        what is left looks better on them than it is.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            In the order of the table (without rows of weight zero); NaN for rows that are never
            judged.
        """
        output = self.outcome.judged_output
        unsorted = np.full((self.rows.n_samples, output.shape[1]), np.nan, output.dtype)
        unsorted[self.rows.order[: self.rows.n_judged]] = output
        return unsorted

    def model(self) -> FittedModel:
        """Return the fitted model."""
        summary = self._summary()
        return FittedModel(
            self.outcome.predictor(),
            self.schema,
            summary,
            tuple(self.records),
            tuple(self.decisions),
            diagnosis=self.diagnosis,
            profile=TableProfile.of(self.prepared.given.table, self.schema),
            quality=quality_of_fit(self.findings.facts, self.target_encoder),
        )

    def _members(self) -> tuple[Member, ...]:
        before = {one.key: one.units for one in self.pruned.before.members}
        return tuple(
            Member(one.recipe_id, one.name, one.weight, one.units, one.units != before[one.key])
            for one in sorted(self.ensemble.members, key=lambda one: -one.weight)
        )

    def _summary(self) -> Summary:
        return Summary(
            task=self.task,
            target=self.target_name,
            n_samples=self.rows.n_samples,
            n_judged=self.rows.n_judged,
            n_columns=len(self.encoder.columns),
            n_folds=self.rows.n_folds,
            epochs=self.race.epoch,
            multiply_adds=self.race.multiply_adds + self.pruned.multiply_adds,
            scores=self.outcome.scores,
            standard_errors_better=self.outcome.standard_errors_better,
            members=self._members(),
            row_multiply_adds=self.ensemble.row_multiply_adds,
            row_multiply_adds_before=self.pruned.before.row_multiply_adds,
            leaks=self.leaks,
            importances=self.importances,
            settings=self._settings,
        )
