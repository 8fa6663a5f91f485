"""madaline as a contender: default arguments, a seed, and a thread for each processor."""

from __future__ import annotations

from typing import Any

from sensing.contest import Outcome, Task, judge

NAME = "madaline"


def fit(task: Task, **facts: Any) -> Outcome:
    """Return how good madaline is; `facts` are about the training rows, such as their groups."""
    from madaline import AdaptiveClassifier

    model = AdaptiveClassifier(random_state=0, n_jobs=-1).fit(task.train_x, task.train_y, **facts)
    return judge(task.test_y, model.classes_, model.predict_proba(task.test_x))
