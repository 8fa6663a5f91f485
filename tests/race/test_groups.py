"""Groups are dealt out so that nobody has more to do than was planned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madaline.race.groups import Division, Group, deal, time_of

COSTS = st.lists(st.integers(1, 9).map(float), min_size=1, max_size=12)


@given(COSTS, st.integers(1, 5))
def test_every_group_is_dealt_once_and_the_last_worker_is_done_in_time(costs, n_workers):
    shares = deal(costs, n_workers)
    assert len(shares) == n_workers
    assert sorted(place for share in shares for place in share) == list(range(len(costs)))
    group = Group(slice(0, 1), slice(0, 1))
    planned = time_of([Division((group,) * len(costs), tuple(costs))], n_workers)
    assert max(sum(costs[place] for place in share) for share in shares) == planned


@pytest.mark.parametrize("n_workers", [2, 4])
def test_who_has_nothing_to_do_comes_last(n_workers):
    assert deal([1.0], n_workers) == [[0], *[[]] * (n_workers - 1)]
