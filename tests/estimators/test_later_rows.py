"""What Python says of scores of later rows: findings, warnings, and the sentences of the model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_score

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline.errors import LaterRowsWarning


@pytest.fixture
def walk() -> Callable[..., tuple[dict[str, np.ndarray], np.ndarray]]:
    """Return a maker of days with a number that helps, and a target that walks at random."""

    def make(size: float, n_rows: int = 240) -> tuple[dict[str, np.ndarray], np.ndarray]:
        rng = np.random.default_rng(4)
        x, steps = rng.normal(size=(2, n_rows))
        day = np.datetime64("2026-01-01", "us") + np.arange(n_rows) * np.timedelta64(1, "D")
        return {"day": day, "x": x}, size * x + 2 * np.cumsum(steps)

    return make


def test_a_last_known_value_that_is_better_is_found_and_warned_of(walk) -> None:
    X, y = walk(3.0)
    model = AdaptiveRegressor(effort=3, random_state=0)
    with pytest.warns(LaterRowsWarning, match=r"^The last known value predicts"):
        model.fit(X, y, time="day", horizon="5 days")
    assert "last known value" in [one.kind for one in model.diagnosis_]
    assert model.model_.summary.on_later_rows[0].startswith("The last known value predicts")


def test_scores_that_were_asked_for_are_no_surprise(walk) -> None:
    X, y = walk(40.0)
    model = AdaptiveRegressor(effort=3, random_state=0).fit(X, y, time="day")
    told = model.model_.summary.on_later_rows
    start = (
        "Scores are of later rows, up to 59 days ahead: 4 stretches of 36 days, and what follows"
    )
    assert told[0].startswith(start)
    kinds = {one.kind for one in model.diagnosis_}
    assert "last known value" not in kinds
    story = " ".join(str(model.story(full=True)).split())
    start = "each with a network for each of 4 stretches of time, and 3 that learn from all rows: "
    n_recipes = len({one.recipe for one in model.model_.records if one.epoch == 1})
    assert f"{start}{7 * n_recipes} networks at the start" in story
    report = model.report_data()
    assert len(report["summary"]["forward"]["stretches"]) == 4
    assert "time" in {one["part"] for one in report["story"]}


def test_classes_are_compared_with_their_shares_in_the_latest_rows(walk) -> None:
    X, y = walk(40.0)
    labels = np.where(y > np.median(y), "high", "low")
    model = AdaptiveClassifier(effort=3, random_state=0).fit(X, labels, time="day")
    forward = model.model_.summary.forward
    assert (forward.metric, forward.last_known_name) == ("log_loss", "latest class shares")
    for stretch in forward.stretches:
        n, end = stretch.n_rows, stretch.n_learned
        share = (np.sum(labels[end - n : end] == "high") + 1) / (n + 2)
        p = np.where(labels[end : end + n] == "high", share, 1 - share)
        assert stretch.last_known == pytest.approx(-np.log(p).mean())


def test_stretches_are_of_all_targets(walk) -> None:
    X, y = walk(40.0)
    both = np.column_stack([y, 1000 * y + 4000 * np.random.default_rng(0).normal(size=len(y))])
    model = AdaptiveRegressor(effort=3, random_state=0).fit(X, both, time="day")
    forward = model.model_.summary.forward
    assert forward.metric == model.scores_[0].metric == "r2"
    for stretch in forward.stretches:
        rows = slice(stretch.n_learned, stretch.n_learned + stretch.n_rows)
        held_out, learned = both[rows], both[: stretch.n_learned]
        known = np.square(held_out - learned[-1]).mean(axis=0)
        constant = np.square(held_out - learned.mean(axis=0)).mean(axis=0)
        assert stretch.last_known == pytest.approx((1 - known / constant).mean(), rel=1e-4)
    assert model.model_.summary.promised is not None


def test_a_search_is_warned_once_for_all_its_fits(walk) -> None:
    X, y = walk(40.0)
    model = AdaptiveRegressor(effort=1, preset="quick", random_state=0)
    with pytest.warns(LaterRowsWarning) as told:
        cross_val_score(model, pd.DataFrame(X), y, cv=2)
    starts = [str(one.message)[:20] for one in told]
    assert len(starts) == len(set(starts))
    assert {one.filename for one in told} == {__file__}
    with pytest.warns(LaterRowsWarning, match="^Rows near in day are alike"):  # another line
        cross_val_score(model, pd.DataFrame(X), y, cv=2)
    for _ in range(2):  # a fit alone is warned each time
        with pytest.warns(LaterRowsWarning, match="^Rows near in day are alike"):
            model.fit(X, y)
