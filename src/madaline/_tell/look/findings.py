"""What is wrong, or worth a word, in a table before a fit: each with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._base.language import _, ngettext
from madaline._base.words import format_list, format_moment, format_span
from madaline._models.diagnosis.finding import Finding
from madaline._models.diagnosis.training_table import (
    MAX_BY_CHANCE,
    copies_by_chance,
    find_identifiers,
    find_leaking,
)
from madaline._race.evaluation.leakage import Leak
from madaline._race.time.orders import sorting_column
from madaline._race.time.told_times import is_monotone
from madaline._tables.formats.number_format import PLAIN
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import DROPPED, format_short
from madaline._tables.schema import Schema, far_nines
from madaline._tables.table import Table
from madaline._tell.look.contents import LookedColumn
from madaline._tell.look.rows_in_common import CopiedRows, Missing, SharedCode
from madaline.nn.arrays import Array

_FEW_ROWS = 30
_MAX_OF_KIND = 5  # findings of one kind, at most; others are counted
_MEDIUM_COPIES, _LOW_CONTRADICTED = 0.1, 0.002  # shares of the rows
_MOSTLY_MISSING = 0.5  # share of the rows from which a column is hardly filled
_TELLING = 0.1  # association of missing values with the target that is worth a word
_RARE_SHARE, _RARE_ROWS = 0.05, 20  # of a class
_MIN_DISTINCT = 12  # values of a column in which some lie far from others
_MIN_REPEATED = 5  # rows of a value that stands for none; fewer may be mistakes
_FAR = 0.5  # distance to all others, by their range
_LARGE_GAP = 5.0  # steps of a gap between dates that is worth a word


@final
@dataclass(frozen=True, eq=False)
class Facts:
    """All that findings are drawn from."""

    table: Table  # as its schema reads it
    schema: Schema
    columns: Sequence[LookedColumn]
    same: Sequence[tuple[str, str]]  # columns that tell the same
    things: tuple[str, tuple[str, ...]] | None  # what rows are of, and what these share
    missing: Missing
    shared: Sequence[SharedCode]
    copies: CopiedRows
    leaks: Sequence[Leak]
    target: str = ""  # its name; empty without one
    codes: Array | None = None  # (n_rows,): classes as numbers, or numbers
    labels: Sequence[str] = ()  # of classes; empty for a number


def find_in_table(facts: Facts) -> Iterator[Finding]:
    """Yield the findings about a table; of many of one kind the first, and how many more."""
    each = (
        _few_rows(facts),
        find_leaking(facts.leaks),
        _empty(facts),
        _constant(facts),
        find_identifiers(_not_constant(facts.schema), facts.table),
        _far(facts),
        _redundant(facts),
        _missing(facts),
        _copied(facts),
        _contradicted(facts),
        _rare(facts),
        _things(facts),
        _order(facts),
        _gaps(facts),
    )
    for findings in map(list, each):
        yield from findings[:_MAX_OF_KIND]
        if len(findings) > _MAX_OF_KIND:
            first, more = findings[_MAX_OF_KIND], findings[_MAX_OF_KIND:]
            names = format_list([finding.subject for finding in more], limit=5)
            yield Finding(
                first.kind, first.severity, names, "The same is so of {subject}", "see above"
            )


def _not_constant(schema: Schema) -> Schema:
    """Return the schema of the columns that differ between rows that have a value."""
    columns = tuple(column for column in schema.columns if column.n_distinct > 1)
    return Schema(columns, schema.n_samples)


def _few_rows(facts: Facts) -> Iterator[Finding]:
    if facts.table.n_samples < _FEW_ROWS:
        seen, remedy = "{subject} are few ({rows:,})", "add some: little can be learned from so few"
        evidence = {"rows": facts.table.n_samples}
        yield Finding("too few rows", "medium", "the rows", seen, remedy, evidence)


def _empty(facts: Facts) -> Iterator[Finding]:
    names = [column.name for column in facts.columns if not column.n_distinct]
    if names:
        single = len(names) == 1
        seen = (
            "{subject} has no value in any row" if single else "{subject} have no value in any row"
        )
        remedy = "leave it out of the columns" if single else "leave them out of the columns"
        yield Finding("no value", "medium", format_list(names), seen, remedy)


def _constant(facts: Facts) -> Iterator[Finding]:
    names = [
        column.name
        for column in facts.columns
        if column.n_distinct == 1 < facts.table.n_samples
        and column.kind == DROPPED
        and not column.n_missing
    ]
    if names:
        seen = (
            "{subject} holds the same value in every row"
            if len(names) == 1
            else "{subject} hold the same value in every row"
        )
        yield Finding(
            "constant", "low", format_list(names), seen, "nothing to do, as it is left out"
        )


def _far(facts: Facts) -> Iterator[Finding]:
    """Yield values far from all others: many alike stand for none, few may be mistakes."""
    mistakes: list[str] = []
    for column in facts.columns:
        if column.n_distinct < _MIN_DISTINCT or column.profile is None or column.profile.has_levels:
            continue
        ascending = facts.table.ascending(column.name)
        if ascending.dtype.kind == "f" and far_nines(ascending):  # its note tells
            continue
        numbers = KINDS[column.profile.kind].numbers(column.name, ascending)
        for sign in (1, -1):
            with np.errstate(over="ignore"):
                value, rows = _far_end(numbers if sign > 0 else -numbers[::-1])
            if not rows:
                continue
            text = column.written.text(format_short, sign * value)
            text = format_moment(sign * value) if column.dates else text
            if rows < _MIN_REPEATED:
                mistakes.append(_("{name} ({text})").format(name=column.name, text=text))
                continue
            seen = _("{column} is {value} in {rows:,} rows, far from all other values").format(
                column=column.name, value=text, rows=rows
            )
            remedy = _("if it stands for a missing value, say so (missing=[{text!r}])").format(
                text=text
            )
            yield Finding("far values", "medium", column.name, seen, remedy, {"rows": rows})
    if mistakes:
        seen = "A few values are far from all others: {subject}"
        remedy = "make sure that they are no mistakes"
        yield Finding("far values", "low", format_list(mistakes), seen, remedy)


def _far_end(values: Array) -> tuple[float, int]:
    """Return the smallest of ascending values, and how many rows lie as far from the others."""
    repeated = int(np.searchsorted(values, values[0], side="right"))
    if repeated >= _MIN_REPEATED:
        rest = values[repeated:]
        few = len(rest) < _MIN_DISTINCT
        far = not few and rest[0] - values[0] >= _FAR * (rest[-1] - rest[0])
        return float(values[0]), repeated if far else 0
    first = values[: _MIN_REPEATED + 1]
    steps = np.diff(first)
    rows = int(steps.argmax()) + 1
    far = steps.max() >= _FAR * (values[-1] - first[rows])
    return float(values[0]), rows if far and rows < _MIN_REPEATED else 0


def _redundant(facts: Facts) -> Iterator[Finding]:
    """Yield columns that hold nearly the same, all that are linked together, in one finding."""
    groups: list[set[str]] = []
    for pair in map(set, facts.same):
        linked = [group for group in groups if group & pair]
        groups = [group for group in groups if group not in linked]
        groups.append(pair.union(*linked))
    names = [format_list([n for n in facts.table.names if n in group], limit=5) for group in groups]
    if len(names) == 1:
        remedy = "one of them may be enough, and they share importance"
        yield Finding("redundant", "low", names[0], "{subject} hold nearly the same", remedy)
    elif names:
        told = _("; ").join(names[:_MAX_OF_KIND])
        if (more := len(names) - _MAX_OF_KIND) > 0:
            told = _("{names} and {n:,} more").format(names=told, n=more)
        seen = "Columns hold nearly the same: {subject}"
        remedy = "one of each may be enough, and they share importance"
        yield Finding("redundant", "low", told, seen, remedy)


def _shared_code(facts: Facts, code: SharedCode) -> Finding:
    written = facts.schema.formats.get(code.columns[0], PLAIN)
    columns, text = format_list(code.columns), written.text(format_short, code.value)
    seen = _("{columns} are {value} in the same {rows:,} rows").format(
        columns=columns, value=text, rows=code.n_rows
    )
    remedy = _("if it stands for a missing value, say so (missing=[{text!r}])").format(text=text)
    return Finding("missing values", "low", columns, seen, remedy, {"rows": code.n_rows})


def _missing(facts: Facts) -> Iterator[Finding]:
    told = [
        _("{name} ({of_missing:.2f})").format(name=column.name, of_missing=column.of_missing)
        for column in sorted(facts.columns, key=lambda column: -(column.of_missing or 0.0))
        if column.of_missing is not None and column.of_missing >= _TELLING
    ]
    if told:
        seen = "Whether a value is missing tells something of the target: {subject}"
        remedy = "make sure that new rows lack values for the same reasons"
        yield Finding("missing values", "low", format_list(told), seen, remedy)
    for names, rows in facts.missing.together:
        seen = "{subject} lack values in the same {rows:,} rows"
        remedy = "see what these have in common"
        evidence = {"rows": rows}
        yield Finding("missing values", "low", format_list(names), seen, remedy, evidence)
    yield from (_shared_code(facts, code) for code in facts.shared)
    mostly = [
        column.name
        for column in facts.columns
        if column.n_distinct and column.n_missing > _MOSTLY_MISSING * facts.table.n_samples
    ]
    if mostly:
        seen, remedy = "Values are missing in most rows: {subject}", "see whether they are worth it"
        yield Finding("missing values", "low", format_list(mostly), seen, remedy)


def _copied(facts: Facts) -> Iterator[Finding]:
    copies, n_rows = facts.copies, facts.table.n_samples
    if not copies.n_copies or _is_chance(facts, copies.n_alike):
        return
    share = copies.n_alike / n_rows
    seen = "{rows:,} rows ({share:.1%}) have a copy"
    yield Finding(
        "duplicates",
        "medium" if copies.n_copies >= _MEDIUM_COPIES * n_rows else "low",
        "the rows",
        "{rows:,} rows ({share:.1%}) have a copy, the target included" if facts.target else seen,
        "leave {copies:,} of them out, or name what they have in common (groups=)",
        {"rows": copies.n_alike, "copies": copies.n_copies, "share": share},
        copies.rows,
    )


def _is_chance(facts: Facts, n_rows: int) -> bool:
    """Return whether so many rows may be equal to others because their columns have few values."""
    return copies_by_chance(facts.table, facts.schema) > MAX_BY_CHANCE * n_rows


def _contradicted(facts: Facts) -> Iterator[Finding]:
    copies = facts.copies
    share = copies.n_contradicted / max(1, facts.table.n_samples)
    if share < _LOW_CONTRADICTED or _is_chance(facts, copies.n_contradicted):
        return
    seen = "{rows:,} rows ({share:.1%}) are equal to others in all columns but the target"
    if facts.labels:
        seen = "{rows:,} rows ({share:.1%}) are equal to others in all columns but the target, so no model is right in more than {best:.1%} of the rows"
    yield Finding(
        "contradiction",
        "medium" if share >= _MEDIUM_COPIES else "low",
        "the rows",
        seen,
        "see whether labels are wrong or a column is missing that tells them apart",
        {"rows": copies.n_contradicted, "share": share, "best": copies.best},
    )


def _rare(facts: Facts) -> Iterator[Finding]:
    if facts.codes is None or not facts.labels:
        return
    counts = np.bincount(facts.codes, minlength=len(facts.labels))
    rare = int(counts.argmin())
    share = counts[rare] / counts.sum()
    if counts[rare] >= _RARE_ROWS and (share >= _RARE_SHARE or len(counts) > 1 / _RARE_SHARE):
        return
    few = counts[rare] < _RARE_ROWS
    yield Finding(
        "rare class",
        "medium" if few else "low",
        facts.labels[rare],
        "{rows:,} rows ({share:.1%}) are of the class {subject}",
        "add rows of it, or merge it with another class"
        if few
        else "accuracy says little of it: see its recall, or give classes weights"
        ' (class_weight="balanced")',
        {"rows": int(counts[rare]), "share": float(share)},
    )


def _things(facts: Facts) -> Iterator[Finding]:
    if facts.things is not None:
        name, shared = facts.things
        seen = _("All rows of one {column} have the same values of {shared}").format(
            column=name, shared=format_list(shared)
        )
        remedy = "if rows of one are alike otherwise, too, name it (groups=)"
        yield Finding("groups", "low", name, seen, remedy)


def _order(facts: Facts) -> Iterator[Finding]:
    """Yield what the rows are sorted by: the target, or a column that tells no time."""
    if facts.codes is not None and len(facts.codes) > 2:
        runs = 1 + int(np.count_nonzero(np.diff(facts.codes)))
        in_blocks = facts.labels and len(facts.labels) < len(facts.codes) / 4
        if runs <= 2 * len(facts.labels) if in_blocks else is_monotone(facts.codes):
            seen = "The rows are sorted by {subject}"
            remedy = "mix them before you split them by hand"
            yield Finding("order", "low", facts.target, seen, remedy)
            return
    name = sorting_column(facts.table, facts.schema)
    if name is not None:
        seen = "The rows are sorted by {subject}, or in blocks of its values"
        remedy = "if rows of one value belong together, name it (groups=)"
        yield Finding("order", "low", name, seen, remedy)


def _gaps(facts: Facts) -> Iterator[Finding]:
    for column in facts.columns:
        dates = column.dates
        if dates is None or not dates.gaps or dates.longest < _LARGE_GAP * dates.step:
            continue
        span, after = format_span(dates.longest), format_moment(dates.after, within=dates.longest)
        seen = ngettext(
            "{column} has {n:,} gap, the longest one of {span} after {after}",
            "{column} has {n:,} gaps, the longest one of {span} after {after}",
            dates.gaps,
        ).format(n=dates.gaps, column=column.name, span=span, after=after)
        evidence = {"gaps": dates.gaps}
        yield Finding("order", "low", column.name, seen, "see whether rows are missing", evidence)
