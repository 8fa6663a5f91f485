"""`make mutants`: changes of the code that tests should notice, and which of them they do."""

from __future__ import annotations

import faulthandler
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = '''
"""Doubles what it is given: 1 and 2 are no numbers to change here."""

def doubled(x: int = 3, /) -> int:
    """Return 2 * x."""
    if x < 0:
        raise ValueError(f"{x + 1} is below 0")
    return 2 * x

def unread(x, y):
    return min(x, y)
'''

TESTS = """
from toy import doubled, unread

def test_doubled():
    assert doubled(4) == 8

def test_unread():
    assert unread(1, 1) == 1
"""


@pytest.fixture(scope="module")
def script(project: Path) -> Iterator[ModuleType]:
    """The script as a module."""
    spec = spec_from_file_location("scripts_mutants", project / "scripts" / "mutants.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)  # dataclasses look there
        spec.loader.exec_module(module)
        yield module


def test_changes_of_numbers_operators_and_arguments(script: ModuleType) -> None:
    """Texts, annotations and what only a message says stay."""
    changes = [mutant.change for mutant, _ in script.mutants(SOURCE, "toy.py")]
    assert sorted(changes) == [
        "0 -> 1",
        "2 * x -> 2 / x",
        "2 -> 3",
        "3 -> 4",
        "min(x, y) -> max(x, y)",
        "return 2 * x -> return",
        "return min(x, y) -> return",
        "x < 0 -> x <= 0",
    ]


def test_a_mutant_differs_in_one_place(script: ModuleType) -> None:
    """One after the other is put in and taken out again."""
    import ast

    before = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant, source in script.mutants(SOURCE, "toy.py"):
        after = source().splitlines()
        differing = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
        assert len(differing) == 1, mutant


def test_what_a_test_fails_with_is_noticed(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`doubled` is tested with one number, `unread` with two that are equal."""
    faulthandler.cancel_dump_traceback_later()  # a fork would wait for its thread forever
    monkeypatch.setattr(script, "PROJECT", tmp_path)
    monkeypatch.setattr(script, "ROOMS", {"toy": ("src/toy", ["tests"])})
    for name, text in {"src/toy/__init__.py": SOURCE, "tests/test_toy.py": TESTS}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    tree = script.Tree(tmp_path / "copy")
    tests = script.measured(tree, "toy")
    for mutant, source in script.mutants(SOURCE, "src/toy/__init__.py"):
        noticed = {"2 -> 3": True, "min(x, y) -> max(x, y)": False}.get(mutant.change)
        if noticed is not None:
            word = script.outcome(tree, mutant, source(), tests)
            assert word.strip() == ("noticed" if noticed else "NOT NOTICED")


def test_the_same_seed_draws_the_same_mutants(script: ModuleType, project: Path) -> None:
    """Another one draws others; listed mutants come only if they are asked for."""
    folder = project / "src" / "madaline" / "_tables" / "kinds" / "bins.py"
    draws = [script.drawn(folder.parent, project, 5, seed) for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


def test_equivalent_mutants_exist(script: ModuleType, project: Path) -> None:
    """A line of the list that names no mutant of the code is stale."""
    listed = script.equivalent()
    found = set()
    for file in {key.split("\t")[0] for key in listed}:
        text = (project / file).read_text(encoding="utf-8")
        found |= {mutant.key for mutant, _ in script.mutants(text, file)}
    assert listed <= found, listed - found
