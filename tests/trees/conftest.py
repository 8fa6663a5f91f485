"""Trees join the races that the tests of training share."""

from __future__ import annotations

from tests.race.conftest import make_dataset as make_dataset
from tests.race.conftest import plan as plan
