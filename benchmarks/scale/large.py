"""How long a fit of many rows takes: made collisions, 21 measured columns and 7 computed of them.

    python benchmarks/scale/large.py --rows 100000 1000000
    python benchmarks/scale/large.py --peer --rows 1000000        # LightGBM, where it is installed
    python benchmarks/scale/large.py --plot large.svg             # draws the seconds, too

For each number of rows it prints the processor seconds of the fit, those for a million rows, the
log loss of 200,000 other rows, and the largest memory. Each fit has a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

_N_TEST = 200_000
_JETS = ("lepton", "jet1", "jet2", "jet3", "jet4")
_MASSES = {
    "m_jj": (1, 2),
    "m_jjj": (1, 2, 3),
    "m_jlv": (0, 3),
    "m_bb": (3, 4),
    "m_wbb": (0, 1, 2),
    "m_wwbb": (0, 1, 2, 3, 4),
}
"""Particles whose momenta make each mass."""


def made_collisions(n_rows: int, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return columns like those of the HIGGS table, float32, and whether each row is a signal.

    In a signal two jets come from one particle, so that they fly in related directions.
    """
    rng = np.random.default_rng(seed)
    signal = rng.random(n_rows) < 0.53
    n_signals = int(signal.sum())
    momentum = rng.gamma(2.2, 0.45, (n_rows, 5))
    eta, phi = rng.normal(size=(n_rows, 5)), rng.uniform(-np.pi, np.pi, (n_rows, 5))
    turn = 0.55 * np.pi + rng.normal(0, 0.9, n_signals)
    phi[signal, 2] = _angle(phi[signal, 1] + turn)
    eta[signal, 2] = 0.5 * eta[signal, 1] + rng.normal(0, 0.8, n_signals)
    related = momentum[signal, 1] * rng.gamma(3, 0.33, n_signals)
    momentum[signal, 3] = 0.6 * related + 0.4 * momentum[signal, 3]
    missing, missing_phi = rng.gamma(2, 0.5, n_rows), rng.uniform(-np.pi, np.pi, n_rows)
    missing_phi[signal] = _angle(phi[signal, 0] + np.pi + rng.normal(0, 1.3, n_signals))
    columns: dict[str, np.ndarray] = {}
    for number, name in enumerate(_JETS):
        columns[f"{name}_pT"] = _noisy(momentum[:, number], 0.08, rng)
        columns[f"{name}_eta"] = eta[:, number] + 0.1 * rng.normal(size=n_rows)
        columns[f"{name}_phi"] = phi[:, number]
        if number:
            columns[f"{name}_b"] = rng.choice([0, 1.1, 2.2], n_rows, p=[0.5, 0.25, 0.25])
    columns |= {"missing": _noisy(missing, 0.08, rng), "missing_phi": missing_phi}
    transverse = 2 * momentum[:, 0] * missing * (1 - np.cos(phi[:, 0] - missing_phi))
    columns["m_lv"] = _noisy(np.sqrt(transverse), 0.15, rng)
    for name, parts in _MASSES.items():
        mass = _mass(momentum[:, parts], eta[:, parts], phi[:, parts])
        columns[name] = _noisy(mass, 0.15, rng)
    return {name: values.astype(np.float32) for name, values in columns.items()}, signal


def _angle(angle: np.ndarray) -> np.ndarray:
    return np.angle(np.exp(1j * angle))


def _noisy(values: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    return values * (1 + share * rng.normal(size=len(values)))


def _mass(momentum: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Return the mass of particles together, of shape (n_rows,)."""
    x, y, z = momentum * np.cos(phi), momentum * np.sin(phi), momentum * np.sinh(eta)
    energy = np.sqrt(x**2 + y**2 + z**2).sum(axis=1)
    square = energy**2 - sum(part.sum(axis=1) ** 2 for part in (x, y, z))
    return np.sqrt(np.maximum(square, 0))


def measure(n_rows: int, *, peer: bool, settings: dict[str, Any]) -> dict[str, Any]:
    """Return what a fit of so many rows took, and its loss."""
    import resource

    import pandas as pd
    from sklearn.metrics import log_loss

    columns, signal = made_collisions(n_rows + _N_TEST, seed=0)
    frame = pd.DataFrame(columns)
    if peer:
        from lightgbm import LGBMClassifier

        model: Any = LGBMClassifier(n_jobs=1, verbose=-1)
    else:
        from madaline import AdaptiveClassifier

        model = AdaptiveClassifier(random_state=0, n_jobs=1, **settings)
    started = time.process_time()
    model.fit(frame[:n_rows], signal[:n_rows])
    seconds = time.process_time() - started
    loss = log_loss(signal[n_rows:], model.predict_proba(frame[n_rows:]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "rows": n_rows,
        "method": type(model).__name__,
        "seconds": round(seconds, 1),
        "seconds_of_million": round(seconds / n_rows * 1e6, 1),
        "loss": round(float(loss), 4),
        "peak_bytes": peak,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each number of rows in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--peer", action="store_true", help="measure LightGBM instead")
    parser.add_argument("--settings", type=json.loads, default={}, help="of the estimator, JSON")
    parser.add_argument("--plot", type=Path, help="an SVG file to draw")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(measure(options.one, peer=options.peer, settings=options.settings)))
        return 0
    measured = []
    print("| rows | method | seconds | for a million rows | log loss | peak memory, MiB |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for n_rows in options.rows:
        command = [sys.executable, __file__, "--one", str(n_rows)]
        command += ["--settings", json.dumps(options.settings), *(["--peer"] * options.peer)]
        told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        measured.append((n_rows, told["seconds_of_million"]))
        cells = [told["method"], told["seconds"], told["seconds_of_million"], told["loss"]]
        peak = told["peak_bytes"] / 2**20
        print(f"| {n_rows:,} | {' | '.join(map(str, cells))} | {peak:,.0f} |", flush=True)
    if options.plot:
        draw(measured, options.plot)
    return 0


def draw(measured: Sequence[tuple[int, float]], path: Path) -> None:
    """Draw the processor seconds for a million rows over the number of rows."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "madaline"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    axes.plot(*zip(*measured, strict=True), marker="o")
    axes.set(xscale="log", yscale="log", xlabel="rows", ylabel="processor seconds a million rows")
    axes.grid(which="both", alpha=0.3)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    raise SystemExit(main())
