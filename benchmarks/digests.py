"""Do fits have the same bits as before a change? Prints SHA-256 sums of ten default fits.

Each table is fitted with default arguments, once with numba and once without. A line names the
table and the backend and gives the sums of the test rows' predictions and of the model file. Write
them before a change, compare after it, on the same machine and in the same environment: sums differ
between processors and versions of NumPy.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tables import DEFAULT_FOLDER, load_table

TABLES = (
    *("abalone", "ames_housing", "car", "churn", "concrete", "credit_g"),
    *("phoneme", "splice", "vehicle", "wine_quality_white"),
)
MAX_ROWS = 1_500
"""Rows of a table that are learned from at most: two minutes for all fits."""

BACKENDS = ("numba", "numpy")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the digests, and compare them with those in a file if there is one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where the tables are")
    parser.add_argument("--tables", nargs="+", default=TABLES, metavar="NAME")
    parser.add_argument("--backends", nargs="+", default=BACKENDS, choices=BACKENDS)
    parser.add_argument("--output", type=Path, help="write the lines to this file")
    parser.add_argument("--compare", type=Path, help="say which lines are not in this file")
    arguments = parser.parse_args(argv)
    before = set(arguments.compare.read_text().splitlines()) if arguments.compare else None
    lines = []
    for backend in arguments.backends:
        for name in arguments.tables:
            lines.append(_in_a_fresh_process(backend, name, arguments.folder))
            print(_marked(lines[-1], before), flush=True)
    if arguments.output:
        arguments.output.write_text("\n".join(lines) + "\n")
    return int(before is not None and not before.issuperset(lines))


def _marked(line: str, before: set[str] | None) -> str:
    if before is None:
        return line
    return f"{'same' if line in before else 'DIFFERENT':9} {line}"


def _in_a_fresh_process(backend: str, name: str, folder: Path) -> str:
    """Return the line of one fit; whether numba is there is settled when a process starts."""
    command = [sys.executable, __file__, "--fit", backend, name, str(folder)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _fit(backend: str, name: str, folder: str) -> str:
    if backend == "numpy":
        sys.modules["numba"] = None  # type: ignore[assignment]
    from madaline import AdaptiveClassifier, AdaptiveRegressor

    table = load_table(Path(folder), name)
    estimator = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
    model = estimator(random_state=0, n_jobs=1)
    model.fit(table.x_train[:MAX_ROWS], table.y_train[:MAX_ROWS])
    predict = model.predict_proba if table.is_classification else model.predict
    predictions = np.ascontiguousarray(predict(table.x_test)).tobytes()
    with tempfile.TemporaryDirectory() as directory:
        model.save(path := Path(directory) / "model.madaline")
        written = path.read_bytes()
    return f"{name} {backend} predictions={_digest(predictions)} file={_digest(written)}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fit"]:
        print(_fit(*sys.argv[2:]))
    else:
        sys.exit(main())
