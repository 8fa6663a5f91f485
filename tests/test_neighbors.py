"""The table in docs/neighbors.md says what tests/neighbors try, and with which versions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PINS = PROJECT / "requirements" / "neighbors"
ROW = re.compile(
    r"^\| \[([^]]+)\]\(\.\./tests/neighbors/(\w+\.py)\) \| ([^|]+) \| (\w+) \|", flags=re.MULTILINE
)
ROWS = ROW.findall((PROJECT / "docs" / "neighbors.md").read_text())
GROUPS = sorted(path.stem for path in PINS.glob("*.in"))


def test_the_table_names_every_file_of_tests():
    files = {path.name for path in (PROJECT / "tests" / "neighbors").glob("test_*.py")}
    assert {file for _, file, _, _ in ROWS} == files


# What those of the table need, or are tried with.
BESIDE = {"axe-playwright-python", "gunicorn", "numba", "pandas"}


@pytest.mark.parametrize("group", GROUPS)
def test_the_table_names_what_each_group_asks_for(group):
    asked = re.findall(r"^([\w-]+)", (PINS / f"{group}.in").read_text(), flags=re.MULTILINE)
    assert {*asked} - BESIDE == {name for name, *_, of in ROWS if of == group} - {"onnxruntime-web"}


@pytest.mark.parametrize(("package", "file", "version", "group"), ROWS)
def test_the_version_of_the_table_is_pinned(package, file, version, group):
    pins = (PINS / f"{group}.txt").read_text()
    pinned = re.findall(rf"^{re.escape(package)}==([^ ]+)", pins, flags=re.MULTILINE)
    of_npm = json.loads((PINS / "web" / "package.json").read_text())["dependencies"]
    pinned += [version for name, version in of_npm.items() if name == package]
    assert version in pinned, f"{file}: {group}.txt pins {package} {pinned}"


@pytest.mark.parametrize("group", GROUPS)
def test_pins_are_those_of_what_the_group_asks_for(group):
    asked = re.findall(r"^([\w-]+)", (PINS / f"{group}.in").read_text(), flags=re.MULTILINE)
    pinned = set(
        re.findall(r"^([\w-]+)==", (PINS / f"{group}.txt").read_text(), flags=re.MULTILINE)
    )
    assert set(asked) <= pinned
