"""Where the signals of a monitor come from."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from madaline._data.column import is_missing, to_column
from madaline._data.conversion import as_numbers
from madaline._data.formats.number_format import NumberFormat
from madaline._data.kinds.category import CategoryEncoder
from madaline._data.profile import ColumnProfile, TableProfile, read_levels, read_numbers
from madaline._data.table import Table
from madaline._data.target import ClassEncoder
from madaline._evaluation.scores import class_index, label_text
from madaline._runtime.predictor import Predictor
from madaline._watching.detectors import Signal
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
from madaline.errors import InputError
from madaline.nn.arrays import Array

MOST_NEW = 1000  # levels that were not there in training whose names are kept, of each column

LONGEST_NAME = 200
"""Letters that are kept of a level that came later: levels that begin alike count as one."""

LARGEST_LABEL = 1e100  # numbers of labels are no larger, so that sums of errors do not overflow

Tested = tuple[Signal, Reference | None]  # a signal, and what it was like before, if that is known


@final
@dataclass(eq=False)
class LevelCodes:
    """The codes of the levels of a column: of those that are known, and of new ones.

    Examples
    --------
    >>> codes = LevelCodes(["red", "blue"])
    >>> codes.read(np.array(["blue", None, "mauve"], object)), codes.name(2)
    (array([ 1., nan,  2.]), 'mauve')
    """

    known: tuple[str, ...]  # levels of the training table
    new: list[str] = field(default_factory=list)  # levels that came later

    def __post_init__(self) -> None:
        """Give each level a number."""
        self.codes = {level: code for code, level in enumerate([*self.known, *self.new])}

    def read(self, levels: Array) -> Array:
        """Return the code of each level in float64; NaN where it is missing."""
        return np.array([np.nan if one is None else self._code(one) for one in levels.tolist()])

    def name(self, code: int) -> str:
        """Return the level of a code."""
        names = [*self.known, *self.new]
        return names[code] if code < len(names) else "other"

    def _code(self, level: str) -> int:
        code = self.codes.get(level)
        if code is None:
            level = short_name(level)
            code = self.codes.get(level)
        if code is None:
            if len(self.new) >= MOST_NEW:
                return len(self.codes)
            code = self.codes[level] = len(self.codes)
            self.new.append(level)
        return code


def short_name(level: str) -> str:
    """Return a level as a file can hold it: not too long, and without halves of characters.

    Examples
    --------
    >>> short_name("red"), len(short_name("x" * 999))
    ('red', 200)
    """
    text = level.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 3]}..."


def checked_numbers(name: str, labels: Array, written: NumberFormat | None = None) -> Array:
    """Return labels as numbers, NaN where they are missing; refuse infinities and the like."""
    column = labels if labels.dtype.kind == "f" else to_column(name, labels)
    numbers = as_numbers(name, column, written)
    wrong = np.abs(numbers) > LARGEST_LABEL
    if wrong.any():
        raise InputError(
            f"A label is {numbers[wrong][0]:g}: give numbers of at most {LARGEST_LABEL:g}, or leave"
            " it out."
        )
    return numbers


class Source(ABC):
    """Abstract base: what is known of a row when it is predicted, and of its label."""

    of_rows: list[Tested]  # what is tested of each row, and of each label
    of_labels: list[Tested]  # what is tested of each row, and of each label
    # the codes of signals that are levels, by what they tell and their names
    levels: dict[tuple[str, str], LevelCodes]
    loss_name: str  # what the loss is; it is the first signal of labels
    identity: str  # tells the model from others
    n_kept: int  # numbers that are kept of a row until its label comes

    @abstractmethod
    def table(self, rows: Any) -> Table:
        """Return rows as a table."""

    @abstractmethod
    def observe(self, table: Table, uniform: Array) -> tuple[Array, Array]:
        """Return the signals of rows, (n_rows, n_signals), and what is kept until labels come.

        Of the uniform numbers, shape (n_rows,), each row has one.
        """

    @abstractmethod
    def labels(self, y: Array) -> Array:
        """Return labels as `learn` takes them; `InputError` if they are none."""

    @abstractmethod
    def learn(self, kept: Array, y: Array) -> Array:
        """Return the signals of labels, (n_rows, n_signals); NaN where a label is missing."""

    def cell_name(self, signal: Signal, reference: Reference, cell: int) -> str:
        """Return the level of a cell; the cell of others has several."""
        if cell < len(reference.codes):
            return self.levels[signal.what, signal.name].name(int(reference.codes[cell]))
        return "other"


SHARES = {"values": 0.4, "missing": 0.1, "predictions": 0.2, "errors": 0.15, "calibration": 0.15}
"""Shares of the false alarms."""

FEWEST = 30  # values of the training table that make a reference

TEXTS = ("false", "true")


@final
class ModelSource(Source):
    """The signals of a fitted model."""

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
