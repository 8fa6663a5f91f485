"""What Python says of scores of later rows: findings, warnings, and the sentences of the model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from madaline import AdaptiveRegressor
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
    story = " ".join(str(model.story()).split())
    start = "each with a network for each of 4 stretches of time, and 3 that learn from all rows: "
    n_recipes = len({one.recipe for one in model.model_.records if one.epoch == 1})
    assert f"{start}{7 * n_recipes} networks at the start" in story
    report = model.report_data()
    assert len(report["summary"]["forward"]["stretches"]) == 4
    assert "time" in {one["part"] for one in report["story"]}
