"""Rows of an update are taken in the order of their times, and must be later than those learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from madaline._models.fitting.means import Means
from madaline._models.fitting.training_data import Roles
from madaline._models.fitting.updating.new_rows import JointRows, NewRows
from madaline._models.fitting.updating.update import update_model
from madaline._models.model.kept_rows import KeptRows
from madaline._race.time.forward import ForwardScores, Stretch
from madaline._race.time.stretches import ROW_ORDER
from madaline._tables.table import Table
from madaline.errors import EarlierRowsWarning, InputError
from madaline.records.model_decisions import AS_IT_IS

SPAN = np.timedelta64(1, "h")
START = np.datetime64("2026-01-01", "us")


@pytest.fixture(scope="module")
def model(make_rows):
    """A classifier of 300 hours, as if it had been evaluated on the last 100 of them."""
    from madaline import AdaptiveClassifier

    X, y = make_rows(0, 300)
    X["hour"] = START + np.arange(300) * SPAN
    fitted = AdaptiveClassifier(effort=4, random_state=0).fit(X, y, folds=3).model_
    seconds = X["hour"].astype("datetime64[s]").astype(float)
    stretches = tuple(
        Stretch(seconds[a], seconds[a + 49], 50, a, 0.3, 0.7, 0.9) for a in (200, 250)
    )
    forward = ForwardScores("hour", True, "log_loss", stretches)
    return replace(fitted, summary=replace(fitted.summary, forward=forward))


@pytest.fixture
def later(make_rows):
    """Return a maker of rows that begin so many hours after the first one learned."""

    def make(first: int, n_rows: int, *, turned: bool = False):
        X, y = make_rows(1, n_rows, turned=turned)
        X["hour"] = START + (first + np.arange(n_rows)) * SPAN
        return X, y

    return make


def updated(model, X, y):
    """Return the model after an update."""
    return update_model(
        model, Table.from_columns(X), Roles(np.asarray(y)), Means(), date="2026-11-29"
    )


def test_rows_are_taken_in_the_order_of_their_times(model, later) -> None:
    X, y = later(300, 120, turned=True)
    order = np.random.default_rng(0).permutation(120)
    shuffled = {name: column[order] for name, column in X.items()}
    first, second = updated(model, X, y), updated(model, shuffled, y[order])
    assert first.updates == second.updates
    assert np.array_equal(first.predict_proba(X), second.predict_proba(X))


def test_rows_of_one_time_stay_in_their_order_and_know_their_numbers(model, later) -> None:
    X, y = later(300, 4)
    X["hour"] = X["hour"][[2, 0, 0, 1]]
    new = NewRows.checked(model, Table.from_columns(X), Roles(y, np.array([1.0, 1, 2, 0])))
    assert new.data.row_numbers.tolist() == [1, 2, 0]
    assert new.data.weight.tolist() == [1, 2, 1]
    assert new.data.table["size"].tolist() == X["size"][[1, 2, 0]].tolist()
    assert (np.diff(new.times.values) >= 0).all()


def test_folds_are_stretches_even_where_the_target_rises_with_time(model, later) -> None:
    X, y = later(300, 30)
    new = NewRows.checked(model, Table.from_columns(X), Roles(np.sort(y)))
    folds = new.folds(model, np.random.default_rng(0))
    assert folds.tolist() == sorted(folds.tolist())


def joint(model, X, y, groups=None) -> JointRows:
    """Return the new and the kept rows as an update takes them."""
    new = NewRows.checked(model, Table.from_columns(X), Roles(y, groups=groups))
    return JointRows.of(new, model, np.random.default_rng(0))


def test_networks_learn_from_earlier_rows_and_the_final_ones_from_all(model, later) -> None:
    rows = joint(model, *later(300, 120))
    folded, when = rows.rows, rows.times.values[rows.rows.order]
    assert (folded.n_folds, folded.n_evaluated, folded.n_final) == (3, 90, 3)
    for fold in range(folded.n_folds):
        learned = folded.training(fold)
        assert when[learned].max() < when[folded.held_out(fold)].min()
        assert len(learned) == 30 * (fold + 1)
    assert len(folded.training(folded.n_folds)) == 120


def test_a_gap_lies_between_what_is_learned_and_what_is_predicted(model, later) -> None:
    forward = replace(model.summary.forward, gap=7200.0)
    other = replace(model, summary=replace(model.summary, forward=forward))
    rows = joint(other, *later(300, 120))
    when = rows.times.values[rows.rows.order]
    ahead = [
        when[rows.rows.held_out(fold)].min() - when[rows.rows.training(fold)].max()
        for fold in range(3)
    ]
    assert ahead == [10_800.0] * 3


def test_kept_rows_are_learned_from_and_never_held_out(model, later, make_rows) -> None:
    X, y = make_rows(0, 300)
    X["hour"] = START + np.arange(300) * SPAN
    kept = KeptRows.of(
        Table.from_columns(X), y, np.zeros(300, int), most=200, rng=np.random.default_rng(1)
    )
    rows = joint(replace(model, kept_rows=kept), *later(300, 40))
    assert (rows.n_rows, rows.rows.n_evaluated) == (240, 30)
    assert set(rows.folds[40:].tolist()) == {-1}
    assert len(rows.rows.training(0)) == 210


def test_groups_are_not_on_both_sides(model, later) -> None:
    groups = np.arange(120) % 40
    rows = joint(model, *later(300, 120), groups)
    order = rows.rows.order
    for fold in range(rows.rows.n_folds):
        learned = groups[order[rows.rows.training(fold)]]
        assert not set(learned) & set(groups[order[rows.rows.held_out(fold)]])


def test_rows_of_one_time_are_compared_as_if_times_were_not_known(model, later) -> None:
    X, y = later(300, 120, turned=True)
    X["hour"] = np.full(120, X["hour"][0])
    after = updated(model, X, y)
    assert after.updates[-1].latest_rows == 0
    assert "on 120 new rows falls" in after.updates[-1].sentence
    assert len(after.summary.forward.stretches) == 3


def test_rows_follow_those_learned_where_their_order_is_the_time(model, later) -> None:
    forward = ForwardScores(ROW_ORDER, False, "log_loss", (Stretch(200, 299, 100, 200, 0.3, 0.7),))
    other = replace(model, summary=replace(model.summary, forward=forward))
    after = updated(other, *later(300, 120, turned=True)).summary.forward
    assert (after.stretches[-1].first, after.stretches[-1].last) == (300, 419)


def test_rows_that_are_no_later_are_refused_or_told(model, later) -> None:
    X, y = later(100, 120)
    message = r"no later than the last row learned \(2026-01-13 by hour\): give later"
    with pytest.raises(InputError, match=message):
        updated(model, X, y)
    X, y = later(290, 120)
    with pytest.warns(EarlierRowsWarning, match="10 of 120 new rows are no later than the last"):
        updated(model, X, y)


def test_a_changed_model_keeps_the_new_rows_as_one_more_stretch(model, later) -> None:
    X, y = later(310, 120, turned=True)
    after = updated(model, X, y)
    decision, forward = after.updates[-1], after.summary.forward
    assert decision.kept != AS_IT_IS
    assert decision.latest_rows == 90
    assert "on the latest 90 of 120 new rows, predicted from those before, falls" in (
        decision.sentence
    )
    promised = next(one for one in after.summary.scores if one.metric == "log_loss")
    lost = decision.loss / decision.loss_now - 1  # what the model as it was lost
    assert promised.value > decision.loss_now
    assert promised.standard_error > lost * decision.loss_now / 2
    latest = forward.stretches[-1]
    assert (len(forward.stretches), latest.n_rows, latest.n_learned) == (3, 120, 300)
    assert latest.value == decision.loss
    assert forward.moment(latest.first) == "2026-01-13"
    assert forward.updated
    story = " ".join(str(after.story(full=True)).split())
    assert "Scores are of the rows of the latest update, 2026-01-13" in story
    assert "earlier rows alone" in story
    with pytest.raises(InputError, match="no later"):
        updated(after, X, y)


def test_a_model_that_stays_has_learned_no_later_rows(model, later) -> None:
    X, y = later(300, 60)
    after = updated(model, X, y)
    assert after.updates[-1].kept == AS_IT_IS
    assert after.summary.forward == model.summary.forward


def test_a_table_without_the_times_is_taken_as_it_is(model, later) -> None:
    forward = replace(model.summary.forward, name="recorded")
    other = replace(model, summary=replace(model.summary, forward=forward))
    X, y = later(0, 120, turned=True)
    assert updated(other, X, y).summary.forward is None
