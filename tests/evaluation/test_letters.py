"""Whether letters tell more than names: only where names are many and rare, and clearly."""

from __future__ import annotations

import numpy as np
import pytest

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._race.evaluation.letters import letters_tell
from madaline._tables.table import Distinct


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def names_like(rng: np.random.Generator, labels: np.ndarray) -> np.ndarray:
    """Return names that end according to their label."""
    letters, endings = list("bcdfghklmnprst"), ("a", "o")
    return np.array(["".join(rng.choice(letters, 5)) + endings[one] for one in labels], object)


def test_letters_explain_what_new_names_leave_open(rng):
    labels = rng.integers(2, size=400)
    found = letters_tell(Distinct.of(names_like(rng, labels)), np.eye(2)[labels])
    assert found.more
    assert found.by_letters > 0.8
    assert found.by_levels < 0.05


def test_names_of_many_rows_or_of_no_meaning_do_not(rng):
    labels = rng.integers(2, size=400)
    random = np.array(["".join(rng.choice(list("abcdefgh"), 6)) for _ in labels], object)
    assert not letters_tell(Distinct.of(random), np.eye(2)[labels]).more
    known = random[rng.integers(100, size=400)]  # four rows of each, and each tells
    target = np.array([[len(set(one)) == 6] for one in known], float)
    found = letters_tell(Distinct.of(known), target + 0.01 * rng.normal(size=(400, 1)))
    assert found.by_levels > 0.9
    assert not found.more
    assert letters_tell(Distinct.of(random[rng.integers(15, size=400)]), target) is None
    assert letters_tell(Distinct.of(random[:50]), target[:50]) is None
    assert letters_tell(Distinct.of(random), np.ones((400, 1))) is None


def test_groups_are_not_parted(rng):
    """Names of one group are alike and have one target, which says nothing of other groups."""
    groups = np.repeat(np.arange(40), 10)
    names = np.array([f"{chr(97 + group % 26)}{group}x{row}" for row, group in enumerate(groups)])
    target = rng.normal(size=(40, 1))[groups] + 0.1 * rng.normal(size=(400, 1))
    levels = Distinct.of(names.astype(object))
    assert letters_tell(levels, target).more
    assert not letters_tell(levels, target, groups).more


def test_names_beside_numbers_are_read_by_their_letters_where_these_tell(rng):
    labels = rng.integers(2, size=240)
    table = {"name": names_like(rng, labels), "noise": rng.normal(size=240)}
    train, test = ({key: column[rows] for key, column in table.items()} for rows in (
        slice(160), slice(160, None)
    ))  # fmt: skip
    model = AdaptiveClassifier(effort=8, random_state=0).fit(train, labels[:160])
    column = model.model_.schema["name"]
    assert column.kind == "text"
    assert "its letters explain" in column.detail
    assert model.score(test, labels[160:]) > 0.9


def test_names_that_tell_nothing_are_left_out_as_before(rng):
    names = np.array(["".join(rng.choice(list("abcdefgh"), 6)) for _ in range(150)], object)
    table = {"name": names, "size": rng.normal(size=150)}
    model = AdaptiveRegressor(effort=2, random_state=0).fit(table, table["size"] * 2)
    assert model.model_.schema["name"].kind == "dropped"


def test_a_kind_that_is_given_stays(rng):
    labels = rng.integers(2, size=120)
    table = {"name": names_like(rng, labels), "size": labels + rng.normal(size=120)}
    model = AdaptiveClassifier(effort=2, random_state=0, kinds={"name": "dropped"})
    assert model.fit(table, labels).model_.schema["name"].kind == "dropped"
