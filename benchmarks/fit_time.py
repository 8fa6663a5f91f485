"""The process of one fit of ``speed.py fit``; `measuring.measure_all` starts it."""

from __future__ import annotations

from measuring import run_worker_if_asked
from timing.fit import build, fit_once

if __name__ == "__main__":
    run_worker_if_asked(build, fit_once)
