"""The signals of a fitted model: its columns, its predictions, their errors and calibration."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from madaline._data.column import is_missing
from madaline._data.kinds.category import CategoryEncoder
from madaline._data.profile import ColumnProfile, TableProfile, read_levels, read_numbers
from madaline._data.table import Table
from madaline._data.target import ClassEncoder
from madaline._evaluation.scores import class_index, label_text
from madaline._runtime.predictor import Predictor
from madaline._watching.bank import Signal
from madaline._watching.facts import (
    CLASS,
    CONFIDENCE,
    EXCESS,
    LOSS,
    UnseenFacts,
    facts_of_classes,
    facts_of_labels,
    facts_of_numbers,
    facts_of_truth,
)
from madaline._watching.reference import Reference
from madaline._watching.source import LevelCodes, Source, Tested, checked_numbers
from madaline.nn.arrays import Array

SHARES = {"values": 0.4, "missing": 0.1, "predictions": 0.2, "errors": 0.15, "calibration": 0.15}
"""Shares of the false alarms."""

FEWEST = 30
"""Values of the training table that make a reference."""

TEXTS = ("false", "true")


class ModelSource(Source):
    """The signals of a fitted model (final).

    Parameters
    ----------
    predictor : Predictor
        The networks.
    profile : TableProfile
        What was in the columns of the training table.
    facts : UnseenFacts or None
        What the out-of-fold predictions were like; without it, only the columns are watched.
    target : str
        What is predicted.
    read : callable, optional
        Turns rows into a table.
    """

    def __init__(
        self,
        predictor: Predictor,
        profile: TableProfile,
        facts: UnseenFacts | None,
        target: str,
        read: Callable[[Any], Table] | None = None,
    ) -> None:
        self._predictor, self._profile, self._target = predictor, profile, target
        self._encoder = predictor.target_encoder
        self._facts = facts
        self._read = read or predictor.table
        self.loss_name = "log loss" if self._of_classes else "mean absolute error"
        self.levels = {
            ("values", one.name): self._codes(one) for one in profile.columns if one.has_levels
        }
        if isinstance(self._encoder, ClassEncoder):
            classes = LevelCodes(tuple(map(label_text, self._encoder.classes.tolist())))
            self.levels["predictions", f"predicted {target}"] = classes
        self.of_rows = [*self._of_columns(), *self._of_missing(), *self._of_facts("predictions")]
        self.of_labels = [*self._of_facts("errors"), *self._of_facts("calibration")]
        self.identity = self._identity()
        self.n_kept = len(self._encoder.classes) if isinstance(self._encoder, ClassEncoder) else 1

    def table(self, rows: Any) -> Table:
        """Return rows as a table."""
        return self._predictor.table(self._read(rows))

    def observe(self, table: Table, uniform: Array) -> tuple[Array, Array]:
        """Return the signals of rows, and the predictions.

        The predictions are those of the networks of a single fold, drawn for each row: the
        out-of-fold predictions that they are compared with were made so, too.
        """
        columns = [self._values(table, one) for one in self._profile.columns]
        values = np.stack(columns, axis=1) if columns else np.zeros((table.n_samples, 0))
        outputs = self._predictor.fold_outputs(table)
        folds = (uniform * len(outputs)).astype(np.intp)
        output = outputs[folds, np.arange(table.n_samples)]
        signals = [values, np.isnan(values)]
        if self._of_classes:
            kept = self._predictor.probabilities(output)
            facts = facts_of_classes(kept, self._predictor.choose(kept))
        else:
            kept = self._predictor.decode(output).astype(np.float64)[:, None]
            facts = facts_of_numbers(kept[:, 0])
        if self._facts is not None:
            signals += [one[:, None] for one in facts.values()]
        return np.concatenate(signals, axis=1, dtype=np.float64), kept

    def labels(self, y: Array) -> Array:
        """Return classes as they are, numbers as numbers."""
        return y if self._of_classes else checked_numbers(self._target, y)

    def learn(self, kept: Array, y: Array) -> Array:
        """Return the loss of each row, and by how much its prediction is too low."""
        if isinstance(self._encoder, ClassEncoder):
            truth = class_index(self._encoder.classes, y)
            facts = facts_of_labels(kept, self._predictor.choose(kept), truth)
        else:
            facts = facts_of_truth(kept[:, 0], y)
        values = np.stack([facts[LOSS], facts[EXCESS]], axis=1)
        values[is_missing(y)] = np.nan
        return values

    @property
    def _of_classes(self) -> bool:
        return isinstance(self._encoder, ClassEncoder)

    def _of_columns(self) -> list[Tested]:
        columns = self._profile.columns
        share = self._share("values") / max(1, len(columns))
        return [self._tested("values", one, share, float("nan")) for one in columns]

    def _of_missing(self) -> list[Tested]:
        columns = self._profile.columns
        share = self._share("missing") / max(1, len(columns))
        return [
            (Signal("missing", one.name, "level", share), Reference.of_missing(one))
            for one in columns
        ]

    def _of_facts(self, what: str) -> list[Tested]:
        """Return the signals of predictions, errors or calibration."""
        if self._facts is None:
            return []
        names = {"errors": (LOSS,), "calibration": (EXCESS,)}
        profiles = dict(zip(self._facts.profile.columns, self._facts.means, strict=True))
        chosen = {
            profile: mean
            for profile, mean in profiles.items()
            if profile.name in names.get(what, (profile.name,))
            and (what != "predictions" or profile.name not in (LOSS, EXCESS))
        }
        share = self._share(what) / max(1, len(chosen))
        return [self._tested(what, one, share, mean) for one, mean in chosen.items()]

    def _name(self, fact: ColumnProfile) -> str:
        """Return what a fact is called."""
        if fact.name == LOSS:
            return self.loss_name
        if fact.name == EXCESS:
            return "accuracy minus probability" if self._of_classes else "true minus predicted"
        if fact.name == CLASS:
            return f"predicted {self._target}"
        if fact.name == CONFIDENCE:
            return f"probability of the predicted {self._target}"
        if isinstance(self._encoder, ClassEncoder):
            return f"probability of {label_text(self._encoder.classes.tolist()[1])}"
        return f"predicted {self._target}"

    def _share(self, what: str) -> float:
        without = {"values", "missing"} if self._facts is None else SHARES.keys()
        return SHARES[what] / sum(SHARES[one] for one in without)

    def _codes(self, column: ColumnProfile) -> LevelCodes:
        if column.kind == "boolean":
            return LevelCodes(TEXTS)
        encoder = self._category(column.name)
        return LevelCodes(column.levels if encoder is None else encoder.levels)

    def _category(self, name: str) -> CategoryEncoder | None:
        for one in self._predictor.encoder.encoders:
            if one.name == name and isinstance(one, CategoryEncoder):
                return one
        return None

    def _tested(self, what: str, profile: ColumnProfile, share: float, mean: float) -> Tested:
        name = profile.name if what == "values" else self._name(profile)
        of_shares = what == "calibration" and self._of_classes
        kind = "difference of shares" if of_shares else _kind(profile)
        signal = Signal(what, name, kind, share)
        return signal, self._reference(what, name, profile, mean)

    def _reference(
        self, what: str, name: str, profile: ColumnProfile, mean: float
    ) -> Reference | None:
        n_present = profile.n_rows * (1 - profile.missing)
        if n_present < FEWEST or not (profile.has_levels or profile.edges):
            return None
        codes = self.levels[what, name].codes if profile.has_levels else {}
        return Reference.of_profile(profile, codes, self._singles(what, profile), mean)

    def _singles(self, what: str, profile: ColumnProfile) -> int:
        """Return how many levels occurred once; where not all are remembered, how many others."""
        encoder = self._category(profile.name)
        if encoder is None or what != "values":
            return 0
        forgotten = profile.n_rows * (1 - profile.missing) - encoder.counts.sum()
        return max(int(np.sum(encoder.counts <= 1)), round(forgotten) if encoder.is_cut else 0)

    def _values(self, table: Table, column: ColumnProfile) -> Array:
        """Return a column as numbers, or as the codes of its levels."""
        if not column.has_levels:
            return read_numbers(column.name, column.kind, table[column.name])
        levels = read_levels(column.name, column.kind, table[column.name])
        levels[is_missing(levels)] = None
        return self.levels["values", column.name].read(levels)

    def _identity(self) -> str:
        """Return a checksum of what the model's rows are compared with."""
        facts = None if self._facts is None else self._facts.to_json()
        text = json.dumps([self._target, self._profile.to_json(), facts])
        return hashlib.sha256(text.encode()).hexdigest()


def _kind(profile: ColumnProfile) -> str:
    return "level" if profile.has_levels else profile.kind
