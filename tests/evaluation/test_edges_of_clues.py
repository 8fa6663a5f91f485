"""Where clues of leaks begin: which numbers have digits, which columns count, what is enough."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._race.evaluation.leak_clues import Columns, _of_view
from madaline._race.evaluation.leak_pairs import _of_levels
from madaline._race.evaluation.leak_sources import _agree, _are_groups, _of_groups
from madaline._race.evaluation.leak_views import _of_moments, _of_numbers
from madaline._race.evaluation.objective import Objective
from madaline.errors import InputError


@pytest.mark.parametrize(("largest", "seen"), [(2.0**53 - 1, True), (2.0**53, False)])
def test_whole_numbers_have_a_last_digit_as_far_as_they_are_exact(largest, seen):
    column = np.array([17.0, -24, np.nan, largest])
    views = dict(_of_numbers(column))
    assert set(views) == ({"the last digit"} if seen else set())
    if seen:
        digits = views["the last digit"]
        assert digits[:2].tolist() == [7, 4]
        assert np.isnan(digits[2])
        assert digits[3] == int(largest) % 10


def test_others_have_a_number_of_decimals():
    ((name, decimals),) = _of_numbers(np.array([1.0, 1.5, 1.25, 1e6 + 0.125, 2.0]))
    assert name == "the number of decimals"
    assert decimals.tolist() == [0, 1, 2, 3, 0]
    assert list(_of_numbers(np.array([1.5, 2.5, 7.1]))) == []


def test_moments_have_a_day_a_time_and_seconds():
    start = np.datetime64("2026-01-05T10:20:30", "us")  # a Monday
    column = np.array([start, start + np.timedelta64(86_400 + 61, "s"), np.datetime64("NaT")])
    views = dict(_of_moments(column))
    assert set(views) == {"the day of the week", "the time of day", "the seconds"}
    assert views["the time of day"][:2].tolist() == [37_230, 37_291]
    assert views["the seconds"][:2].tolist() == [30, 31]
    assert np.diff(views["the day of the week"][:2]).tolist() == [1]
    assert all(np.isnan(values[2]) for values in views.values())


@pytest.mark.parametrize("levels", [
    [1e-9, 0.5], [0.5, 1 - 1e-9], [0.1, 0.5, 0.9], [0.5, 0.5], [0.9, 0.1], [0.5, 1], [0, 0.5],
    [0.5], [5e-10, 0.5], ["a", 0.5],
])  # fmt: skip
def test_quantiles_rise_between_zero_and_one(levels):
    fits = levels in ([1e-9, 0.5], [0.5, 1 - 1e-9], [0.1, 0.5, 0.9])
    if fits:
        Objective(loss="quantile", quantile=levels)
        return
    with pytest.raises(InputError, match="quantile is"):
        Objective(loss="quantile", quantile=levels)


def test_columns_agree_where_half_of_the_rows_can_be_compared():
    rng = np.random.default_rng(0)
    column = rng.normal(size=100)
    computed = np.where(np.arange(100) < 50, column, np.nan)
    assert _agree(column, computed)
    assert not _agree(column, np.where(np.arange(100) < 49, column, np.nan))
    assert not _agree(column, rng.normal(size=100))
    assert _are_groups(np.array([0, 0, 1, 1, 2]))
    assert not _are_groups(np.array([0, 0, 1, 1]))  # two
    assert not _are_groups(np.array([0, 0, 1, 2]))  # half of the rows are alone


def test_targets_of_groups_are_computed_row_by_row():
    codes, target = np.array([0, 1, 0, 2, 1, 0]), np.array([1.0, 5, 2, 9, 7, 6])
    found = dict(_of_groups(codes, target))
    for row, code in enumerate(codes):
        own = [target[other] for other in range(6) if codes[other] == code]
        others = [target[other] for other in range(6) if codes[other] == code and other != row]
        expected = {
            "the mean of {target} in the other rows": np.mean(others) if others else np.nan,
            "the sum of {target} in the other rows": np.sum(others),
            "the mean of {target} in the rows": np.mean(own),
            "the sum of {target} in the rows": np.sum(own),
            "the highest {target} in the rows": max(own),
            "the lowest {target} in the rows": min(own),
        }
        for name, value in expected.items():
            if others:
                assert found[name][row] == pytest.approx(value), name
            else:
                assert np.isnan(found[name][row]), name


def test_numbers_that_lack_few_values_take_part_in_pairs():
    full = np.arange(20.0)
    gaps = {n: np.where(np.arange(20) < n, np.nan, full) for n in (2, 3)}
    columns = Columns(
        {"full": full, "two": gaps[2], "three": gaps[3], "text": np.array([*"ab"] * 10, object)}
    )
    assert list(columns.numbers) == ["full", "two"]  # nine tenths are known
    assert columns.codes_of(["full", "text"]).shape == (20, 2)


@pytest.mark.parametrize(
    ("each", "n_classes", "alone", "expected"),
    [
        ([0.8], 1, 0.0, (0.8, None)),
        ([0.79], 1, 0.0, None),
        ([0.875], 1, 0.625, (0.875, None)),  # a third of what was left is left
        ([0.875], 1, 0.63, None),
        ([0.9, 0.1, 0.1], 3, 0.0, (0.9, 0)),
        ([0.1, 0.1, 0.9], 3, 0.0, (0.9, 2)),
        ([0.9, 0.1], 2, 0.0, None),  # of two classes both are told
    ],
)
def test_a_part_of_values_tells_clearly_more_than_they_do(each, n_classes, alone, expected):
    rng = np.random.default_rng(0)
    codes = np.arange(60) % max(2, n_classes)
    truth = rng.normal(size=(60, 1)) if n_classes == 1 else np.eye(n_classes)[codes]
    found = list(_of_view("view", "x", np.array(each), truth, alone, "the length", codes))
    if expected is None:
        assert found == []
        return
    (clue,) = found
    assert (clue.explained, clue.outcome) == (pytest.approx(expected[0]), expected[1])
    assert (clue.form, clue.columns, clue.value) == ("view", ("x",), "the length")
    assert clue.truth.shape == (60, 1)
    if expected[1] is not None:
        assert clue.truth[:, 0].tolist() == truth[:, expected[1]].tolist()
    assert clue.rows.all()


def test_two_columns_tell_together_what_neither_tells():
    rng = np.random.default_rng(0)
    a, b, c = rng.integers(0, 3, (3, 900))
    names = {"a": a, "b": b, "c": c}
    columns = Columns({k: np.array([f"l{one}" for one in v], object) for k, v in names.items()})
    target = ((a + b) % 3 == 0).astype(float)
    truth = np.stack([1 - target, target], axis=1)
    alone = {name: np.zeros(2) for name in names}
    pairs = [clue for clue in _of_levels(columns, alone, truth) if clue.form == "pair"]
    assert ("a", "b") in [clue.columns for clue in pairs]
    (clue,) = (clue for clue in pairs if clue.columns == ("a", "b"))
    assert clue.explained > 0.99
    assert len(np.unique(clue.codes)) == 9
