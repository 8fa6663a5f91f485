"""What back ends that write code share: names, calls of operations, and their functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files

import numpy as np

from madaline._apps.export.operations import BoundInterval, Operation, ReadLevel, ReadNumbers, Value
from madaline._apps.export.program import Program
from madaline.nn.arrays import Array


def template(name: str) -> str:
    """Return a file of `templates/`."""
    return (files("madaline._apps.export") / "templates" / name).read_text("utf-8")


def filled(name: str, parts: Mapping[str, str]) -> str:
    """Return a template with its gaps, such as ``@NAME@``, filled."""
    return re.sub(r"@([A-Za-z_]+)@", lambda found: parts[found[1]], template(name))


def one_line(text: str) -> str:
    """Return a text without what ends a line or cannot be seen."""
    return "".join(character if character.isprintable() else " " for character in text)


def functions_of(name: str) -> Mapping[str, str]:
    """Return the functions of a template by their names; a comment stands before its function."""
    parts = re.split(r"\n\n(?=static |function |/\*)", template(name).strip())
    named = ((re.search(r"(?:static void|function) (\w+)\(", part), part) for part in parts)
    return {found[1]: part for found, part in named if found}


def used_functions(name: str, program: Program) -> str:
    """Return the functions of a template that a program calls."""
    known = functions_of(name)
    return "\n\n".join(known[own] for own in dict.fromkeys(step.name for step in program.steps))


def constants_of(program: Program) -> Iterator[tuple[str, Array]]:
    """Yield the constants of all steps, with names."""
    for number, step in enumerate(program.steps):
        for name, own in vars(step).items():
            if isinstance(own, np.ndarray):
                yield f"v{number}_{name}", own


def calls_of(
    program: Program,
    null: str,  # what stands for no value
    several: Callable[[Sequence[str]], str],  # from names to a list of them
) -> Iterator[str]:
    """Yield the call of each step's function."""
    for number, step in enumerate(program.steps):
        given = [f"v{number}", *_given(number, step, null, several)]
        given += map(str, step.dims(program.sizes))
        given += ["coverage"] if isinstance(step, BoundInterval) else []
        yield f"{step.name}({', '.join(given)});"


def _given(
    number: int, step: Operation, null: str, several: Callable[[Sequence[str]], str]
) -> Iterator[str]:
    if isinstance(step, ReadNumbers | ReadLevel):
        yield "row"
    for name, own in vars(step).items():
        match own:
            case Value():
                yield f"v{int(own)}"
            case None:
                yield null
            case tuple():
                yield several([f"v{int(one)}" for one in own])
            case np.ndarray():
                yield f"v{number}_{name}"
            case int() | float():
                yield repr(own)
