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


def test_the_versions_of_the_table_are_pinned():
    assert len(ROWS) > 20
    others = [row for row in ROWS if row[2] not in pins_of(row[0], row[3])]
    assert not others, "\n".join(f"{row}: pinned are {pins_of(row[0], row[3])}" for row in others)


def pins_of(package, group):
    """Return the versions of a package that are pinned for a group."""
    pins = (PINS / f"{group}.txt").read_text()
    of_npm = json.loads((PINS / "web" / "package.json").read_text())["dependencies"]
    return [
        *re.findall(rf"^{re.escape(package)}==([^ ]+)", pins, flags=re.MULTILINE),
        *(version for name, version in of_npm.items() if name == package),
    ]


@pytest.mark.parametrize("group", GROUPS)
def test_pins_are_those_of_what_the_group_asks_for(group):
    asked = re.findall(r"^([\w-]+)", (PINS / f"{group}.in").read_text(), flags=re.MULTILINE)
    pinned = set(
        re.findall(r"^([\w-]+)==", (PINS / f"{group}.txt").read_text(), flags=re.MULTILINE)
    )
    assert set(asked) <= pinned
