"""A program as C99: a source and its header, without allocation, which need `math.h` alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from madaline._apps.export.code import (
    calls_of,
    constants_of,
    filled,
    functions_of,
    one_line,
    used_functions,
)
from madaline._apps.export.operations import BoundInterval
from madaline._apps.export.program import Program, ProgramColumn
from madaline.nn.arrays import Array
from madaline.version import __version__

TYPES = {"float64": "double", "float32": "float", "int32": "int"}

KINDS = {
    "number": "a number",
    "boolean": "1 for true, 0 for false",
    "datetime": "days since 1970",
    "category": "the number of a level",
}
"""What the values of a column are, for comments."""

_BASE, _FUNCTION, _CALL, _INTERVALS, _POINTER = 1000, 120, 50, 1200, 10
"""Bytes of code, at most, as `gcc -Os` makes of it for x86-64, Cortex-M3 and AVR."""


def c_code(program: Program, stem: str) -> dict[str, str]:
    """Return the header and the source of a program whose files have that name, by ending."""
    name = _identifier(stem)
    if f"{name}_level" in functions_of("operations.c"):
        name += "_model"
    facts = {
        "STEM": stem,
        "name": name,
        "NAME": name.upper(),
        "VERSION": __version__,
        "TARGET": _comment(program.target),
        "COVERAGE": bool(program.intervals) * "double coverage, ",
    }
    header = filled("model.h", {**facts, **_header(program, name.upper())})
    return {".h": header, ".c": filled("model.c", {**facts, **_source(program)})}


def flash_of(program: Program) -> int:
    """Return how many bytes of flash the compiled source takes, at most."""
    texts = [*program.labels, *(column.levels for column in program.columns)]
    names = [*(text for some in texts for text in some), *(one.name for one in program.columns)]
    constants = sum(own.nbytes for _, own in constants_of(program))
    named = sum(len(name.encode("utf-8", "surrogatepass")) + 1 + _POINTER for name in names)
    functions = {step.name for step in program.steps}
    code = _BASE + _FUNCTION * len(functions) + _CALL * len(program.steps)
    return constants + named + code + _INTERVALS * bool(program.intervals)


def _header(program: Program, prefix: str) -> dict[str, str]:
    """Return the parts of the header: the columns, and what an answer holds."""
    taken: dict[str, ProgramColumn] = {}
    for column in program.columns:
        own = f"{prefix}_{_identifier(column.name).upper()}"
        while own in taken or own == f"{prefix}_COLUMNS":
            own += "_"
        taken[own] = column
    enumerators = [
        f"{own}, /* {_comment(one.name)}: {KINDS[one.kind]} */" for own, one in taken.items()
    ]
    n_outputs = program.sizes[program.prediction]
    if program.label is not None:
        answers = [
            f"double probabilities[{n_outputs}];",
            f"int label[{program.sizes[program.label]}]; /* of {prefix.lower()}_labels */",
        ]
    else:
        answers = [f"double prediction[{n_outputs}]; /* {_comment(', '.join(program.outputs))} */"]
        answers += [f"double interval[{len(program.intervals)}][2];"] if program.intervals else []
    with_intervals = bool(program.intervals)
    return {
        "COLUMNS": "\n    ".join(enumerators),
        "ANSWER": "\n    ".join(answers),
        "WITH": with_intervals * ", with intervals that hold the truth of a share of new rows",
        "BEYOND": with_intervals
        * "; -2 where the coverage is no share, or more than the\n   model can promise",
    }


def _source(program: Program) -> dict[str, str]:
    """Return the parts of the source."""
    folds = max(
        (len(step.starts) - 1 for step in program.steps if isinstance(step, BoundInterval)),
        default=0,
    )
    labels = [label for labels in program.labels for label in labels]
    steps = zip(program.steps, program.sizes, strict=True)
    return {
        "FUNCTIONS": (f"#define FOLDS {folds}\n\n" if folds else "")
        + used_functions("operations.c", program),
        "CONSTANTS": "\n".join(_constant(*named) for named in constants_of(program)),
        "VALUES": "\n    ".join(
            f"{TYPES[step.dtype]} v{number}[{size}];" for number, (step, size) in enumerate(steps)
        ),
        "CALLS": "\n    ".join(
            calls_of(program, "0", lambda own: f"(const float *const[]){{{', '.join(own)}}}")
        ),
        "ANSWERS": "\n    ".join(_answers(program)),
        "KINDS": "".join(column.kind[0] for column in program.columns),
        "LEVELS": "\n".join(
            _texts(f"levels{k}", one.levels) for k, one in enumerate(program.columns)
        ),
        "CHECK": bool(program.intervals) * "if (!(coverage > 0 && coverage < 1)) return -2;",
        "COUNTS": ", ".join(str(len(column.levels)) for column in program.columns),
        "TABLES": ", ".join(f"levels{number}" for number in range(len(program.columns))),
        "COLUMN_NAMES": _texts("columns", [column.name for column in program.columns]),
        "LABELS": _texts("labels", labels),
        "MEAN": f"v{program.mean}",
        "N_MEAN": str(program.sizes[program.mean]),
    }


def _answers(program: Program) -> Iterator[str]:
    """Yield the lines that copy answers."""
    places = {f"interval{k}": f"interval[{k}]" for k in range(len(program.intervals))}
    for name, value in program.answers.items():
        field, size = places.get(name, name), program.sizes[value]
        first = " + 2 * k" if name == "label" and len(program.labels) > 1 else ""
        yield f"for (int k = 0; k < {size}; k++) answer->{field}[k] = v{int(value)}[k]{first};"
    for number, step in enumerate(program.steps):
        if isinstance(step, BoundInterval):
            yield f"if (isnan(v{number}[0])) return -2;"


def _constant(name: str, array: Array) -> str:
    """Return the definition of a constant; an array of nothing has a zero."""
    numbers = [str(number) for number in array.ravel()] or ["0"]
    return f"static const FLASH {TYPES[array.dtype.name]} {name}[] = {{\n{_wrapped(numbers)}}};"


def _texts(name: str, texts: Iterable[str]) -> str:
    """Return the definition of a list of texts, which ends with NULL."""
    return f"static const char *const {name}[] = {{\n{_wrapped([*map(_quoted, texts), '0'])}}};"


def _wrapped(items: list[str]) -> str:
    """Return items with commas between, in lines."""
    return "".join(f"{', '.join(items[at : at + 10])},\n" for at in range(0, len(items), 10))


def _quoted(text: str) -> str:
    """Return a text in quotes, with octal numbers: of `?`, too, as it begins trigraphs."""
    plain = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}"
        for byte in text.encode("utf-8", "surrogatepass")
    )
    return f'"{plain}"'


def _comment(text: str) -> str:
    """Return a text that ends no comment."""
    return one_line(text).replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")


def _identifier(text: str) -> str:
    """Return a name that C takes."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") or "model"
    return name if name[0].isalpha() else f"m{name}"
