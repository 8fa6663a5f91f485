"""Where the signals of a monitor come from."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_list
from madaline._models.runtime.predictor import Predictor
from madaline._models.watching.detectors import Tested, WatchedSignal
from madaline._models.watching.facts import (
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
from madaline._models.watching.reference import Reference
from madaline._race.evaluation.scores import class_index, label_text
from madaline._tables.column import is_missing, to_column
from madaline._tables.conversion import as_numbers
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.profile import ColumnProfile, TableProfile
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_NEW_LEVELS = 1000  # levels of each column that were not there in training, by their names
MAX_LABEL = 1e100  # numbers of labels are no larger, so that sums of errors do not overflow
_MAX_NAME = 200  # letters kept of a level that came later: levels that begin alike count as one

_FALSE_ALARM_SHARES = {
    "values": 0.4,
    "missing": 0.1,
    "predictions": 0.2,
    "errors": 0.15,
    "calibration": 0.15,
}
_MIN_VALUES = 30  # values of the training table that make a reference


@final
@dataclass(eq=False)
class LevelCodes:
    """The codes of the levels of a column: of those that are known, and of new ones."""

    known: tuple[str, ...]  # levels of the training table
    new: list[str] = field(default_factory=list)  # levels that came later

    def __post_init__(self) -> None:
        """Give each level a number."""
        self.codes = {level: code for code, level in enumerate([*self.known, *self.new])}

    def read(self, levels: Array) -> Array:
        """Return the code of each level in float64; NaN where it is missing."""
        return np.array(
            [np.nan if level is None else self._code(level) for level in levels.tolist()]
        )

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
            if len(self.new) >= MAX_NEW_LEVELS:
                return len(self.codes)
            code = self.codes[level] = len(self.codes)
            self.new.append(level)
        return code


def short_name(level: str) -> str:
    """Return a level as a file can hold it: not too long, and without halves of characters."""
    text = level.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _MAX_NAME else f"{text[: _MAX_NAME - 3]}..."


def checked_numbers(name: str, labels: Array, written: NumberFormat | None = None) -> Array:
    """Return labels as numbers, NaN where they are missing; refuse infinities and the like."""
    column = labels if labels.dtype.kind == "f" else to_column(name, labels)
    numbers = as_numbers(name, column, written)
    wrong = np.abs(numbers) > MAX_LABEL
    if wrong.any():
        raise InputError(
            "A label is {numbers:g}: give numbers of at most {MAX_LABEL:g}, or leave it out.",
            numbers=numbers[wrong][0],
            MAX_LABEL=MAX_LABEL,
        )
    return numbers


class Source(ABC):
    """Abstract base: what is known of a row when it is predicted, and of its label."""

    of_rows: list[Tested]  # what is tested of each row
    of_labels: list[Tested]  # what is tested of each label; the loss comes first
    levels: dict[tuple[str, str], LevelCodes]  # of signals, by what they tell and their names
    loss_name: str
    identity: str  # tells the model from others
    n_kept: int  # numbers that are kept of a row until its label comes
    # how numbers of columns are written, and, by the empty name, those of the target
    formats: Mapping[str, NumberFormat] = {}

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

    def check_classes(self, y: Array) -> None:  # noqa: B027 - streams learn new classes
        """Raise `InputError` if a label is no class of a model that knows them all."""

    @abstractmethod
    def learn(self, predictions: Array, y: Array) -> Array:
        """Return the signals of labels, (n_rows, n_signals); NaN where a label is missing."""

    def _column(self, table: Table, name: str, kind: str) -> Array:
        """Return a column as numbers, or as the codes of its levels."""
        codes = self.levels.get(("values", name))
        if codes is None:
            return KINDS[kind].numbers(name, table[name])
        return codes.read(KINDS[kind].levels(name, table[name]))


@final
class ModelSource(Source):
    """The signals of a fitted model: its columns, its predictions, their errors and calibration.

    Without facts of out-of-fold predictions, only the columns are watched.
    """

    def __init__(
        self,
        predictor: Predictor,
        profile: TableProfile,
        facts: UnseenFacts | None,
        target: str,
        read: Callable[[Any], Table] | None = None,
    ) -> None:
        self._predictor = predictor
        self._profile = profile
        self._target = target
        self._encoder = predictor.target_encoder
        self._facts = facts
        self._read = read or predictor.table
        self.loss_name = "log loss" if self._of_classes else "mean absolute error"
        self.levels = {
            ("values", column.name): self._codes(column)
            for column in profile.columns
            if column.has_levels
        }
        if isinstance(self._encoder, ClassEncoder):
            classes = LevelCodes(tuple(map(label_text, self._encoder.classes.tolist())))
            self.levels["predictions", f"predicted {target}"] = classes
        columns = profile.columns
        n_columns = max(1, len(profile.columns))
        share = self._share("values") / n_columns
        of_values = [self._tested("values", column, share, float("nan")) for column in columns]
        share = self._share("missing") / n_columns
        of_missing: list[Tested] = [
            (WatchedSignal("missing", column.name, "level", share), Reference.of_missing(column))
            for column in columns
        ]
        self.of_rows = [*of_values, *of_missing, *self._of_facts("predictions")]
        self.of_labels = [*self._of_facts("errors"), *self._of_facts("calibration")]
        self.identity = self._identity()
        self.n_kept = len(self._encoder.classes) if isinstance(self._encoder, ClassEncoder) else 1

    def table(self, rows: Any) -> Table:
        return self._predictor.table(self._read(rows))

    def observe(self, table: Table, uniform: Array) -> tuple[Array, Array]:
        """Return the signals of rows, and the predictions.

        The predictions are those of the networks of a single fold, drawn for each row: the
        out-of-fold predictions that they are compared with were made so, too.
        """
        columns = [
            self._column(table, column.name, column.kind) for column in self._profile.columns
        ]
        values = np.stack(columns, axis=1) if columns else np.zeros((table.n_samples, 0))
        outputs = self._predictor.fold_outputs(table)
        folds = (uniform * len(outputs)).astype(np.intp)
        output = outputs[folds, np.arange(table.n_samples)]
        signals = [values, np.isnan(values)]
        if self._of_classes:
            predictions = self._predictor.probabilities(output)
            facts = facts_of_classes(predictions, self._predictor.choose(predictions))
        else:
            predictions = self._predictor.decode(output).astype(np.float64)[:, None]
            facts = facts_of_numbers(predictions[:, 0])
        if self._facts is not None:
            signals += [values[:, None] for values in facts.values()]
        return np.concatenate(signals, axis=1, dtype=np.float64), predictions

    def labels(self, y: Array) -> Array:
        """Return classes as they are, numbers as numbers."""
        return y if self._of_classes else checked_numbers(self._target, y)

    def check_classes(self, y: Array) -> None:
        """Raise `InputError` if a label is no class of the model."""
        if not isinstance(self._encoder, ClassEncoder):
            return
        unknown = y[class_index(self._encoder.classes, y) < 0]
        if len(unknown):
            classes = format_list(map(label_text, self._encoder.classes.tolist()), limit=8)
            raise InputError(
                "The label {tolist!r} is none of the classes that the model knows: give one of {classes}.",
                tolist=unknown.tolist()[0],
                classes=classes,
            )

    def learn(self, predictions: Array, y: Array) -> Array:
        """Return the loss of each row, and by how much its prediction is too low."""
        if isinstance(self._encoder, ClassEncoder):
            truth = class_index(self._encoder.classes, y)
            facts = facts_of_labels(predictions, self._predictor.choose(predictions), truth)
        else:
            facts = facts_of_truth(predictions[:, 0], y)
        values = np.stack([facts[LOSS], facts[EXCESS]], axis=1)
        values[is_missing(y)] = np.nan
        return values

    @property
    def _of_classes(self) -> bool:
        return isinstance(self._encoder, ClassEncoder)

    def _of_facts(self, what: str) -> list[Tested]:
        if self._facts is None:
            return []
        fact = {"errors": LOSS, "calibration": EXCESS}.get(what)
        chosen = [
            (profile, mean)
            for profile, mean in zip(self._facts.profile.columns, self._facts.means, strict=True)
            if (profile.name == fact if fact else profile.name not in (LOSS, EXCESS))
        ]
        share = self._share(what) / max(1, len(chosen))
        return [self._tested(what, profile, share, mean) for profile, mean in chosen]

    def _name(self, fact: ColumnProfile) -> str:
        if fact.name == LOSS:
            return self.loss_name
        if fact.name == EXCESS:
            return "accuracy minus probability" if self._of_classes else "true minus predicted"
        if fact.name == CLASS:
            return _("predicted {target}").format(target=self._target)
        if fact.name == CONFIDENCE:
            return _("probability of the predicted {target}").format(target=self._target)
        if isinstance(self._encoder, ClassEncoder):
            return _("probability of {label_text}").format(
                label_text=label_text(self._encoder.classes.tolist()[1])
            )
        return _("predicted {target}").format(target=self._target)

    def _share(self, what: str) -> float:
        parts = {"values", "missing"} if self._facts is None else _FALSE_ALARM_SHARES.keys()
        return _FALSE_ALARM_SHARES[what] / sum(_FALSE_ALARM_SHARES[name] for name in parts)

    def _codes(self, column: ColumnProfile) -> LevelCodes:
        if column.kind == "boolean":
            return LevelCodes(("false", "true"))
        encoder = self._category(column.name)
        return LevelCodes(column.levels if encoder is None else encoder.levels)

    def _category(self, name: str) -> CategoryEncoder | None:
        for encoder in self._predictor.encoder.encoders:
            if encoder.name == name and isinstance(encoder, CategoryEncoder):
                return encoder
        return None

    def _tested(self, what: str, profile: ColumnProfile, share: float, mean: float) -> Tested:
        name = profile.name if what == "values" else self._name(profile)
        of_shares = what == "calibration" and self._of_classes
        of_numbers = "datetime" if profile.kind == "datetime" else "number"
        kind = "level" if profile.has_levels else of_numbers
        signal = WatchedSignal(what, name, "difference of shares" if of_shares else kind, share)
        n_present = profile.n_rows * (1 - profile.missing)
        if n_present < _MIN_VALUES or not (profile.has_levels or profile.edges):
            return signal, None
        codes = self.levels[what, name].codes if profile.has_levels else {}
        singles = self._singles(what, profile)
        return signal, Reference.of_profile(profile, codes, singles, mean)

    def _singles(self, what: str, profile: ColumnProfile) -> int:
        """Return how many levels occurred once; where not all are remembered, how many others."""
        encoder = self._category(profile.name)
        if encoder is None or what != "values":
            return 0
        forgotten = profile.n_rows * (1 - profile.missing) - encoder.counts.sum()
        return max(int(np.sum(encoder.counts <= 1)), round(forgotten) if encoder.is_cut else 0)

    def _identity(self) -> str:
        """Return a checksum of what the model's rows are compared with."""
        facts = None if self._facts is None else self._facts.to_json()
        text = json.dumps([self._target, self._profile.to_json(), facts])
        return hashlib.sha256(text.encode()).hexdigest()
