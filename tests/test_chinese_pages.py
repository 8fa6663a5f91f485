"""Pages that are in Chinese have a translation of each sentence, with its code and links."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

PROJECT = Path(__file__).resolve().parents[1]
PAGES = sorted((PROJECT / "docs").rglob("*.md"))
CODE = re.compile(r"^```.*?^```$", flags=re.DOTALL | re.MULTILINE)


def load_messages() -> ModuleType:
    path = PROJECT / "site" / "messages.py"
    spec = importlib.util.spec_from_file_location("messages_of_pages", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


messages = load_messages()


def test_every_sentence_of_the_chinese_pages_is_translated() -> None:
    """`site/messages.py update` adds what a catalog lacks, without a translation."""
    names = messages.translated_pages()
    assert {"index", "start", "course/index"} <= set(names)
    assert list(messages.problems()) == []


def test_translating_a_page_leaves_its_code_alone() -> None:
    assert len(PAGES) > 100
    changed = [page.name for page in PAGES if translation_changes_code(page.read_text("utf-8"))]
    assert changed == []


def translation_changes_code(text: str) -> bool:
    """Return whether code differs in a translated page, or anything in one without a catalog."""
    catalog = dict.fromkeys(messages.messages(text), "译文")
    translated = messages.translated(text, catalog)
    is_same = messages.translated(text, {}).split() == text.split()
    return not is_same or CODE.findall(translated) != CODE.findall(text)


PAGE = """\
# A title

A paragraph with `code`
over two lines. $$

| column | `name` |
| --- | --- |
| a \\| b | 3 |

1. an item
   that goes on

   $$\\text{loss} = 1$$

$$x = 1$$

```{note}
A note.
```

```python
no = "text"
```

    madaline fit table.csv
"""


def test_what_counts_as_a_sentence() -> None:
    assert messages.messages(PAGE) == [
        "A title",
        "A paragraph with `code` over two lines. $$",
        "column",
        "an item that goes on",
        "\\text{loss} = 1",
        "A note.",
    ]


def test_problems_are_found(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(messages, "DOCS", tmp_path)
    monkeypatch.setattr(messages, "CATALOGS", tmp_path / "locale")
    page = tmp_path / "page.md"
    page.write_text("# A title\n\nSee [here](there.md).\n")
    messages.update(["page"])
    assert list(messages.problems()) == [
        "page.po: no translation: A title",
        "page.po: no translation: See [here](there.md).",
    ]
    catalog = tmp_path / "locale" / "page.po"
    empty = 'msgid "See [here](there.md)."\nmsgstr ""'
    full = empty.replace('""', '"见[这里](where.md)。"')
    catalog.write_text(catalog.read_text().replace(empty, full))
    page.write_text("# Another title\n\nSee [here](there.md).\n")
    messages.update(["page"])
    assert list(messages.problems()) == [
        "page.po: no translation: Another title",
        "page.po: other links than in the sentence: 见[这里](where.md)。",
    ]
    page.write_text("# Another title\n")
    messages.update(["page"])
    assert "page.po: no longer in the page: See [here](there.md)." in messages.problems()
