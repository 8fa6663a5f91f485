"""The shape of the code: few parameters, no circles, one class of a name."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "madaline"
PATHS = sorted(PACKAGE.rglob("*.py"))
MAX_PARAMETERS = 8
# River looks for estimators of these names; a mixin stands in for one that is not installed.
TWICE = {"OnlineClassifier", "OnlineRegressor", "CallbackSupport"}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions() -> Iterator[tuple[str, ast.FunctionDef, bool]]:
    """Yield the place of each function, the function, and whether only the house calls it."""
    for path in PATHS:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.relative_to(PACKAGE)}:{node.name}", node, path not in OF_USERS


OF_USERS = {
    PACKAGE / "_apps" / "comparison" / "comparison.py",
    PACKAGE / "_apps" / "neural_network" / "training.py",
    PACKAGE / "nn" / "network.py",
    PACKAGE / "nn" / "gradcheck.py",
    *(PACKAGE / "_apps" / "estimators").glob("*.py"),
}
"""Whose functions take their settings one by one, as people type them."""


def modules() -> dict[str, Path]:
    named = {path: path.relative_to(PACKAGE.parent).with_suffix("").parts for path in PATHS}
    return {".".join(p[:-1] if p[-1] == "__init__" else p): path for path, p in named.items()}


def test_functions_take_few_parameters() -> None:
    many = {}
    for place, function, is_private in functions():
        given = function.args
        names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        n_given = len([name for name in names if name not in ("self", "cls")])
        if is_private and n_given > MAX_PARAMETERS:
            many[place] = n_given
    assert many == {}


def test_no_module_leads_back_to_itself() -> None:
    """Imports for types, and those within functions, count."""
    known = modules()
    imported = {name: set(_imported(path, known)) - {name} for name, path in known.items()}
    assert sum(map(len, imported.values())) > 1000
    assert len(list(TopologicalSorter(imported).static_order())) == len(known)


def _imported(path: Path, known: dict[str, Path]) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module in known:
            for one in node.names:
                inner = f"{node.module}.{one.name}"
                yield inner if inner in known else node.module
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name in known)


def test_a_class_has_a_name_of_its_own() -> None:
    names = Counter(
        node.name
        for path in PATHS
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
    )
    assert {name for name, count in names.items() if count > 1} - TWICE == set()
