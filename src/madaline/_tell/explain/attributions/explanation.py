"""An explanation holds how much each column of each row adds to its prediction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from operator import itemgetter
from textwrap import wrap
from typing import Any

import numpy as np

from madaline._base.extras import load_extra
from madaline._base.language import _, translate
from madaline._base.language.widths import align
from madaline._base.words import format_count, paragraph, with_a_digit
from madaline._tables.column import is_missing
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.media.signals import holds
from madaline._tell.explain.attributions.words import WordAttributions
from madaline._tell.explain.columns import value_text
from madaline._tell.explain.scale import LOG_ODDS, PROBABILITY, TARGET
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Bar, Block, Cell, Paragraph, Section, TextTable, more
from madaline.records._results.result import Result, ToFrame

# What is shown, at most.
_SHOWN_ROWS = 5
_SHOWN_COLUMNS = 6  # in print
_HTML_COLUMNS = 10  # in a notebook
_SHOWN_WORDS = 8

_METHOD_WORDS = {
    "expected": "slopes on the way from there to the row, times the difference (expected gradients)",
    "integrated": "slopes on one way from there to the row, times the difference (integrated gradients)",
    "slope": "the slope at the row, times the difference (gradient times difference)",
    "shapley": "the change as it takes the value of the row, averaged over the orders of columns (Shapley values)",
}
_BY_ROW = ("attributions", "base", "output", "row_numbers", "target_class", "standard_errors")
"""Fields that are arrays with an item for each row, or None."""

SCALE_WORDS = {LOG_ODDS: "log-odds", PROBABILITY: "probability"}


@dataclass(frozen=True, eq=False)
class Explanation(Result, ToFrame):
    r"""Attributions: ``output = base + sum of attributions + remaining``.

    Attributes
    ----------
    target : str
        Name of what is predicted.
    columns : tuple[str, ...]
        Those that the model uses; others add nothing.
    values : Mapping[str, array]
        Of these columns, (n_samples,).
    attributions : array
        What each column adds, (n_samples, n_columns).
    base : array
        The mean output of the background, (n_samples,).
    output : array
        What is explained, (n_samples,): log-odds, a probability, or a number in the
        target's unit, which is not clipped to the range of the training target as a
        prediction is.
    scale : str
        Which of them: "log_odds", "probability" or "target".
    target_class : array or None
        The class that is explained, (n_samples,).
    method : str
        "expected", "integrated", "slope" or "shapley".
    background : str
        What the rows are compared with, in words.
    row_numbers : array
        Positions in the table, (n_samples,), counted from 0.
    standard_errors : array or None
        Of attributions, (n_samples, n_columns), where orders are random.
    maps : Mapping[str, array]
        For each column of images what each pixel adds, (n_samples, height, width); of
        sequences and sounds what each channel or band adds at each step, (n_samples, steps,
        channels + 1), the last for its presence. The sum is the column's attribution.
        Shapley values have none.
    words : Mapping[str, tuple[WordAttributions, ...]]
        The same of the words of texts, a `WordAttributions` for each row.
    formats : Mapping[str, NumberFormat]
        How numbers of the target and of columns are written, where they have a unit.

    Examples
    --------
    >>> explanation = Explanation(
    ...     target="price",
    ...     columns=("rooms", "town"),
    ...     values={"rooms": np.array([7.0]), "town": np.array(["Kiel"], object)},
    ...     attributions=np.array([[30.0, -5.0]]),
    ...     base=np.array([100.0]),
    ...     output=np.array([125.0]),
    ...     scale="target",
    ...     target_class=None,
    ...     method="expected",
    ...     background="9 given rows",
    ...     row_numbers=np.array([0]),
    ... )
    >>> print(explanation)
    The base value is the prediction for 9 given rows. Each column adds to it or takes
    away: slopes on the way from there to the row, times the difference (expected
    gradients).
    Row 0: price 125.0; base value 100.0.
      rooms = 7    +30.0
      town = Kiel   -5.0
      (sum +25.0)
    >>> explanation.to_columns()["attribution_rooms"]
    array([30.])
    """

    target: str
    columns: tuple[str, ...]
    values: Mapping[str, Array]
    attributions: Array
    base: Array
    output: Array
    scale: str
    target_class: Array | None
    method: str
    background: str
    row_numbers: Array
    standard_errors: Array | None = None
    maps: Mapping[str, Array] = field(default_factory=dict)
    words: Mapping[str, tuple[WordAttributions, ...]] = field(default_factory=dict)
    formats: Mapping[str, NumberFormat] = field(default_factory=dict)

    @classmethod
    def joined(cls, explanations: Sequence[Explanation]) -> Explanation:
        """Return the explanations of some rows and of further ones as one."""

        def join(arrays: list[Any]) -> Any:
            return None if arrays[0] is None else np.concatenate(arrays)

        first = explanations[0]
        fields: dict[str, Any] = {
            name: join([getattr(part, name) for part in explanations]) for name in _BY_ROW
        }
        for name in ("values", "maps"):
            columns = getattr(first, name)
            fields[name] = {
                column: join([getattr(part, name)[column] for part in explanations])
                for column in columns
            }
        words = {
            column: tuple(chain(*(part.words[column] for part in explanations)))
            for column in first.words
        }
        return replace(first, **fields, words=words)

    @property
    def written(self) -> NumberFormat:
        """How an attribution is written: a number of the target in its unit."""
        return self.formats.get(self.target, PLAIN) if self.scale == TARGET else PLAIN

    def value_of(self, name: str, row: int) -> str:
        """Return a value of a column as it is written."""
        return value_text(self.values[name][row], written=self.formats.get(name, PLAIN))

    def _amount(self, amount: float, digits: int, sign: str = "+z") -> str:
        def shown(one: float) -> str:
            return with_a_digit(f"{one:{sign},.{digits}f}", one, 10.0 ** (-digits - 3))

        return self.written.text(shown, amount)

    @property
    def sums(self) -> Array:
        """The sum of the attributions of each row, shape (n_samples,)."""
        return np.asarray(self.attributions.sum(axis=1))

    @property
    def remaining(self) -> Array:
        """Output minus base and attributions, shape (n_samples,)."""
        return np.asarray(self.output - self.base - self.sums)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.output)

    def __getitem__(self, rows: int | slice | Array) -> Explanation:
        """Return the explanation of some rows."""
        index = np.atleast_1d(np.arange(len(self))[rows])
        arrays = {name: getattr(self, name) for name in _BY_ROW}
        fields: dict[str, Any] = {
            name: None if array is None else array[index] for name, array in arrays.items()
        }
        return replace(
            self,
            **fields,
            values={name: values[index] for name, values in self.values.items()},
            maps={name: maps[index] for name, maps in self.maps.items()},
            words={name: tuple(texts[row] for row in index) for name, texts in self.words.items()},
        )

    def __repr__(self) -> str:
        """Return the target, the unit and the size in one line."""
        unit = SCALE_WORDS.get(self.scale, "its unit")
        return (
            f"<Explanation of {self.target} in {unit}: {format_count(len(self), 'row')} ×"
            f" {format_count(len(self.columns), 'column')}>"
        )

    def __str__(self) -> str:
        """Return the largest attributions of the first rows in words."""
        lines = [paragraph(self.heading)]
        for row in range(min(len(self), _SHOWN_ROWS)):
            lines += self.lines(row)
        if len(self) > _SHOWN_ROWS:
            lines.append(_("... and {n_self:,} more rows").format(n_self=len(self) - _SHOWN_ROWS))
        return translate("\n".join(lines))

    @property
    def heading(self) -> str:
        """What numbers start from, and what the method measures, in sentences."""
        unit = SCALE_WORDS.get(self.scale)
        sentence = _(
            "The base value is the {unit} of the same class for {background}. Each column adds to it or takes away: {method}."
            if unit
            else "The base value is the prediction for {background}. Each column adds to it or takes away: {method}."
        )
        method = _(_METHOD_WORDS[self.method])
        return sentence.format(unit=_(unit or ""), background=self.background, method=method)

    def strongest(self, row: int) -> list[str]:
        """Return the columns of a row, those of the largest attributions first."""
        order = np.argsort(-np.abs(self.attributions[row]), kind="stable")
        return [self.columns[column] for column in order]

    def decimals(self, row: int) -> int:
        """Return how many decimals show three digits of the largest number of a row."""
        difference = abs(self.output[row] - self.base[row])
        largest = max(float(np.abs(self.attributions[row]).max(initial=0)), difference)
        largest /= 10**self.written.power
        return int(np.clip(2 - np.floor(np.log10(largest)), 0, 6)) if largest > 0 else 0

    def lines(self, row: int, most: int = _SHOWN_COLUMNS, name: str = "") -> Iterator[str]:
        """Yield the explanation of a row in words; it is named by its number, or as given."""
        digits = self.decimals(row)
        yield _("{row}: {outcome}; base value {base}.").format(
            row=name or _("Row {row}").format(row=self.row_numbers[row]),
            outcome=self.outcome(row, digits),
            base=self._amount(self.base[row], digits, ""),
        )
        yield from self._column_lines(row, most, digits)
        for name in self.words:
            yield from self._word_lines(name, row, digits)
        total = self._amount(self._shown_sum(row, digits), digits)
        told = _("(sum {total}{remaining})")
        yield "  " + told.format(total=total, remaining=self._remaining_words(row, digits))

    def _remaining_words(self, row: int, digits: int) -> str:
        """Return how far base and sum are from the output, where the digits shown tell."""
        remaining = self.remaining_text(row, digits)
        return remaining and _(", remaining difference {remaining}").format(remaining=remaining)

    def remaining_text(self, row: int, digits: int) -> str:
        """Return how far base and sum are from the output; empty where the digits hide it."""
        remaining = self._rounded(self.remaining[row], digits)
        return self._amount(self.remaining[row], digits, "z") if remaining else ""

    def _rounded(self, amount: float, digits: int) -> float:
        return round(float(amount) / 10.0**self.written.power, digits)

    def _shown_sum(self, row: int, digits: int) -> float:
        """Return the sum that numbers with these digits have: it leads from base to output."""
        fields = (self.output, self.base, self.remaining)
        output, base, rest = (self._rounded(each[row], digits) for each in fields)
        return (output - base - rest) * 10.0**self.written.power

    def _adding_up(self, amounts: Sequence[float], row: int, digits: int) -> Array:
        """Return amounts rounded to these digits, the last of which makes them add up."""
        unit = 10.0 ** (self.written.power - digits)
        exact = np.array(amounts) / unit
        units = np.round(exact)
        gap = round(self._shown_sum(row, digits) / unit - units.sum())
        closest = np.argsort(np.sign(gap) * (units - exact), kind="stable")
        np.add.at(units, np.resize(closest, abs(gap)), np.sign(gap))
        return unit * np.where((units == 0) & (np.abs(exact) < 0.5), exact, units)

    def sections(self) -> Iterator[Section]:
        n_shown = min(len(self), _SHOWN_ROWS)
        yield Section([Paragraph(self.heading, "muted")])
        yield from map(self._section, range(n_shown))
        yield Section(more(n_shown, len(self), "rows"))

    def _section(self, row: int) -> Section:
        """Return a table of the columns of a row, and the sums of its words and parts."""
        digits = self.decimals(row)
        lines = self._largest(row, _HTML_COLUMNS)
        longest = max((abs(amount) for __, __, amount in lines), default=0.0) or 1.0
        rows: list[list[Cell]] = [
            [name, value, self._amount(amount, digits), Bar(amount, longest, both=True)]
            for name, value, amount in lines
        ]
        base = _("adds to the base, {base}").format(base=self._amount(self.base[row], digits, ""))
        title = _("Row {row_numbers}: {outcome}").format(
            row_numbers=self.row_numbers[row], outcome=self.outcome(row, digits)
        )
        blocks: list[Block] = [TextTable(["column", "value", base, ""], rows, right=(2,))]
        for name, texts in self.words.items():
            words = texts[row].strongest(_SHOWN_WORDS)
            if words:
                named = _(", ").join(
                    f"{word} {self._amount(amount, digits)}" for word, amount in words
                )
                blocks.append(Paragraph(_("{name}: {named}").format(name=name, named=named)))
        for name in self.maps:
            sentence = _(
                "{name}: parts add {positive} and {negative}; madaline.plots.plot_map draws them."
            )
            positive, negative = (self._amount(part, digits) for part in self.parts_of(name, row))
            blocks.append(
                Paragraph(sentence.format(name=name, positive=positive, negative=negative))
            )
        return Section(blocks, title)

    def to_columns(self) -> dict[str, Array]:
        """Return the columns of a table, which `to_frame` makes a data frame of.

        They are ``target_class`` (of classes), ``output``, ``base``, an ``attribution_`` for each
        column, ``remaining``, and an ``error_`` for each column if there are standard errors.
        """
        table = {} if self.target_class is None else {"target_class": self.target_class}
        table |= {"output": self.output, "base": self.base}
        for column, name in enumerate(self.columns):
            table[f"attribution_{name}"] = self.attributions[:, column]
        table["remaining"] = self.remaining
        if self.standard_errors is not None:
            for column, name in enumerate(self.columns):
                table[f"error_{name}"] = self.standard_errors[:, column]
        return table

    def to_shap(self, *others: Explanation) -> Any:
        """Return the same as a ``shap.Explanation``, for the plots of the package shap.

        Parameters
        ----------
        *others : Explanation
            Of the same rows, but of other classes (``target_class=``), targets or quantiles. With
            these the attributions have the shape (n_samples, n_columns, n_outputs).
        """
        shap = load_extra("shap", extra="explain", purpose="to_shap")
        for other in others:
            if (len(other), other.columns) != (len(self), self.columns):
                raise InputError(
                    "{other!r} goes beside {this!r}: explain the same rows by the same columns.",
                    other=other,
                    this=self,
                )
        explained = (self, *others)
        errors = [part.standard_errors for part in explained if part.standard_errors is not None]
        join = partial(np.stack, axis=-1) if others else itemgetter(0)
        return shap.Explanation(
            values=join([part.attributions for part in explained]),
            base_values=join([part.base for part in explained]),
            data=self._shap_data(),
            feature_names=list(self.columns),
            output_names=[part._name for part in explained] if others else None,
            error_std=join(errors) if len(errors) == len(explained) else None,
        )

    def _shap_data(self) -> Array:
        """Return the values as numbers; where some columns hold none, as objects, none missing."""
        columns = [self.values[name] for name in self.columns]
        if all(column.ndim == 1 and column.dtype.kind == "f" for column in columns):
            return np.stack(columns, axis=1)
        data = np.empty(self.attributions.shape, object)
        for number, column in enumerate(columns):
            data[:, number] = column
            if column.dtype == object:  # text, Booleans, sequences
                gap = "missing" if holds(column, str) else np.nan
                data[is_missing(column), number] = gap
        return data

    @property
    def _name(self) -> str:
        """What is explained: the class, if it is the same in all rows, or the target."""
        classes = [] if self.target_class is None else list(set(self.target_class.tolist()))
        return str(classes[0]) if len(classes) == 1 else self.target

    def outcome(self, row: int, digits: int) -> str:
        """Return what is explained of a row, in words."""
        output = self.output[row]
        if self.target_class is None:
            return f"{self.target} {self._amount(output, digits, '')}"
        told = _("{target} is {target_class}, probability {amount}")
        if self.scale == LOG_ODDS:
            told = _(
                "{target} is {target_class}, log-odds {amount} (probability {probability:.3f})"
            )
        return told.format(
            target=self.target,
            target_class=self.target_class[row],
            amount=f"{output:.{digits}f}",
            probability=(1 + np.tanh(output / 2)) / 2,
        )

    def _largest(self, row: int, most: int) -> list[tuple[str, str, float]]:
        """Return name, value and attribution of the strongest columns; the others are the last."""
        order = self.strongest(row)
        shown = order if len(order) <= most + 1 else order[:most]
        amounts = dict(zip(self.columns, self.attributions[row].tolist(), strict=True))
        lines = [(name, self.value_of(name, row), amounts[name]) for name in shown]
        if rest := order[len(shown) :]:
            total = sum(amounts[name] for name in rest)
            lines.append((_("{n_rest} other columns together").format(n_rest=len(rest)), "", total))
        rounded = self._adding_up([amount for *__, amount in lines], row, self.decimals(row))
        return [(*line[:2], amount) for line, amount in zip(lines, rounded.tolist(), strict=True)]

    def parts_of(self, name: str, row: int) -> tuple[float, float]:
        """Return the sums of the positive and of the negative parts of an image or a sequence."""
        parts = self.maps[name][row]
        return float(parts[parts > 0].sum()), float(parts[parts < 0].sum())

    def _column_lines(self, row: int, most: int, digits: int) -> Iterator[str]:
        lines = []  # what adds, the amount, and what follows it
        for name, value, amount in self._largest(row, most):
            after = ""
            if name in self.columns and self.standard_errors is not None:
                error = self.standard_errors[row, self.columns.index(name)]
                after = f" ± {self._amount(error, digits, '')}"
            if name in self.maps:
                positive, negative = self.parts_of(name, row)
                after += _(" (parts: {positive} and {negative})").format(
                    positive=self._amount(positive, digits), negative=self._amount(negative, digits)
                )
            start = f"{name} = {value}" if name in self.columns else translate(name)
            lines.append((start, self._amount(amount, digits), translate(after)))
        starts = align([line[:2] for line in lines], right=[1], start="  ")
        for start, (*__, after) in zip(starts, lines, strict=True):
            yield f"{start}{after}"

    def _word_lines(self, name: str, row: int, digits: int) -> list[str]:
        """Return the words of the largest attributions in a few lines."""
        words = self.words[name][row]
        strongest = words.strongest(_SHOWN_WORDS)
        others = sum(words.amounts) - sum(amount for __, amount in strongest)
        amounts = [*strongest, (_("its other words"), others), (_("missing words"), words.absent)]
        text = _(", ").join(f"{word} {self._amount(amount, digits)}" for word, amount in amounts)
        return wrap(
            _("{name}: {text}").format(name=name, text=text),
            84,
            initial_indent="    ",
            subsequent_indent="      ",
        )
