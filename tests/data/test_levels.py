"""Levels: how many are remembered, which ties and bounds decide, and what a file may tell."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

from madaline._base.codec import fields_of
from madaline._base.json_checks import Malformed
from madaline._tables.array_checks import check_arrays
from madaline._tables.kinds import boolean, category
from madaline._tables.kinds.boolean import BooleanEncoder
from madaline._tables.kinds.category import CategoryEncoder, CategoryKind, pair_column
from madaline._tables.kinds.kind import TrainingColumn
from madaline._tables.kinds.level_means import LevelMeans
from madaline._tables.level_counts import LevelCounts
from madaline._tables.schema import Schema
from madaline._tables.table import Table


def objects(*values):
    column = np.empty(len(values), object)
    column[:] = values
    return column


def encoded(encoder, *values):
    out = np.full((len(values), encoder.n_features), np.nan, np.float32)
    encoder.write(encoder.read(objects(*values)), out)
    return out


def column_of(values, **more):
    table = Table.from_columns({"c": values})
    schema = Schema.infer(table, {"c": "category"})["c"]
    return TrainingColumn(table, schema, **more)


def test_levels_of_one_weight_stand_by_alphabet_and_those_of_none_are_unknown():
    encoder = CategoryEncoder.fit("c", objects("b", "d", "a", "c"), np.array([1, 2, 1, 0.0]))
    assert encoder.levels == ("d", "a", "b")
    assert encoder.n_unseen(encoder.read(objects("c", "a"))) == 1


def test_there_is_a_rare_feature_only_where_a_level_has_none_of_its_own():
    values = objects(*"abcdabcaba")
    assert CategoryEncoder.fit("c", values, most_features=4).feature_names[3:] == ("c = d",)
    rare = CategoryEncoder.fit("c", values, most_features=3).feature_names
    assert rare[3:] == ("c is rare", "c: frequency")
    many = [f"l{n}" for n in range(65)] * 2
    assert len(CategoryKind().fit(column_of([one for one in many if one != "l3"])).shares) == 64
    assert CategoryKind().fit(column_of(many)).feature_names[64:] == rare[3:]
    narrow = CategoryKind().fit(column_of(many, narrowing=4))
    assert narrow.feature_names[16:] == rare[3:]


def test_ten_thousand_levels_are_remembered():
    names = [f"l{n:05}" for n in range(10_001)]
    all_known = CategoryEncoder.fit("c", objects(*names[:-1]))
    assert (len(all_known.levels), all_known.is_cut) == (10_000, False)
    assert all_known.read(objects("new"))[0] == -2
    cut = CategoryEncoder.fit("c", objects(*names))
    assert (len(cut.levels), len(cut.counts), cut.is_cut) == (10_000, 10_000, True)
    assert cut.read(objects("new", None)).tolist() == [10_000, -1]  # rare, not unknown


def test_levels_that_are_not_remembered_are_as_frequent_as_the_rarest(monkeypatch):
    monkeypatch.setattr(category, "MAX_LEVELS", 3)
    encoder = CategoryEncoder.fit("c", objects(*"aaaabbbccd"), most_features=2)
    assert encoder.levels == ("a", "b", "c")
    assert encoder.slots(encoder.read(objects("a", "c", "d", None))).tolist() == [0, 2, 3, 4]
    x = encoded(encoder, "c", "d", "new", "a", None)
    np.testing.assert_array_equal(x[0], x[1])
    np.testing.assert_array_equal(x[0], x[2])
    logs = np.log([4, 3, 2, 1])
    center = np.average(logs, weights=[4, 3, 2, 1])
    spread = sqrt(np.average((logs - center) ** 2, weights=[4, 3, 2, 1]))
    assert x[0, -1] == pytest.approx((log(2) - center) / spread, rel=1e-5)
    assert x[3, -1] == pytest.approx((log(4) - center) / spread, rel=1e-5)
    assert x[4, -1] == 0


@pytest.mark.parametrize(("more", "spread"), [(1e-5, 5e-6), (1e-7, 1.0)])
def test_frequencies_that_differ_by_rounding_alone_are_not_blown_up(more, spread):
    encoder = CategoryEncoder.fit("c", objects("a", "b"), np.array([1, 1 + more]))
    assert encoder.log_spread == pytest.approx(spread, rel=1e-3)


@pytest.mark.parametrize(
    ("n_outputs", "n_levels"), [(None, 60), (1, 60), (2, 30), (7, 8), (12, 6), (40, 6)]
)
def test_levels_of_a_large_table_share_room_with_their_means(n_outputs, n_levels, monkeypatch):
    """Ten outputs have means at most; some levels are remembered in any case."""
    monkeypatch.setattr(category, "MAX_LEVELS", 4)
    monkeypatch.setattr(category, "MAX_LEVELS_OF_ALL", 60)
    names = objects(*(f"l{n:02}" for n in range(70)))
    counts = np.arange(70) // 2 + 1
    given = LevelCounts(names, counts, 5)
    target = None if n_outputs is None else np.random.default_rng(0).normal(size=(70, n_outputs))
    more = {"target": target, "all_rows": lambda _: given, "narrowing": 64}
    found = CategoryKind().fit(column_of(names, **more))
    frequent = sorted(names.tolist(), key=lambda name: (-counts[int(name[1:])], name))
    assert found.levels == tuple(frequent[:n_levels])
    assert found.has_missing
    assert found.shares[-1] == 5 / (counts.sum() + 5)
    assert (found.means is None) == (target is None)


def test_a_large_table_remembers_two_hundred_thousand_levels():
    names = np.array([f"{n:06}" for n in range(200_001)], object)
    counts = LevelCounts(names, np.ones(len(names), np.int64), 0)
    small = CategoryEncoder.fit("c", objects("000000", "000001"))
    assert len(small.of_all_rows(counts, n_means=1).levels) == 200_000
    assert len(small.of_all_rows(counts, n_means=3).levels) == 66_666
    assert len(small.of_all_rows(counts, n_means=99).levels) == 10_000


def within(keys, target):
    """Return the variance within groups, and its degrees of freedom, one group after another."""
    groups = [target[keys == key] for key in sorted(set(keys.tolist()))]
    free = len(keys) - len(groups)
    return sum(((group - group.mean(axis=0)) ** 2).sum() for group in groups) / free, free


def pair_of(own, cells, target):
    """Return whether the levels of a column are paired with those of another."""
    encoder = CategoryEncoder.fit("own", own)
    other = CategoryEncoder.fit("other", cells)
    found = pair_column(encoder, encoder.read(own), {other: other.read(cells)}, target)
    assert found in (None, other)
    return found is other


def test_rows_without_the_other_level_tell_nothing_of_pairs(monkeypatch):
    rng, own = np.random.default_rng(0), objects(*"abc" * 100)
    cells = rng.choice([*"xy", None], 300, p=[0.5, 0.3, 0.2])
    cells[:3] = "z"  # of one row in each pair
    target = rng.normal(size=(300, 2))
    target[:, 0] += (np.arange(300) % 3 - 1) * np.where(cells == "x", 1, -1)
    known = np.array([cell is not None for cell in cells])
    names, y = cells[known], target[known]
    rest = y - [y[names == name].mean(axis=0) for name in names]
    of_levels, _ = within(own[known], rest)
    of_pairs, free = within(own[known] + names, rest)
    share = of_pairs / of_levels
    for tells, least, expected in (
        (share * 1.0001, 1, True),
        (share * 0.9999, 1, False),
        (9, free, True),
        (9, free + 1, False),
    ):
        monkeypatch.setattr(category, "_PAIRS_TELL", tells)
        monkeypatch.setattr(category, "_MIN_FREE", least)
        assert pair_of(own, cells, target) == expected


@pytest.mark.parametrize(("n_rows", "paired"), [(2006, True), (2005, False)])
def test_pairs_need_two_thousand_degrees_of_freedom(n_rows, paired):
    """Six fewer than there are rows."""
    own, cells = objects(*"abc" * 669)[:n_rows], objects(*"xxxyyy" * 335)[:n_rows]
    target = np.where((own == "a") == (cells == "x"), 1.0, -1.0)[:, None]
    target += np.random.default_rng(1).normal(size=(n_rows, 1)) / 9
    assert pair_of(own, cells, target) == paired


@pytest.mark.parametrize(("n_cells", "paired"), [(1, False), (2, True), (10, True), (11, False)])
def test_levels_are_paired_with_two_to_ten_others(n_cells, paired, monkeypatch):
    monkeypatch.setattr(category, "_MIN_FREE", 1)
    cells = np.arange(330) // 3 % n_cells
    target = np.where((np.arange(330) % 3 == 0) == (cells % 2 == 0), 1.0, -1.0)[:, None]
    target[::7] = 0.5
    column = objects(*(f"c{n}" for n in cells))
    assert pair_of(objects(*"abc" * 110), column, target) == paired


@pytest.mark.parametrize(("room", "n_outputs", "paired"), [
    (12, 1, True), (11, 1, False), (36, 3, True), (35, 3, False), (120, 40, True), (119, 40, False),
])  # fmt: skip
def test_means_of_pairs_need_room(room, n_outputs, paired, monkeypatch):
    """For three levels and three slots beside them, two others, and ten outputs at most."""
    monkeypatch.setattr(category, "_MIN_FREE", 1)
    monkeypatch.setattr(category, "MAX_LEVELS_OF_ALL", room)
    cells = np.arange(300) // 3 % 2
    target = np.where((np.arange(300) % 3 == 0) == (cells == 0), 1.0, -1.0)[:, None]
    target = target + np.random.default_rng(2).normal(size=(300, n_outputs)) / 9
    column = objects(*(f"c{n}" for n in cells))
    assert pair_of(objects(*"abc" * 100), column, target) == paired


def test_a_target_that_levels_know_needs_no_pairs(monkeypatch):
    monkeypatch.setattr(category, "_MIN_FREE", 1)
    own, cells = objects(*"abc" * 100), objects(*"xy" * 150)
    assert not pair_of(own, cells, np.zeros((300, 1)))
    assert not pair_of(own, cells, np.arange(300)[:, None] % 3.0)


def test_three_levels_are_all_shown():
    table = Table.from_columns({"c": objects(*"aabbbc")})
    assert CategoryKind().detail(table, "c") == "b, a, c"
    four = Table.from_columns({"c": objects(*"aabbbcd")})
    assert CategoryKind().detail(four, "c") == "b, a, c and 1 more"


def facts_of_pairs():
    names = objects(*(f"l{n % 80}" for n in range(400)))
    target = np.random.default_rng(3).normal(size=(400, 2))
    encoder, other = CategoryEncoder.fit("c", names), CategoryEncoder.fit("o", objects(*"ab" * 200))
    codes, cells = encoder.read(names), other.read(objects(*"ab" * 200))
    encoder = encoder.with_means(codes, target, None)
    return encoder.with_pair_means(codes, other, cells, target, None).to_state()


def test_what_a_file_tells_of_levels_has_bounds():
    state, _ = facts_of_pairs()
    check = fields_of(CategoryEncoder)
    for fine in (
        {"most_features": 1},
        {"most_features": 64},
        {"log_spread": 1e-9},
        {"pair_levels": [f"p{n}" for n in range(10)]},
    ):
        check(state | fine)
    for wrong in (
        {"most_features": 0},
        {"most_features": 65},
        {"log_spread": 0.0},
        {"pair_levels": [f"p{n}" for n in range(11)]},
        {"pair_levels": ["a", "a"]},
        {"levels": ["a", "a"]},
    ):
        with pytest.raises(Malformed):
            check(state | wrong)


def test_means_in_a_file_are_of_outputs_that_there_are():
    state, arrays = facts_of_pairs()

    def look(change, n_outputs=2):
        changed = {name: one for name, one in (arrays | change).items() if one is not None}
        checks = CategoryEncoder.array_checks(state, n_outputs, changed, "")
        check_arrays(changed, dict(checks))

    look({"shares": arrays["shares"] * 0 + 1 + 5e-10})
    look({"means.prior": np.full(2, np.inf)})
    for wrong in (
        {name: None for name in arrays if name.startswith("pairs")},  # which are told of
        {"shares": arrays["shares"] * 0 + 1 + 1e-8},
        {"means.outputs": np.array([0, 2])},
        {"means.outputs": np.array([1, 0])},
        {"means.outputs": np.array([1, 1])},
        {"pairs.prior": np.full(2, -1e-9)},
    ):
        with pytest.raises(Malformed):
            look(wrong)
    with pytest.raises(Malformed):
        look({}, n_outputs=3)


@pytest.mark.parametrize(
    ("module", "encoder", "reads"),
    [(category, CategoryEncoder, "as_levels"), (boolean, BooleanEncoder, "as_booleans")],
)
def test_equal_levels_of_many_rows_are_read_once(module, encoder, reads, monkeypatch):
    values = objects(*[True, False, True] * 22)
    fitted, read = encoder.fit("c", values), []
    plain = getattr(module, reads)
    monkeypatch.setattr(module, reads, lambda *given: read.append(len(given[-1])) or plain(*given))
    for n_rows in (64, 65):  # of few rows it would take longer to find the distinct ones
        fitted.read_rows(Table.from_columns({"c": values[:n_rows]}))
    assert read == [64, 2]


def test_means_of_few_rows_by_hand():
    """Five rows: two levels of two rows, one of one; the targets differ by one within the first."""
    levels, target = np.array([0, 0, 1, 1, 2]), np.array([[1.0], [2], [5], [5], [9]])
    means = LevelMeans.fit(levels, target, None, n_levels=4)
    within = 0.5 / 2  # squares, over five rows less three levels
    mean = 22 / 5
    between = 2 * (1.5 - mean) ** 2 + 2 * (5 - mean) ** 2 + (9 - mean) ** 2
    of_levels = (between - 2 * within) / (5 - 9 / 5)
    assert means.prior == pytest.approx([within / of_levels])
    own = np.array([2 * (1.5 - mean), 2 * (5 - mean), 9 - mean])
    own /= np.array([2, 2, 1]) + means.prior
    scale = sqrt((2 * own[0] ** 2 + 2 * own[1] ** 2 + own[2] ** 2) / 5)
    np.testing.assert_allclose(means.values[:, 0], [*own / scale, 0], rtol=1e-6)


def test_four_levels_in_five_rows_have_one_degree_of_freedom():
    levels, target = np.array([0, 1, 2, 3, 3]), np.array([[0.0], [3], [6], [8], [9]])
    means = LevelMeans.fit(levels, target, None, n_levels=4)
    mean, within = 26 / 5, 0.5
    between = mean**2 + (3 - mean) ** 2 + (6 - mean) ** 2 + 2 * (8.5 - mean) ** 2
    of_levels = (between - 3 * within) / (5 - 7 / 5)
    assert means.prior == pytest.approx([within / of_levels])
    each = LevelMeans.fit(np.arange(4), target[:4], None, n_levels=4)
    assert each.prior == pytest.approx([0])  # nothing is known of the variance within levels


def test_levels_of_a_constant_target_tell_nothing():
    means = LevelMeans.fit(np.arange(40) % 4, np.ones((40, 1)), None, n_levels=4)
    assert (means.prior[0], means.scale[0]) == (np.inf, 1.0)
    assert not means.values.any()


@pytest.mark.parametrize(("weight", "known"), [(1e-11, True), (1e-13, False)])
def test_a_level_of_next_to_no_weight_is_unknown(weight, known):
    """Weights that were added and taken off again leave a rest."""
    values = np.zeros((3, 1), np.float32)
    means = LevelMeans(np.array([0]), np.array([0.0]), np.array([1.0]), values)
    rows, sums = np.array([2.0, 2, weight]), np.array([[3.0], [10], [9 * weight]])
    assert (means.scaled(rows, sums)[2, 0] != 0) == known


@pytest.mark.parametrize("n_cells", [1, 2, 3])
def test_a_mean_of_each_cell_is_that_of_its_rows(n_cells):
    rng = np.random.default_rng(4)
    levels, cells = rng.integers(0, 6, 200), rng.integers(0, n_cells, 200)
    target = rng.normal(size=(200, 1)) + levels[:, None] * (cells[:, None] + 1)
    means = LevelMeans.fit(levels, target, None, n_levels=6, cells=cells, n_cells=n_cells)
    for cell in range(n_cells):
        rows = cells == cell
        for level in range(6):
            own = rows & (levels == level)
            rest = (target[own] - target[rows].mean()).sum() / (own.sum() + means.prior[0])
            assert means.values[level, cell] == pytest.approx(rest / means.scale[0], rel=1e-5)
