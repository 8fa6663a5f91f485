"""Celery workers around an online model: one learns and saves it, the others predict with the file.

    celery -A celery_online worker -Q learn --pool solo    # one process, which has the model
    celery -A celery_online worker -Q predict              # as many as you like

Run it alone, with tasks in one process: ``python examples/neighbors/celery_online.py``.
"""

import os
from functools import lru_cache
from itertools import count
from pathlib import Path

import numpy as np
from celery import Celery

from madaline import OnlineClassifier, load

FILE = Path(os.environ.get("MODEL", "stream.madaline"))
SAVE_EVERY = 100
learned = count(1)

app = Celery("celery_online", broker=os.environ.get("BROKER", "memory://"))
app.conf.task_routes = {
    "celery_online.learn": {"queue": "learn"},
    "celery_online.predict": {"queue": "predict"},
}


@lru_cache(maxsize=1)
def learner() -> OnlineClassifier:
    """Return the only model that learns; after a restart it goes on from its file."""
    return load(FILE) if FILE.exists() else OnlineClassifier(random_state=0)


@lru_cache(maxsize=1)
def reader(_changed: float) -> OnlineClassifier:
    """Return the model of the file, read again once the file has changed."""
    return load(FILE)


@app.task(name="celery_online.learn")
def learn(row: dict, label: str) -> None:
    """Learn from a row, and save the model now and then: whole, or not at all."""
    model = learner().learn_one(row, label)
    if next(learned) % SAVE_EVERY == 0:
        model.save(FILE)


@app.task(name="celery_online.predict")
def predict(row: dict) -> dict | None:
    """Return the probabilities of a row's classes; None before the first file."""
    if not FILE.exists():
        return None
    return reader(FILE.stat().st_mtime).predict_proba_one(row)


if __name__ == "__main__":
    app.conf.task_always_eager = True
    rng, right = np.random.default_rng(0), []
    for number in range(1000):
        row = {"x": rng.normal(), "y": rng.normal()}
        label = "above" if row["y"] > (row["x"] if number < 500 else -row["x"]) else "below"
        predicted = predict.delay(row).get()
        right.append(predicted is not None and max(predicted, key=predicted.get) == label)
        learn.delay(row, label)
    for start in range(0, 1000, 250):
        share = np.mean(right[start : start + 250])
        print(f"rows {start:3} to {start + 249}: {share:.0%} predicted right")
