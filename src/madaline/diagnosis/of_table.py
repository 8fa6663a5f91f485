"""The diagnosis of a new table: whether it is like the one that was learned from."""

from __future__ import annotations

from collections.abc import Mapping

from madaline.data.profile import TableProfile
from madaline.data.table import Table
from madaline.diagnosis.diagnosis import Diagnosis
from madaline.diagnosis.drift import find_drift
from madaline.diagnosis.outliers import find_strangers, find_unseen


def diagnose_table(table: Table, profile: TableProfile, unseen: Mapping[str, int]) -> Diagnosis:
    """Return everything that was found in a table.

    Parameters
    ----------
    table : Table
        It has all columns of the profile.
    profile : TableProfile
        What was in the table that was learned from.
    unseen : mapping of str to int
        In how many rows a category has a level that no training row had.
    """
    return Diagnosis.of(
        [
            *find_drift(table, profile),
            *find_strangers(table, profile),
            *find_unseen(unseen, table.n_samples),
        ]
    )
