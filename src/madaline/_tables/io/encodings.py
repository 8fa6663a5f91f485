"""The encoding of a text file: UTF-8, UTF-16, what is likely, or as it is named."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from encodings.aliases import aliases
from itertools import chain
from pathlib import Path

from madaline._base.language import _
from madaline._base.words import warn
from madaline._tables.io.encoding_guess import (
    DOUBTFUL,
    Guess,
    decode,
    guess_encoding,
    whole_letters,
)
from madaline.errors import InputError

_HEAD = 65536  # bytes at the start of a file that show whether it is text
_MIN_RIGHT = 20  # letters in UTF-8 for each damaged one which show that it is no other encoding

_MARKS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_ESCAPES = {b"\x1b$B": "iso2022_jp_ext", b"\x1b$@": "iso2022_jp_ext", b"\x1b$)C": "iso2022_kr"}
_NO_TEXTS = ("idna", "punycode")
_NAME_IT = "name the encoding that it is in with --encoding"
_OTHER_FORMATS = {
    b"\xd0\xcf\x11\xe0": "an old document of Office",
    b"%PDF": "a PDF document",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"SQLite format 3": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
    b"version https://git-lfs": "a pointer of Git LFS (git lfs pull gets the file)",
}

_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|!--|html|head|body|table|\?xml)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class TextContent:
    """The content of a text file in UTF-8."""

    content: bytes
    encoding: str = ""  # what it was read in, where that is not UTF-8 or said by a mark
    notes: tuple[str, ...] = ()  # what was assumed, in sentences


def in_utf8(
    path: Path, content: bytes, encoding: str | None = None, otherwise: str | None = None
) -> TextContent:
    r"""Return the content of a text file in UTF-8.

    Bytes that are neither in UTF-8 nor in UTF-16 are read in `otherwise` if that is plausible, else
    in the encoding that is the most likely, with a warning.
    """
    if encoding is not None:
        return _in_utf8(_decoded(path, content, encoding), encoding)
    for mark, unicode in _MARKS.items():
        if content.startswith(mark):
            return TextContent(_decoded(path, content, unicode).encode())
    unmarked = _unmarked_utf_16(content)
    if unmarked is not None:
        return _in_utf8(
            *unmarked,
            _("Read as {unmarked}, without a byte-order mark.").format(unmarked=unmarked[1]),
        )
    switched = _switched(content)
    if switched is not None:
        return _in_utf8(
            *switched,
            _("Read as {switched}, by its escape sequences.").format(switched=switched[1]),
        )
    _check_is_text(path, content)
    try:
        content.decode()
        return TextContent(content)
    except UnicodeDecodeError as error:
        return _guessed(path, content, otherwise, error)


def encoding_of(
    path: Path, head: bytes, encoding: str | None = None, otherwise: str | None = None
) -> tuple[str, tuple[str, ...]]:
    """Return the encoding of a text file, by its first bytes, and what was assumed."""
    if encoding is not None:
        return encoding, ()
    for mark, unicode in _MARKS.items():
        if head.startswith(mark):
            return unicode, ()
    # Up to the end of a line, but where a letter takes several bytes, some of which are zero.
    end = len(head) // 4 * 4 if 0 in head else head.rfind(b"\n") + 1 or len(head)
    text = in_utf8(path, head[:end], otherwise=otherwise)
    return text.encoding or "utf-8", text.notes


def _in_utf8(text: str, encoding: str, *notes: str) -> TextContent:
    return TextContent(text.encode("utf-8", "replace"), encoding, notes)


def _guessed(
    path: Path, content: bytes, otherwise: str | None, error: UnicodeDecodeError
) -> TextContent:
    """Return content in the likeliest encoding; that of the fit goes before others."""
    guesses = guess_encoding(content, otherwise)
    best, other = next(guesses, None), next(guesses, None)
    if best is not None and best.encoding == otherwise and best.is_plausible:
        text = decode(content, otherwise)
        return _in_utf8(
            text, otherwise, _("Read as {otherwise}, as for the fit.").format(otherwise=otherwise)
        )
    is_plausible = best is not None and best.is_plausible
    _check_no_damaged_utf8(path, content, error, is_guessed=is_plausible)
    if best is None or not is_plausible:
        raise InputError(
            "{path} is not in UTF-8, and what it holds is not likely to be text in any other encoding that is known: {NAME_IT}, such as gb18030 or windows-1250.",
            path=path,
            NAME_IT=_NAME_IT,
        )
    warn(_assumed(path, best, other))
    return _in_utf8(decode(content, best.encoding), best.encoding)


def _assumed(path: Path, best: Guess, other: Guess | None) -> str:
    """Return in which encoding a file was read, and what it may be in as well."""
    assumed = _("{path} is not in UTF-8; it was read as {name}").format(path=path, name=best.name)
    if other is None or other.bits > best.bits + DOUBTFUL:
        return _("{assumed}. If letters are wrong, {NAME_IT}.").format(
            assumed=assumed, NAME_IT=_NAME_IT
        )
    pairs = zip(best.text.split("\n"), other.text.split("\n"), strict=False)
    word, as_other = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
    return _(
        "{assumed}, but may as well be in {name}, where {word!r} is {as_other!r}: if that is right, add --encoding {encoding}."
    ).format(
        assumed=assumed,
        name=other.name,
        word=word[:20],
        as_other=as_other[:20],
        encoding=other.encoding,
    )


def _unmarked_utf_16(content: bytes) -> tuple[str, str] | None:
    """Return the text and the encoding of a file in UTF-16 without a mark; None if it is not."""
    if len(content) % 2 or 0 not in content[:_HEAD]:
        return None
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if ("\n" in text or "\r" in text) and all(map(_may_be_text, set(text))):
            return text, encoding
    return None


def _switched(content: bytes) -> tuple[str, str] | None:
    """Return the text and the encoding of a file of ASCII that escapes to other letters."""
    for escape, encoding in _ESCAPES.items():
        if escape in content and content.isascii():
            with suppress(UnicodeError):
                return content.decode(encoding), encoding
    return None


def _may_be_text(character: str) -> bool:
    return character in "\t\n\r\f" or unicodedata.category(character) not in ("Cc", "Cn", "Co")


def check_encoding(name: str) -> str:
    """Return the name of an encoding, or raise `InputError` if Python does not know it."""
    try:
        "a".encode(name)
        is_known = name.lower() not in _NO_TEXTS
    except (LookupError, ValueError):
        is_known = False
    if is_known:
        return name
    names = sorted(
        {alias.replace("_", "-") for alias in (*aliases, *aliases.values(), "windows-1252")}
    )
    near = get_close_matches(name.lower().replace("_", "-"), names, n=1, cutoff=0.7)
    meant = (
        _("did you mean {near}?").format(near=near[0])
        if near
        else (
            "give one that Python knows, such as utf-8, gb18030, big5, shift-jis, euc-kr or"
            " windows-1250."
        )
    )
    raise InputError("There is no encoding {name!r}: {meant}", name=name, meant=meant)


def _decoded(path: Path, content: bytes, encoding: str) -> str:
    try:
        return decode(content, encoding)
    except UnicodeDecodeError as error:
        place = _place(content, error.start, encoding)
        raise InputError(
            "{path} is not in {encoding} ({place} cannot be read): correct that line, or {NAME_IT}.",
            path=path,
            encoding=encoding,
            place=place,
            NAME_IT=_NAME_IT,
        ) from None
    except UnicodeError:
        raise InputError(
            "{path} is not in {encoding}: {NAME_IT}.",
            path=path,
            encoding=encoding,
            NAME_IT=_NAME_IT,
        ) from None


def _place(content: bytes, start: int, encoding: str) -> str:
    """Return where a byte is, as line and character, counted from 1."""
    before = content[:start].decode(encoding, "replace")
    line_start = before.rfind("\n") + 1
    return _("byte {content:#04x} at line {count:,}, character {n_before:,}").format(
        content=content[start],
        count=before.count(chr(10)) + 1,
        n_before=len(before) - line_start + 1,
    )


def decoded_blocks(path: Path, blocks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Yield the text of a file that is read in blocks of bytes."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    for block in chain(blocks, [b""]):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeError as error:
            line += block.count(b"\n", 0, getattr(error, "start", 0))
            raise InputError(
                "{path} is not in {encoding} in line {line:,}: correct that line, or {NAME_IT}.",
                path=path,
                encoding=encoding,
                line=line,
                NAME_IT=_NAME_IT,
            ) from None
        line += text.count("\n")
        yield whole_letters(text, encoding)


def _check_is_text(path: Path, content: bytes) -> None:
    for start, description in _OTHER_FORMATS.items():
        if content.startswith(start):
            raise InputError(
                "{path} is {description}, not a table in text: export it as CSV.",
                path=path,
                description=description,
            )
    if _PAGE.match(content):
        raise InputError(
            "{path} is a web page or XML, not a table in text: export it as CSV.", path=path
        )
    head = content[:_HEAD]
    controls = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    if head.count(0) > len(head) / 4:
        raise InputError(
            "{path} is not a table, or damaged UTF-16: give a CSV or Parquet file, or name the encoding with --encoding.",
            path=path,
        )
    if controls > len(head) / 1000:
        raise InputError(
            "{path} is not a table (it is not text): give a CSV or Parquet file.", path=path
        )


def _check_no_damaged_utf8(
    path: Path, content: bytes, error: UnicodeDecodeError, *, is_guessed: bool
) -> None:
    """Raise `InputError` where most of what is not ASCII is right in UTF-8."""
    text = content.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    n_ascii = len(content) - len(content.translate(None, bytes(range(128))))
    right = len(text) - wrong - n_ascii
    if right > wrong * (_MIN_RIGHT if is_guessed else 1):
        place = _place(content, error.start, "utf-8")
        raise InputError(
            "{path} is in UTF-8, except for {place}: correct that line, or {NAME_IT}.",
            path=path,
            place=place,
            NAME_IT=_NAME_IT,
        )
