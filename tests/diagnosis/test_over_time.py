"""What stretches of time show: aging, a last known value that is as good, odd and late rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from madaline._models.diagnosis.over_time import find_late_rows, find_over_time
from madaline._race.time.forward import Aging, ForwardScores, Stretch
from madaline._race.time.stretches import ROW_ORDER
from madaline._tables.table import Table

DAY = 86_400.0
SPAN = np.timedelta64(1, "D")


def of_values(values, last_known=None) -> ForwardScores:
    """Return stretches of ten rows with these errors of networks."""
    stretches = [
        Stretch(10.0 * k, 10.0 * k + 9, 10, 50, float(value), 30.0, last_known)
        for k, value in enumerate(values)
    ]
    return ForwardScores(ROW_ORDER, False, "rmse", tuple(stretches))


def found(forward, kind, *, of_numbers=True):
    """Return the findings of a kind."""
    findings = find_over_time(forward, of_numbers=of_numbers)
    return [one for one in findings if one.kind == kind]


def test_rows_that_were_dealt_out_show_nothing():
    assert find_over_time(None, of_numbers=True) == []
    assert find_over_time(of_values((8, 7, 10, 10.5)), of_numbers=True) == []


def test_it_says_how_fast_networks_age_and_when_to_fit_again(forward):
    (aging,) = found(forward, "aging")
    assert aging.severity == "low"
    assert aging.sentence == (
        "Networks that learned up to 5 months earlier, and from fewer rows, have a root mean"
        " squared error 19% above that of networks that learned up to the rows: fit again, or"
        " update, every 40 days, which costs up to 2%."
    )
    assert aging.evidence["every"] == 40 * DAY
    (soon,) = found(replace(forward, aging=(Aging(40 * DAY, 1.3), Aging(80 * DAY, 4.2))), "aging")
    assert soon.severity == "medium"
    late = replace(forward, aging=(Aging(40 * DAY, 1.0), Aging(80 * DAY, 1.4)))
    assert found(late, "aging")[0].sentence.endswith("every 40 days, which costs next to nothing.")
    assert "have 4.2 times the root mean squared error of networks that" in soon.sentence
    assert soon.sentence.endswith("more often than every 40 days, which costs up to 30%.")


@pytest.mark.parametrize(
    ("losses", "severity"),
    [((1.0, 1.3, 1.02), None), ((1.0, 1.06), "low"), ((1.2, 1.2), "medium"), ((0.9, 0.8), None)],
)
def test_what_is_worse_for_a_while_is_no_aging(forward, losses, severity):
    aging = tuple(Aging(40 * DAY * (k + 1), loss) for k, loss in enumerate(losses))
    findings = found(replace(forward, aging=aging), "aging")
    assert [one.severity for one in findings] == ([severity] if severity else [])


def test_a_last_known_value_that_is_better_makes_the_model_useless(forward):
    (alike,) = found(forward, "last known value")
    assert alike.severity == "medium"
    assert alike.sentence == (
        "The last known value predicts as well as the networks (root mean squared error 10.4,"
        " theirs 10.43): give lags (lags=), the earlier values as columns, or predict the last"
        " value."
    )
    (better,) = found(of_values((5, 5, 5, 5), 4.0), "last known value", of_numbers=False)
    assert better.severity == "high"
    assert better.seen.startswith("The class shares of the latest rows predict better than")
    assert better.subject == "The class shares of the latest rows"
    assert not found(of_values((5, 5, 5, 5), 6.0), "last known value")


def test_a_stretch_unlike_all_others_is_named():
    (odd,) = found(of_values((8, 56, 7, 10, 10.5)), "odd stretch")
    assert (odd.severity, odd.subject) == ("medium", "The stretch of row 10 to 19")
    assert "(root mean squared error 56, others 7 to 10.5)" in odd.sentence
    (latest,) = found(of_values((8, 7, 10, 10.5, 56)), "odd stretch")
    assert latest.severity == "high"
    assert "rows to come may be like it" in latest.remedy
    assert not found(of_values((8, 7, 10, 10.5, 12.5)), "odd stretch")
    assert not found(of_values((8, 7, 56)), "odd stretch")
    assert not found(of_values((8, 8, 8, 8, 9)), "odd stretch")
    assert not found(of_values((8, 8, 8, 8, 20)), "odd stretch")
    assert found(of_values((8, 8, 8, 60)), "odd stretch")


def test_stretches_that_differ_by_chance_are_seldom_odd():
    rng = np.random.default_rng(0)
    draws = [of_values(np.exp(0.5 * rng.normal(size=6))) for _ in range(500)]
    assert sum(bool(found(one, "odd stretch")) for one in draws) <= 12


def table_of(first: str, n_rows: int = 40) -> Table:
    """Return rows of consecutive days."""
    return Table.from_columns({"day": np.datetime64(first, "us") + np.arange(n_rows) * SPAN})


def test_rows_beyond_those_that_scores_are_of_are_told(forward):
    assert find_late_rows(table_of("2012-07-19"), forward) == []
    (late,) = find_late_rows(table_of("2013-09-20"), forward)
    assert (late.severity, late.subject) == ("medium", "day")
    assert late.sentence == (
        "100% of the rows come more than 40 days after the last row learned (2012-07-18) by day,"
        " later than any that the scores are of: fit again, or update, with later rows, or expect"
        " larger errors than promised."
    )
    (some,) = find_late_rows(table_of("2012-07-29"), forward)
    assert some.severity == "low"
    assert some.evidence["share"] == pytest.approx(8 / 40)
    assert find_late_rows(Table.from_columns({"other": [1.0]}), forward) == []
    assert find_late_rows(table_of("2013-09-20"), None) == []
    assert find_late_rows(table_of("2013-09-20"), of_values((1, 2, 3))) == []
    nothing = Table.from_columns({"day": np.array(["NaT"], "datetime64[us]")})
    assert find_late_rows(nothing, forward) == []


def test_later_times_are_no_drift_and_no_change(dated_model, forward, make_columns):
    columns, _ = make_columns("regression", seed=1)
    columns["day"] = columns["day"] + 900 * SPAN
    kinds = [one.kind for one in dated_model.diagnose(columns) if one.subject == "day"]
    assert kinds == ["late rows"]
    months = replace(dated_model.summary, forward=replace(forward, name="city"))
    columns["city"] = ["2026-11"] * len(columns["city"])
    told = replace(dated_model, summary=months).diagnose(columns)
    assert "city" not in [one.subject for one in told if one.kind == "unseen categories"]
    assert "city" in [
        one.subject for one in dated_model.diagnose(columns) if one.kind == "unseen categories"
    ]
    undated = replace(dated_model, summary=replace(dated_model.summary, forward=None))
    assert "drift" in [one.kind for one in undated.diagnose(columns) if one.subject == "day"]
    watched, of_all = (model.watch().rows.signals for model in (dated_model, undated))
    assert "day" not in {signal.name for signal in watched}
    assert "day" in {signal.name for signal in of_all}
