"""Looks at a table as a fit would: reads its columns, compares them, and collects what to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._base.words import clip_text, format_with_error, metric_name
from madaline._models import arguments
from madaline._models.diagnosis.finding import Diagnosis
from madaline._models.fitting.examination import Examination, FitContext, examine, in_order
from madaline._models.fitting.training_data import Roles, TrainingData
from madaline._models.request import FitRequest
from madaline._race.evaluation.association import (
    MAX_PAIRED,
    MAX_ROWS,
    MIN_LEVEL,
    Association,
    Views,
    associations_of_pairs,
    associations_with,
    tell_the_same,
    views_of,
    views_of_missing,
)
from madaline._race.evaluation.scores import label_text
from madaline._race.time.lags import series_text
from madaline._race.time.noticing import TimeOrder
from madaline._race.time.orders import find_series
from madaline._race.time.time_request import TimeRequest
from madaline._race.time.told_times import told_orders
from madaline._tables.column import is_missing
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.io.recognition import Form, recognize
from madaline._tables.io.source_files import reads_in_blocks
from madaline._tables.io.table_files import read_file
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import CATEGORY, NUMBER
from madaline._tables.rows import open_rows
from madaline._tables.schema import Schema
from madaline._tables.table import Table, alike
from madaline._tables.target import ClassEncoder, infer_task, target_numbers
from madaline._tables.target.values import check_learnable, left_out_words, missing_values
from madaline._tables.text_columns import read_numbers
from madaline._tell.explain.columns import value_text
from madaline._tell.look.contents import LookedColumn
from madaline._tell.look.findings import Facts, find_in_table
from madaline._tell.look.look import Look, Pair
from madaline._tell.look.rows_in_common import (
    CopiedRows,
    Missing,
    SharedCode,
    find_things,
    shared_codes,
)
from madaline.errors import InputError
from madaline.nn._engine.executors.choice import count_workers
from madaline.nn.arrays import Array

_MIN_ROWS = 20  # that associations are of
_MAX_CELLS, _FEWEST_SAMPLED = 2_000_000, 2000  # values that are compared, and rows all the same
_MAX_PAIRS = 1000  # pairs that are kept
_MAX_DRAWN = 100_000  # rows of files that are read block by block
_N_FIRST, _MAX_FIRST = 5, 30  # rows that are shown, and columns of them
_MAX_TEXT = 40  # characters of a value there


def look(
    table: Any,
    target: Any = None,
    *,
    task: str | None = None,
    groups: Any = None,
    time: Any = None,
    kinds: Mapping[str, str] | None = None,
    missing: Any = None,
) -> Look:
    """Look at a table before a fit: what it holds, how it is read, and what a fit would do with it.

    Parameters
    ----------
    table : data frame, array, mapping of str to array, path, pattern, folder or list of paths
        The columns: numbers, categories, dates, texts; with or without the target. Of files that
        are read block by block, as in `AdaptiveClassifier.fit`, up to 100,000 rows are drawn.
    target : str or array-like of shape (n_samples,), optional
        What is to be predicted: the name of a column of the table, or its values.
    task : {"classification", "regression"}, optional
        By default inferred from the target.
    groups : array-like of shape (n_samples,), optional
        Which rows belong together.
    time : str, array-like of shape (n_samples,) or bool, optional
        When rows were recorded, as in `AdaptiveClassifier.fit`.
    kinds : mapping of str to str, optional
        The kinds of some columns.
    missing : sequence, optional
        Words and numbers that stand for missing values.

    Returns
    -------
    Look
        Prints as a table with sentences; with `columns`, `pairs`, `findings`, `to_frame`, `save`.

    Raises
    ------
    InputError
        If a fit would refuse the table.

    Examples
    --------
    >>> import madaline
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=500)
    >>> table = {"x": x, "noise": rng.normal(size=500), "color": ["red", "blue"] * 250}
    >>> seen = madaline.look(table, x**2 + rng.normal(size=500) / 5)
    >>> [(column.name, round(column.association, 1)) for column in seen.related]
    [('x', 0.9)]
    """
    words = arguments.read_missing(missing)
    name, values = "target", None
    given, notes, source = _read(table, words)
    if isinstance(target, str):
        if target not in given:
            raise InputError(
                "There is no column {target!r}: {alike}",
                target=target,
                alike=alike(target, given.names),
            )
        values = read_numbers(target, given[target])[0] if source else given[target]
        given, name, values = given.drop([target]), target, _whole(values)
    elif target is not None:
        values = arguments.read_labels(target, given.n_samples)
        names = arguments.read_names(target)
        name = names if isinstance(names, str) and names not in given else name
    request = FitRequest(task=task, kinds=arguments.read_kinds(kinds), time=TimeRequest.given(time))
    roles = None
    if values is not None:
        groups = arguments.read_groups(groups, given.n_samples)
        times = arguments.read_times(time, given.n_samples)
        roles = Roles(values, groups=groups, times=times, names=name)
    return look_at(given, roles, request, notes, source)


def _read(X: Any, words: Sequence[str]) -> tuple[Table, tuple[str, ...], str]:
    """Return the rows to look at, how they were read, and the name of their file, if any."""
    given = recognize(X)
    if given.form != Form.FILES:
        return given.table().without(words), (), ""
    name = Path(given.path).name
    if reads_in_blocks(given) and (rows := open_rows(given, missing=words)) is not None:
        drawn = rows.sample(_MAX_DRAWN)
        return drawn.table, (*filter(None, [drawn.note]), *rows.notes), name
    file = read_file(given.path, missing=words)
    return file.table, file.notes, name


def look_at(
    table: Table,  # without the target
    roles: Roles | None,  # None without a target
    request: FitRequest,
    notes: Sequence[str] = (),  # how the table was read
    source: str = "",
) -> Look:
    """Return what a table holds, and what a fit would do with it."""
    examined = None
    if not table.names:
        raise InputError("There is no column to look at: the table needs one beside the target.")
    if roles is not None:
        name = str(roles.names)
        left_out = left_out_words(name, lacking := missing_values(roles.target))
        if left_out:
            notes = (*notes, left_out)
            table, roles = table.take(~lacking), roles.take(~lacking)
        task = request.task or infer_task(roles.target)[0]
        check_learnable(roles.target, task, name=name)
        data = TrainingData.checked(table, roles, request)
        examined = in_order(examine(data, FitContext(request, count_workers(-1))))
    looking = _Looking.of(table, request.kinds, examined)
    if roles is not None:
        looking = replace(looking, schema=replace(looking.schema, target=roles.written))
    return looking.look(tuple(notes), source)


def _whole(values: Array) -> Array:
    """Return a column as a target: whole numbers as such."""
    if values.dtype.kind == "f" and np.all(values == np.floor(values)):
        return values.astype(np.int64) if abs(values).max() < 2**53 else values
    return values


@final
@dataclass(frozen=True, eq=False)
class _Looking:
    """A table as it was read, and what a fit found out about it; None without a target."""

    table: Table
    schema: Schema
    examined: Examination | None

    @classmethod
    def of(cls, table: Table, kinds: Mapping[str, str], examined: Examination | None) -> _Looking:
        """Return the table as it was read."""
        if examined is not None:
            return cls(examined.data.table, examined.schema, examined)
        schema = Schema.infer(table, kinds)
        return cls(schema.read(table), schema, None)

    @property
    def target(self) -> str:
        """The name of the target; empty without one."""
        return "" if self.examined is None else self.examined.data.target_names[0]

    @cached_property
    def codes(self) -> Array | None:
        """The target: classes as numbers, or numbers."""
        if self.examined is None or self.labels:
            return None if self.examined is None else self.examined.goal.codes
        return target_numbers(self.examined.data.target)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The classes; none of a number."""
        encoder = None if self.examined is None else self.examined.target_encoder
        classes = encoder.classes.tolist() if isinstance(encoder, ClassEncoder) else []
        return tuple(map(label_text, classes))

    def look(self, notes: tuple[str, ...], source: str) -> Look:
        """Return all that is to be shown."""
        rows = self._sample()
        views = self._views(rows)
        alone, lacking = self._associations(views, rows)
        ranked = sorted(views, key=lambda name: -alone[name].strength if alone else 0.0)
        paired = {name: views[name] for name in ranked[:MAX_PAIRED]}
        codes = shared_codes(self.table, self.schema)
        known = partial(self._known_views, rows, codes)
        pairs = tuple(islice(associations_of_pairs(paired, known), _MAX_PAIRS))
        columns = self._columns(alone, lacking)
        same = [(a, b) for a, b, found in pairs if self._tell_the_same(a, b, found, rows)]
        facts = self._facts(columns, same, codes, rows)
        return Look(
            source,
            self.table.n_samples,
            len(columns) + (self.examined is not None),
            columns,
            self._target_column(),
            tuple(Pair(one, other, item.strength) for one, other, item in pairs),
            facts.missing,
            facts.copies,
            Diagnosis.of(find_in_table(facts)),
            tuple(self._plan()),
            (*notes, *self.schema.notes),
            len(rows),
            len(paired),
            tuple(self._first_rows()),
        )

    def _columns(
        self, alone: Mapping[str, Association], lacking: Mapping[str, Association]
    ) -> tuple[LookedColumn, ...]:
        """Return what is in each column, and what its values, or missing ones, tell."""
        return tuple(
            replace(
                LookedColumn.of(self.table, column),
                association=_strength(alone, column.name),
                of_missing=_strength(lacking, column.name),
            )
            for column in self.schema.columns
        )

    def _facts(
        self,
        columns: tuple[LookedColumn, ...],
        same: Sequence[tuple[str, str]],  # pairs of columns that tell the same
        codes: Sequence[SharedCode],
        rows: Array,
    ) -> Facts:
        """Return what findings are looked for in."""
        return Facts(
            self.table,
            self.schema,
            columns,
            same,
            find_things(self.table, self.schema, rows),
            Missing.of(self.table),
            codes,
            CopiedRows.of(self.table, self.schema.kept, self.codes, classes=bool(self.labels)),
            () if self.examined is None else self.examined.leaks,
            self.target,
            self.codes,
            self.labels,
        )

    def _known_views(
        self, rows: Array, codes: Sequence[SharedCode], one: str, other: str
    ) -> tuple[Views, Views] | None:
        """Return two columns where both are known; None if that is nearly everywhere."""
        columns = [self.table[name][rows] for name in (one, other)]
        gone = is_missing(columns[0]) | is_missing(columns[1])
        for code in codes:
            if {one, other} <= set(code.columns):
                gone |= (columns[0] == code.value) & (columns[1] == code.value)
        if gone.sum() < MIN_LEVEL:
            return None
        first, second = (column[~gone] for column in columns)
        kinds = self.schema[one].kind, self.schema[other].kind
        return views_of(kinds[0], first), views_of(kinds[1], second)

    def _tell_the_same(self, one: str, other: str, found: Association, rows: Array) -> bool:
        return tell_the_same(self.table[one][rows], self.table[other][rows], found)

    def _sample(self) -> Array:
        """Return the rows that are compared, the same in each look; none of few."""
        n_rows, n_columns = self.table.n_samples, len(self.schema.kept)
        most = min(MAX_ROWS, max(_FEWEST_SAMPLED, _MAX_CELLS // max(1, n_columns)))
        if n_rows < _MIN_ROWS:
            return np.arange(0)
        return np.sort(np.random.default_rng(0).permutation(n_rows)[:most])

    def _views(self, rows: Array) -> dict[str, Views]:
        """Return the columns in bins, those that can be compared."""
        if not len(rows):
            return {}
        columns = (c for c in self.schema.columns if c.kept and KINDS[c.kind].profiled)
        views = {c.name: views_of(c.kind, self.table[c.name][rows]) for c in columns}
        return {name: view for name, view in views.items() if view}

    def _associations(
        self, views: Mapping[str, Views], rows: Array
    ) -> tuple[dict[str, Association], dict[str, Association]]:
        """Return what columns tell of the target, and what their missing values tell."""
        if self.codes is None or not views:
            return {}, {}
        kind, codes = (CATEGORY, object) if self.labels else (NUMBER, float)
        target = views_of(kind, self.codes[rows].astype(codes))
        missing = {
            name: view
            for name in self.table.names
            if self.schema[name].n_missing and (view := views_of_missing(self.table[name][rows]))
        }
        return associations_with(target, views), associations_with(target, missing)

    def _target_column(self) -> LookedColumn | None:
        """Return what the target holds."""
        if self.examined is None or self.codes is None:
            return None
        name, kind = self.target, CATEGORY if self.labels else NUMBER
        values = np.array(self.labels, object)[self.codes] if self.labels else self.codes
        table = Table({name: values})
        (schema,) = Schema.infer(table, {name: kind}).columns
        schema = replace(schema, written=self.schema.target)
        return replace(LookedColumn.of(table, schema), why=self.examined.task_reason)

    def _plan(self) -> Iterator[str]:
        """Yield what a fit would do."""
        if self.examined is not None and self.examined.data.target.dtype.kind in "iu":
            task, reason = self.examined.task, self.examined.task_reason
            other = "regression" if self.labels else "classification"
            if reason != "as told":
                yield _("The task is {task}, as {reason}: if not, give task={other!r}.").format(
                    task=_(task), reason=reason, other=other
                )
        yield from self._plan_of_times()

    def _plan_of_times(self) -> Iterator[str]:
        """Yield how rows are held out where they are dated, and what tells series apart."""
        examined = self.examined
        if examined is None:
            told = told_orders(self.table, self.schema)
            times, order = told[0].times if told else None, None
            if times is not None:
                yield _("{name} may tell when rows were recorded.").format(name=times.name)
        else:
            times, order = examined.time.times, examined.time.order
            if times is not None:
                why = "" if order is None else _why(order)
                yield _(
                    "A fit holds out later rows, by {name}{why}: its scores are of rows after those that are learned from. If time does not matter, say so (time=False)."
                ).format(name=times.name, why=why)
            elif order is not None:
                yield order.advice
        series = () if times is None else find_series(times.values, self.table, self.schema)
        if series:
            yield _(
                "{series} may tell series apart, each with one row a time: lags=True predicts from their earlier values."
            ).format(series=series_text(series))

    def _first_rows(self) -> Iterator[dict[str, str]]:
        """Yield some rows as text."""
        names = [name for name in self.table.names if self.table[name].ndim == 1][:_MAX_FIRST]
        formats = self.schema.formats
        columns = {
            name: _as_written(self.table[name][:_N_FIRST], formats.get(name, PLAIN))
            for name in names
        }
        if self.codes is not None:
            first = self.codes[:_N_FIRST]
            values = np.array(self.labels, object)[first] if self.labels else first.astype(float)
            written = self.schema.target or PLAIN
            columns = {self.target: _as_written(values, written), **columns}
        for row in range(min(_N_FIRST, self.table.n_samples)):
            yield {name: clip_text(values[row], _MAX_TEXT) for name, values in columns.items()}


def _as_written(values: Array, written: NumberFormat = PLAIN) -> list[str]:
    """Return values as texts, numbers in their unit; empty where there is none."""
    gone = is_missing(values)
    texts = (value_text(value, longest=None, written=written) for value in values)
    return ["" if lacks else text for lacks, text in zip(gone, texts, strict=True)]


def _strength(found: Mapping[str, Association], name: str) -> float | None:
    return found[name].strength if name in found else None


def _why(order: TimeOrder) -> str:
    """Return the losses of a simple model that tell whether later rows are harder to predict."""
    noticed = order.noticed
    if not noticed.is_clear:
        return ", which the rows are sorted by"
    losses = format_with_error([noticed.among, noticed.after], noticed.standard_error)
    metric = metric_name(noticed.metric)
    return _(" ({metric} of a simple model: {near} near in time, {later} later)").format(
        metric=metric, near=losses[0], later=losses[1]
    )
