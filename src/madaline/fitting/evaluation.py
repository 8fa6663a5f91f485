"""What is wrong with a fit: its judged rows and its networks, put before the diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline.data.target import ClassEncoder
from madaline.diagnosis.diagnosis import Diagnosis
from madaline.diagnosis.labels import Suspects
from madaline.diagnosis.of_fit import Training, diagnose_fit
from madaline.diagnosis.of_race import Remains
from madaline.diagnosis.out_of_fold import Facts
from madaline.diagnosis.strength import Strength
from madaline.engine.blas import one_threaded_products
from madaline.fitting.outcome import Outcome
from madaline.records.decision import Decision


@dataclass(frozen=True, eq=False)
class Findings:
    """What the judged rows of a fit tell (final).

    Parameters
    ----------
    outcome : Outcome
        What came of the race.
    decisions : sequence of Decision
        What was decided on the way.
    """

    outcome: Outcome
    decisions: Sequence[Decision]

    @cached_property
    def facts(self) -> Facts:
        """The judged rows and what was said of them."""
        prepared, examples = self.outcome.prepared, self.outcome.own_examples
        rows, schema, target_encoder = prepared.rows, prepared.schema, prepared.target_encoder
        order = rows.order[: rows.n_judged]
        output, prior, target, weight, groups = self.outcome.judged(examples)
        classes = (
            target_encoder.classes.tolist() if isinstance(target_encoder, ClassEncoder) else None
        )
        return Facts(
            prepared.given.table.select(schema.kept).take(order),
            schema,
            rows.bounds,
            examples.loss,
            output,
            prior,
            target,
            examples.encoded_judged(min(examples.features))[:, : prepared.encoder.n_features(0)],
            classes if classes is None else tuple(map(str, classes)),
            weight,
            groups,
            prepared.given.numbers[order],
        )

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """What is wrong with the fit; rows by their numbers in the table that was given."""
        race = self.outcome.race
        starting = {one.recipe_id for one in race.candidates.values() if not one.entered}
        remains = Remains(race, self.outcome.pruned.before)
        with one_threaded_products():
            training = Training(
                self._strength(remains),
                remains.healths(),
                remains.raced(),
                self.outcome.prepared.leaks,
                self.decisions,
                starting,
            )
            return diagnose_fit(self.facts, training)

    @property
    def label_suspects(self) -> Suspects | None:
        """The rows whose label may be wrong, in the order of the table; None for numbers."""
        target_encoder, rows = self.outcome.prepared.target_encoder, self.outcome.prepared.rows
        if not isinstance(target_encoder, ClassEncoder):
            return None
        order = rows.order[: rows.n_judged]
        probabilities = np.full((rows.n_samples, len(target_encoder.classes)), np.nan)
        codes = np.zeros(rows.n_samples, np.intp)
        probabilities[order], codes[order] = self.facts.probabilities, self.facts.codes
        return Suspects.among(probabilities, codes)

    def _strength(self, remains: Remains) -> Strength:
        """Return how well rows are fitted that were learned from, and others."""
        facts, outcome = self.facts, self.outcome
        return Strength(
            remains.seen_loss(outcome.temperature, outcome.prepared.own_weight),
            facts.mean(facts.losses)[0],
            facts.mean(facts.constant_losses)[0],
            outcome.standard_errors_better,
            remains.unfinished,
        )
