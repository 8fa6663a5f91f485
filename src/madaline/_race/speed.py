"""How fast this machine trains the networks of a race, measured on a few batches."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from madaline._race.epoch_task import Epoch, run_training
from madaline._race.race import Race

_ENOUGH_SECONDS = 0.05  # seconds that a measurement takes, at least


def measure_speed(race: Race, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the multiply-adds a second that one worker does in training."""
    cohort = race.cohorts[0]
    epoch = Epoch(race.seed, 0)
    order = epoch.order(race.dataset, cohort.batch_size)
    task = cohort.tasks(epoch, order, race.executor.share(race.for_training), race.backend, 1)[0]
    n_steps, of_step = 1, cohort.network.training_multiply_adds() * cohort.batch_size
    while True:
        n_steps = min(2 * n_steps, task.order.shape[1])
        started = clock()
        run_training(replace(task, order=task.order[:, :n_steps]))
        seconds = clock() - started
        if seconds > _ENOUGH_SECONDS or n_steps == task.order.shape[1]:
            n_networks = task.members.axes[0] * task.members.axes[1]
            return float(n_networks * n_steps * of_step / max(seconds, 1e-9))
