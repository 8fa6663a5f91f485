"""Compiles and runs what is exported as C, and runs what is exported as JavaScript."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from madaline._apps.export.c_code import c_code
from madaline._apps.export.js_code import js_code
from madaline._apps.export.program import Program
from madaline.nn.arrays import Array

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O2")
COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]
needs_compiler = pytest.mark.skipif(not COMPILERS, reason="neither gcc nor clang is installed")
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")

_MAIN = """
#include "model.h"
#include <stdio.h>
int main(void)
{
    double row[MODEL_COLUMNS];
    while (fread(row, sizeof row, 1, stdin)) {
        model_answer answer;
        double status = model_predict(row, %s&answer);
        fwrite(&status, sizeof status, 1, stdout);
        if (status != 0)
            continue;
        %s
    }
    return 0;
}
"""


def run_c(program: Program, folder: Path, rows: Array, coverage: float = 0.9) -> dict[str, Array]:
    """Return what compiled C answers to rows of typed values; NaN where it refuses one."""
    for ending, text in c_code(program, "model").items():
        (folder / f"model{ending}").write_text(text)
    places = {f"interval{k}": f"interval[{k}]" for k in range(len(program.intervals))}
    said = "".join(
        f"for (int k = 0; k < {program.sizes[value]}; k++) {{"
        f" double one = answer.{places.get(name, name)}[k]; fwrite(&one, sizeof one, 1, stdout); }}\n"
        for name, value in program.answers.items()
    )
    covered = f"{coverage}, " if program.intervals else ""
    (folder / "main.c").write_text(_MAIN % (covered, said))
    for compiler in COMPILERS:
        sources = ["main.c", "model.c", "-o", "model", "-lm"]
        subprocess.run([compiler, *STRICT, *sources], cwd=folder, check=True)
    raw = np.ascontiguousarray(rows, np.float64).tobytes()
    done = subprocess.run([folder / "model"], input=raw, capture_output=True, check=True)
    return _taken_apart(program, np.frombuffer(done.stdout), len(rows))


def _taken_apart(program: Program, numbers: Array, n_rows: int) -> dict[str, Array]:
    widths = {name: program.sizes[value] for name, value in program.answers.items()}
    found = {name: np.full((n_rows, width), np.nan) for name, width in widths.items()}
    found["status"], at = np.zeros(n_rows), 0
    for row in range(n_rows):
        found["status"][row] = numbers[at]
        at += 1
        for name, width in widths.items() if numbers[at - 1] == 0 else ():
            found[name][row] = numbers[at : at + width]
            at += width
    assert at == len(numbers)
    return found


_SCRIPT = """
import { evaluate, typed } from "./model.mjs";
import { readFileSync, writeFileSync } from "node:fs";
const raw = readFileSync("rows.bin"), numbers = new Float64Array(raw.buffer, raw.byteOffset, raw.length / 8);
const found = [];
for (let at = 0; at < numbers.length; at += %d) {
  const answer = evaluate(numbers.subarray(at, at + %d), %s);
  found.push(...(answer.probabilities ?? answer.prediction), ...(answer.label ?? []), ...answer.intervals.flat());
}
writeFileSync("answers.bin", new Float64Array(found));
"""


def run_js(program: Program, folder: Path, rows: Array, coverage: float = 0.9) -> dict[str, Array]:
    """Return what JavaScript answers to rows of typed values."""
    (folder / "model.mjs").write_text(js_code(program, "model")[".js"])
    np.ascontiguousarray(rows, np.float64).tofile(folder / "rows.bin")
    (folder / "main.mjs").write_text(_SCRIPT % (rows.shape[1], rows.shape[1], coverage))
    subprocess.run(["node", "main.mjs"], cwd=folder, check=True)
    numbers = np.fromfile(folder / "answers.bin").reshape(len(rows), -1)
    stops = np.cumsum([program.sizes[value] for value in program.answers.values()])
    return dict(zip(program.answers, np.split(numbers, stops[:-1], axis=1), strict=True))


def say_js(program: Program, folder: Path, lines: str) -> str:
    """Return what lines of a script print that may use what the module exports."""
    (folder / "model.mjs").write_text(js_code(program, "model")[".js"])
    (folder / "main.mjs").write_text(f'import * as model from "./model.mjs";\n{lines}')
    return subprocess.run(
        ["node", "main.mjs"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout
