"""Are exported models right? Compares predictions of ONNX Runtime with those of `predict`.

Each real table is fitted with a tiny effort and exported. The test rows are compared twice, as they
are and with gaps: missing values, levels that are unseen, and empty text.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline.errors import InputError
from tables import DEFAULT_FOLDER, Table, load_table, table_names

CLOSE = 1e-6
"""Largest difference of probabilities, and of numbers as a share of the largest one predicted."""

TIMED = 100_000
"""Rows that are timed."""


@dataclass(frozen=True)
class Comparison:
    """What came of one table.

    Parameters
    ----------
    n_rows : int
        Rows that were compared.
    labels : int
        Labels that differ.
    difference : float
        Largest difference of probabilities, or of numbers: relative, see `relative`.
    refused : bool
        Whether infinite numbers were refused, or there are no numbers.
    megabytes : float
        Size of the file.
    """

    n_rows: int
    labels: int
    difference: float
    refused: bool
    megabytes: float

    @property
    def passed(self) -> bool:
        """Whether the exported model is right."""
        return self.labels == 0 and self.difference <= CLOSE and self.refused


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each table; return 1 if an exported model is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data")
    parser.add_argument("--sets", nargs="+", help="names of tables (default: all)")
    parser.add_argument("--effort", type=int, default=4, help="epochs (default: 4)")
    parser.add_argument("--rows", type=int, default=4000, help="training rows (default: 4000)")
    parser.add_argument("--time", action="store_true", help="time one row and 100,000 rows, too")
    options = parser.parse_args(arguments)
    small, large = (table_names(options.folder, large=large) for large in (False, True))
    print(f"{'table':24}{'rows':>6}{'labels':>8}{'difference':>12}{'MB':>7}  verdict")
    wrong = 0
    for name in options.sets or small + large:
        table = load_table(options.folder, name)
        model = fit(table, options.effort, options.rows)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            found = compare(model, table, path)
            wrong += not found.passed
            print(
                f"{name:24}{found.n_rows:>6}{found.labels:>8}{found.difference:>12.1e}"
                f"{found.megabytes:>7.2f}  {'passed' if found.passed else 'FAILED'}",
                flush=True,
            )
            if options.time:
                print_times(model, table, path)
    return int(wrong > 0)


def fit(table: Table, effort: int, n_rows: int) -> Any:
    """Return a model of the first training rows."""
    kind = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = kind(effort=effort, random_state=0)
        return model.fit(table.x_train[:n_rows], table.y_train[:n_rows])


def compare(model: Any, table: Table, path: Path) -> Comparison:
    """Export a model and compare its predictions of test rows with gaps."""
    model.to_onnx(path)
    rows = with_gaps(table.x_test[:2000], model)
    outputs = session(path).run(None, model.onnx_feed(rows))
    predicted = model.predict(rows)
    if table.is_classification:
        labels = int(np.count_nonzero(outputs[0] != predicted))
        difference = float(np.abs(outputs[1] - model.predict_proba(rows)).max())
    else:
        labels, difference = 0, relative(outputs[0], predicted)
    megabytes = path.stat().st_size / 1e6
    return Comparison(len(rows), labels, difference, refuses_infinity(model, rows), megabytes)


def relative(found: Any, expected: Any) -> float:
    """Return the largest difference as a share of the number, or of the mean size if it is smaller.

    Numbers around zero have no relative error.

    Examples
    --------
    >>> relative(np.array([1.0, 201.0]), np.array([0.0, 200.0]))
    0.01
    """
    size = np.maximum(np.abs(expected), np.abs(expected).mean())
    return float((np.abs(found - expected) / size).max())


def with_gaps(frame: Any, model: Any) -> Any:
    """Return rows, and the same once more with gaps of every kind in each column."""
    import pandas as pd

    rng = np.random.default_rng(0)
    columns = {}
    kinds = {one.name: one.kind for one in model.model_.predictor.encoder.encoders}
    for name in frame.columns:
        values = np.array(frame[name], dtype=object)
        gaps: list[Any] = [None, float("nan")]
        if kinds.get(str(name)) == "category" and not pd.api.types.is_numeric_dtype(frame[name]):
            gaps += ["never seen", "", " "]
        places = rng.random(len(values)) < 0.2
        drawn = rng.integers(0, len(gaps), len(values))
        for row in np.flatnonzero(places):
            values[row] = gaps[drawn[row]]
        columns[name] = pd.concat(
            [pd.Series(np.array(frame[name], dtype=object)), pd.Series(values, dtype=object)],
            ignore_index=True,
        ).infer_objects()
    return pd.DataFrame(columns)


def refuses_infinity(model: Any, rows: Any) -> bool:
    """Return whether an infinite number is refused, as by `predict`; True if there is no number."""
    encoders = model.model_.predictor.encoder.encoders
    numbers = [one.name for one in encoders if one.kind == "number"]
    if not numbers:
        return True
    changed = rows[:3].copy()
    changed[numbers[0]] = [1.0, float("inf"), 2.0]
    try:
        model.onnx_feed(changed)
    except InputError:
        return True
    return False


def print_times(model: Any, table: Table, path: Path) -> None:
    """Print processor seconds of ONNX Runtime and of `madaline.runtime`, on one thread."""
    from madaline._models.runtime import load

    saved = path.with_suffix(".madaline")
    model.save(saved)
    ours, theirs = load(saved), session(path)
    repeated = np.resize(np.arange(len(table.x_test)), TIMED)
    for n_rows, times in ((1, 200), (TIMED, 3)):
        rows = model._read(table.x_test.iloc[repeated[:n_rows]].reset_index(drop=True))
        feed = model.onnx_feed(rows)
        theirs_s = best(lambda feed=feed: theirs.run(None, feed), times)
        ours_s = best(lambda rows=rows: ours.predict(rows, n_jobs=1), times)
        print(
            f"    {n_rows:>7,} rows: ONNX Runtime {theirs_s:.6f} s, madaline.runtime {ours_s:.6f} s"
        )


def best(run: Callable[[], object], times: int) -> float:
    """Return the processor seconds of the quickest run."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    return min(seconds)


def session(path: Path) -> Any:
    """Return a session of ONNX Runtime on one processor."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    sys.exit(main())
