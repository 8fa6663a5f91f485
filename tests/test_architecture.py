"""What each module may import: NumPy alone in some rooms, and nothing that is not declared."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "madaline"
ALLOWED = sys.stdlib_module_names | {"numpy", "madaline"}
# What is used where it is installed, and nobody needs; the module itself is only imported then.
USED_IF_THERE = {
    PACKAGE / "nn" / "_engine" / f"compiled_{name}.py": {"numba"}
    for name in ("arithmetic", "steps", "training")
}
OF_RIVER = PACKAGE / "river.py"  # its base classes are river's
ROOMS = ("_base", "nn", "_models/runtime")
READS_FRAMES_AND_FILES = (
    "frames",
    "files",
)
NUMPY_ONLY = [
    *(
        path
        for room in ROOMS
        for path in sorted((PACKAGE / room).rglob("*.py"))
        if "_engine" not in path.parts
    ),
    *(
        path
        for path in sorted((PACKAGE / "_tables").rglob("*.py"))
        if path.stem not in READS_FRAMES_AND_FILES
    ),
    *(
        PACKAGE / "_race" / "time" / f"{name}.py"
        for name in ("history", "lags", "past", "stretches")
    ),
    PACKAGE / "errors.py",
]
ALL = sorted(PACKAGE.rglob("*.py"))

PROJECT = tomllib.loads((PACKAGE.parents[1] / "pyproject.toml").read_text())["project"]
NAMES = {"PIL": "pillow", "sklearn": "scikit-learn"}  # of packages whose module has another
# Imported where a user's data, or CatBoost, is of them; a sentence says so where they are missing.
OF_THE_USER = {"pandas", "pyarrow"}
# Modules for those who have the package of that name.
ADAPTERS = {path.stem for path in PACKAGE.glob("*.py")} & {"mlflow", "skl2onnx"}


def names_of(requirements: list[str]) -> set[str]:
    """Return the names of packages in a list of requirements."""
    return {re.split(r"[^\w-]", one, maxsplit=1)[0] for one in requirements}


EXTRAS = {
    extra: names_of(own)
    for extra, own in PROJECT["optional-dependencies"].items()
    if extra not in ("dev", "bench")
}
DECLARED = names_of(PROJECT["dependencies"]).union(OF_THE_USER, *EXTRAS.values())


def test_the_rooms_of_numpy_need_numpy_alone() -> None:
    assert len(NUMPY_ONLY) > 100
    refused = {path: imports_of(path) - allowed_everywhere(path) for path in NUMPY_ONLY}
    assert not any(refused.values()), lines_of(refused)


def test_private_names_of_scikit_learn_stand_in_one_module() -> None:
    private = r"_hist_gradient_boosting|\._predictors|\._baseline_prediction|\._predict_iterations"
    reads = [path for path in ALL if re.search(private, path.read_text("utf-8"))]
    assert reads == [PACKAGE / "nn" / "_engine" / "grown_trees.py"]


def allowed_everywhere(path: Path) -> set[str]:
    """Return what a module of those rooms may import, in functions too."""
    return ALLOWED | USED_IF_THERE.get(path, set())


def test_only_numpy_is_imported_at_the_top() -> None:
    assert len(ALL) > 400
    refused = {
        path: set(imported(tree_of(path), everywhere=False)) - allowed_at_the_top(path)
        for path in ALL
    }
    assert not any(refused.values()), lines_of(refused)


def allowed_at_the_top(path: Path) -> set[str]:
    """Return what a module may import before it is used."""
    # The estimators' base classes are scikit-learn's, so their own modules cannot wait.
    is_estimator = "estimators" in path.parts or path.name == "imputer.py"
    bases = {"sklearn"} if is_estimator else {"river"} if path == OF_RIVER else set()
    return allowed_everywhere(path) | bases


def lines_of(refused: dict[Path, set[str]]) -> str:
    """Return a line for each module that imports what it may not."""
    return "\n".join(
        f"{path.relative_to(PACKAGE)} imports {', '.join(sorted(names))}"
        for path, names in refused.items()
        if names
    )


@pytest.mark.parametrize("module", USED_IF_THERE, ids=lambda path: path.stem)
def test_what_nobody_needs_is_imported_by_functions_alone(module: Path) -> None:
    package = ".".join(module.relative_to(PACKAGE.parent).parent.parts)
    line = re.compile(rf"from {package} import .*\b{module.stem}\b|from {package}\.{module.stem} ")
    lines = {path: one for path in ALL for one in path.read_text().splitlines() if line.search(one)}
    assert lines
    at_the_top = {path for path, one in lines.items() if one.startswith("from")}
    assert at_the_top <= USED_IF_THERE.keys()


def test_what_is_imported_is_declared() -> None:
    others = {path: imports_of(path) - ALLOWED - ({path.stem} & ADAPTERS) for path in ALL}
    assert any(others.values())
    undeclared = {
        path: {NAMES.get(name, name) for name in names} - DECLARED for path, names in others.items()
    }
    assert not any(undeclared.values()), lines_of(undeclared)


def test_what_an_extra_is_asked_for_belongs_to_it() -> None:
    asked = [one for path in ALL for one in asked_of_extras(tree_of(path))]
    assert len(asked) > 9
    assert [one for one in asked if one[0] not in EXTRAS[one[1]]] == []


def asked_of_extras(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield package and extra of each call of ``load_extra`` that names its package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "load_extra":
            extra = next(one.value.value for one in node.keywords if one.arg == "extra")
            if isinstance(node.args[0], ast.Constant):
                package = node.args[0].value.partition(".")[0]
                yield NAMES.get(package, package).replace("_", "-"), extra


@pytest.mark.parametrize(
    ("everywhere", "names"), [(True, {"scipy", "rich", "polars"}), (False, {"scipy", "rich"})]
)
def test_imports_are_found_where_they_hide(everywhere: bool, names: set[str]) -> None:
    source = (
        "import scipy.sparse\n"
        "if True:\n    from rich.text import Text\n"
        "def function():\n    import polars\n"
    )
    assert set(imported(ast.parse(source), everywhere=everywhere)) == names


@cache
def imports_of(path: Path) -> set[str]:
    """Return the top-level packages that a module imports, inside functions too."""
    return set(imported(tree_of(path), everywhere=True))


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the code of a module."""
    return ast.parse(path.read_text())


def imported(tree: ast.Module, *, everywhere: bool) -> Iterator[str]:
    """Yield the top-level packages that a module imports, inside functions too or not."""
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if everywhere or not (is_function or is_type_checking(node)):
            nodes.extend(ast.iter_child_nodes(node))


def is_type_checking(node: ast.AST) -> bool:
    """Return whether a node is the block ``if TYPE_CHECKING:``, which never runs."""
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
