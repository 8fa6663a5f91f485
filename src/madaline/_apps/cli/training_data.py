"""What `madaline fit` learns from: a table in a file, taken apart and checked before training."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np

from madaline._apps.cli.console import suggestion
from madaline._apps.cli.reading import open_named_files
from madaline._apps.cli.rows_to_fit import draw_sample, is_in_blocks, open_to_fit, with_formats
from madaline._base.language import _
from madaline._base.words import format_count, format_list, split_names
from madaline._models.fitting.sampling import SampledRows
from madaline._models.fitting.training_data import Roles
from madaline._race.evaluation.metrics import CLASS_METRICS
from madaline._race.evaluation.objective import LOG_LOSS
from madaline._tables.column import as_texts, is_missing
from madaline._tables.formats.characters import check_missing
from madaline._tables.formats.choice import ORDINARY, Format, Given
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.io.compression import TooLargeError
from madaline._tables.io.media_tables import LABEL, read_folder
from madaline._tables.io.table_files import read_file
from madaline._tables.kinds import GIVEN_KINDS
from madaline._tables.kinds.kind import CATEGORY, DROPPED, NUMBER, TEXT
from madaline._tables.table import Table
from madaline._tables.target import (
    REGRESSION,
    check_learnable,
    checked_probabilities,
    infer_task,
    infer_task_of_several,
)
from madaline._tables.target.values import left_out_words, missing_values, side_by_side
from madaline._tables.text_columns import read_numbers
from madaline.errors import InputError
from madaline.nn.arrays import Array


@dataclass(frozen=True)
class TrainingTable:
    """A table taken apart."""

    table: Table  # the columns to learn from
    roles: Roles  # what to predict, if anything, and what rows are beside it
    kinds: Mapping[str, str]  # the kinds of some columns, as given
    n_columns: int  # of the file
    notes: tuple[str, ...] = ()  # what was changed when it was read
    names: tuple[str, ...] | None = None  # where the rows are files in a folder, their paths in it
    encoding: str = ""  # of the file, where it is not UTF-8 or said by a mark

    @classmethod
    def read(
        cls, arguments: Namespace, *, to_fit: bool = True, in_blocks: bool = False
    ) -> TrainingTable:
        """Read the table that the arguments of `madaline fit` name.

        To look at it, no target is needed, and columns may be empty. With `in_blocks`, the rows of
        a large table are a sample of it.
        """
        given = _given_kinds(arguments)
        sampled, everything, notes, names, encoding = _opened(
            arguments, given, to_fit=to_fit, in_blocks=in_blocks
        )
        targets, roles = _checked_roles(arguments, given, everything, to_fit=to_fit)
        table = everything.drop(name for _, name in roles if not _is_series(name, arguments))
        kinds = _kinds([kind for kind in given if not _is_of_target(kind, targets)], table)
        _check_columns(table, may_be_empty=not to_fit or sampled is not None)
        read = [_Target.read(name, everything, table, arguments, given) for name in targets]
        notes += tuple(note for target in read for note in target.notes)
        if not getattr(arguments, "lags", None):  # they count rows, so none may be left out
            known = np.zeros(table.n_samples, bool)
            missing = np.logical_or.reduce([known, *(missing_values(one.values) for one in read)])
            left_out = left_out_words(format_list(targets, last=" or "), missing)
            if left_out:
                everything, table = everything.take(~missing), table.take(~missing)
                read = [replace(one, values=one.values[~missing]) for one in read]
                names = names and tuple(np.array(names, object)[~missing])
                notes = (*notes, left_out)
        if sampled is not None:
            formats = {target.name: target.written for target in read}
            sampled = None if sampled.drawn.is_complete else with_formats(sampled, formats)
        given_roles = _roles_of(read, everything, arguments)
        given_roles = replace(given_roles, drawn_from=sampled)
        n_columns = len(everything.names)
        return cls(table, given_roles, kinds, n_columns, notes, names, encoding)

    @property
    def target_names(self) -> tuple[str, ...]:
        """The columns to predict."""
        return tuple(self.roles.names)

    @property
    def n_rows(self) -> int:
        """Number of rows that are learned from."""
        drawn_from = self.roles.drawn_from
        return self.table.n_samples if drawn_from is None else drawn_from.n_samples

    def probabilities(self, arguments: Namespace) -> TrainingTable:
        """Return the table with a target of probabilities, refusing other columns."""
        if self.roles.target.ndim == 1:
            raise InputError(
                "--probabilities needs a column for each class, also of two: name them all, as in"
                " --target no,yes."
            )
        if arguments.task == REGRESSION:
            raise InputError(
                "--probabilities are of classes, but --task is regression: leave one out."
            )
        texts = [
            n
            for n, column in zip(self.target_names, self.roles.target.T, strict=True)
            if not all(isinstance(value, int | float) for value in column.tolist())
        ]
        if texts:
            raise InputError(
                "--probabilities needs numbers from 0 to 1, but the column {texts} holds text: name others.",
                texts=texts[0],
            )
        target = self.roles.target.astype(np.float64)
        checked = checked_probabilities(target, np.array(self.target_names), "the table")
        return replace(self, roles=replace(self.roles, target=checked))

    def check_target(self, task: str | None) -> None:
        """Refuse targets from which nothing can be learned, each by its name."""
        target = self.roles.target
        several = target.ndim > 1
        if task is None:
            names = self.target_names
            task, _ = infer_task_of_several(names, target) if several else infer_task(target)
        if len(target) == 1:
            sentence = "The table has one row, and nothing can be learned from one: add rows."
            raise InputError(sentence)
        columns = list(target.T) if several else [target]
        for name, column in zip(self.target_names, columns, strict=True):
            check_learnable(column, task, name=name)
            n_classes = len(set(column.tolist()))
            if task == "classification" and n_classes > len(column) / 2:
                raise InputError(
                    "The target {name} holds {n_classes:,} different values in {rows}, too many to be classes: choose another column, or add rows so that each class has some.",
                    name=name,
                    n_classes=n_classes,
                    rows=format_count(len(column), "row"),
                )


@final
@dataclass(frozen=True, eq=False)
class _Target:
    """A column to predict, as it was read."""

    name: str
    values: Array
    written: Format | None  # how its numbers were written, where they were text
    notes: tuple[str, ...]

    @classmethod
    def read(
        cls,
        name: str,
        everything: Table,
        table: Table,  # the columns to learn from
        arguments: Namespace,
        given: Sequence[_GivenKind],
    ) -> _Target:
        """Return the column, as numbers where it is not said to hold classes."""
        kind = next((item.kind for item in given if item.column == name), "")
        column, choice = everything[name], ORDINARY
        if not _predicts_classes(arguments) and kind != CATEGORY:
            column, choice = read_numbers(name, column, kind, beside=table)
        notes = (
            (_("{name}: {words}.").format(name=name, words=choice.words),) if choice.words else ()
        )
        return cls(name, column, choice.format, notes)


def _roles_of(targets: Sequence[_Target], everything: Table, arguments: Namespace) -> Roles:
    """Return what rows are, from the columns that options name."""
    columns = [_whole(target.name, target.values) for target in targets]
    weight, groups = arguments.weight, arguments.groups
    written = targets[0].written if len(targets) == 1 else None
    return Roles(
        side_by_side(columns) if columns else np.empty((everything.n_samples, 0)),
        None if weight is None else read_weight(weight, everything[weight]),
        None if groups is None else read_groups(groups, everything[groups]),
        names=tuple(target.name for target in targets),
        written=written if isinstance(written, NumberFormat) else None,
    )


def _checked_roles(
    arguments: Namespace, given: Sequence[_GivenKind], table: Table, *, to_fit: bool
) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """Return the columns to predict, and all that are not learned from, by their options."""
    if arguments.target is None and to_fit:
        raise InputError(
            "Name the column to predict: add --target COLUMN; the columns are {names}.",
            names=format_list(table.names, limit=20),
        )
    targets = tuple(split_names(arguments.target or (), table.names))
    arguments.drop = split_names(arguments.drop, table.names)
    roles = _roles(arguments, targets)
    _check_names(table, [*roles, *((kind.option, kind.column) for kind in given)])
    _check_roles(roles)
    return targets, roles


def _roles(arguments: Namespace, targets: Sequence[str]) -> list[tuple[str, str]]:
    """Return each column that is not learned from, behind the option that names it."""
    named = (("--weight", arguments.weight), ("--groups", arguments.groups))
    roles = [(option, name) for option, name in named if name is not None]
    dropped = [("--drop", name) for name in arguments.drop]
    return [*(("--target", name) for name in targets), *roles, *dropped]


def _is_series(name: str, arguments: Namespace) -> bool:
    """Return whether a column of groups may tell series apart as well, so that it stays."""
    lags, groups = getattr(arguments, "lags", None), arguments.groups
    return lags is not None and name == groups and arguments.series in ([], [groups])


@dataclass(frozen=True)
class _GivenKind:
    """The kind of a column as it was given, and the option that gave it, for messages."""

    column: str
    kind: str
    option: str


def _given_kinds(arguments: Namespace) -> list[_GivenKind]:
    """Return the kinds of columns that were given, in any of the ways to give them."""
    given = [
        _GivenKind(name, kind, f"--{kind}")
        for kind in (CATEGORY, NUMBER, TEXT)
        for name in getattr(arguments, kind)
    ]
    for text in arguments.kind:
        name, equals, kind = text.rpartition("=")
        if not equals or kind not in GIVEN_KINDS:
            raise InputError(
                "--kind is {text!r}: give COLUMN=KIND, where KIND is one of {GIVEN_KINDS}.",
                text=text,
                GIVEN_KINDS=_(", ").join(GIVEN_KINDS),
            )
        given.append(_GivenKind(name, kind, f"--kind {text}"))
    return given


def all_given_kinds(arguments: Namespace) -> dict[str, str]:
    """Return the kind of each column that was given one; those to drop are kinds, too."""
    kinds = {item.column: item.kind for item in _given_kinds(arguments)}
    return kinds | dict.fromkeys(arguments.drop, DROPPED)


def _opened(
    arguments: Namespace, given: Sequence[_GivenKind], *, to_fit: bool, in_blocks: bool
) -> tuple[SampledRows | None, Table, tuple[str, ...], tuple[str, ...] | None, str]:
    """Return what `_read` does; of rows in blocks a sample, behind what drew them."""
    texts = _texts(arguments, given)
    rows = open_to_fit(arguments, texts) if in_blocks and is_in_blocks(arguments) else None
    if rows is None:
        try:
            return None, *_read(arguments, given)
        except TooLargeError:
            rows = open_to_fit(arguments, texts) if in_blocks else None
            if rows is None:
                raise
    empty = Table({name: np.empty(0) for name in rows.names})
    targets, _ = _checked_roles(arguments, given, empty, to_fit=to_fit)
    sampled = draw_sample(rows, arguments, targets, of_classes=_predicts_classes(arguments))
    notes = (*rows.notes, *filter(None, [sampled.drawn.left_out]))
    return sampled, sampled.drawn.table, notes, None, ""


def _read(
    arguments: Namespace, given: Sequence[_GivenKind]
) -> tuple[Table, tuple[str, ...], tuple[str, ...] | None, str]:
    """Return the table of a file or of a folder of images or sounds, and what was changed.

    Of a folder also the names of the files, one for each row; of a file its encoding.
    """
    if not Path(arguments.table).is_dir():
        file = read_file(
            arguments.table,
            categories=_texts(arguments, given),
            memory=arguments.memory,
            encoding=arguments.encoding,
            missing=check_missing(arguments.missing),
        )
        targets = possible_targets(arguments.target or ())
        dropped = split_names(arguments.drop, file.table.names)
        unread = dict.fromkeys([*dropped, *targets], CATEGORY)
        kinds = {item.column: item.kind for item in given} | unread
        opened = open_named_files(file.table, Path(arguments.table), arguments, kinds=kinds)
        return opened.table, (*file.notes, *opened.notes), None, file.encoding
    folder = read_folder(arguments.table, root=arguments.root, skip_broken=arguments.skip_broken)
    if LABEL not in folder.table:
        raise InputError(
            "The files in {table} are not in folders of their own: put those of each class into a folder named after it.",
            table=arguments.table,
        )
    names = tuple(name for name, kept in zip(folder.names, folder.kept, strict=True) if kept)
    return folder.table, folder.notes, names, ""


def _texts(arguments: Namespace, given: Iterable[_GivenKind]) -> list[str]:
    """Return the columns that are read as text, as what is dropped is: nothing is wrong in text."""
    texts = [o.column for o in given if o.kind in (CATEGORY, TEXT) or Given.of(o.kind).reading]
    return [*texts, *arguments.drop]


def _check_names(table: Table, named: Iterable[tuple[str, str]]) -> None:
    for option, name in named:
        if name not in table:
            raise InputError(
                "{option} names {name}, but the table has no such column: {suggestion}",
                option=option,
                name=name,
                suggestion=suggestion(name, table.names),
            )


def _check_roles(roles: Iterable[tuple[str, str]]) -> None:
    """Refuse one column in two roles; naming it twice in one role does no harm."""
    seen: dict[str, str] = {}
    for option, name in roles:
        if (first := seen.setdefault(name, option)) != option:
            raise InputError(
                "Column {name} is named by {first} and by {option}: name it once.",
                name=name,
                first=first,
                option=option,
            )


def _kinds(given: Iterable[_GivenKind], table: Table) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for item in given:
        if kinds.setdefault(item.column, item.kind) != item.kind:
            raise InputError(
                "Column {column} is given the kinds {kinds} and {kind}: choose one.",
                column=item.column,
                kinds=kinds[item.column],
                kind=item.kind,
            )
        if item.column not in table:
            raise InputError(
                "{option} names {column}, which is not one of the columns to learn from: leave it out there.",
                option=item.option,
                column=item.column,
            )
    return kinds


def _check_columns(table: Table, *, may_be_empty: bool) -> None:
    if not table.names:
        raise InputError("No column is left to learn from: the table needs one beside the target.")
    if may_be_empty:
        return
    empty = [name for name in table.names if is_missing(table[name]).all()]
    if empty:
        what, it = ("Column {} has", "it") if len(empty) == 1 else ("Columns {} have", "them")
        raise InputError(
            "{what} no value in any row: leave {it} out with --drop {columns}{text}.",
            what=what.format(format_list(empty)),
            it=it,
            columns=" ".join(map(shlex.quote, empty[:8])),
            text=" ..." if len(empty) > 8 else "",
        )


def _is_of_target(given: _GivenKind, targets: Sequence[str]) -> bool:
    """Return whether a kind says what the target is: classes, or how its numbers are written."""
    is_number = Given.of(given.kind).kind == NUMBER and given.kind != NUMBER
    return given.column in targets and (is_number or given.kind == CATEGORY)


def _predicts_classes(arguments: Namespace) -> bool:
    """Return whether the arguments say that the target holds classes."""
    if getattr(arguments, "probabilities", False):  # which are numbers
        return False
    goal = arguments.metric in (LOG_LOSS, *CLASS_METRICS) or arguments.class_weight is not None
    return arguments.task == "classification" or goal


def read_weight(name: str, weight: Array) -> Array:
    """Return the weights of rows from the column that --weight names."""
    weight = read_numbers(name, weight)[0]
    if weight.dtype.kind != "f":
        raise InputError(
            "--weight names {name}, which holds no numbers: name one that does.", name=name
        )
    wrong = np.flatnonzero(~(weight >= 0))
    if len(wrong):
        raise InputError(
            "--weight names {name}, whose value in row {wrong} (counted from 0) is {weight:g}: weights are numbers, zero or more, in every row.",
            name=name,
            wrong=wrong[0],
            weight=weight[wrong[0]],
        )
    if not weight.any():
        raise InputError(
            "--weight names {name}, which is zero in every row: some row must count.", name=name
        )
    return weight


def read_groups(name: str, groups: Array) -> Array:
    """Return the number of each row's group from the column that --groups names."""
    missing = is_missing(groups)
    if missing.any():
        raise InputError(
            "--groups names {name}, which has no value in {sum:,} rows: fill them, so that every row belongs to a group.",
            name=name,
            sum=int(missing.sum()),
        )
    return np.unique(as_texts(groups), return_inverse=True)[1]


def possible_targets(given: Sequence[str]) -> list[str]:
    """Return all names that --target may mean, before the columns are known."""
    return [*given, *(part.strip() for text in given for part in text.split(","))]


def _whole(name: str, target: Array) -> Array:
    """Return whole numbers as such: the class 3 must not be predicted as 3.0."""
    if target.dtype.kind == "M":
        raise InputError(
            "The target {name} holds dates, which cannot be predicted: choose another column, or take each date for a class with --category {quote}.",
            name=name,
            quote=shlex.quote(name),
        )
    if target.dtype.kind != "f" or not np.all(target == np.floor(target)):
        return target
    return target.astype(np.int64) if abs(target).max() < 2**53 else target
