"""A leak is what reveals the target: a copy of it, or something known only afterwards.

A model that learned from a leak looks perfect, and fails where it is used. What a column tells is
compared with what all others tell together, so that a task that is easy is no leak.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

import numpy as np

from madaline._base.codec import Stored
from madaline._base.language import _
from madaline._base.words import clip_text, format_distinct, format_list, metric_name
from madaline._race.evaluation.explained import (
    are_means,
    by_value,
    codes_of,
    errors_avoided,
    has_squares,
    number_of,
    of_neighbors,
    one_hot,
    truth_of,
)
from madaline._race.evaluation.leak_clues import (
    FORMS,
    MIN_CERTAIN,
    Clue,
    Columns,
    Form,
    clues_of_each,
    explained_alone,
)
from madaline._race.evaluation.leak_pairs import clues_of_several
from madaline._race.evaluation.leak_sources import computed_columns, shared_rates
from madaline._tables.column import is_missing
from madaline._tables.table import Table
from madaline.nn.arrays import Array

CERTAIN: Literal["certain"] = "certain"
Grade: TypeAlias = Literal["certain", "suspicious"]

# What all other columns leave unexplained, to what a leak does: else the target is easy to predict
_MIN_RATIO, _MIN_CERTAIN_RATIO, _MIN_WEAK_RATIO = 2.5, 5, 5
_MIN_RATIOS: dict[Form, float] = {"filled": 1, "level": 1.5}  # of forms that are rarely honest
# Of what all other columns explain more, a leak hardly matters unless it explains nearly all
_MAX_OTHERS, _MAX_OTHERS_OF_CLASSES, _MIN_EASY_RATIO = 0.95, 0.88, 30
# With fewer rows, an honest column may explain everything by chance, or nearly everything
_MIN_ROWS, _MIN_WEAK_ROWS = 60, 150
_MAX_ROWS = 5000  # that are evaluated, by chance
_MAX_CLUES = 8  # that are compared with all other columns
_FORMS_LAST = ("linear", "view", "word")  # which others say more plainly
# Forms that trees need not see; of others, a leak leaves at most so much of what was left to gain
_FORMS_EXACT, _MAX_LEFT = ("linear", "bounds", "means", "computed", "rate"), 0.9
_MIN_SHARE = 0.5  # of the rows with the same rate, from which the leak is certain
_MAX_SUBJECT = 1000  # characters of the names of the columns of a leak
_MAX_NAME = 80  # characters of a name within a sentence about several leaks
_N_FIRST, _N_TREES = 5, 30
_MAX_CLASSES = 10  # whose shares are compared with the values of columns


@final
@dataclass(frozen=True)
class Leak(Stored):
    """Columns that all but reveal the target."""

    # Shares of the variance of the target, or of its ranks if it is a number, out of fold.
    column: str
    explained: float  # by the column alone
    others: float  # by all columns together that are no leaks
    target: str = ""  # which of several targets; empty where there is one
    grade: Grade = CERTAIN
    form: Form = "alone"  # how it reveals the target
    beside: tuple[str, ...] = ()  # columns that reveal it together with the first
    outcome: str = ""  # the class that is revealed; empty if it is every class
    share: float = 1.0  # of the rows that it reveals it in
    value: str = ""  # the level that reveals nothing, where all others do, or what is revealing
    # A quick estimate of what trees reach, in the rows that it reveals it in
    metric: str = ""
    score_without: float = 0.0
    score_with: float = 0.0

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that reveal the target together."""
        return (self.column, *self.beside)

    @property
    def clause(self) -> str:
        """What the columns tell of the target."""
        target = self.target or "the target"
        if self.outcome:
            target = _("whether {target} is {outcome}").format(target=target, outcome=self.outcome)
        return _(FORMS[self.form]).format(
            subject=clip_text(_listed(self.columns), _MAX_SUBJECT),
            value=_(self.value).format(target=target) if self.form == "computed" else self.value,
            target=target,
            explained=self.explained,
            share=self.share,
        )

    def __str__(self) -> str:
        """Return the suspicion and the remedy in a sentence."""
        return str(JointLeak((self,)))


@final
@dataclass(frozen=True)
class JointLeak:
    """All leaks of one target, told as one: what is left without a part of them is still a leak."""

    leaks: tuple[Leak, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that reveal the target, by themselves or together."""
        return tuple(dict.fromkeys(name for leak in self.leaks for name in leak.columns))

    @property
    def is_single(self) -> bool:
        """Whether it is of one column."""
        return len(self.columns) == 1

    @property
    def subject(self) -> str:
        """The columns in words."""
        return _listed(self.columns)

    @property
    def grade(self) -> Grade:
        """Whether one of the leaks at least is certain."""
        return CERTAIN if any(leak.grade == CERTAIN for leak in self.leaks) else "suspicious"

    @property
    def seen(self) -> str:
        """The suspicion."""
        first = self.leaks[0]
        words = first.clause
        if len(self.leaks) > 1:
            others = _listed(JointLeak(self.leaks[1:]).columns, _MAX_NAME)
            words = _("{words}; other leaks: {others}").format(words=words, others=others)
        if not first.metric:
            return _("{words}, unlike all other columns together").format(words=words)
        without, within = format_distinct([first.score_without, first.score_with], 2)
        metric = metric_name(first.metric)
        if len(self.leaks) > 1:
            return _(
                "{words}; without all of them the {metric} is about {without}, with them {within}"
            ).format(words=words, metric=metric, without=without, within=within)
        them = "it" if self.is_single else "them"
        return _(
            "{words}; without {them} the {metric} is about {without}, with {them} {within}"
        ).format(words=words, them=them, metric=metric, without=without, within=within)

    @property
    def remedy(self) -> str:
        """What to do."""
        them, are, known = (
            ("it", "it is", "its value is")
            if self.is_single
            else ("them", "they are", "their values are")
        )
        if self.grade == CERTAIN:
            return _(
                "leave {them} out of the columns unless {are} known when a prediction is made"
            ).format(them=them, are=are)
        return _(
            "make sure that {known} known when a prediction is made, or leave {them} out of the columns"
        ).format(known=known, them=them)

    @property
    def evidence(self) -> dict[str, float]:
        """The shares by their names, those of the columns by themselves of the first leak."""
        leak = self.leaks[0]
        scores = {"without": leak.score_without, "with": leak.score_with} if leak.metric else {}
        return {
            "explained": leak.explained,
            "others": max(0.0, leak.others),
            "share": leak.share,
            **scores,
        }

    def __str__(self) -> str:
        """Return the suspicion and the remedy in a sentence."""
        return _("{seen}: {remedy}.").format(seen=self.seen, remedy=self.remedy)


def join_leaks(leaks: Iterable[Leak]) -> list[JointLeak]:
    """Return what is told of leaks: those of a target as one."""
    targets: dict[str, tuple[Leak, ...]] = {}
    for leak in leaks:
        targets[leak.target] = (*targets.get(leak.target, ()), leak)
    return [*map(JointLeak, targets.values())]


def _listed(names: Sequence[str], length: int | None = None) -> str:
    """Return names in a row, perhaps clipped."""
    texts = [name if length is None else clip_text(name, length) for name in names]
    return _(" and ").join(texts) if len(texts) < 3 else format_list(texts)


def find_leaks(
    table: Table,
    names: Sequence[str],
    target: Array,  # (n_samples,), numbers, or indices of classes
    *,
    classes: bool,
    groups: Array | None = None,  # (n_samples,), only the first of each is used: rows may be alike
    labels: Sequence[str] = (),  # of classes
) -> tuple[Leak, ...]:
    """Return the columns that reveal the target while all others together do not.

    There are none if there are fewer than 60 rows, or groups.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> size, price = rng.normal(size=(2, 200))
    >>> table = Table({"size": size, "net": price - size, "tax": size**2, "color": price > 9})
    >>> for leak in find_leaks(table, table.names, price, classes=False):
    ...     print(leak.grade, leak.form, leak.columns)
    certain sum ('net', 'size')
    """
    rows = np.arange(len(target)) if groups is None else np.unique(groups, return_index=True)[1]
    # In random order: rows of one value must not be in the order of a sorted target.
    rows = np.random.default_rng(0).permutation(np.sort(rows))[:_MAX_ROWS]
    if len(rows) < _MIN_ROWS or (target[rows] == target[rows[0]]).all():
        return ()
    if not classes and not has_squares(target):
        return ()
    columns = Columns({name: table[name][rows] for name in names})
    clues = list(_clues(columns, target[rows], classes=classes))
    marked = {clue.columns[0] for clue in clues if clue.form in _MIN_RATIOS}
    clues = _best(clues)
    if not classes:  # neighbors in time are alike: what rises with the rows tells no more than that
        clues = [clue for clue in clues if clue.exact or not _follow_rows(table, clue.columns)]
    if groups is None:
        computed = _computed(table, names, target, columns, rows, classes=classes)
        clues = [*_best(computed), *clues]
    leaks = _compared(clues, columns, marked, target[rows], classes=classes)
    return tuple(
        replace(leak, outcome=labels[int(leak.outcome)] if leak.outcome and labels else "")
        for leak in leaks
    )


def _clues(columns: Columns, target: Array, *, classes: bool) -> Iterator[Clue]:
    """Yield what columns tell, alone and several together."""
    truth = truth_of(target, classes=classes)
    alone = dict[str, Array]()
    yield from clues_of_each(columns, alone, target, truth, classes=classes)
    yield from clues_of_several(columns, alone, target, truth, classes=classes)


def _strength(clue: Clue) -> tuple[bool, bool, bool, float]:
    certain = clue.explained >= MIN_CERTAIN
    return clue.exact, certain, clue.form not in _FORMS_LAST, clue.explained


def _follow_rows(table: Table, names: Sequence[str]) -> bool:
    """Return whether a single column rises, or falls, with the rows."""
    values = table[names[0]]
    if len(names) > 1 or values.dtype.kind not in "fM":
        return False
    steps = np.diff(number_of(values))
    return bool((steps >= 0).all() or (steps <= 0).all())


def _best(clues: Iterable[Clue]) -> list[Clue]:
    """Return the best clue of the same columns, exact ones first, then those that explain most."""
    best: dict[frozenset[str], Clue] = {}
    for clue in sorted(clues, key=_strength, reverse=True):
        best.setdefault(frozenset(clue.columns), clue)
    return list(best.values())


def _computed(
    table: Table,
    names: Sequence[str],
    target: Array,
    columns: Columns,
    rows: Array,
    *,
    classes: bool,
) -> Iterator[Clue]:
    """Yield the columns that were computed from the target, or from whether it is a class."""
    each = [np.asarray(target, np.float64)]
    if classes:
        each = [*one_hot(target).T[:_MAX_CLASSES]]
    numbers = {name: number_of(table[name]) for name in columns.numbers}
    groups = {name: codes_of(table[name], is_missing(table[name])) for name in names}
    truth = truth_of(target[rows], classes=classes)
    every = np.ones(len(rows), bool)
    for name, values in numbers.items():
        present = np.isfinite(values)
        if present.any() and any(are_means(values[present], one[present]) for one in each):
            explained = explained_alone(columns, name, truth)[1]
            yield Clue("means", (name,), explained, truth, every, exact=True)
    for one in each:
        for words, name in computed_columns(numbers, groups, one):
            explained = explained_alone(columns, name, truth)[1]
            yield Clue("computed", (name,), explained, truth, every, exact=True, value=words)
        if not classes:
            rng = np.random.default_rng(0)
            for name, share in shared_rates(numbers, one, rng):
                explained = explained_alone(columns, name, truth)[1]
                weak = share < _MIN_SHARE
                value = f"{share:.0%}"
                if explained < MIN_CERTAIN:  # else the values say all
                    yield Clue("rate", (name,), explained, truth, every, None, True, value, weak)


def _compared(
    clues: Sequence[Clue], columns: Columns, marked: set[str], target: Array, *, classes: bool
) -> list[Leak]:
    """Return the clues that explain clearly more than all other columns together."""
    sure = {
        name
        for clue in clues
        for name in clue.columns
        if len(clue.columns) == 1 and (clue.exact or clue.explained >= MIN_CERTAIN)
    }
    found: list[tuple[Clue, Leak]] = []
    told = set[str]()
    n_told = -1
    few = len(target) < _MIN_WEAK_ROWS
    left = [clue for clue in clues if clue.exact or not (clue.weak and few)]
    while n_told < len(told):  # what a leak hid is compared again without it
        n_told, pending, left, n_compared = len(told), left, [], 0
        for clue in pending:
            if told & set(clue.columns):
                continue
            left_out = {*clue.columns, *sure, *told}
            left_out |= marked if marked & {*clue.columns} else set()
            others = [name for name in columns.columns if name not in left_out]
            leak = None
            if others and n_compared < _MAX_CLUES:
                n_compared += 1
                leak = _leak_of(clue, columns, others, target, classes=classes)
            if leak is None:
                left.append(clue)
            else:
                told |= set(clue.columns)
                found.append((clue, leak))
    return _with_joint_scores(found, columns, target, classes=classes)


def _leak_of(
    clue: Clue, columns: Columns, others: Sequence[str], target: Array, *, classes: bool
) -> Leak | None:
    """Return the leak that a clue is, if it explains clearly more than other columns together."""
    x = columns.codes_of(others)[clue.rows]
    beside = _explained_by_others(x, clue, classes=classes)
    if beside is None:
        return None
    explained, ratio = beside
    certain = (clue.exact and not clue.weak) or (
        clue.explained >= MIN_CERTAIN and ratio >= _MIN_CERTAIN_RATIO
    )
    first, *rest = clue.columns
    own = target[clue.rows]
    codes = columns.codes[first] if clue.codes is None else clue.codes
    without = _score(x, own, classes=classes)
    within = _score(x, own, codes[clue.rows], classes=classes)
    is_better = 1 - within <= _MAX_LEFT * (1 - without)
    if not is_better and clue.form not in _FORMS_EXACT and (classes or clue.form != "filled"):
        return None
    return Leak(
        first,
        clue.explained,
        explained,
        grade=CERTAIN if certain else "suspicious",
        form=clue.form,
        beside=tuple(rest),
        outcome="" if clue.outcome is None else str(clue.outcome),
        share=float(clue.rows.mean()),
        value=clue.value,
        metric="" if within <= without else "accuracy" if classes else "r2",
        score_without=without,
        score_with=within,
    )


def _explained_by_others(x: Array, clue: Clue, *, classes: bool) -> tuple[float, float] | None:
    """Return what other columns explain, and by how much more that leaves open than a clue.

    None where a clue does not explain clearly more than they do together.
    """
    for n_trees in (_N_FIRST, _N_TREES):  # a few trees mostly tell that others explain as much
        explained = _explained_together(x, clue, n_trees)
        ratio = (1 - explained) / max(1e-12, 1 - clue.explained)
        least = _MIN_WEAK_RATIO if clue.weak else _MIN_RATIOS.get(clue.form, _MIN_RATIO)
        if explained > (_MAX_OTHERS_OF_CLASSES if classes else _MAX_OTHERS):
            least = _MIN_EASY_RATIO
        if not clue.exact and ratio < least:
            return None
    return explained, ratio


def _with_joint_scores(
    found: Sequence[tuple[Clue, Leak]], columns: Columns, target: Array, *, classes: bool
) -> list[Leak]:
    """Return leaks, several with the scores without all of their columns and with all."""
    leaks = [leak for _, leak in found]
    told = {name for leak in leaks for name in leak.columns}
    others = [name for name in columns.columns if name not in told]
    if len(leaks) < 2:
        return leaks
    if not others:
        return [replace(leak, metric="") for leak in leaks]
    without = _score(columns.codes_of(others), target, classes=classes)
    made = [clue.codes for clue, _ in found if clue.codes is not None and clue.rows.all()]
    x = np.column_stack([columns.codes_of(list(columns.columns)), *made])
    whole = [leak.score_with for leak in leaks if leak.share == 1]
    within = max(_score(x, target, classes=classes), *whole, 0.0)
    metric = "" if within <= without else "accuracy" if classes else "r2"
    return [
        replace(leak, metric=metric, score_without=without, score_with=within) for leak in leaks
    ]


def _explained_together(x: Array, clue: Clue, n_trees: int) -> float:
    """Return the share of the target that columns explain together."""
    prediction = _predicted(x, clue.truth, n_trees)
    errors = np.square(prediction - clue.truth).mean(axis=0).sum()
    explained = float(1 - errors / clue.truth.var(axis=0).sum())
    return max(explained, errors_avoided(prediction, clue.truth))


def _score(x: Array, target: Array, codes: Array | None = None, *, classes: bool) -> float:
    """Return the accuracy of columns, or R² of a number, not below that of a constant.

    With the values of another column, it is not below theirs by themselves.
    """
    truth = one_hot(target) if classes else np.asarray(target[:, None], np.float64)
    predictions = [_predicted(x if codes is None else np.column_stack([x, codes]), truth)]
    predictions.append(np.broadcast_to(truth.mean(axis=0), truth.shape))
    if codes is not None:
        predictions.append(of_neighbors(codes, truth, 1))
    if codes is not None and codes.dtype.kind in "iu":
        predictions.append(by_value(codes, truth))
    if classes:
        right = [one.argmax(axis=1) == truth.argmax(axis=1) for one in predictions]
        return float(max(one.mean() for one in right))
    variance = max(float(truth.var()), 1e-300)
    return float(max(1 - np.square(one - truth).mean() / variance for one in predictions))


def _predicted(x: Array, truth: Array, n_trees: int = _N_TREES) -> Array:
    """Return the predictions of trees in three folds; they use only the order, like clues."""
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    # One thread, for the same result everywhere
    model = ExtraTreesRegressor(
        n_estimators=n_trees, max_features=0.5, min_samples_leaf=2, random_state=0
    )
    folds = KFold(3, shuffle=True, random_state=0)
    goal = truth[:, 0] if truth.shape[1] == 1 else truth
    return np.asarray(cross_val_predict(model, x, goal, cv=folds).reshape(truth.shape))
