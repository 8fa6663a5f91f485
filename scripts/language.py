"""Keeps the catalogs of translations: `python scripts/language.py [update | check] [language]`.

`update` adds the sentences of the code and of the templates that a catalog lacks, without a
translation; `check` lists what is missing, what stands in the code no more, and gaps that a
translation lacks or makes up.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from string import Formatter

SOURCE = Path(__file__).resolve().parents[1] / "src" / "madaline"
CATALOGS = SOURCE / "_base" / "language"
OTHERS = {"argparse", "playground"}
"""Catalogs of sentences that stand elsewhere: in Python's own module, and in scripts of pages."""

_PYTHON = {"datasets.py", "python_code.py", "pandas_code.py", "stream_rows.py", "c_code.py"}
"""Files whose texts are programs."""

_LOOK_UP = {"_", "warn", "InputError", "ModelFileError", "ClusterError", "BrokenFileError"}
_LOOK_UP |= {"TooLargeError", "MadalineError", "Malformed", "Refusal"}
"""Functions and errors that look up the first text they are given."""

_NOT_SHOWN = {
    "compile",
    "getLogger",
    "TypeVar",
    "glob",
    "execute",
    "header",
    "strptime",
    "strftime",
}
"""Functions whose arguments nobody reads."""

_WORDS = re.compile(r"[A-Za-z]{2,}[^A-Za-z]*[ ,;:(].*[A-Za-z]{2,}", re.DOTALL)
_CODE = re.compile(
    r"\S*(?:[:/\[_#^]\w|->)\S*|.*(?:\(\?[:<=!]|\\[wsd]|px;|charset=)|^[<@\"]|.*=\"$"
    r"|--?\w[\w -]*[A-Z]+( \.\.\.)?$|--[\w-]+ [\w{\"][^:]*$|madaline [a-z]+ ([A-Z]|\{)"
    r"|(examples|example):\s",
    re.DOTALL,
)
"""Texts for programs: patterns, styles, tags, addresses, names, commands."""


def sentences(path: Path) -> Iterator[str | tuple[str, str]]:
    """Yield the texts of a file that are looked up; those with a plural as pairs."""
    text = path.read_text("utf-8")
    if path.suffix == ".html":
        from jinja2 import Environment
        from jinja2.ext import extract_from_ast

        for _line, _function, message in extract_from_ast(Environment().parse(text), ("_",)):
            yield message if isinstance(message, str) else (message[0] or "")
    else:
        yield from _of_module(ast.parse(text))


def _of_module(module: ast.Module) -> Iterator[str | tuple[str, str]]:
    hidden = set(_not_shown(module))
    looked_up = set[int]()
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        texts = [arg for arg in node.args if _texts_of(arg)]
        if name == "ngettext" and len(texts) > 1:
            looked_up |= set(map(id, texts[:2]))
            yield _texts_of(texts[0])[0], _texts_of(texts[1])[0]
        elif name == "format_count" and texts:
            nouns = [text for arg in texts for text in _texts_of(arg)]
            yield f"{{n:,}} {nouns[0]}", f"{{n:,}} {nouns[1] if nouns[1:] else nouns[0] + 's'}"
        elif name in _LOOK_UP and texts:
            for part in ast.walk(texts[0]):
                looked_up.add(id(part))
            yield from _texts_of(texts[0])
    for node in ast.walk(module):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in hidden | looked_up:
            yield from _shown(node.value)


def _texts_of(node: ast.AST) -> list[str]:
    """Return the text of a node, or of both branches of a choice."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=orelse):
            return _texts_of(body) + _texts_of(orelse)
    return []


def _shown(text: str) -> Iterator[str]:
    """Yield the paragraphs of a text that read like sentences: what shows them looks them up."""
    for part in cleandoc(text).split("\n\n") if "\n" in text else [text]:
        plain = (" ".join(part.split()) if "\n" in part else part).strip()
        if _WORDS.search(plain) and not _CODE.match(plain):
            yield plain


def _not_shown(module: ast.Module) -> Iterator[int]:
    """Yield the nodes whose texts nobody reads: docstrings, patterns, annotations, f-strings."""
    for node in ast.walk(module):
        match node:
            case ast.Expr(value=ast.Constant() as text):
                yield id(text)
            case ast.JoinedStr():
                yield from map(id, node.values)
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in _NOT_SHOWN:
                yield from map(id, node.args)
            case ast.AnnAssign(annotation=annotation) | ast.arg(annotation=ast.AST() as annotation):
                yield from map(id, ast.walk(annotation))
            case ast.FunctionDef(returns=ast.AST() as annotation):
                yield from map(id, ast.walk(annotation))


def rooms() -> dict[str, dict[str, tuple[str, str]]]:
    """Return the sentences of each wing, each with its file and its plural."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    taken: set[str] = set()
    for path in sorted([*SOURCE.rglob("*.py"), *SOURCE.rglob("*.html")]):
        place = path.relative_to(SOURCE)
        if place.parts[:2] == ("_base", "language") or path.name in _PYTHON:
            continue
        room = place.parts[0].removesuffix(".py").strip("_")
        room = f"{room}_pages" if room in OTHERS else room
        for one in sentences(path):
            english, plural = (one, "") if isinstance(one, str) else one
            if " " in english.strip():  # else it may stand between others, such as " and "
                english, plural = english.strip(), plural.strip()
            if english and english not in taken:
                taken.add(english)
                found.setdefault(room, {})[english] = (place.as_posix(), plural)
    return found


def read(path: Path) -> dict[str, str]:
    """Return all entries of a catalog, also those without a translation."""
    entries: dict[str, str] = {}
    for block in path.read_text("utf-8").split("\n\n") if path.is_file() else []:
        fields: dict[str, str] = {}
        for line in block.splitlines():
            name, _, rest = line.partition(" ")
            if name.startswith(("msgid", "msgstr")):
                fields[name] = ast.literal_eval(rest)
            elif line.startswith('"'):
                fields[next(reversed(fields))] += ast.literal_eval(line)
        if fields.get("msgid"):
            entries[fields["msgid"]] = fields.get("msgstr", fields.get("msgstr[0]", ""))
    return entries


_HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: {language}\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"""


def write(
    path: Path, entries: dict[str, str], found: dict[str, tuple[str, str]], language: str
) -> None:
    """Write a catalog: the sentences of the code in their order, then those written by hand."""
    ordered = [english for english in found if english in entries]
    ordered += [english for english in entries if english not in found]
    kept = path.read_text("utf-8").partition("\n\n")[0] + "\n" if path.is_file() else ""
    blocks = [kept or _HEADER.format(language=language)]
    for english in ordered:
        _place, plural = found.get(english, ("", ""))
        lines = [f"msgid {_quoted(english)}"]
        lines += [f"msgid_plural {_quoted(plural)}"] if plural else []
        lines += [f"msgstr{'[0]' if plural else ''} {_quoted(entries[english])}"]
        blocks.append("\n".join(lines) + "\n")
    path.write_text("\n".join(blocks), "utf-8")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def update(language: str) -> None:
    """Add to the catalogs what they lack."""
    found = rooms()
    known = {english for file in catalog_files(language) for english in read(file)}
    for room, of_room in found.items():
        path = CATALOGS / language / f"{room}.po"
        entries = {key: text for key, text in read(path).items() if text or key in of_room}
        entries |= {english: "" for english in of_room if english not in known}
        if entries:
            write(path, entries, of_room, language)


def catalog_files(language: str) -> list[Path]:
    """Return the catalogs of a language."""
    return sorted((CATALOGS / language).glob("*.po"))


def problems(language: str) -> Iterator[str]:
    """Yield what is wrong with the catalogs of a language, a line each."""
    found = {english for of_room in rooms().values() for english in of_room}
    known: set[str] = set()
    for file in catalog_files(language):
        for english, translation in read(file).items():
            known.add(english)
            if not translation:
                yield f"{file.name}: not translated: {english}"
            elif file.stem not in OTHERS and english not in found and gaps(english) - {"n"}:
                yield f"{file.name}: no longer in the code: {english}"
            elif more := gaps(translation) - gaps(english):
                yield f"{file.name}: gaps that the sentence lacks: {', '.join(more)}: {translation}"
    for english in sorted(found - known):
        yield f"missing: {english}"


def gaps(text: str) -> set[str]:
    """Return the names of the gaps of a sentence; none of a text with single braces."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name}
    except ValueError:
        return set()


def main(command: str = "check", language: str = "zh") -> int:
    """Run a command, and return its exit code."""
    if command == "update":
        update(language)
        return 0
    lines = list(problems(language))
    print("\n".join(lines) or "All sentences are translated.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
