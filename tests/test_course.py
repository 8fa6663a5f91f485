"""The chapters of the course run, and the checks of their exercises tell right from wrong."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from tests.grids import some

COURSE = Path(__file__).resolve().parents[1] / "docs" / "course"
CHAPTERS = sorted(COURSE.glob("[0-9]_*.md"))
CELL = re.compile(r"^```\{code-cell\}\n((?::[^\n]*\n)*)(.*?)^```", flags=re.DOTALL | re.MULTILINE)
HEADINGS = ("Watch it", "Exercises", "Solutions", "Summary")


def load_checks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("checks", COURSE / "checks.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["checks"] = module
    spec.loader.exec_module(module)
    return module


checks = load_checks()
EXERCISES = {name: one for name, one in vars(checks).items() if isinstance(one, checks.Exercise)}


def parts(text: str) -> dict[str, str]:
    """Return the text under each heading of the second level."""
    found = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


@pytest.mark.parametrize("chapter", some(CHAPTERS, 1), ids=lambda path: path.stem)
def test_a_chapter_runs(chapter, capsys, monkeypatch, tmp_path) -> None:
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib draws the pictures")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    monkeypatch.chdir(tmp_path)
    page = chapter.read_text()
    solutions = page.index("\n## Solutions")
    namespace: dict[str, Any] = {"__name__": "__main__"}
    said = {False: "", True: ""}  # before the solutions, and in them
    for cell in CELL.finditer(page):
        line = page[: cell.start()].count("\n") + 1
        code = compile("\n" * line + cell[2], str(chapter), "exec")
        exec(code, namespace)
        said[cell.start() > solutions] += capsys.readouterr().out
    pyplot.close("all")
    n_exercises = parts(page)["Exercises"].count("\n### Exercise ")
    assert 3 <= n_exercises <= 5
    assert said[False].count("Not yet: ") == n_exercises, "unfinished exercises are not right"
    assert said[True].splitlines().count(checks.RIGHT) == n_exercises
    assert "Not yet" not in said[True]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_has_all_its_parts(chapter) -> None:
    page = chapter.read_text()
    found = parts(page)
    assert list(found)[-len(HEADINGS) :] == list(HEADINGS)
    assert page.count("\n**After this chapter** you can ") == 1
    assert "http://127.0.0.1:8000/" in found["Watch it"]
    assert len(re.findall(r"^- ", found["Summary"], flags=re.MULTILINE)) == 5
    exercises = re.findall(r"^### (Exercise \d)", found["Exercises"], flags=re.MULTILINE)
    assert re.findall(r"Solution of (exercise \d)", found["Solutions"]) == [
        name.lower() for name in exercises
    ]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_playground_of_a_chapter_knows_its_settings(chapter) -> None:
    pytest.importorskip("starlette", reason="the playground needs starlette")
    from urllib.parse import parse_qsl, urlsplit

    from madaline._apps.playground.options import NetworkOptions
    from madaline._apps.playground.page import read_asked

    defaults = NetworkOptions()
    for address in re.findall(r"<(http://127\.0\.0\.1:8000/[^>]*)>", chapter.read_text()):
        if urlsplit(address).path != "/":
            continue
        for name, text in parse_qsl(urlsplit(address).fragment, keep_blank_values=True):
            default = getattr(defaults, name)
            value: Any = text
            if name == "hidden":
                value = [int(units) for units in text.split(",") if units]
            elif isinstance(default, tuple):
                value = text.split(",")
            elif isinstance(default, bool):
                value = text == "1"
            elif isinstance(default, int | float):
                value = int(text) if text.isdigit() else float(text)
            read_asked(NetworkOptions, {name: value})


@pytest.mark.parametrize("name", EXERCISES)
def test_checks_know_right_from_wrong(name) -> None:
    exercise = EXERCISES[name]
    assert exercise.verdict(exercise.answer) == checks.RIGHT
    assert "end the function with `return`" in exercise.verdict(lambda *_: None)
    assert "without parentheses" in exercise.verdict(3)
    assert exercise.verdict(lambda *_: "no").startswith("Not yet: ")
    assert exercise.verdict(lambda *_: [object()]).startswith("Not yet: ")
    assert "ZeroDivisionError" in exercise.verdict(lambda *_: 1 / 0)


@pytest.mark.parametrize("name", EXERCISES)
def test_checks_tell_the_usual_mistakes(name) -> None:
    exercise = EXERCISES[name]
    for mistake, hint in exercise.mistakes:
        verdict = exercise.verdict(mistake)
        assert verdict.startswith("Not yet: ")
        assert verdict.endswith(f". {hint}")


def test_checks_compare_shapes() -> None:
    exercise = checks.Exercise(lambda: np.zeros((2, 3)), [()])
    assert "should have the shape (2, 3), but has (6,)" in exercise.verdict(lambda: np.zeros(6))
    assert exercise.verdict(lambda: np.zeros((2, 3)).tolist()) == checks.RIGHT


def test_checks_do_not_let_a_function_change_what_comes_next() -> None:
    def spoils(values):
        values.append(0)
        return 0

    exercise = checks.Exercise(lambda values: len(values), [([1],), ([1],)])
    assert "should give 1, but gives 0" in exercise.verdict(spoils)
