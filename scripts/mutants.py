"""Changes the code at random and counts what tests notice: `python scripts/mutants.py nn -n 20`.

Each mutant is one small change of one file, made in a copy of the project: another operator, a
constant that is larger by one, a statement left out. The quick tests of the room that run the
changed function should fail, or never end. What no test could notice is listed with its reason in
`equivalent_mutants.txt`.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import cProfile
import hashlib
import itertools
import json
import multiprocessing
import os
import queue
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[1]
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.txt")
KINDS = "distinct encoder images kinds level_means levels limits_of_kinds patterns profile schema "
KINDS += "sequences sounds text"

FITTING = ["tests/fitting", "tests/test_fitting.py", "tests/updating", "tests/large"]
FITTING += ["tests/test_memory_limit.py", "tests/test_time_limit.py", "tests/many"]

ROOMS = {
    "nn": ("src/madaline/nn", ["tests/nn"]),
    "race": ("src/madaline/_race", ["tests/race", "tests/explain/test_importances.py"]),
    "kinds": (
        "src/madaline/_tables/kinds",
        [f"tests/data/test_{name}.py" for name in KINDS.split()],
    ),
    "evaluation": ("src/madaline/_race/evaluation", ["tests/evaluation"]),
    "time": ("src/madaline/_race/time", ["tests/time", "tests/fitting/test_time_and_past.py"]),
    "trees": ("src/madaline/_race/trees", ["tests/trees"]),
    "fitting": ("src/madaline/_models/fitting", FITTING),
}
"""What is changed, and the tests beside the examples in it."""

QUICK, TOGETHER = 2.0, 15.0
"""Processor time of a test that is quick, and of those that a mutant meets, in seconds."""

NOT_NOTICED = "NOT NOTICED"

SWAPPED: dict[type[ast.AST], type[Any]] = {}
for _one, _other in (
    (ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.FloorDiv, ast.Mult), (ast.Mod, ast.Mult),
    (ast.Pow, ast.Mult), (ast.BitAnd, ast.BitOr), (ast.And, ast.Or), (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn),
):  # fmt: skip
    SWAPPED.setdefault(_one, _other)
    SWAPPED.setdefault(_other, _one)
NEIGHBORS = {"min": "max", "minimum": "maximum", "any": "all", "floor": "ceil", "zeros": "ones"}
NEIGHBORS |= {other: one for one, other in NEIGHBORS.items()}


@dataclass(frozen=True)
class Mutant:
    """One change of one file; `place` is the outermost function that it stands in."""

    file: str
    line: int
    text: str
    place: str
    change: str

    @property
    def key(self) -> str:
        """What the list of equivalent mutants knows it by."""
        return "\t".join((self.file, self.text, self.change))


Drawn = tuple[Mutant, str]
"""A mutant and the source of its file."""


def mutants(source: str, file: str) -> Iterator[tuple[Mutant, Any]]:
    """Yield every mutant, and a function that returns its source."""
    tree, lines = ast.parse(source), source.splitlines()
    for parent, field, index, node, place in _slots(tree, ""):
        for new in _replacements(node):
            change = f"{_short(node)} -> {_short(new)}"
            mutant = Mutant(file, node.lineno, lines[node.lineno - 1].strip(), place, change)
            yield mutant, lambda slot=(parent, field, index), new=new: _unparsed(tree, *slot, new)


def _slots(parent: ast.AST, place: str) -> Iterator[tuple[ast.AST, str, int | None, Any, str]]:
    """Walk through all nodes but annotations, decorators, texts, messages and ``strict=True``."""
    for field, value in ast.iter_fields(parent):
        if field in ("annotation", "returns", "decorator_list", "type_params", "msg"):
            continue
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or _is_said(node):
                continue
            if hasattr(node, "lineno"):
                yield parent, field, index, node, place
            inner = place
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not _is_function(parent):
                inner = f"{place}.{node.name}".strip(".")
            yield from _slots(node, inner)


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef)


def _is_said(node: ast.AST) -> bool:
    match node:
        case ast.Raise() | ast.JoinedStr() | ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.keyword(arg="strict"):
            return True
        case ast.Call(func=ast.Attribute(attr="warn")):
            return True
        case ast.FunctionDef(name=name):
            return name in ("__repr__", "__str__")
    return False


def _replacements(node: Any) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in SWAPPED:
            yield _with(node, op=SWAPPED[type(op)]())
        case ast.Compare(ops=[op]):
            yield _with(node, ops=[SWAPPED[type(op)]()])
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=float() as value):
            yield ast.Constant(value * (2 if value > 1e-4 else 1000) or 1.0)
        case ast.Call(func=ast.Name(id=name) as func) if name in NEIGHBORS:
            yield _with(node, func=_with(func, id=NEIGHBORS[name]))
        case ast.Call(func=ast.Attribute(attr=name) as func) if name in NEIGHBORS:
            yield _with(node, func=_with(func, attr=NEIGHBORS[name]))
        case ast.Call(args=[ast.Name() as one, ast.Name() as other, *rest]):
            yield _with(node, args=[other, one, *rest])
        case ast.Slice(lower=ast.Name() as lower):
            yield _with(node, lower=ast.BinOp(lower, ast.Add(), ast.Constant(1)))
        case ast.Slice(upper=ast.Name() as upper):
            yield _with(node, upper=ast.BinOp(upper, ast.Sub(), ast.Constant(1)))
        case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.Compare):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.Return(value=ast.AST() as value) if ast.unparse(value) != "None":
            yield ast.Return(None)
        case ast.AugAssign() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in _names(value):
            yield ast.Pass()


def _with(node: Any, **fields: Any) -> Any:
    node = copy.copy(node)
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _short(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0]


def _unparsed(tree: ast.AST, parent: ast.AST, field: str, index: int | None, new: Any) -> str:
    """Return the source with a node in place of the one that stands there."""
    whole = getattr(parent, field)
    setattr(parent, field, new if index is None else [*whole[:index], new, *whole[index + 1 :]])
    source = ast.unparse(ast.fix_missing_locations(tree))
    setattr(parent, field, whole)
    return source


def drawn(folder: Path, root: Path, n: int, seed: int, only: str = "") -> list[Drawn]:
    """Draw mutants of a folder; those that are listed as equivalent count only if named."""
    listed, chosen = equivalent(), []
    for path in sorted(folder.rglob("*.py")):
        file, seen = path.relative_to(root).as_posix(), defaultdict(int)
        for mutant, source in mutants(path.read_text(encoding="utf-8"), file):
            seen[mutant.key] += 1
            if (
                only not in f"{file}:{mutant.line} {mutant.change}"
                if only
                else mutant.key in listed
            ):
                continue
            rank = _digest(f"{seed} {mutant.key} {seen[mutant.key]}")
            chosen.append((rank, mutant, source))
    chosen = sorted(chosen, key=lambda one: one[0])[: len(chosen) if only else n]
    return [(mutant, source()) for _, mutant, source in chosen]


def equivalent() -> set[str]:
    """Return the keys of the mutants that no test could notice."""
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines() if EQUIVALENT.exists() else []
    return {line.rsplit("\t", 1)[0] for line in lines if line and line[0] != "#"}


class Watch:
    """A plugin of pytest that notes what each test takes, and which functions it runs."""

    def __init__(self, root: Path) -> None:
        self.root, self.tests = root, {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        """Run a test, and note it."""
        profile, start = cProfile.Profile(builtins=False), time.process_time()
        profile.enable()
        try:
            return (yield)
        finally:
            profile.disable()
            seconds, inside = time.process_time() - start, f"{self.root}/"
            codes = [entry.code for entry in profile.getstats()]
            places = {(c.co_filename, c.co_qualname.split(".<")[0]) for c in codes}
            places = {(f.removeprefix(inside), p) for f, p in places if f.startswith(inside)}
            self.tests[item.nodeid] = seconds, sorted(places)

    def pytest_sessionfinish(self) -> None:
        """Write what was noted."""
        (self.root / "tests.json").write_text(json.dumps(self.tests))


@dataclass(frozen=True)
class Chosen:
    """A plugin of pytest that runs some tests only, in their order."""

    order: dict[str, int]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the others."""
        items[:] = sorted(
            (item for item in items if item.nodeid in self.order),
            key=lambda item: self.order[item.nodeid],
        )


def noticing(tests: dict[str, Any], mutant: Mutant) -> list[str]:
    """Return the quick tests that run the function of a mutant, those of quick files first."""
    quick = {name: (t, places) for name, (t, places) in tests.items() if t < QUICK}
    place = [mutant.file, mutant.place]
    run = {name: t for name, (t, places) in quick.items() if place in places}
    # What runs while a module is imported, in a thread or in another process was not seen.
    run = run or {name: t for name, (t, _) in quick.items()}
    quickest = sorted(run, key=run.__getitem__)
    total = itertools.accumulate(run[name] for name in quickest)
    run = {name: run[name] for name, t in zip(quickest, total, strict=True) if t < TOGETHER}
    files: dict[str, float] = defaultdict(float)
    for name, t in run.items():
        files[name.split("::")[0]] += t
    return sorted(run, key=lambda name: (files[name.split("::")[0]], run[name]))


class Tree:
    """A copy of the project in which tests run, in processes with slow packages imported."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        command = ["git", "-C", PROJECT, "ls-files", "-co", "--exclude-standard", "-z"]
        for name in subprocess.check_output(command, text=True).split("\0"):
            if name and (PROJECT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, folder / name)
        self._age = int(time.time())

    def write(self, file: str, source: str) -> None:
        """Write a file, with a time that no compiled file has."""
        self._age += 1
        (self.root / file).write_text(source, encoding="utf-8")
        os.utime(self.root / file, (self._age, self._age))

    def run(self, arguments: list[str], plugin: Any, limit: float) -> int | None:
        """Return how a run of pytest ended: 0 if all passed, None if it did not end in time."""
        fork = multiprocessing.get_context("fork")
        process = fork.Process(target=self._run, args=(arguments, plugin, limit))
        process.start()
        process.join(10 * limit)  # where it waits for something, or the machine is busy
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.join()
        return process.exitcode if process.exitcode != -signal.SIGKILL else None

    def _run(self, arguments: list[str], plugin: Any, limit: float) -> None:
        os.setpgrp()
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit)))
        output = os.open(self.root / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(self.root)
        os.environ["PYTHONPATH"] = str(self.root / "src")
        sys.path.insert(0, str(self.root / "src"))
        options = [
            "-x",
            "-q",
            "-n",
            "0",
            "-m",
            "not slow",
            "-p",
            "no:cacheprovider",
            f"--rootdir={self.root}",
        ]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # imported before
        multiprocessing.process._parent_process = None  # type: ignore[attr-defined]
        # or fits would start no threads, as in a process that is one of many
        code = pytest.main([*options, *arguments], plugins=[plugin])
        os._exit(int(code))


def warm_up() -> None:
    """Import what most tests need, so that each run is a fork; look for no smaller examples."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["CI"] = "true"  # the same examples each time
    import sklearn.linear_model  # noqa: F401
    from hypothesis import Phase, settings

    settings.register_profile("mutants", phases=(Phase.explicit, Phase.generate))
    settings.load_profile("mutants")


def measured(tree: Tree, room: str) -> dict[str, Any]:
    """Return what each test of a room takes and runs; files that are as they were do not run."""
    cache = PROJECT / "build" / "mutants" / f"{room}.json"
    known = json.loads(cache.read_text()) if cache.exists() else {}
    folder, paths = ROOMS[room]
    files = [file for path in (*paths, folder) for file in _python_files(tree.root / path)]
    marks = {str(file.relative_to(tree.root)): _digest(file.read_text("utf-8")) for file in files}
    fresh = [file for file, mark in marks.items() if known.get(file, {}).get("mark") != mark]
    if fresh and tree.run(fresh, Watch(tree.root), 1800):
        print((tree.root / "output.txt").read_text()[-3000:])
        raise SystemExit("The tests fail without any mutant.")
    new = json.loads((tree.root / "tests.json").read_text()) if fresh else {}
    for file in fresh:
        tests = {name: test for name, test in new.items() if name.split("::")[0] == file}
        known[file] = {"mark": marks[file], "tests": tests}
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps(known))
    return {name: test for file in marks for name, test in known[file]["tests"].items()}


def _python_files(path: Path) -> list[Path]:
    pattern = "test_*.py" if "tests" in path.parts else "*.py"
    return [path] if path.is_file() else sorted(path.rglob(pattern))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def outcome(tree: Tree, mutant: Mutant, source: str, tests: dict[str, Any]) -> str:
    """Return whether a quick test fails with a mutant, or does not end."""
    chosen, original = noticing(tests, mutant), (tree.root / mutant.file).read_text("utf-8")
    order = {name: place for place, name in enumerate(chosen)}
    files = list(dict.fromkeys(name.split("::")[0] for name in chosen))
    limit = 30 + 5 * sum(tests[name][0] for name in chosen)
    tree.write(mutant.file, source)
    try:
        code = tree.run(files, Chosen(order), limit)
    finally:
        tree.write(mutant.file, original)
    return {0: NOT_NOTICED, None: "no end     "}.get(code, "noticed    ")


def main() -> None:
    """Look at the mutants that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("room", nargs="*", choices=[*ROOMS, []], help="what to change (all)")
    parser.add_argument("-n", type=int, default=20, help="mutants of each room")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="FILE:LINE, or a part of it and of the change")
    arguments = parser.parse_args()
    warm_up()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        trees = [Tree(Path(folder) / str(job)) for job in range(arguments.jobs)]
        for room in arguments.room or ROOMS:
            report(room, trees, arguments)


def report(room: str, trees: list[Tree], options: argparse.Namespace) -> None:
    """Print each mutant of a room, and how many were noticed."""
    folder, _ = ROOMS[room]
    chosen = drawn(PROJECT / folder, PROJECT, options.n, options.seed, options.only)
    tests = measured(trees[0], room)
    free: queue.Queue[Tree] = queue.Queue()
    for tree in trees:
        free.put(tree)

    def look(one: Drawn) -> tuple[Mutant, str]:
        tree = free.get()
        try:
            return one[0], outcome(tree, *one, tests)
        finally:
            free.put(tree)

    count = 0
    for mutant, word in ThreadPool(len(trees)).imap(look, chosen):
        count += word != NOT_NOTICED
        print(f"{word} {mutant.file}:{mutant.line} {mutant.change}", flush=True)
    print(f"{room}: {count} of {len(chosen)} noticed (seed {options.seed})")


if __name__ == "__main__":
    main()
