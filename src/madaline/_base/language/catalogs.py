"""Catalogs of sentences: gettext's `.po` files, one for each room and language."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import final

from madaline._base.language.command_line import with_options

_ROOT: Traversable = files("madaline._base.language")


@cache
def languages() -> dict[str, str]:
    """Return the languages that people can read, by their codes: English, and each with catalogs.

    A header of a catalog names its language, as `X-Language-Name`.

    >>> languages()
    {'en': 'English', 'zh': '中文'}
    """
    named = {"en": "English"}
    for folder in sorted(_ROOT.iterdir(), key=lambda folder: folder.name):
        texts = (file.read_text("utf-8") for file in _catalogs_in(folder))
        found = next(
            filter(None, (re.search(r"X-Language-Name: ([^\\]+)", t) for t in texts)), None
        )
        if found:
            named[folder.name] = found[1]
    return named


@final
@dataclass(frozen=True)
class Catalog:
    """The sentences of one language.

    Attributes
    ----------
    entries : Mapping[str, tuple[str, ...]]
        The translations by the English, in the singular where it has a plural: all forms.
    form : Callable[[int], int]
        Which of the forms suits a number.
    """

    entries: Mapping[str, tuple[str, ...]]
    form: Callable[[int], int]

    def sentence(self, english: str, n: int | None) -> str:
        """Return a translation, in the form for a number; empty if there is none.

        What surrounds the English, spaces and ends of lines, surrounds the translation.
        """
        forms = self.entries.get(english)
        if forms is None:
            inner = english.strip()
            if inner == english or (forms := self.entries.get(inner)) is None:
                return ""
            start = english.partition(inner)[0]
            return f"{start}{forms[0]}{english[len(start) + len(inner) :]}"
        return forms[0 if n is None else min(self.form(n), len(forms) - 1)]


@cache
def catalog_of(language: str) -> Catalog:
    """Return the translations of all rooms together."""
    entries = dict[str, tuple[str, ...]]()
    header = ""
    for file in _catalogs_in(_ROOT / language):
        for english, forms in read_po(file.read_text("utf-8")):
            if english:
                entries[english] = forms
            else:
                header += forms[0]
    for english, forms in list(entries.items()):
        as_options = with_options(english)
        if as_options not in entries:
            entries[as_options] = tuple(map(with_options, forms))
    rule = re.search(r"plural=([^;\n]+)", header)
    return Catalog(entries, gettext.c2py(rule[1].strip() if rule else "n != 1"))


def catalog(room: str, language: str) -> dict[str, str]:
    """Return the translations of a room, by the English sentences; empty if there are none.

    A page that runs in the browser gets it as JSON. What is not translated yet is left out.

    >>> catalog("nowhere", "zh")
    {}
    """
    file = _ROOT / language / f"{room}.po"
    entries = read_po(file.read_text("utf-8")) if file.is_file() else ()
    return {english: forms[0] for english, forms in entries if english}


def _catalogs_in(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    found = [file for file in folder.iterdir() if file.name.endswith(".po")]
    return sorted(found, key=lambda file: file.name)


def read_po(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    r"""Yield the translated entries of a `.po` file, the header's with an empty English.

    Without contexts, which no catalog here has; `ValueError` for what is not one. In a fuzzy entry,
    the English changed.

    >>> list(read_po('#: a.py\nmsgid "One "\n"row"\nmsgstr "一行"\n\nmsgid "Two"\nmsgstr ""\n'))
    [('One row', ('一行',))]
    """
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        lines = [line for line in block.splitlines() if line]
        fuzzy = any(line.startswith("#,") and "fuzzy" in line for line in lines)
        for line in (line for line in lines if not line.startswith("#")):
            name, _, rest = line.partition(" ")
            if name.startswith(("msgid", "msgstr")):
                fields[name] = ast.literal_eval(rest)
            elif line.startswith('"') and fields:
                fields[next(reversed(fields))] += ast.literal_eval(line)
            else:
                raise ValueError(f"not a line of a catalog: {line}")
        forms = tuple(text for name, text in fields.items() if name.startswith("msgstr"))
        if forms and all(forms) and not fuzzy:
            yield fields.get("msgid", ""), forms
