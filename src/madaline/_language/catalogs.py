"""Catalogs of sentences: gettext's `.po` files, one for each room and language."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

CHINESE = "zh"

LANGUAGES = {"en": "English", CHINESE: "中文"}
"""The languages that people can read, by their codes."""


def catalog(room: str, language: str) -> dict[str, str]:
    """Return the translations of a room, by the English sentences; empty if there are none.

    A page that runs in the browser gets it as JSON. What is not translated yet is left out.

    >>> catalog("nowhere", "zh")
    {}
    """
    return dict(_catalog(room, language))


@cache
def _catalog(room: str, language: str) -> Mapping[str, str]:
    file = _folder(language) / f"{room}.po"
    return dict(read_po(file.read_text("utf-8"))) if file.is_file() else {}


def all_catalogs(language: str) -> dict[str, str]:
    """Return the translations of all rooms together."""
    folder, merged = _folder(language), dict[str, str]()
    if folder.is_dir():
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            if file.name.endswith(".po"):
                merged |= _catalog(file.name.removesuffix(".po"), language)
    return merged


def _folder(language: str) -> Traversable:
    return files("madaline._language") / language


def read_po(text: str) -> Iterator[tuple[str, str]]:
    r"""Yield the translated entries of a `.po` file; `ValueError` for what is not one.

    Without contexts and plurals, which no catalog here has: in a fuzzy entry, the English changed.

    >>> list(read_po('#: a.py\nmsgid "One "\n"row"\nmsgstr "一行"\n\nmsgid "Two"\nmsgstr ""\n'))
    [('One row', '一行')]
    """
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        lines = [line for line in block.splitlines() if line]
        fuzzy = any(line.startswith("#,") and "fuzzy" in line for line in lines)
        for line in (line for line in lines if not line.startswith("#")):
            name, _, rest = line.partition(" ")
            if name in ("msgid", "msgstr"):
                fields[name] = ast.literal_eval(rest)
            elif line.startswith('"') and fields:
                fields[next(reversed(fields))] += ast.literal_eval(line)
            else:
                raise ValueError(f"not a line of a catalog: {line}")
        if fields.get("msgid") and fields.get("msgstr") and not fuzzy:
            yield fields["msgid"], fields["msgstr"]
