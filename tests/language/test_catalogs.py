"""Catalogs are read strictly, and hold what translators mean."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from madaline._language.catalogs import read_po

PO = r"""# 说明
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"

#: src/a.py
#. {0}: rows
msgid "{0} rows"
msgstr "{0} 行"

#, fuzzy
msgid "{0} columns"
msgstr "{0} 行"

msgid "a \"quoted\" "
"line\n"
msgstr ""
"一"
"行\n"

msgid "untranslated"
msgstr ""
"""


def test_the_translated_entries_of_a_catalog_are_read() -> None:
    assert dict(read_po(PO)) == {
        "": ("Content-Type: text/plain; charset=UTF-8\n",),
        "{0} rows": ("{0} 行",),
        'a "quoted" line\n': ("一行\n",),
    }


def test_what_is_no_catalog_is_refused() -> None:
    with pytest.raises(ValueError, match="not a line of a catalog: msgctxt"):
        dict(read_po('msgctxt "a"\nmsgid "b"\nmsgstr "c"\n'))


def test_translations_have_the_gaps_of_their_sentences() -> None:
    script = Path(__file__).parents[2] / "scripts" / "language.py"
    spec = importlib.util.spec_from_file_location("language", script)
    assert spec is not None
    assert spec.loader is not None
    language = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(language)
    wrong = [line for line in language.problems("zh") if "gaps that the sentence lacks" in line]
    assert wrong == []
