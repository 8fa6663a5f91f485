"""How good filling is: known values are hidden, filled, and compared with what they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, final

import numpy as np

from madaline._apps.filling.chain import Filler, Report, learn_filler
from madaline._apps.sampling.cells import LEVEL
from madaline._base.language import _
from madaline._base.words import format_count, format_list, format_number, format_share
from madaline._tables.column import in_seconds, is_missing
from madaline._tables.table import Table
from madaline.records._results.blocks import Bar, Cell, Paragraph, Section, TextTable
from madaline.records._results.result import Result, ToFrame

_HIDDEN = 0.1  # share of the known values
_TREES = 30  # fewer than fill gaps, so errors are no lower than of those
_MAX_ROWS = 5000
_MIN_HIDDEN = 5  # values of a column that an error is measured with
_TELLS_LITTLE = 0.9  # error beside that of the usual value

Writes: TypeAlias = Mapping[str, Callable[[float], str]]

NOTHING = {"f": np.nan, "M": np.datetime64("NaT", "us"), "O": None}
"""What stands in a gap, by the type of the column."""


@final
@dataclass(frozen=True)
class ColumnError:
    """How well hidden values of a column were filled.

    Attributes
    ----------
    column : str
        Its name.
    is_category : bool
        Whether errors are shares of wrong values; else they are root mean squared errors, of dates
        in seconds.
    n_hidden : int
        Values that were hidden.
    error, error_of_usual : float
        The error of filling, and that of the mean or of the most frequent value.
    """

    column: str
    is_category: bool
    n_hidden: int
    error: float
    error_of_usual: float

    @property
    def ratio(self) -> float:
        """The error beside that of the usual value: 0 is perfect, 1 no better."""
        if self.error_of_usual:
            return self.error / self.error_of_usual
        return 1.0 if self.error else 0.0


@final
@dataclass(frozen=True)
class FillQuality(Result, ToFrame):
    """How well hidden values were filled; prints as sentences.

    Attributes
    ----------
    columns : tuple of ColumnError
        Of each column.
    n_rows : int
        Rows that it was measured with.
    writes : Mapping of str to function
        How errors of numbers and dates are written, in the unit of the column.
    """

    columns: tuple[ColumnError, ...]
    n_rows: int
    writes: Writes = field(default_factory=dict, repr=False, compare=False)

    def _text(self, column: ColumnError, error: float) -> str:
        write = format_share if column.is_category else self.writes.get(column.column)
        return (write or format_number)(error)

    @property
    def sentence(self) -> str:
        """The errors of all columns together."""
        if not self.columns:
            return "There are too few known values to measure how good filling is."
        n_hidden = sum(column.n_hidden for column in self.columns)
        numbers = [column for column in self.columns if not column.is_category]
        categories = [column for column in self.columns if column.is_category]
        parts = []
        if numbers:
            ratio = float(np.mean([column.ratio for column in numbers]))
            parts.append(
                _("numbers were off by {ratio} of what the mean is off").format(
                    ratio=format_share(ratio, 0)
                )
            )
        if categories:
            wrong = float(np.mean([column.error for column in categories]))
            usual = float(np.mean([column.error_of_usual for column in categories]))
            parts.append(
                _("{wrong} of categories were wrong ({usual} with the most frequent one)").format(
                    wrong=format_share(wrong, 0), usual=format_share(usual, 0)
                )
            )
        return _("Of {n_hidden:,} known values that were hidden as a test, {parts}.").format(
            n_hidden=n_hidden, parts=_(" and ").join(parts)
        )

    def sentences(self) -> Iterator[str]:
        """Yield what was measured, and the columns that others tell little of."""
        yield self.sentence
        little = [column.column for column in self.columns if column.ratio > _TELLS_LITTLE]
        if little:
            yield _(
                "Other columns tell little of {little}: these are filled hardly better than with the usual value."
            ).format(little=format_list(little))

    def to_columns(self) -> dict[str, Any]:
        """Return the errors of each column."""
        names = ("column", "is_category", "n_hidden", "error", "error_of_usual")
        return {name: [getattr(error, name) for error in self.columns] for name in names}

    __str__ = __repr__ = Result.text

    def sections(self) -> Iterator[Section]:
        rows: list[list[Cell]] = [
            [
                error.column,
                Bar(min(1.0, error.ratio), 1.0, format_share(error.ratio, 0)),
                self._text(error, error.error),
                self._text(error, error.error_of_usual),
            ]
            for error in self.columns
        ]
        head = ["column", "error beside the usual value's", "error", "of the usual value"]
        yield Section([*map(Paragraph, self.sentences())], first=True)
        yield Section([TextTable(head, rows)])


def check_filling(given: Table, writes: Writes, *, seed: int, report: Report) -> FillQuality:
    """Return how well hidden values are filled: those of columns with gaps, or else of all."""
    rng = np.random.default_rng([seed, 11])
    some = given.take(np.sort(rng.permutation(given.n_samples)[:_MAX_ROWS]))
    gaps = {name: is_missing(column) for name, column in some.columns.items()}
    wanted = [name for name in some.names if is_missing(given[name]).any()] or [*some.names]
    hidden, damaged = {}, {}
    for name in wanted:
        of_column = ~gaps[name] & (rng.random(some.n_samples) < _HIDDEN)
        if of_column.sum() >= _MIN_HIDDEN and (~gaps[name] & ~of_column).sum() >= _MIN_HIDDEN:
            hidden[name] = of_column
            damaged[name] = some[name].copy()
            damaged[name][of_column] = NOTHING[damaged[name].dtype.kind]
    if not hidden:
        return FillQuality((), some.n_samples)
    n_hidden = format_count(sum(int(rows.sum()) for rows in hidden.values()), "known value")
    report(_("hiding {n_hidden} to see how good filling is").format(n_hidden=n_hidden))
    filler = learn_filler(
        some.replaced(damaged),
        seed=seed,
        only_gaps=True,
        n_trees=_TREES,
        report=report,
    )
    filled = filler.best(some.replaced(damaged))
    errors = [_error(filler, name, some, filled, rows) for name, rows in hidden.items()]
    return FillQuality(tuple(errors), some.n_samples, writes)


def _error(filler: Filler, name: str, real: Table, filled: Any, hidden: Any) -> ColumnError:
    known = filler.known[name]
    truth, guess = real[name][hidden], filled[name][hidden]
    if known.cells.kind == LEVEL:
        errors = [float((truth != other).mean()) for other in (guess, known.cells.levels[0])]
    else:
        truth = in_seconds(truth)
        both = in_seconds(guess), known.usual
        errors = [float(np.sqrt(np.mean((truth - other) ** 2))) for other in both]
    return ColumnError(name, known.is_level, len(truth), *errors)
