"""Do exported models agree? Compares C, JavaScript and ONNX with `madaline.runtime` on 40 models.

All real tables, some of them with other losses, and made tables with all kinds of columns are
fitted quickly. Of each, 1,000 rows with missing, unknown and far cells are predicted in each
language, and cells that the runtime refuses are given to JavaScript and C, too.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import madaline.runtime
from exports import relative, session, with_gaps
from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._apps.export import lower, onnx_feed, write_onnx
from madaline.errors import InputError
from programs import typed
from tables import DEFAULT_FOLDER, load_table, table_names

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests" / "export")]
CLOSE, ROWS = 1e-5, 1000
MALFORMED = {
    "number": ("about 3", "inf", "1e999"),
    "boolean": ("maybe", "2"),
    "datetime": ("soon", "2024-02-30", "10000000-01-01"),
}
LOSSES: dict[str, dict[str, Any]] = {
    "concrete": {"loss": "poisson"},
    "abalone": {"loss": "quantile", "quantile": (0.1, 0.5, 0.9)},
    "bike_hour": {"loss": "absolute"},
    "diamonds": {"loss": "quantile", "quantile": 0.9},
    "car": {"members": "networks"},
    "telco_churn": {"members": "networks"},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each model; return 1 if an export predicts something else."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data")
    parser.add_argument("--only", nargs="+", help="names of models (default: all)")
    options = parser.parse_args(arguments)
    print(f"{'model':28}{'C':>9}{'JS':>9}{'ONNX':>9}{'bounds':>9}  labels, refused")
    wrong = 0
    for name, make in models(options.folder):
        if options.only is None or name in options.only:
            with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
                warnings.simplefilter("ignore")
                found, labels, refused = compare(*make(), Path(folder))
            passed = max(found) <= CLOSE and not labels and refused[0] == refused[1]
            wrong += not passed
            told = "".join(f"{one:9.1e}" for one in found)
            verdict = "" if passed else "  FAILED"
            print(f"{name:28}{told}  {labels}, {refused[0]} of {refused[1]}{verdict}", flush=True)
    return int(wrong > 0)


def models(folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield names of models, and what fits each and returns it with rows."""
    from tests.export.conftest import KINDS, fitted, of_trees, rows_with_gaps

    def made(kind: str) -> Any:
        return of_trees(made("numbers")) if kind == "trees" else fitted(kind)._model()

    names = table_names(folder) + table_names(folder, large=True)
    for name, settings in [(name, {}) for name in names] + list(LOSSES.items()):
        yield (
            " ".join([name, *map(str, settings.values())]),
            lambda n=name, s=settings: of_table(folder, n, s),
        )
    for kind in KINDS:
        yield f"all kinds: {kind}", lambda kind=kind: (made(kind), rows_with_gaps(ROWS))


def of_table(folder: Path, name: str, settings: dict[str, Any]) -> tuple[Any, Any]:
    """Return a quick model of a table, and rows with gaps."""
    table = load_table(folder, name)
    kind = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
    model = kind(preset="quick", effort=8, random_state=0, **settings)
    model.fit(table.x_train[:2000], table.y_train[:2000])
    rows = with_gaps(table.x_test[:ROWS], model).tail(min(ROWS, len(table.x_test)))
    return model._model(), rows.reset_index(drop=True)


def compare(model: Any, rows: Any, folder: Path) -> tuple[list[float], int, list[int]]:
    """Return largest differences, labels that differ, and how many refusals agree, of how many."""
    from running_code import run_c, run_js

    program, path = lower(model), folder / "model.madaline"
    model.save(path)
    runtime = madaline.runtime.load(path)
    given, n_rows = typed(program, model, rows), len(rows)
    numbers = [k for k, one in enumerate(program.columns) if one.kind == "number"]
    infinite = np.repeat(given[:1], len(numbers), axis=0)
    infinite[np.arange(len(numbers)), numbers] = np.inf
    in_c = run_c(program, folder, np.concatenate([given, infinite]))
    refused = int(in_c["status"][n_rows:].astype(bool).sum())
    answers = [{name: own[:n_rows] for name, own in in_c.items()}, run_js(program, folder, given)]
    write_onnx(model, folder / "model.onnx")
    *_, onnx = session(folder / "model.onnx").run(None, onnx_feed(model.predictor, rows))
    expected, field = runtime.predict(rows), "prediction"
    labels, bounds = 0, [0.0]
    if program.labels:
        classes = np.asarray(expected).reshape(len(rows), -1).astype(str)
        answers[0]["label"] -= 2 * np.arange(len(program.labels))  # C has one list of all labels
        for own in answers:
            codes = own["label"].reshape(len(rows), -1).astype(int)
            told = [np.array(of)[code] for of, code in zip(program.labels, codes.T, strict=True)]
            labels += int((np.stack(told, 1) != classes).sum())
        expected, field = runtime.predict_proba(rows), "probabilities"
    else:
        truth = runtime.predict_interval(rows).reshape(len(rows), -1, 2)
        bounds = [
            relative(own[f"interval{k}"], truth[:, k])
            for own in answers
            for k in range(len(program.intervals))
        ]
    found = [own[field].reshape(expected.shape) for own in answers] + [onnx.reshape(expected.shape)]
    differ = [relative(own, expected) for own in found]
    malformed, told = refusals(runtime, program, folder, rows)
    return [*differ, max(bounds)], labels, [refused + told, len(numbers) + malformed]


def refusals(runtime: Any, program: Any, folder: Path, rows: Any) -> tuple[int, int]:
    """Return how many malformed cells the runtime refuses, and JavaScript of them."""
    from running_code import say_js

    cells = [(one.name, cell) for one in program.columns for cell in MALFORMED.get(one.kind, ())]
    wrong = [{name: cell} for name, cell in cells if refuses(runtime, {name: cell}, rows)]
    lines = f"""const refuses = (row) => {{ try {{ model.predict(row) }} catch {{ return 1 }} return 0 }};
      console.log({json.dumps(wrong)}.reduce((sum, row) => sum + refuses(row), 0));"""
    return len(wrong), int(say_js(program, folder, lines))


def refuses(runtime: Any, cell: dict[str, str], rows: Any) -> bool:
    """Return whether the runtime refuses a row with such a cell."""
    try:
        runtime.predict([dict.fromkeys(rows.columns) | cell])
    except InputError:
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
