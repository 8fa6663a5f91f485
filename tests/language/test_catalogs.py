"""Catalogs are read strictly, and hold what translators mean."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from madaline._base.language.catalogs import read_po

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


def script() -> ModuleType:
    path = Path(__file__).parents[2] / "scripts" / "language.py"
    spec = importlib.util.spec_from_file_location("language", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_translations_have_the_gaps_of_their_sentences() -> None:
    wrong = [line for line in script().problems("zh") if "gaps that the sentence lacks" in line]
    assert wrong == []


def filled(node: ast.Call) -> tuple[ast.expr, set[str]] | None:
    """Return the sentence of a call that fills its gaps, and the names of the values."""
    names = {keyword.arg for keyword in node.keywords if keyword.arg}
    match node.func:
        case ast.Attribute(
            value=ast.Call(func=ast.Name(id="_" | "ngettext"), args=args), attr="format"
        ):
            return args[0], names
        case ast.Name(id="InputError" | "ModelFileError" | "Malformed" | "warn") if node.args:
            return node.args[0], names
    return None


def test_values_fill_all_gaps_of_a_sentence() -> None:
    language = script()
    wrong, n_sentences = [], 0
    for path in language.SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            call = filled(node) if isinstance(node, ast.Call) else None
            if call is None or any(keyword.arg is None for keyword in node.keywords):
                continue
            for text in language._texts_of(call[0]) if call[1] else ():
                n_sentences += 1
                if language.gaps(text) - call[1] or (call[1] and not language.gaps(text)):
                    wrong.append(f"{path.name}:{node.lineno}: {text}")
    assert n_sentences > 1000
    assert wrong == []
