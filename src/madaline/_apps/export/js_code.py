"""A program as one ES module, without dependencies, for browsers and node."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator

import numpy as np

from madaline._apps.export.code import calls_of, constants_of, filled, one_line, used_functions
from madaline._apps.export.operations import BoundInterval
from madaline._apps.export.program import Program
from madaline.nn.arrays import Array
from madaline.version import __version__

TYPES = {"float64": "Float64Array", "float32": "Float32Array", "int32": "Int32Array"}


def js_code(program: Program, stem: str) -> dict[str, str]:
    """Return the module of a program whose file has that name, by its ending."""
    return {".js": module_of(program, stem)}


def module_of(program: Program, stem: str) -> str:
    """Return the module; what it exports stands in its template."""
    content, constants = _constants(program)
    steps = zip(program.steps, program.sizes, strict=True)
    values = (
        f"const v{k} = new {TYPES[step.dtype]}({size});" for k, (step, size) in enumerate(steps)
    )
    answers = [
        f"{name}: v{own}.slice()" for name, own in program.answers.items() if "interval" not in name
    ]
    bounds = ", ".join(f"[...v{own}]" for own in program.intervals)
    facts = {
        "STEM": one_line(stem),
        "TARGET": one_line(program.target),
        "VERSION": __version__,
        "TARGET_TEXT": in_script(program.target),
        "MAX_COVERAGE": str(_max_coverage(program)),
        "BYTES": b64encode(content).decode(),
        "CONSTANTS": "\n".join(constants),
        "VALUES": "\n".join(values),
        "FUNCTIONS": used_functions("operations.js", program),
        "CALLS": "\n  ".join(calls_of(program, "null", lambda names: f"[{', '.join(names)}]")),
        "MEAN": f"v{program.mean}",
        "ANSWERS": ", ".join([*answers, f"intervals: [{bounds}]"]),
    }
    return filled("model.js", facts | _described(program))


def _described(program: Program) -> dict[str, str]:
    """Return what tells of the columns and the outputs."""
    columns = [
        {"name": one.name, "kind": one.kind, "levels": one.levels, "typical": one.typical}
        | {"span": one.span, "step": one.step}
        for one in program.columns
    ]
    labels = program.labels or [None] * len(program.outputs)
    named = zip(program.outputs, labels, strict=True)
    outputs = [{"name": name, "labels": of_output} for name, of_output in named]
    return {"COLUMNS": in_script(columns), "OUTPUTS": in_script(outputs)}


def in_script(value: object) -> str:
    """Return JSON that may stand in a script of a page."""
    return json.dumps(value, ensure_ascii=True).replace("<", "\\u003c")


def _max_coverage(program: Program) -> float:
    """Return the highest coverage of all intervals, rounded down; 0 where there are none."""
    counts = [len(step.scores) for step in program.steps if isinstance(step, BoundInterval)]
    return float(np.floor(1000 * (min(counts) - 1) / (min(counts) + 1)) / 1000) if counts else 0


def _constants(program: Program) -> tuple[bytes, list[str]]:
    """Return the bytes of all constants, and a definition of each."""
    named = sorted(constants_of(program), key=lambda own: -own[1].itemsize)  # each stands aligned
    content = b"".join(_little(array) for _, array in named)
    return content, list(_definitions(named))


def _definitions(named: list[tuple[str, Array]]) -> Iterator[str]:
    start = 0
    for name, array in named:
        yield f"const {name} = constant({TYPES[array.dtype.name]}, {start}, {array.size});"
        start += array.nbytes


def _little(array: Array) -> bytes:
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
