"""Columns that tell too much, the leaks, and columns that tell nothing of new rows, the names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from madaline.data.kinds import CATEGORY, NUMBER, ColumnSchema
from madaline.data.schema import Schema
from madaline.data.table import Table
from madaline.diagnosis.finding import Finding
from madaline.evaluation.leakage import Leak

FEWEST_ROWS = 500
"""In fewer rows, whole numbers may be all different by chance."""

IDENTIFYING = 0.5
"""A category is all but a name if so large a share of the rows have a value of their own."""


def find_leaking(leaks: Sequence[Leak]) -> list[Finding]:
    """Return a finding for each column that gives the target away.

    Examples
    --------
    >>> print(*find_leaking([Leak("paid_back", told=1.0, others=0.31)]))
    paid_back alone tells 100.0% of the target, all the others together 31.0%: leave it out if it is
    only known once the target is.
    """
    return [
        Finding(
            "leak",
            "high",
            leak.column,
            "{subject} alone tells {told:.1%} of the target, all the others together {others:.1%}",
            "leave it out if it is only known once the target is",
            {"told": leak.told, "others": leak.others},
        )
        for leak in leaks
    ]


def find_identifiers(schema: Schema, table: Table) -> list[Finding]:
    """Return the columns that only name the rows: those left out for it, and those that slipped in.

    Parameters
    ----------
    schema : Schema
        What the columns were taken for.
    table : Table
        The training table, or a part of it.
    """
    found = []
    for column in schema.columns:
        distinct = {"distinct": column.n_distinct, "values": schema.n_samples - column.n_missing}
        if _left_out(column):
            seen = "{subject} was left out, as it only names the rows ({distinct:,} different"
            remedy = "nothing is to be done; if it is no name, say what it is with kinds"
            found.append(_finding(column, seen, remedy, distinct))
        elif _all_but_a_name(column, schema, table):
            seen = "{subject} may only name the rows ({distinct:,} different"
            remedy = "leave it out if it does, as new rows have other names"
            found.append(_finding(column, seen, remedy, distinct))
    return found


def _finding(
    column: ColumnSchema, seen: str, remedy: str, evidence: Mapping[str, float]
) -> Finding:
    seen += " values in {values:,} rows)"
    return Finding("identifier", "low", column.name, seen, remedy, evidence)


def _left_out(column: ColumnSchema) -> bool:
    return not column.kept and column.n_distinct > 1 and column.detail != "as told"


def _all_but_a_name(column: ColumnSchema, schema: Schema, table: Table) -> bool:
    n_values = schema.n_samples - column.n_missing
    if n_values < FEWEST_ROWS or column.name not in table:
        return False
    if column.kind == CATEGORY:
        return column.n_distinct >= IDENTIFYING * n_values
    if column.kind != NUMBER or column.n_distinct < n_values:
        return False
    values = table[column.name]
    return bool((values == values.round()).all())
