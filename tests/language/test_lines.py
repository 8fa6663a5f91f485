"""Whatever a line says in Chinese, it says with the numbers and the names of the English line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
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


@pytest.mark.parametrize("english", LINES)
def test_a_translated_line_keeps_numbers_and_names(english: str) -> None:
    with speaking("zh"):
        chinese = shown(english)
    assert chinese == english or not list(wrong(english, chinese)), chinese


def test_nearly_all_lines_are_translated() -> None:
    with speaking("zh"):
        left = [one for one in LINES if not re.search(CHINESE, shown(one))]
    assert len(left) <= 0.02 * len(LINES), left


def test_english_lines_stay_as_they_are() -> None:
    with speaking("en"):
        assert [one for one in LINES if shown(one) != one] == []
