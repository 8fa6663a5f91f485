"""Columns that reveal the target (leaks), and columns that only identify the rows."""

from __future__ import annotations

from collections.abc import Sequence

from madaline._data.kinds import CATEGORY, NUMBER, ColumnSchema
from madaline._data.schema import Schema
from madaline._data.table import Table
from madaline._diagnosis.finding import Finding
from madaline._evaluation.leakage import Leak

FEWEST_ROWS = 500
"""In fewer rows, whole numbers may be all different by chance."""

IDENTIFYING = 0.5
"""Distinct values per row from which a category nearly identifies the rows."""


def find_leaking(leaks: Sequence[Leak]) -> list[Finding]:
    """Return a finding for each column that reveals the target.

    Examples
    --------
    >>> print(*find_leaking([Leak("paid_back", explained=1.0, others=0.31)]))
    paid_back alone explains 100.0% of the target, all other columns together 31.0%: leave it out if
    it is only known once the target is.
    """
    return [
        Finding(
            "leak",
            "high",
            leak.column,
            "{subject} alone explains {explained:.1%} of the target, all other columns together"
            " {others:.1%}",
            "leave it out if it is only known once the target is",
            {"explained": leak.explained, "others": leak.others},
        )
        for leak in leaks
    ]


def find_identifiers(schema: Schema, table: Table) -> list[Finding]:
    """Return the columns that only identify the rows, whether they were left out or not.

    Parameters
    ----------
    schema : Schema
        The kind of each column.
    table : Table
        The training table, or a part of it.
    """
    found = []
    for column in schema.columns:
        if not column.kept and column.n_distinct > 1 and column.detail != "as told":
            seen = "{subject} was left out, as it only identifies the rows"
            remedy = "nothing to do; if it is no identifier, give its kind with kinds"
        elif _is_identifier(column, schema, table):
            seen = "{subject} may only identify the rows"
            remedy = "leave it out if it does, as new rows have other values"
        else:
            continue
        seen += " ({distinct:,} different values in {values:,} rows)"
        evidence = {
            "distinct": column.n_distinct,
            "values": schema.n_samples - column.n_missing,
        }
        found.append(Finding("identifier", "low", column.name, seen, remedy, evidence))
    return found


def _is_identifier(column: ColumnSchema, schema: Schema, table: Table) -> bool:
    n_values = schema.n_samples - column.n_missing
    if n_values < FEWEST_ROWS or column.name not in table:
        return False
    if column.kind == CATEGORY:
        return column.n_distinct >= IDENTIFYING * n_values
    if column.kind != NUMBER or column.n_distinct < n_values:
        return False
    values = table[column.name]
    return bool((values == values.round()).all())
