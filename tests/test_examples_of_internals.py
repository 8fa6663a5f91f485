"""Examples of what users do not call: they stand here, as its docstrings are one sentence."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

PARTS = (
    (Path(__file__).parent / "examples_of_internals.txt").read_text("utf-8").split("# madaline.")
)


def test_examples_hold() -> None:
    assert len(PARTS) > 100
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for part in PARTS[1:]:
        module, name = part.partition("\n")[0].split(": ")
        names = dict(vars(import_module(f"madaline.{module}")))
        examples = doctest.DocTestParser().get_doctest(part, names, name, None, 0)
        runner.run(examples, out=told.append)
    assert not runner.failures, "".join(told)
