"""Counterfactuals: they lead where they should, and on known functions nothing is smaller."""

from __future__ import annotations

import json

import numpy as np
import pytest
from known_models import known_model

from madaline._tell.explain.counterfactuals.search import counterfactuals
from madaline.errors import InputError


def frame(n_samples=1001):
    """Columns of numbers evenly spread over known ranges, of which the quartiles are known."""
    grid = np.linspace(0, 1, n_samples)
    rng = np.random.default_rng(0)
    return {
        "small": rng.permutation(grid),  # interquartile range 0.5
        "large": rng.permutation(100 * grid),  # 50
        "whole": rng.permutation(np.arange(n_samples) % 11).astype(float),
        "city": rng.choice(["Bonn", "Kiel"], n_samples),
    }


def row(**values):
    return {name: [values[name]] for name in ("small", "large", "whole", "city")}


START = row(small=0.2, large=20.0, whole=3, city="Bonn")


@pytest.fixture
def linear():
    """Log-odds of 4 small + 0.06 large - 5: per interquartile range, 2 and 3."""
    return known_model(
        frame(), lambda t: 4 * t["small"] + 0.06 * t["large"] - 5, classes=["no", "yes"]
    )


def test_on_a_line_the_column_that_moves_most_for_its_spread_goes_as_far_as_it_must(linear):
    (found,) = counterfactuals(linear, START)
    assert found.found
    (change,) = found.changes
    assert change.column == "large"
    # 4 * 0.2 + 0.06 * x - 5 = 0 at x = 70.
    assert 70 < change.after <= 70.2
    assert change.distance == pytest.approx(1.0, abs=0.01)
    assert linear.predict({**START, "large": [change.after]}) == ["yes"]


def test_where_one_column_is_not_enough_the_next_best_helps(linear):
    (found,) = counterfactuals(linear, row(small=0.0, large=0.0, whole=3, city="Bonn"))
    after = {change.column: change.after for change in found.changes}
    # The cheaper one goes all the way, 0.06 * 100 = 6 > 5: it is enough alone.
    assert after == {"large": pytest.approx(83.4, abs=0.2)}
    harder = known_model(
        frame(), lambda t: 4 * t["small"] + 0.06 * t["large"] - 8, classes=["no", "yes"]
    )
    (found,) = counterfactuals(harder, row(small=0.0, large=0.0, whole=3, city="Bonn"))
    after = {change.column: change.after for change in found.changes}
    assert after["large"] == pytest.approx(100, abs=0.5)
    assert after["small"] == pytest.approx(0.5, abs=0.01)
    assert found.distance == pytest.approx(3.0, abs=0.01)


def test_only_allowed_columns_change(linear):
    start = START | {"large": [10.0]}
    (found,) = counterfactuals(linear, start, columns=["small", "city"])
    assert not found.found
    assert str(found) == (
        "Row 0 is predicted no (97.3%). No change of up to 2 columns (small, city) within the"
        " values seen in training makes it yes. The closest is yes at 40.1%, if small were 1"
        " instead of 0.2."
    )
    assert {change.column for change in found.changes} <= {"small"}
    at_most = counterfactuals(linear, start, columns=["small", "whole"], most_columns=1)[0]
    assert "of up to 1 column (small, whole)" in str(at_most)


def test_whole_numbers_stay_whole_and_within_their_range():
    model = known_model(frame(), lambda t: t["whole"] - 6.5, classes=["no", "yes"])
    (found,) = counterfactuals(model, START)
    assert [(one.column, one.after) for one in found.changes] == [("whole", 7.0)]
    assert "whole were 7 instead of 3" in str(found)
    far = known_model(frame(), lambda t: t["whole"] - 10.5, classes=["no", "yes"])
    assert not counterfactuals(far, START)[0].found


def test_a_category_counts_one():
    model = known_model(
        frame(), lambda t: 2 * (t["city"] == "Kiel") + 0.02 * t["large"] - 1.5, classes=[0, 1]
    )
    (found,) = counterfactuals(model, START, target=1)
    assert [(one.column, one.after, one.distance) for one in found.changes] == [("city", "Kiel", 1)]
    near = row(small=0.2, large=70.0, whole=3, city="Bonn")
    assert counterfactuals(model, near)[0].changes[0].column == "large"


def test_exclusive_or_needs_no_second_column():
    model = known_model(
        frame(),
        lambda t: 4.0 * ((t["small"] > 0.5) != (t["large"] > 50)) - 2,
        classes=["no", "yes"],
    )
    (found,) = counterfactuals(model, START)
    (change,) = found.changes
    assert change.distance == pytest.approx(0.6, abs=0.02)


def test_what_only_two_columns_do_together_is_found():
    model = known_model(
        frame(), lambda t: 4.0 * ((t["small"] > 0.5) & (t["large"] > 50)) - 2, classes=["no", "yes"]
    )
    (found,) = counterfactuals(model, START)
    after = {change.column: change.after for change in found.changes}
    assert found.found
    assert after["small"] == pytest.approx(0.5, abs=0.02)
    assert after["large"] == pytest.approx(50, abs=1)


def test_a_rare_gain_counts_like_a_category():
    columns = frame() | {"gain": np.where(np.arange(1001) % 20 == 0, 5000.0, 0.0)}
    model = known_model(
        columns, lambda t: 0.001 * t["gain"] + 0.1 * t["large"] - 4, classes=["no", "yes"]
    )
    (found,) = counterfactuals(model, START | {"gain": [0.0]})
    assert [change.column for change in found.changes] == ["large"]


def test_numbers_are_brought_into_a_range():
    model = known_model(frame(), lambda table: 10 * table["large"])
    (found,) = counterfactuals(model, START, target=(500, None))
    assert found.changes[0].after == pytest.approx(50, abs=0.2)
    assert str(found) == (
        f"Row 0 is predicted 200. It would be {found.after} if large were"
        f" {found.changes[0].after:.12g} instead of 20."
    )
    (found,) = counterfactuals(model, START, target=(None, 100))
    assert found.changes[0].after == pytest.approx(10, abs=0.2)
    (found,) = counterfactuals(model, START, target=(150, 250))
    assert (found.found, found.changes) == (True, ())
    assert str(found) == "Row 0 is predicted 200, which meets the target (between 150 and 250)."
    (found,) = counterfactuals(model, START, target=(2000, 3000))
    assert "makes it between 2,000 and 3,000" in str(found)
    assert "The closest is 1,000, if large were 100 instead of 20." in str(found)


def test_of_several_classes_the_next_one_is_wished():
    model = known_model(
        frame(),
        lambda t: np.stack([0.0 * t["small"] + 1, t["large"] / 50, 2 * t["whole"] - 9], axis=1),
        classes=["a", "b", "c"],
    )
    (found,) = counterfactuals(model, START)
    assert found.after.startswith("b (")
    (found,) = counterfactuals(model, START, target="c")
    assert found.after.startswith("c (")
    assert [(one.column, one.after) for one in found.changes] == [("whole", 6.0)]


def test_dates_and_who_somebody_is_change_only_where_they_are_named():
    rng = np.random.default_rng(0)
    days = np.datetime64("2024-01-01") + rng.integers(0, 300, 400)
    columns = {"day": days, "applicant_age": rng.normal(size=400), "amount": rng.normal(size=400)}
    model = known_model(columns, lambda table: 9 * table["applicant_age"] + table["amount"])
    row = {name: values[:1] for name, values in columns.items()}
    target = (float(model.predict(row)[0]) + 1, None)
    (found,) = counterfactuals(model, row, target=target)
    assert [change.column for change in found.changes] == ["amount"]
    (found,) = counterfactuals(model, row, target=target, columns=[*columns])
    assert [change.column for change in found.changes] == ["applicant_age"]
    alone = known_model({"age": columns["amount"]}, lambda table: table["age"])
    (found,) = counterfactuals(alone, {"age": [0.0]}, target=(1, None))
    assert found.found


def test_dates_booleans_and_missing_values():
    days = np.datetime64("2024-01-01") + np.arange(400)
    columns = {
        "day": days,
        "member": [n % 2 == 0 for n in range(400)],
        "size": [np.nan if n % 9 == 0 else n / 10 for n in range(400)],
    }

    def function(table):
        since = (table["day"] - np.datetime64("2024-01-01")).astype(np.int64) / 8.64e10
        return since / 100 + np.array([one is True for one in table["member"]]) - 2.005

    model = known_model(columns, function, classes=["no", "yes"])
    start = {"day": days[[0]], "member": [False], "size": [np.nan]}
    (found,) = counterfactuals(model, start, columns=["day", "size"])
    assert found.changes[0].after == np.datetime64("2024-07-20", "us")
    assert "day were 2024-07-20 instead of 2024-01-01" in str(found)
    (found,) = counterfactuals(model, {**start, "day": days[[150]]}, columns=["member"])
    assert "member were true instead of false" in str(found)
    assert json.loads(json.dumps(found.to_json()))["changes"][0]["after"] is True
    of_size = known_model(columns, lambda t: np.nan_to_num(t["size"]) - 20, classes=["no", "yes"])
    (found,) = counterfactuals(of_size, start)
    assert "instead of missing" in str(found)


def test_every_row_has_an_answer_that_is_its_own_and_the_same_again(linear):
    columns = frame()
    rows = {name: values[:6] for name, values in columns.items()}
    found = counterfactuals(linear, rows)
    assert [one.row for one in found] == list(range(6))
    alone = counterfactuals(linear, {n: v[4:5] for n, v in columns.items()}, row_numbers=[4])
    assert alone[0] == found[4]
    assert found == counterfactuals(linear, rows)


@pytest.mark.slow
def test_trained_networks_predict_what_was_promised(fittings, make_columns):
    for task in ("binary", "multiclass"):
        model = fittings[task][0].model()
        columns, _ = make_columns(task)
        rows = {name: values[:4] for name, values in columns.items()}
        for place, one in enumerate(counterfactuals(model, rows)):
            changed = {name: [values[place]] for name, values in rows.items()}
            for change in one.changes:
                changed[change.column] = [change.after]
            (label,) = model.predict(changed).tolist()
            assert one.found == (str(label) == one.target)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"columns": ["nobody"]}, "no column 'nobody'"),
        ({"columns": []}, "name at least one column"),
        ({"most_columns": 0}, "name at least one column"),
        ({"target": "maybe"}, "no class 'maybe': choose one of no, yes"),
    ],
)
def test_what_cannot_be_is_a_sentence(linear, options, words):
    with pytest.raises(InputError, match=words):
        counterfactuals(linear, START, **options)


@pytest.mark.parametrize("target", [None, 5, "high", (None, None), (1, 2, 3), ("a", 1)])
def test_a_number_needs_a_range(target):
    model = known_model(frame(), lambda table: table["large"])
    with pytest.raises(InputError, match="give the lowest and the highest that will do"):
        counterfactuals(model, START, target=target)
    with pytest.raises(InputError, match="give the lower number first"):
        counterfactuals(model, START, target=(5, 4))
