"""The glossary and the catalogs have the same words: each term has one in Chinese, everywhere."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "scripts"))
from language import read  # noqa: E402

FILES = sorted((PROJECT / "src" / "madaline" / "_base" / "language" / "zh").glob("*.po"))
FILES += sorted((PROJECT / "docs" / "locale" / "zh_CN").rglob("*.po"))
ENTRIES = [(file.stem, *entry) for file in FILES for entry in read(file).items()]
PAGES = sorted((PROJECT / "docs").rglob("*.zh-CN.md"))

ROW = re.compile(r"^\| ([a-z].*?) \| (.*?) \| (.*?) ?\|$", flags=re.MULTILINE)
TERMS = [
    (re.split(", ", names), re.findall("[\u4e00-\u9fff]+", words))
    for names, *rest in ROW.findall((PROJECT / "docs" / "glossary.md").read_text("utf-8"))
    for words in ["".join(rest)]
]
GENERAL = {"class", "column", "quantile", "row"}
"""Terms that English sentences repeat where Chinese ones need not, and that are words of Python."""

NO_WORDS = re.compile(
    r"`[^`]*`|\]\([^)]*\)|https?:\S+|\{[^}]*\}|<[^>]*>|\$[^$]*\$|'[^']*'|madaline [a-z]+"
    r"|^[a-z_]+ (?=are|go|has|hold|is|name)|Unknown label type"
)
"""What is no English: code, links, gaps, tags, formulas, the argument that an error names."""

PROSE = {english: NO_WORDS.sub(" ", english) for _, english, _ in ENTRIES}

EXCEPTIONS = {"time and series", "time, series and gap", "These are no words, but they sound"}
"""How sentences begin that have arguments in Python, or a word in another sense."""

NEVER = {
    "您": "你",
    "(?<!随机)留出行": "留出的行",
    "改正": "更正",
    "明显效应": "明显影响",
    "(?<!电子)表格(?!数据)": "表",
}


def test_a_term_has_one_word_in_chinese() -> None:
    assert len(TERMS) > 90
    others = [line for names, words in TERMS for line in other_words(names, words)]
    assert not others, "\n".join(others)


def other_words(names: list[str], words: list[str]) -> Iterator[str]:
    """Yield the sentences that have a term in English, and none of its words in Chinese."""
    forms = "|".join(re.escape(name) for name in names if name not in GENERAL) or "(?!)"
    term = re.compile(rf"(?<![\w=.-])(?:{forms})s?(?![\w=([-])", flags=re.IGNORECASE)
    for file, english, chinese in ENTRIES:
        has_term = term.search(PROSE[english]) and not english.startswith(tuple(EXCEPTIONS))
        if has_term and not any(map(chinese.__contains__, words)):
            said = f"docs/glossary.md has {'、'.join(words)} for {', '.join(names)}"
            yield f"{file}: {english}: {chinese} ({said})"


def test_no_other_word_is_used() -> None:
    texts = [(file, chinese) for file, _, chinese in ENTRIES]
    texts += [(page.name, page.read_text("utf-8")) for page in PAGES]
    found = [
        f"{file}: write {better}: {text}"
        for word, better in NEVER.items()
        for file, text in texts
        if re.search(word, text)
    ]
    assert not found, "\n".join(found)
