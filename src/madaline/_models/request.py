"""What a user asks of a fit: the arguments, the options and the settings in a file are one class.

>>> request = FitRequest(effort=20, monotone={"age": 1})
>>> FitRequest.from_json(request.to_json()) == request
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Annotated, Any, final

from madaline._base.codec import Items, Stored, without_empty
from madaline._base.json_checks import MapOf, OneOf, Optional, Text, Whole
from madaline._race.evaluation.objective import Objective
from madaline._race.plan import ALL, BALANCED, MEMBERS, PRESETS, preset_named
from madaline._race.time.time_request import TimeRequest
from madaline._tables.formats.characters import MAX_WORD, MAX_WORDS
from madaline._tables.kinds import GIVEN_KINDS
from madaline._tables.target import CLASSIFICATION, REGRESSION
from madaline.errors import InputError

MAX_WHOLE = 2**53  # floating-point numbers, which JSON has, hold whole numbers up to it exactly
_MAX_KEPT_ROWS = 2**40


@final
@dataclass(frozen=True)
class FitRequest(Stored):
    """What a user asks of a fit; it is checked here, once.

    Raises
    ------
    InputError
        If a value is wrong whatever the table, with the remedy.
    """

    task: Annotated[str | None, Optional(OneOf((CLASSIFICATION, REGRESSION)))] = None  # or inferred
    objective: Objective = field(default_factory=Objective)  # what is minimized, and what chooses
    kinds: Annotated[Mapping[str, str], MapOf(Text(), OneOf(GIVEN_KINDS))] = field(
        default_factory=dict
    )
    # words that stand for missing values, in the rows to predict as in those of the table
    missing: Annotated[tuple[Annotated[str, Text(MAX_WORD)], ...], Items(most=MAX_WORDS)] = ()
    # columns with which predictions never fall, 1, or never rise, -1
    monotone: Annotated[Mapping[str, int], MapOf(Text(), OneOf((1, -1)))] = field(
        default_factory=dict
    )
    preset: Annotated[str, OneOf(PRESETS)] = BALANCED.name
    members: Annotated[str, OneOf(MEMBERS)] = ALL  # what may predict
    effort: Annotated[int, Whole(1, MAX_WHOLE)] = 100  # epochs of a network, at most
    seed: Annotated[int, Whole(0, MAX_WHOLE)] = 0
    folds: Annotated[int | None, Optional(Whole(2, MAX_WHOLE))] = None  # or as many as rows suggest
    keep_rows: Annotated[int, Whole(0, _MAX_KEPT_ROWS)] = 0  # that the file may hold for updates
    time: TimeRequest = field(default_factory=TimeRequest)
    # the table's file, or its folder with a slash behind it, and the options about the file: they
    # reproduce the command
    source: str = ""
    file_options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check what does not depend on a table."""
        _check_seed(self.seed)
        _check_effort(self.effort)
        preset_named(self.preset)
        _check_members(self.members)
        check_keep_rows(self.keep_rows)
        if self.folds is not None:
            _check_folds(self.folds)

    @property
    def told_task(self) -> str | None:
        """The task that was given, or that the objective implies."""
        return self.task or self.objective.task

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of an estimator that differ from their defaults, and the seed."""
        goal = self.objective.to_json()
        if isinstance(goal.get("class_weight"), list):
            goal["class_weight"] = dict(map(tuple, goal["class_weight"]))
        names = ("preset", "members", "effort", "kinds", "missing", "monotone", "keep_rows")
        asked, usual = self.to_json(), FitRequest().to_json()
        values = {n: asked[n] for n in names if n in asked and asked[n] != usual.get(n)}
        return {**goal, **values, "random_state": int(self.seed)}

    def to_json(self) -> dict[str, Any]:
        """Return what was asked as JSON-able values."""
        return without_empty(super().to_json())


def check_keep_rows(keep_rows: Any) -> int:
    """Return how many rows to keep, or raise `InputError`."""
    if not _is_whole(keep_rows) or not 0 <= keep_rows < _MAX_KEPT_ROWS:
        raise InputError(
            "keep_rows is {keep_rows!r}: give a number of rows, 0 for none.", keep_rows=keep_rows
        )
    return int(keep_rows)


def _check_effort(effort: Any) -> None:
    if not _is_whole(effort) or not 1 <= effort <= MAX_WHOLE:
        raise InputError(
            "effort is {effort!r}: give the most epochs to train, a whole number from 1 to {MAX_WHOLE:,}.",
            effort=effort,
            MAX_WHOLE=MAX_WHOLE,
        )


def _check_seed(seed: int) -> None:
    if not 0 <= seed <= MAX_WHOLE:
        raise InputError(
            "The seed is {seed}: give a whole number from 0 to {MAX_WHOLE:,}.",
            seed=seed,
            MAX_WHOLE=MAX_WHOLE,
        )


def _check_members(members: Any) -> None:
    if not isinstance(members, str) or members not in MEMBERS:
        raise InputError(
            "members is {members!r}: give 'networks', or 'all' for trees, too.", members=members
        )


def _check_folds(folds: Any) -> None:
    if not _is_whole(folds) or folds < 2:
        raise InputError("folds is {folds}: give a number of folds, at least 2.", folds=folds)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
