"""Keeps the catalogs of translations: `python scripts/language.py [update | check]`.

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

SOURCE = Path(__file__).resolve().parents[1] / "src" / "madaline"
CATALOGS = SOURCE / "_language"

GAP = re.compile(r"\{(\d+)(?::([^{}]*))?\}")
_NUMERIC = re.compile(r"[^a-z]*[.\d,]*[defgEG%]$|[+z]?,$|,\.\d+[f]$|.*[fg%d]$")
_WORDS = re.compile(r"[A-Za-z]{2,}[^A-Za-z]*[ ,;:(].*[A-Za-z]{2,}", re.DOTALL)
_WORD = re.compile(r"(?<![\w.=-])[A-Za-z]{2,}(?![\w.=])")
_NAMED_GAP = re.compile(r"\{([a-z_]*)(?::([^{}]*))?\}")
_EXAMPLES = re.compile(r"(examples|example):\s")
_CODE = re.compile(r"\S*(?:[:/\[_#^]\w|->)\S*")
_CODE_INSIDE = re.compile(r"\(\?[:<=!]|\\[wsd]|^\s*<[^>]*>|^[<\"]|=\"$|px;|charset=|^@")
_COMMAND = re.compile(
    r"--?\w[\w -]*[A-Z]+( \.\.\.)?$|--[\w-]+ [\w{\"][^:]*$|madaline [a-z]+ ([A-Z]|\{)"
)
_JOINT = re.compile(r"\W*(?:(?:of|in|for|is|it|the|and|to|at)\b\W*)*")
"""Words that only tie gaps together, which translations of whole sentences hold."""
_NO_TEXT = {"compile", "getLogger", "TypeVar", "glob", "execute", "header", "strptime", "strftime"}
"""Functions whose arguments nobody reads."""

_NUMBERS = {"len", "format_loss", "format_number", "format_signed", "round"}
"""Functions that return a number, or the text of one."""

BLOCK_TAG = re.compile(
    r"<(?!/?(?:b|i|em|strong|code|a|small|span|wbr|sub|sup|abbr|var)\b)[^>]*>|<!--.*?-->", re.DOTALL
)
"""A tag of HTML that ends a sentence."""


def sentences(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the sentences that a file may show, each with what fills its gaps."""
    if path.suffix == ".html":
        yield from _of_template(path.read_text("utf-8"))
    else:
        yield from _Reader().sentences(ast.parse(path.read_text("utf-8")))


def _of_template(text: str) -> Iterator[tuple[str, str]]:
    yield from _of_expressions(text)
    text = re.sub(r"\{#.*?#\}|<style>.*?</style>|<script.*?</script>", "", text, flags=re.DOTALL)
    fills: list[str] = []
    marked = re.sub(r"\{\{(.*?)\}\}", lambda found: f"\x00{_keep(fills, found[1])}\x00", text)
    attributes = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', marked)
    units = re.split(BLOCK_TAG.pattern + r"|\{%.*?%\}", marked)
    units += re.split(r"\{%.*?%\}", "{%%}".join(attributes))
    for unit in units:
        names: list[str] = []

        def gap(found: re.Match[str], names: list[str] = names) -> str:
            names.append(fills[int(found[1])].strip())
            return f"{{{len(names) - 1}}}"

        english = re.sub(r"\x00(\d+)\x00", gap, " ".join(unit.split()))
        plain = re.sub(r"<[^>]*>|\{\d+\}|https?://\S+", "", english)
        if re.search("[A-Za-z]{2}", plain) and not (names and _JOINT.fullmatch(plain)):
            yield english, ", ".join(names)


def _of_expressions(text: str) -> Iterator[tuple[str, str]]:
    """Yield the sentences that stand in the expressions of a template."""
    from jinja2 import Environment, nodes

    inner: set[int] = set()
    for node in Environment().parse(text).find_all((nodes.Call, nodes.Concat, nodes.Const)):
        if isinstance(node, nodes.Call) and getattr(node.node, "name", "") == "count":
            nouns = [noun.as_const() for noun in node.args[1:]]
            both = (nouns[0], nouns[1] if nouns[1:] else f"{nouns[0]}s")
            yield from ((f"{{0:n}} {noun}", "") for noun in both)
            inner |= set(map(id, node.args))
        parts = node.nodes if isinstance(node, nodes.Concat) else [node]
        if id(node) in inner or isinstance(node, nodes.Call):
            continue
        inner |= set(map(id, parts))
        gaps = iter(range(100))
        english = "".join(
            part.value
            if isinstance(part, nodes.Const) and isinstance(part.value, str)
            else f"{{{next(gaps)}}}"
            for part in parts
        ).strip()
        is_joint = GAP.search(english) and _JOINT.fullmatch(GAP.sub("", english))
        if _WORDS.search(GAP.sub("0", english)) and not is_joint and not _is_code(english, english):
            yield " ".join(english.split()), ""


def _keep(fills: list[str], text: str) -> int:
    fills.append(text)
    return len(fills) - 1


class _Reader:
    """Reads the sentences of a module."""

    def sentences(self, module: ast.Module) -> Iterator[tuple[str, str]]:
        skipped = set(_unread(module))
        nodes = [module]
        while nodes:
            node = nodes.pop(0)
            if id(node) in skipped:
                continue
            text = self._text(node)
            yield from _counts(node)
            if text is None:
                nodes = [*ast.iter_child_nodes(node), *nodes]
                continue
            inner = [part for part in ast.walk(node) if isinstance(part, ast.FormattedValue)]
            nodes = [part.value for part in inner] + nodes
            yield from self._parts(*text)

    def _parts(self, english: str, fills: list[str]) -> Iterator[tuple[str, str]]:
        for part in cleandoc(english).split("\n\n") if "\n" in english else [english]:
            plain = (" ".join(part.split()) if "\n" in part else part).strip()
            literal = GAP.sub(lambda gap: (gap[2] or "").rpartition("|")[0] or "0", plain)
            enough = _WORDS.search(literal) or (fills and _WORD.search(literal))
            enough = enough or re.fullmatch("[A-Z][a-z]+[.:]", literal)
            enough = enough and not (fills and _JOINT.fullmatch(GAP.sub("", plain)))
            if enough and not _EXAMPLES.match(plain) and not _is_code(plain, literal):
                used = [fills[int(gap[1])] for gap in GAP.finditer(plain)]
                yield _numbered(plain), ", ".join(used)

    def _text(self, node: ast.AST) -> tuple[str, list[str]] | None:
        """Return the text of a node with gaps, and what fills them; None if it is not a text."""
        fills: list[str] = []
        text = self._of(node, fills)
        return None if text is None else (text, fills)

    @staticmethod
    def _gap(gap: re.Match[str], fills: list[str]) -> str:
        """Return a gap for a name in braces, which `str.format` fills."""
        fills.append(gap[1])
        return f"{{{len(fills) - 1}{':n' if gap[2] and _NUMERIC.match(gap[2]) else ''}}}"

    def _of(self, node: ast.AST, fills: list[str]) -> str | None:
        match node:
            case ast.Constant(value=str(text)):
                return _NAMED_GAP.sub(lambda gap: self._gap(gap, fills), text)
            case ast.JoinedStr(values=values):
                return "".join(self._of(value, fills) or "" for value in values)
            case ast.FormattedValue(value=value, format_spec=spec):
                fills.append(ast.unparse(value))
                form = "" if spec is None else ast.unparse(spec)[2:-1]
                number = ":n" if form and _NUMERIC.match(form) else _choices(value)
                return f"{{{len(fills) - 1}{number}}}"
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                before, after = self._of(left, fills), self._of(right, fills)
                return None if before is None or after is None else before + after
        return None


def _choices(value: ast.AST) -> str:
    """Return the texts of which one fills a gap, if they stand in the code."""
    match value:
        case ast.Call(func=ast.Name(id=name)) if name in _NUMBERS:
            return ":n"
        case ast.Call(func=ast.Name(id="when_worse")):
            return ":falls|rises"
        case ast.IfExp(body=ast.Constant(value=str(one)), orelse=ast.Constant(value=str(other))):
            choices = (one, other)
        case ast.BinOp(op=ast.Mult(), left=ast.Constant(value=str(one))):
            choices = ("", one)
        case _:
            return ""
    return "" if re.search(r"[{}|]|^n$", "".join(choices)) else ":" + "|".join(choices)


def _counts(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield how numbers of things read, one and several, where the noun stands in the call."""
    match node:
        case ast.Call(func=ast.Name(id="format_count"), args=[_, ast.Constant(value=noun), *more]):
            plural = more[0].value if more and isinstance(more[0], ast.Constant) else f"{noun}s"
            yield f"{{0:n}} {noun}", ""
            yield f"{{0:n}} {plural}", ""


def _unread(module: ast.Module) -> Iterator[int]:
    """Yield the nodes whose texts nobody reads: docstrings, patterns, annotations."""
    for node in ast.walk(module):
        match node:
            case ast.Expr(value=ast.Constant() as text):
                yield id(text)
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in _NO_TEXT:
                yield from map(id, node.args)
            case ast.AnnAssign(annotation=annotation) | ast.arg(annotation=ast.AST() as annotation):
                yield id(annotation)
            case ast.FunctionDef(returns=ast.AST() as annotation):
                yield id(annotation)


def _is_code(text: str, literal: str) -> bool:
    """Return whether a text is for programs: patterns, styles, tags, addresses, names."""
    if _CODE.fullmatch(literal):
        return True
    literal = GAP.sub("", re.sub(r"</?(?:b|i|em|code|small)>", "", text))
    return bool(_CODE_INSIDE.search(literal) or _COMMAND.match(text))


def _numbered(text: str) -> str:
    numbers = iter(range(1000))
    return GAP.sub(lambda gap: f"{{{next(numbers)}{'' if gap[2] is None else ':' + gap[2]}}}", text)


def rooms() -> dict[str, dict[str, tuple[str, str]]]:
    """Return the sentences of each room, each with its file and what fills its gaps."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    taken: set[str] = set()
    for path in sorted([*SOURCE.rglob("*.py"), *SOURCE.rglob("*.html")]):
        place = path.relative_to(SOURCE)
        if place.parts[0] in ("_language", "_playground"):  # the latter's catalog is its page's
            continue
        room = place.parts[0].removesuffix(".py").strip("_")
        for english, fills in sentences(path):
            if english not in taken:
                taken.add(english)
                found.setdefault(room, {})[english] = (place.as_posix(), fills)
    return found


def read(path: Path) -> dict[str, str]:
    """Return all entries of a catalog, also those without a translation."""
    entries: dict[str, str] = {}
    for block in path.read_text("utf-8").split("\n\n") if path.is_file() else []:
        fields: dict[str, str] = {}
        for line in block.splitlines():
            name, _, rest = line.partition(" ")
            if name in ("msgid", "msgstr"):
                fields[name] = ast.literal_eval(rest)
            elif line.startswith('"'):
                fields[next(reversed(fields))] += ast.literal_eval(line)
        if fields.get("msgid"):
            entries[fields["msgid"]] = fields.get("msgstr", "")
    return entries


_HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: {language}\\n"
"""


def write(
    path: Path, entries: dict[str, str], found: dict[str, tuple[str, str]], language: str
) -> None:
    """Write a catalog: the sentences of the code in their order, then those written by hand."""
    ordered = [english for english in found if english in entries]
    ordered += [english for english in entries if english not in found]
    blocks = [_HEADER.format(language=language)]
    for english in ordered:
        place, fills = found.get(english, ("", ""))
        lines = [f"#: {place}"] if place else []
        lines += [f"#. {fills}"] if fills else []
        lines += [f"msgid {_quoted(english)}", f"msgstr {_quoted(entries[english])}"]
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
    text = _all_text()
    known: set[str] = set()
    for file in catalog_files(language):
        for english, translation in read(file).items():
            known.add(english)
            if not translation:
                yield f"{file.name}: not translated: {english}"
            elif file.stem != "argparse" and english not in found and not _stands_in(text, english):
                yield f"{file.name}: no longer in the code: {english}"
            else:
                gaps = {gap[1] for gap in GAP.finditer(english)}
                more = {gap[1] for gap in GAP.finditer(translation)} - gaps
                if more:
                    yield f"{file.name}: gaps that the sentence lacks: {translation}"
    for english in sorted(found - known):
        yield f"missing: {english}"


def _all_text() -> str:
    """Return all texts of the code, in which the parts of sentences are looked for."""
    paths = [*SOURCE.rglob("*.html"), *SOURCE.rglob("*.js")]
    texts = [path.read_text("utf-8") for path in paths]
    for path in SOURCE.rglob("*.py"):
        tree = ast.walk(ast.parse(path.read_text("utf-8")))
        texts += [one.value for one in tree if isinstance(one, ast.Constant) and _is_text(one)]
    return " ".join(" ".join(texts).split()).lower()


def _is_text(node: ast.Constant) -> bool:
    return isinstance(node.value, str)


def _stands_in(text: str, english: str) -> bool:
    """Return whether the code has all words of a sentence, which it may put together."""
    return all(word in text for word in re.findall("[a-z]+", GAP.sub(" ", english.lower())))


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
