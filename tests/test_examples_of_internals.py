"""Examples of what users do not call: they stand here, as its docstrings are one sentence."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

PARTS = (
    (Path(__file__).parent / "examples_of_internals.txt").read_text("utf-8").split("# madaline.")
)


@pytest.mark.parametrize("part", PARTS[1:], ids=lambda part: part.partition("\n")[0])
def test_examples_hold(part: str) -> None:
    module, name = part.partition("\n")[0].split(": ")
    names = dict(vars(import_module(f"madaline.{module}")))
    examples = doctest.DocTestParser().get_doctest(part, names, name, None, 0)
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    runner.run(examples, out=told.append)
    assert not runner.failures, "".join(told)
