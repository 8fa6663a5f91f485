"""Who leads is decided when the mean weight of a memory passes a half; decisions are bounded."""

from __future__ import annotations

import numpy as np

from madaline._models.online.networks import _MAX_DECISIONS as MOST
from madaline._models.online.networks import LeadTracker

HORIZONS = np.array([[32], [512], [32], [512]])
SHORT, LONG = np.array([0.5, 0.1, 0.4, 0.0]), np.array([0.1, 0.4, 0.0, 0.5])


def test_a_lead_is_told_with_what_led_before():
    leads = LeadTracker(HORIZONS)
    leads.follow(np.full(4, 0.25), 1)  # nobody leads
    leads.follow(LONG, 1000, n_new=1000)
    leads.follow(SHORT, 1001)  # a single row changes nothing
    leads.follow(SHORT, 3000, n_new=2000)
    first, second = leads.decisions
    assert (first.epoch, first.rows, first.rows_before) == (1000, 512, 0)
    assert second.sentence == (
        "Since row 3,000 the networks that remember 32 rows lead (89% of the weight), no longer"
        " those that remember 512: the latest rows tell more than older ones, so something may have"
        " changed."
    )


def test_no_more_than_the_latest_are_kept():
    leads = LeadTracker(HORIZONS)
    for row in range(2 * MOST):
        leads.follow(SHORT if row % 2 else LONG, 1000 * row, n_new=1000)
    assert len(leads.decisions) == MOST
    assert leads.decisions[-1].epoch == 1000 * (2 * MOST - 1)


def test_to_state_and_back():
    leads = LeadTracker(HORIZONS)
    leads.follow(LONG, 1000, n_new=1000)
    again = LeadTracker.from_state(HORIZONS, leads.to_state())
    for one in (leads, again):
        one.follow(SHORT, 1500, n_new=500)
    assert again.to_state() == leads.to_state()
