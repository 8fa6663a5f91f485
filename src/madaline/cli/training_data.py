"""What `madaline fit` learns from: a table in a file, taken apart and checked before training."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from madaline.cli.words import suggestion
from madaline.data.column import is_missing
from madaline.data.io.folders import LABEL, read_folder
from madaline.data.io.path_columns import open_files
from madaline.data.io.table_files import read_file
from madaline.data.kinds import CATEGORY, KINDS, NUMBER, TEXT
from madaline.data.table import Table
from madaline.errors import BrokenFileError, InputError
from madaline.nn.arrays import Array
from madaline.words import option_words, some

TOLD = (CATEGORY, NUMBER, TEXT)
"""Kinds of columns that have an option of their own."""


@dataclass(frozen=True)
class TrainingData:
    """A table taken apart.

    Parameters
    ----------
    table : Table
        The columns to learn from.
    target : ndarray of shape (n_samples,)
        What to predict.
    weight, groups : ndarray of shape (n_samples,) or None
        How much each row counts, and which rows belong together.
    kinds : mapping of str to str
        What some columns are to be taken for, as told.
    n_columns : int
        Columns of the file.
    notes : tuple of str
        What was done to what was read.
    names : tuple of str, optional
        Where the rows are files in a folder, their paths in it.
    """

    table: Table
    target: Array
    weight: Array | None
    groups: Array | None
    kinds: Mapping[str, str]
    n_columns: int
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None

    @classmethod
    def read(cls, arguments: Namespace) -> TrainingData:
        """Read the table that the arguments of `madaline fit` name.

        Raises
        ------
        InputError
            If the file is no table, a named column is not there, or a column cannot be used.
        """
        everything, notes, names = _read(arguments)
        if arguments.target is None:
            raise InputError(
                "Say what to predict: add --target COLUMN; the columns are"
                f" {some(everything.names, limit=20)}."
            )
        roles = {
            "--target": [arguments.target],
            "--weight": [arguments.weight] if arguments.weight is not None else [],
            "--groups": [arguments.groups] if arguments.groups is not None else [],
            "--drop": arguments.drop,
        }
        told, typed = _told(arguments), _typed(arguments)
        _check_names(everything, roles | typed)
        _check_roles(roles)
        table = everything.drop(name for names in roles.values() for name in names)
        told[CATEGORY] = [name for name in told[CATEGORY] if name != arguments.target]
        kinds = _kinds(told, typed, table)
        _check_columns(table)
        return cls(
            table,
            _target(arguments.target, everything[arguments.target]),
            _weight(everything, arguments.weight),
            _groups(everything, arguments.groups),
            kinds,
            len(everything.names),
            notes,
            names,
        )


def source_name(path: str) -> str:
    """Return the name of a file or folder, without where it is; a folder has a slash behind it.

    Examples
    --------
    >>> source_name("data/penguins.csv")
    'penguins.csv'
    """
    place = Path(path)
    return f"{place.resolve().name}/" if place.is_dir() else place.name


def file_options(arguments: Namespace) -> list[str]:
    """Return what was typed about the columns of the file, but for the kinds of those learned from.

    Parameters
    ----------
    arguments : Namespace
        Of `madaline fit`.
    """
    target = [name for name in arguments.category if name == arguments.target]
    options = [
        *option_words("--drop", arguments.drop),
        *option_words("--category", target[:1]),
        *option_words("--weight", [] if arguments.weight is None else [arguments.weight]),
        *option_words("--groups", [] if arguments.groups is None else [arguments.groups]),
    ]
    return [*options, "--skip-broken"] if arguments.skip_broken else options


def _read(
    arguments: Namespace,
) -> tuple[Table, tuple[str, ...], tuple[str, ...] | None]:
    """Return the table of a file or of a folder of images or sounds, and what was done to it.

    Of a folder also the names of the files, one for each row.
    """
    if not Path(arguments.table).is_dir():
        # What is dropped is read as text, in which nothing can be wrong.
        told = _told(arguments)
        texts = [*told[CATEGORY], *told[TEXT], *arguments.drop]
        table = read_file(arguments.table, categories=texts)
        try:
            opened = open_files(
                table,
                kinds=_by_name(told) | dict.fromkeys([*arguments.drop, arguments.target], CATEGORY),
                folder=Path(arguments.table).parent,
                skip_broken=arguments.skip_broken,
            )
        except BrokenFileError as error:
            raise InputError(f"{str(error).rstrip('.')}; --skip-broken goes on without.") from None
        return opened.table, opened.notes, None
    folder = read_folder(arguments.table, skip_broken=arguments.skip_broken)
    if LABEL not in folder.table:
        raise InputError(
            f"The files in {arguments.table} are not in folders of their own: put those of each"
            " class into a folder named after it."
        )
    names = tuple(name for name, kept in zip(folder.names, folder.kept, strict=True) if kept)
    return folder.table, folder.notes, names


def _told(arguments: Namespace) -> dict[str, list[str]]:
    """Return for each kind the columns that are told to be of it."""
    told = {kind: list(getattr(arguments, kind)) for kind in TOLD}
    for text in arguments.kind:
        name, equals, kind = text.rpartition("=")
        if not equals or kind not in KINDS:
            raise InputError(
                f"--kind is {text!r}: give COLUMN=KIND, where KIND is one of {', '.join(KINDS)}."
            )
        told.setdefault(kind, []).append(name)
    return told


def _by_name(told: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {name: kind for kind, names in told.items() for name in names}


def _typed(arguments: Namespace) -> dict[str, list[str]]:
    """Return the columns whose kinds are told, by the options that tell them, as typed."""
    by_kind = {f"--{kind}": getattr(arguments, kind) for kind in TOLD}
    return by_kind | {f"--kind {text}": [text.rpartition("=")[0]] for text in arguments.kind}


def _target(name: str, target: Array) -> Array:
    """Return whole numbers as such: the class 3 must not be predicted as 3.0."""
    if target.dtype.kind == "M":
        raise InputError(
            f"The target {name} holds dates, which cannot be predicted: choose another column, or"
            f" take each date for a class with --category {_quoted(name)}."
        )
    if target.dtype.kind != "f" or not np.all(target == np.floor(target)):
        return target
    return target.astype(np.int64) if abs(target).max() < 2**53 else target


def _check_names(table: Table, roles: Mapping[str, Sequence[str]]) -> None:
    for option, names in roles.items():
        for name in names:
            if name not in table:
                raise InputError(
                    f"{option} names {name}, but the table has no such column:"
                    f" {suggestion(name, table.names)}"
                )


def _check_roles(roles: Mapping[str, Sequence[str]]) -> None:
    """Refuse one column in two roles; naming it twice in one role does no harm."""
    seen: dict[str, str] = {}
    for option, names in roles.items():
        for name in names:
            if seen.setdefault(name, option) != option:
                raise InputError(
                    f"Column {name} is named by {seen[name]} and by {option}: name it once."
                )


def _kinds(
    told: Mapping[str, Sequence[str]], typed: Mapping[str, Sequence[str]], table: Table
) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for kind, names in told.items():
        for name in names:
            if kinds.setdefault(name, kind) != kind:
                raise InputError(
                    f"Column {name} is told to be of the kinds {kinds[name]} and {kind}: choose"
                    " one."
                )
    for name in kinds:
        if name not in table:
            option = next(option for option, names in typed.items() if name in names)
            raise InputError(
                f"{option} names {name}, which is not one of the columns to learn from: leave it"
                " out there."
            )
    return kinds


def _check_columns(table: Table) -> None:
    if not table.names:
        raise InputError("No column is left to learn from: the table needs one beside the target.")
    empty = [name for name in table.names if is_missing(table[name]).all()]
    if empty:
        what = "Column" if len(empty) == 1 else "Columns"
        verb, it = ("has", "it") if len(empty) == 1 else ("have", "them")
        raise InputError(
            f"{what} {some(empty)} {verb} no value in any row: leave {it} out with --drop"
            f" {' '.join(map(_quoted, empty[:8]))}{' ...' if len(empty) > 8 else ''}."
        )


def _weight(table: Table, name: str | None) -> Array | None:
    if name is None:
        return None
    weight = table[name]
    if weight.dtype.kind != "f":
        raise InputError(f"--weight names {name}, which holds no numbers: name one that does.")
    wrong = np.flatnonzero(~(weight >= 0))
    if len(wrong):
        raise InputError(
            f"--weight names {name}, whose value in row {wrong[0]} (counted from 0) is"
            f" {weight[wrong[0]]:g}: weights are numbers, zero or more, in every row."
        )
    if not weight.any():
        raise InputError(f"--weight names {name}, which is zero in every row: some row must count.")
    return weight


def _groups(table: Table, name: str | None) -> Array | None:
    if name is None:
        return None
    groups = table[name]
    missing = is_missing(groups)
    if missing.any():
        raise InputError(
            f"--groups names {name}, which has no value in {int(missing.sum()):,} rows: fill them,"
            " so that every row belongs to a group."
        )
    return np.unique(groups.astype(str), return_inverse=True)[1]


def _quoted(name: str) -> str:
    from shlex import quote

    return quote(name)
