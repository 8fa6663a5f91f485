"""Whatever a line says in Chinese, it says with the numbers and the names of the English line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from madaline._language.choice import speaking
from madaline._language.pages import translate_page
from madaline._language.translation import translate

LINES = Path(__file__).with_name("lines.txt").read_text("utf-8").splitlines()
"""Lines that commands, pages and errors show in English, as they were recorded."""

CHINESE = "[\u4e00-\u9fff]"
NUMBER = re.compile(r"(?!10[⁶⁹¹])(?<!×1)\d+(?:[.,]\d+)*")
QUOTED = re.compile(
    r"`[^`]*`|'[^' ]+'|\"[^\" ]*\"|(?<![\w-])--[a-z][a-z-]*|\b\w+\.(?:csv|madaline)\b"
)
ENGLISH = re.compile(
    r"\b(?:the|an|of|to|in|is|are|was|were|and|or|not|with|by|for|from|on|at|than|that|which"
    r"|each|its|their|has|have|be|as|if|so|it|this|these|left|only|less|more|does|do|would)\b"
)
"""Words that a sentence has, and a name has not."""


def wrong(english: str, chinese: str) -> Iterator[str]:
    """Yield what is wrong with a translation."""
    numbers = re.sub(r"\d+ 月 (?=\d+ 日)", "", chinese)  # of which English has the name
    if (before := Counter(NUMBER.findall(english))) != (after := Counter(NUMBER.findall(numbers))):
        yield f"numbers lost {dict(before - after)} or made up {dict(after - before)}"
    if lost := Counter(QUOTED.findall(english)) - Counter(QUOTED.findall(chinese)):
        yield f"names lost: {list(lost)}"
    if re.search(r"[{}]", chinese) and not re.search(r"[{}]", english):
        yield "a gap is not filled"
    if re.search(f"{CHINESE}[.,;] {CHINESE}|。[。，；：]|[，；：][。，；：]", chinese):
        yield "marks of the wrong kind"
    if re.match("[，。；：、,]", chinese.strip()) and not re.match("[,.;:]", english.strip()):
        yield "it begins with a mark"
    rest = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"|<[^>]*>|--[a-z-]+", " ", chinese)
    if re.search(CHINESE, chinese) and (half := ENGLISH.findall(rest)):
        yield f"half English: {half}"


def shown(english: str) -> str:
    """Return a line as a command or a page shows it."""
    return translate_page(english) if "<" in english else translate(english)


@cache
def translations() -> dict[str, str]:
    """Return each line in Chinese."""
    with speaking("zh"):
        return {english: shown(english) for english in LINES}


def test_a_translated_line_keeps_numbers_and_names() -> None:
    mistakes = [
        f"{what}: {english}: {chinese}"
        for english, chinese in translations().items()
        if chinese != english
        for what in wrong(english, chinese)
    ]
    assert not mistakes, "\n".join(mistakes)


@pytest.mark.parametrize(
    ("chinese", "what"),
    [
        ("第 4 行，`b`", "numbers lost {'3': 1} or made up {'4': 1}"),
        ("第 3 行，`c`", "names lost: ['`b`']"),
        ("第 3 行，`b`{name}", "a gap is not filled"),
        ("第 3 行。，`b`", "marks of the wrong kind"),
        ("，第 3 行，`b`", "it begins with a mark"),
        ("第 3 行 of `b`", "half English: ['of']"),
    ],
)
def test_mistakes_of_translations_are_found(chinese: str, what: str) -> None:
    assert list(wrong("Row 3 of `b`", chinese)) == [what]


def test_nearly_all_lines_are_translated() -> None:
    left = [one for one, chinese in translations().items() if not re.search(CHINESE, chinese)]
    assert len(LINES) > 500
    assert len(left) <= 0.02 * len(LINES), left


def test_english_lines_stay_as_they_are() -> None:
    with speaking("en"):
        assert [one for one in LINES if shown(one) != one] == []
