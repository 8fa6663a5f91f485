"""Are models as C and JavaScript right, and how fast? Compares them with `madaline.runtime`.

Each real table is fitted and written as C, JavaScript and ONNX. The test rows are predicted one by
one: the largest difference is a share of the largest number, or of 1 for probabilities; times are
microseconds of the processor for a row.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import madaline.runtime
from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._apps.export import lower, onnx_feed, write_onnx, write_program
from madaline._apps.export.program import Program
from madaline._tables.conversion import as_levels
from tables import DEFAULT_FOLDER, load_table

ROWS, REPEATS = 200, 20

C = """
#include "model.h"
#include <stdio.h>
#include <time.h>
int main(void)
{
    static double rows[%(rows)d][MODEL_COLUMNS];
    const size_t n = fread(rows, sizeof rows[0], %(rows)d, stdin);
    model_answer answer;
    clock_t start = 0;
    for (int round = 0; round <= %(repeats)d; round++) {
        if (round == 1)
            start = clock();
        for (size_t k = 0; k < n; k++) {
            model_predict(rows[k], %(coverage)s&answer);
            if (!round)
                for (int j = 0; j < %(width)d; j++)
                    printf("%%.17g ", answer.%(field)s[j]);
        }
    }
    printf("%%g", 1e6 * (clock() - start) / CLOCKS_PER_SEC / %(repeats)d / n);
}
"""

JAVASCRIPT = """
import {{ evaluate }} from "./model.mjs";
import {{ readFileSync }} from "node:fs";
const raw = readFileSync("rows.bin"), numbers = new Float64Array(raw.buffer, raw.byteOffset, raw.length / 8);
const rows = Array.from({{ length: {rows} }}, (_, k) => numbers.subarray(k * {width}, (k + 1) * {width}));
const found = rows.flatMap((row) => [...evaluate(row).{field}]);
for (let round = 0; round < 3; round++) rows.forEach((row) => evaluate(row));
const start = process.cpuUsage();
for (let round = 0; round < {repeats}; round++) rows.forEach((row) => evaluate(row));
const {{ user, system }} = process.cpuUsage(start);
console.log(...found, (user + system) / {repeats} / rows.length);
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each table; return 1 if a program predicts something else."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data")
    parser.add_argument("--sets", nargs="+", default=["churn", "concrete"], help="tables")
    parser.add_argument("--effort", type=int, help="epochs (default: as madaline chooses)")
    options = parser.parse_args(arguments)
    print(
        f"{'table':20}{'C':>10}{'JS':>10}  {'us: C':>8}{'JS':>8}{'ONNX':>8}{'NumPy':>8}  KiB: C, JS"
    )
    wrong = 0
    for name in options.sets:
        with tempfile.TemporaryDirectory() as folder:
            differences, times, sizes = measured(
                load_table(options.folder, name), options, Path(folder)
            )
        wrong += max(differences) > 1e-5
        print(
            f"{name:20}" + "".join(f"{one:10.1e}" for one in differences)
            + "  " + "".join(f"{one:8.1f}" for one in times) + "  " + ", ".join(map(str, sizes))
        )  # fmt: skip
    return int(wrong > 0)


def measured(table: Any, options: Any, folder: Path) -> tuple[list[float], list[float], list[int]]:
    """Return differences, times and sizes of a table's model."""
    kind = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
    settings = {"random_state": 0} | ({"effort": options.effort} if options.effort else {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = kind(**settings).fit(table.x_train, table.y_train)._model()
    rows, program = table.x_test.head(ROWS), lower(model)
    typed(program, model, rows).tofile(folder / "rows.bin")
    model.save(folder / "model.madaline")
    runtime = madaline.runtime.load(folder / "model.madaline")
    predict = runtime.predict_proba if program.labels else runtime.predict
    expected = predict(rows)
    size = 1.0 if program.labels else np.abs(expected).max()
    found = [run(model, folder, program) for run in (in_c, in_javascript)]
    differences = [float(np.abs(own - expected.ravel()).max() / size) for own, _ in found]
    records = rows.to_dict("records")
    alone = timed(lambda k: predict([records[k]]), len(rows))
    sizes = [(folder / name).stat().st_size // 1024 for name in ("model", "model.mjs")]
    return differences, [time for _, time in found] + [in_onnx(model, folder, rows), alone], sizes


def in_c(model: Any, folder: Path, program: Program) -> tuple[Any, float]:
    """Return what C predicts, and its time."""
    write_program(model, folder / "model.c")
    facts = {"rows": ROWS, "repeats": REPEATS, "width": program.sizes[program.prediction]}
    facts["coverage"] = "0.9, " if program.intervals else ""
    facts["field"] = "probabilities" if program.labels else "prediction"
    (folder / "main.c").write_text(C % facts)
    command = ["gcc", "-std=c99", "-O3", "main.c", "model.c", "-o", "model", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    return answered([folder / "model"], folder)


def in_javascript(model: Any, folder: Path, program: Program) -> tuple[Any, float]:
    """Return what node predicts, and its time."""
    write_program(model, folder / "model.js")
    (folder / "model.js").rename(folder / "model.mjs")
    field = "probabilities" if program.labels else "prediction"
    width = len(program.columns)
    n_rows = len((folder / "rows.bin").read_bytes()) // (8 * width)
    script = JAVASCRIPT.format(rows=n_rows, repeats=REPEATS, width=width, field=field)
    (folder / "main.mjs").write_text(script)
    return answered(["node", "main.mjs"], folder)


def answered(command: list[Any], folder: Path) -> tuple[Any, float]:
    """Return the numbers that a command prints, and the last one."""
    with (folder / "rows.bin").open() as rows:
        done = subprocess.run(command, cwd=folder, check=True, stdin=rows, capture_output=True)
    numbers = np.array(done.stdout.split(), np.float64)
    return numbers[:-1], float(numbers[-1])


def in_onnx(model: Any, folder: Path, rows: Any) -> float:
    """Return the time of ONNX Runtime on one processor; NaN where it is not installed."""
    try:
        import onnxruntime
    except ImportError:
        return float("nan")
    write_onnx(model, folder / "model.onnx")
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "model.onnx", settings)
    feeds = [onnx_feed(model.predictor, rows.iloc[[k]]) for k in range(len(rows))]
    return timed(lambda k: session.run(None, feeds[k]), len(rows))


def timed(predict: Callable[[int], Any], n_rows: int) -> float:
    """Return the microseconds of the processor that a row takes."""
    for row in range(n_rows):
        predict(row)
    start = time.process_time()
    for _ in range(3):
        for row in range(n_rows):
            predict(row)
    return 1e6 * (time.process_time() - start) / 3 / n_rows


def typed(program: Program, model: Any, rows: Any) -> Any:
    """Return rows as a program takes them, (n_rows, n_columns)."""
    table = model.predictor.table(rows)
    given = np.empty((len(rows), len(program.columns)))
    for number, column in enumerate(program.columns):
        values = table[column.name]
        if column.kind == "category":
            known = {level: float(code) for code, level in enumerate(column.levels)}
            levels = as_levels(values).tolist()
            given[:, number] = [np.nan if own is None else known.get(own, -1) for own in levels]
            continue
        read = model.predictor.encoder.encoders[number].read(values)
        if column.kind == "datetime":
            read = np.where(np.isnat(read), np.nan, read.astype(np.int64) / 8.64e10)
        given[:, number] = read
    return given


if __name__ == "__main__":
    sys.exit(main())
