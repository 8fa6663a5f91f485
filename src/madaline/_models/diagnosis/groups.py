"""Groups of rows that networks predict much worse than the other rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from madaline._base.language import _
from madaline._models.diagnosis.finding import Finding, Severity
from madaline._models.diagnosis.out_of_fold import OutOfFold, holm, student_p_value
from madaline._tables.column import is_missing
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import BOOLEAN, CATEGORY, DATETIME
from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy

_MIN_ROWS = 30
_MAX_SHARE = 0.4  # of the rows, up to which a group is an exception, and not the rule
_MAX_LEVELS = 50  # of a category that are groups, the most frequent ones

# Where columns are shuffled beside the rows, no group is found in 440 draws of 88 tables, and 12 in
# the tables as they are (benchmarks/findings.py).
_USELESS = 0.9  # share of a group's baseline loss that is left where little was learned there
_WEAK = 0.75  # the same of all rows
_WORSE = 1.5  # ratio of the loss to that of the other rows
_MUCH_WORSE = 2.0
_FAR_WORSE = 3.0
_SURPRISING = 2.0  # standard errors by which a loss is above what probabilities lead to expect
_MAX_FINDINGS = 3
_MAX_OVERLAP = 0.5  # share of a group's rows in groups already reported

# What to do where something was learned, where the predicted probabilities show such a loss, and
# where they do not.
_LEARNED = "expect larger errors there, and look for columns that help"
_EXPECTED = (
    "the predicted probabilities there are as uncertain as they should be; look for columns that"
    " help there"
)
_UNEXPECTED = (
    "do not trust predictions for them, and look for columns that help there or for errors in their"
    " target"
)


@dataclass(frozen=True, eq=False)
class Group:
    """Some rows with something in common."""

    name: str  # such as "city = Bonn"
    rows: Array  # (n_rows,) Booleans

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.rows.sum())


@dataclass(frozen=True, eq=False)
class Cut:
    """A column cut into parts: its levels, or ranges of a number of about as many rows each."""

    column: str
    kind: str
    values: Array  # (n_rows,), texts, or numbers
    parts: Array  # (n_rows,) ints; `n_parts` for a missing value, and one more for a rare level
    n_parts: int

    @classmethod
    def of(cls, name: str, kind: str, column: Array, *, n_parts: int) -> Cut:
        """Return a column's levels, or at most `n_parts` ranges."""
        if kind in (CATEGORY, BOOLEAN):
            texts = KINDS[kind].levels(name, column)
            counts = Counter(text for text in texts.tolist() if text is not None)
            levels = [level for level, _ in counts.most_common(_MAX_LEVELS)]
            index = {level: part for part, level in enumerate([*levels, None])}
            parts = [index.get(text, len(index)) for text in texts.tolist()]
            return cls(name, kind, texts, np.array(parts, np.intp), len(levels))
        numbers = KINDS[kind].numbers(name, column)
        missing = np.isnan(numbers)
        present = np.sort(numbers[~missing])
        edges = np.unique(present[np.arange(1, n_parts) * len(present) // n_parts])
        ranges = np.searchsorted(edges, numbers, side="left")
        ranges[missing] = len(edges) + 1
        return cls(name, kind, numbers, ranges, len(edges) + 1)

    def group(self, part: int) -> Group:
        """Return the rows of a part, or those without a value, `n_parts`."""
        rows = self.parts == part
        if part == self.n_parts:
            common = "is missing"
        elif self.kind in (CATEGORY, BOOLEAN):
            common = f"= {self.values[np.argmax(rows)]}"
        else:
            values = self.values[rows]
            low, high = (self._text(number) for number in (values.min(), values.max()))
            common = (
                f"= {low}" if low == high else _("from {low} to {high}").format(low=low, high=high)
            )
        return Group(f"{self.column} {common}", rows)

    def _text(self, number: float) -> str:
        if self.kind == DATETIME:
            return str(np.datetime64(round(number), "s")).replace("T", " ")
        return f"{number:.4g}"


def cuts_of(evaluated: OutOfFold, *, n_parts: int) -> Iterator[Cut]:
    """Yield the cut of every column that networks use and that has any value."""
    table = evaluated.table
    schema = evaluated.schema
    for name in schema.single:
        if not is_missing(table[name]).all():
            yield Cut.of(name, schema[name].kind, table[name], n_parts=n_parts)


def groups_of(cut: Cut) -> Iterator[Group]:
    """Yield the groups of a column, large enough, but not the rule."""
    counts = np.bincount(cut.parts, minlength=cut.n_parts + 1)
    for part in range(cut.n_parts + 1):
        if _MIN_ROWS <= counts[part] <= _MAX_SHARE * len(cut.parts):
            yield cut.group(part)


@dataclass(frozen=True, eq=False)
class _GroupLoss:
    """The mean loss of a group, compared."""

    group: Group
    times: float  # divided by that of the other rows
    left: float  # divided by that of the best constant for the group alone
    standard_errors: float  # by which it is above that of the other rows
    degrees: int  # of freedom of these
    expected: bool  # by the predicted probabilities: close to one half, say, and rightly so

    @property
    def severity(self) -> Severity | None:
        """How bad that is; None if it is not reported.

        A high loss alone may be the nature of a group: where the truth varies more, errors are
        larger. The worst is a group for which networks are no better than its mean. Where the
        probabilities show that, they can be relied upon.
        """
        if self.times >= _WORSE and self.left >= _USELESS:
            if self.expected:
                return "low"
            return "high" if self.times >= _MUCH_WORSE and self.left >= 1 else "medium"
        return "low" if self.times >= _FAR_WORSE else None


def find_worse_groups(evaluated: OutOfFold, groups: Sequence[Group]) -> list[Finding]:
    """Return the groups whose loss is much higher than that of the other rows, worst first.

    There are none where the fit is weak all over.
    """
    if evaluated.losses.mean() > _WEAK * evaluated.baseline_losses.mean():
        return []
    compared = [_group_loss(evaluated, group) for group in groups]
    p_values = [student_p_value(max(0.0, loss.standard_errors), loss.degrees) for loss in compared]
    significant = zip(compared, holm(np.array(p_values)), strict=True)
    bad = [loss for loss, clear in significant if clear and loss.severity]
    bad.sort(key=lambda loss: (-(loss.left >= _USELESS), -loss.times))
    findings: list[Finding] = []
    reported = np.zeros(evaluated.n_rows, bool)
    for loss in bad:
        if (reported & loss.group.rows).sum() <= _MAX_OVERLAP * loss.group.n_rows:
            reported |= loss.group.rows
            findings.append(_finding(loss))
    return findings[:_MAX_FINDINGS]


def _group_loss(evaluated: OutOfFold, group: Group) -> _GroupLoss:
    inside, error = evaluated.mean(evaluated.losses, group.rows)
    outside, error_outside = evaluated.mean(evaluated.losses, ~group.rows)
    baseline = _baseline_loss(evaluated, group.rows)
    scatter = float(np.hypot(error, error_outside))
    return _GroupLoss(
        group,
        inside / outside if outside > 0 else 1.0,
        inside / baseline if baseline > 0 else 0.0,
        (inside - outside) / scatter if scatter else 0.0,
        min(evaluated.degrees(rows) for rows in (group.rows, ~group.rows)),
        evaluated.classes is not None and _is_expected(evaluated, group.rows),
    )


def _is_expected(evaluated: OutOfFold, rows: Array) -> bool:
    """Return whether the loss of some rows is what their predicted probabilities promise."""
    probabilities = evaluated.probabilities[rows]
    tiny = np.finfo(probabilities.dtype).tiny
    entropy = -(probabilities * np.log(np.maximum(probabilities, tiny))).sum(axis=1)
    surprise = np.zeros(evaluated.n_rows)
    surprise[rows] = evaluated.losses[rows] - entropy
    gap, error = evaluated.mean(surprise, rows)
    return gap <= _SURPRISING * error


def _baseline_loss(evaluated: OutOfFold, rows: Array) -> float:
    """Return the mean loss of the best constant for some rows.

    Half a row of each class is added, as for a network's first output: thirty rows do not make a
    class certain.
    """
    target = evaluated.target[rows].astype(np.float64)
    weight = np.ones(len(target)) if evaluated.weight is None else evaluated.weight[rows]
    targets = target
    weights = weight
    if isinstance(evaluated.loss, BinaryCrossEntropy | CrossEntropy):
        one_each = evaluated.loss.one_of_each(target.shape[1])
        targets = np.concatenate([target, one_each])
        weights = np.concatenate([weight, np.full(len(one_each), 0.5)])
    constant = np.broadcast_to(evaluated.loss.initial_output(targets, weights), target.shape)
    return float(evaluated.loss.mean(constant, target, weight))


def _finding(loss: _GroupLoss) -> Finding:
    useless = ", hardly lower than that of a constant prediction there" * (loss.left >= _USELESS)
    return Finding(
        "worse group",
        loss.severity or "low",
        loss.group.name,
        "In the group {subject} ({share:.1%} of all rows), the loss is {times:.1f} times that of"
        " the other rows" + useless,
        _EXPECTED if loss.expected else _UNEXPECTED if useless else _LEARNED,
        {
            "share": float(loss.group.rows.mean()),
            "times": loss.times,
            "left": loss.left,
            "standard_errors": loss.standard_errors,
        },
    )
