"""A monitor of an online model finds what changes in its stream."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline import OnlineClassifier, OnlineRegressor


def rows(seed: int, n_rows: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    city = rng.choice(["Bonn", "Kiel"], n_rows).astype(object)
    return {"size": rng.normal(size=n_rows), "city": city}


def test_a_turned_relation_is_an_alarm_of_the_loss(tmp_path) -> None:
    columns = rows(0, 500)
    model = OnlineClassifier(random_state=0)
    model.partial_fit(columns, np.where(columns["size"] > 0, "up", "down"))
    monitor, found = model.watch(), []
    for part in range(12):
        columns = rows(1 + part, 100)
        label = np.where((columns["size"] > 0) == (part < 8), "up", "down")
        found += monitor.observe(columns, keys=range(100))
        found += monitor.learn(list(range(100)), label)
        model.partial_fit(columns, label)
    (alarm, *_) = [one for one in found if one.what == "errors"]
    assert abs(alarm.since - 801) < 10
    assert alarm.name == "log loss"
    monitor.save(tmp_path / "state")
    assert repr(model.watch(file=tmp_path / "state")) == repr(monitor)


def test_a_shift_of_a_column_and_a_new_class_are_alarms() -> None:
    columns = rows(0, 300)
    numbers = OnlineRegressor(random_state=0).partial_fit(columns, columns["size"])
    monitor = numbers.watch()
    monitor.observe(rows(1, 500))
    moved = rows(2, 200)
    found = monitor.observe(moved | {"size": moved["size"] + 2}, moved["size"])
    assert [one.name for one in found] == ["size"]
    assert repr(monitor).startswith("Watching 2 columns, errors: 700 rows and 200 labels so far, 1")
    labels = np.where(columns["size"] > 0, "up", "down")
    monitor = OnlineClassifier(random_state=0).partial_fit(columns, labels).watch()
    usual = rows(1, 500)
    monitor.observe(usual, np.where(usual["size"] > 0, "up", "down"))
    found = monitor.observe(rows(2, 50), np.full(50, "sideways", object))
    assert [one.what for one in found] == ["errors"]
