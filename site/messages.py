"""The sentences of a page, and their translations: `python site/messages.py [update | check]`.

A page of `docs/` is in Chinese, too, if `docs/locale/zh_CN/LC_MESSAGES/` has a catalog for it, in
the format of gettext: each heading, paragraph, item of a list and cell of a table, and its
translation. `update` adds to the catalogs what their pages say by now; `update guides/costs` makes
one for that page. `check` lists what has no translation, what the pages say no more, and
translations whose code, links or formulas differ.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
CATALOGS = DOCS / "locale" / "zh_CN" / "LC_MESSAGES"
OF_THEME = "sphinx"  # words of the theme and of `site/`, which no page has

FENCE = re.compile(r"\s*(```+|~~~+)(?:\{([\w-]+)\})?")
PROSE = {"note", "tip", "warning", "important", "admonition"}  # fences around text
PROMPT = re.compile(r'^:mystnb: \{code_prompt_show: "(.*)"\}$', flags=re.MULTILINE)
MATH = re.compile(r"(\s*\$\$)(.*)(\$\$\s*)")
TEXT_IN_FORMULA = re.compile(r"\\text\{([^}]*)\}")
HEADING = re.compile(r"(#+ )(.*)(\n?)")
ITEM = re.compile(r"(\s*(?:[-*+]|\d+\.) +)(.*)(\n?)")
NO_TEXT = re.compile(r"\s*(?::::|\{[.#]|<(?!http)|\([\w-]+\)=)")
CELL = re.compile(r"((?<!\\)\|[ ]*)")
# What a translation has in common with its sentence.
COMMON = {
    "code": re.compile(r"`[^`]+`"),
    "links": re.compile(r"\]\([^)]*\)|<https?:[^>]*>"),
    "formulas": re.compile(r"\$[^$]+\$"),
}


def pieces(page: str) -> Iterator[tuple[str, bool]]:
    r"""Yield the parts of a page, each with whether it is a sentence to translate.

    >>> page = "# One\n\nTwo\nlines.\n\n- three\n\n| `a` | four |\n"
    >>> [part for part, is_message in pieces(page) if is_message]
    ['One', 'Two lines.', 'three', 'four']
    """
    lines = page.splitlines(keepends=True)
    start = lines.index("---\n", 1) + 1 if lines[:1] == ["---\n"] else 0
    yield from ((line, False) for line in lines[:start])
    paragraph: list[str] = []
    fence = around = ""  # what ends a block that is not translated, or one around text
    in_list = False
    for line in lines[start:]:
        goes_on = bool(paragraph)
        if not fence and not (goes_on and _goes_on(line)):
            yield from _paragraph(paragraph)
        opened = FENCE.match(line)
        if fence:
            yield line, False
            fence = "" if line.strip() == fence else fence
        elif around and line.strip() == around:
            yield line, False
            around = ""
        elif opened:
            yield line, False
            if opened[2] in PROSE:
                around = opened[1]
            else:
                fence = opened[1]
        elif not line.strip() or NO_TEXT.match(line):
            yield line, False
        elif parts := HEADING.fullmatch(line):
            yield from _split(*parts.groups())
            in_list = False
        elif parts := MATH.fullmatch(line):
            before, formula, after = parts.groups()
            words = " ".join(TEXT_IN_FORMULA.findall(formula))
            yield from ((before, False), (formula, _is_message(words)), (after, False))
        elif line.lstrip().startswith("|"):
            yield from ((part, _is_message(part)) for part in _cells(line))
        elif parts := ITEM.fullmatch(line):
            paragraph.extend([parts[1], parts[2].strip()])
            in_list = True
        elif not goes_on and line.startswith("    ") and not in_list:
            yield line, False
        elif goes_on:
            paragraph.append(line.strip())
        else:
            paragraph.extend([line[: -len(line.lstrip())], line.strip()])
            in_list = in_list and line.startswith(" ")
    yield from _paragraph(paragraph)


def _goes_on(line: str) -> bool:
    """Return whether a line goes on with the paragraph before it."""
    others = (FENCE, NO_TEXT, HEADING, MATH, ITEM)
    return bool(line.strip()) and not any(other.match(line) for other in others)


def _paragraph(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Yield the lines that were collected, as one, and forget them."""
    if lines:
        prefix, *texts = lines
        yield from _split(prefix, " ".join(texts), "\n")
        lines.clear()


def _split(before: str, text: str, after: str) -> Iterator[tuple[str, bool]]:
    yield before, False
    yield text, _is_message(text)
    yield after, False


def _cells(row: str) -> Iterator[str]:
    """Yield the parts of a row of a table: its cells, and what stands between them."""
    for part in CELL.split(row):
        text = part.rstrip()
        yield text
        yield part[len(text) :]


def _is_message(text: str) -> bool:
    """Return whether a text has words beside its code, links and formulas."""
    words = re.sub(r"`[^`]*`|\]\([^)]*\)|<https?:[^>]*>|\$[^$]*\$", "", text)
    return bool(re.search(r"[A-Za-z]{2}", words))


def messages(page: str) -> list[str]:
    """Return the sentences of a page, and what stands on its buttons, each once."""
    found = [part for part, is_message in pieces(page) if is_message]
    return list(dict.fromkeys(found + PROMPT.findall(page)))


def translated(page: str, catalog: Mapping[str, str]) -> str:
    r"""Return a page with its sentences replaced by their translations, where there are some.

    >>> translated("# One\n\nTwo\nlines.\n", {"One": "一"})
    '# 一\n\nTwo lines.\n'
    """
    return "".join(
        (catalog.get(part) or part) if is_message else part for part, is_message in pieces(page)
    )


def read(name: str) -> dict[str, str]:
    """Return the catalog of a page, such as `course/2_xor`; an empty one if there is none."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from language import read as read_catalog

    return read_catalog(CATALOGS / f"{name}.po")


def translated_pages() -> list[str]:
    """Return the names of the pages that have a catalog."""
    found = (path.relative_to(CATALOGS).with_suffix("") for path in CATALOGS.rglob("*.po"))
    return sorted(name.as_posix() for name in found if name.as_posix() != OF_THEME)


def update(names: Iterable[str]) -> None:
    """Add the sentences that catalogs lack; what a page says no more comes last in its own."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from language import write as write_catalog

    for name in names:
        found = messages((DOCS / f"{name}.md").read_text("utf-8"))
        known = read(name)
        entries = {one: known.get(one, "") for one in found}
        entries |= {one: text for one, text in known.items() if text and one not in entries}
        path = CATALOGS / f"{name}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_catalog(path, entries, dict.fromkeys(found, ("", "")), "zh_CN")


def problems() -> Iterator[str]:
    """Yield what is wrong with the catalogs, a line each."""
    for name in translated_pages():
        page = DOCS / f"{name}.md"
        if not page.is_file():
            yield f"{name}.po: there is no page docs/{name}.md"
            continue
        found, catalog = messages(page.read_text("utf-8")), read(name)
        for english in found:
            if not catalog.get(english):
                yield f"{name}.po: no translation: {english}"
        for english in catalog:
            if english not in found:
                yield f"{name}.po: no longer in the page: {english}"
            else:
                yield from (f"{name}.po: {what}" for what in differences(english, catalog[english]))


def differences(english: str, translation: str) -> Iterator[str]:
    """Yield what a sentence has in common with its translation, but should.

    >>> list(differences("See `a` and `b`.", "见 `a`。"))
    ['other code than in the sentence: 见 `a`。']
    """
    if not translation:
        return
    for what, pattern in COMMON.items():
        both = (pattern.findall(text) for text in (english, translation))
        found, expected = ({_without_words(one) for one in parts} for parts in both)
        if found != expected:
            yield f"other {what} than in the sentence: {translation}"
    if english.count("**") != translation.count("**"):
        yield f"other bold text than in the sentence: {translation}"


def _without_words(formula: str) -> str:
    return TEXT_IN_FORMULA.sub("", formula)


def main(command: str = "check", *names: str) -> int:
    """Run a command, and return its exit code."""
    if command == "update":
        update(names or translated_pages())
        return 0
    lines = list(problems())
    print("\n".join(lines) or f"{len(translated_pages())} pages are in Chinese, each sentence.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
