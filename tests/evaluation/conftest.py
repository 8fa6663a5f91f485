"""Rows to evaluate on: the fixture of the race's tests."""

from __future__ import annotations

from tests.race.conftest import make_dataset as make_dataset
