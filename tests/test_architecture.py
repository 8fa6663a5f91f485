"""What each module may import: NumPy alone in some rooms, and nothing that is not declared."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "madaline"
ALLOWED = sys.stdlib_module_names | {"numpy", "madaline"}
# What is used where it is installed, and nobody needs; the module itself is only imported then.
USED_IF_THERE = {
    PACKAGE / "_engine" / f"compiled_{name}.py": {"numba"}
    for name in ("arithmetic", "steps", "training")
}
OF_RIVER = PACKAGE / "river.py"  # its base classes are river's
ROOMS = ("nn", "_runtime")
READS_FRAMES_AND_FILES = (
    "frames",
    "rows",
    "files",
)
NUMPY_ONLY = [
    *(path for room in ROOMS for path in sorted((PACKAGE / room).rglob("*.py"))),
    *(
        path
        for path in sorted((PACKAGE / "_data").rglob("*.py"))
        if path.stem not in READS_FRAMES_AND_FILES
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


@pytest.mark.parametrize("path", NUMPY_ONLY, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_needs_numpy_alone(path: Path) -> None:
    allowed = ALLOWED | USED_IF_THERE.get(path, set())
    assert set(imported(path.read_text(), everywhere=True)) <= allowed


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_numpy_at_the_top(path: Path) -> None:
    # The estimators' base classes are scikit-learn's, so their own modules cannot wait.
    is_estimator = "_estimators" in path.parts or path.name == "imputer.py"
    allowed = ALLOWED | {"sklearn"} if is_estimator else ALLOWED
    allowed = allowed | USED_IF_THERE.get(path, set()) | ({"river"} if path == OF_RIVER else set())
    assert set(imported(path.read_text(), everywhere=False)) <= allowed


@pytest.mark.parametrize("module", USED_IF_THERE, ids=lambda path: path.stem)
def test_what_nobody_needs_is_imported_by_functions_alone(module: Path) -> None:
    package = ".".join(module.relative_to(PACKAGE.parent).parent.parts)
    line = re.compile(rf"from {package} import .*\b{module.stem}\b|from {package}\.{module.stem} ")
    lines = {path: one for path in ALL for one in path.read_text().splitlines() if line.search(one)}
    assert lines
    at_the_top = {path for path, one in lines.items() if one.startswith("from")}
    assert at_the_top <= USED_IF_THERE.keys()


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_imported_is_declared(path: Path) -> None:
    others = set(imported(path.read_text(), everywhere=True)) - ALLOWED - {path.stem} & ADAPTERS
    assert {NAMES.get(name, name) for name in others} <= DECLARED


def test_what_an_extra_is_asked_for_belongs_to_it() -> None:
    asked = [one for path in ALL for one in asked_of_extras(path.read_text())]
    assert len(asked) > 9
    assert [one for one in asked if one[0] not in EXTRAS[one[1]]] == []


def asked_of_extras(source: str) -> Iterator[tuple[str, str]]:
    """Yield package and extra of each call of ``load_extra`` that names its package."""
    for node in ast.walk(ast.parse(source)):
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
    assert set(imported(source, everywhere=everywhere)) == names


def imported(source: str, *, everywhere: bool) -> Iterator[str]:
    """Yield the top-level packages that a module imports, inside functions too or not."""
    nodes: list[ast.AST] = [ast.parse(source)]
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
