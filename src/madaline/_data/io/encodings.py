"""The encoding of a text file: UTF-8, UTF-16 with a mark, windows-1252, or as it is named."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
import warnings
from difflib import get_close_matches
from encodings.aliases import aliases
from itertools import islice
from pathlib import Path

from madaline.errors import InputError

_WESTERN = "windows-1252"
"""What Excel writes in western Europe."""

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_NO_TEXTS = ("idna", "punycode")
_NAME_IT = "name the encoding that it is in with --encoding"
_OTHER_FORMATS = {
    b"PK\x03\x04": "a zip archive or a damaged Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF document",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"SQLite format 3": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
    b"<!DOCTYPE": "a web page",
    b"<!doctype": "a web page",
    b"<html": "a web page",
    b"<?xml": "an XML document",
}


def in_utf8(
    path: Path, content: bytes, encoding: str | None = None, otherwise: str | None = None
) -> tuple[bytes, tuple[str, ...]]:
    r"""Return the content of a text file in UTF-8, and what was assumed, in sentences.

    Bytes that are neither in UTF-8 nor in UTF-16 with a mark are read as windows-1252, with a
    warning, if that is plausible.
    """
    if encoding is not None:
        return _decoded(path, content, encoding).encode("utf-8", "replace"), ()
    if content.startswith(_UTF_16):
        return _decoded(path, content, "utf-16").encode(), ()
    _check_is_text(path, content)
    try:
        content.decode()
        return content, ()
    except UnicodeDecodeError as error:
        if otherwise is not None:
            text = _decoded(path, content, otherwise)
            return text.encode("utf-8", "replace"), (f"Read as {otherwise}, as for the fit.",)
        _check_no_damaged_utf8(path, content, error)
    text = _western(path, content)
    warnings.warn(
        f"{path} is not in UTF-8; it was read as {_WESTERN} (western Europe). If letters are wrong,"
        f" {_NAME_IT}.",
        UserWarning,
        stacklevel=2,
    )
    return text.encode(), ()


def check_encoding(name: str) -> str:
    """Return the name of an encoding, or raise `InputError` if Python does not know it.

    Examples
    --------
    >>> check_encoding("gb-18030")
    Traceback (most recent call last):
    madaline.errors.InputError: There is no encoding 'gb-18030': did you mean gb18030?
    """
    try:
        "a".encode(name)
        is_known = name.lower() not in _NO_TEXTS
    except (LookupError, ValueError):
        is_known = False
    if is_known:
        return name
    names = sorted({alias.replace("_", "-") for alias in (*aliases, *aliases.values(), _WESTERN)})
    near = get_close_matches(name.lower().replace("_", "-"), names, n=1, cutoff=0.7)
    meant = (
        f"did you mean {near[0]}?"
        if near
        else (
            "give one that Python knows, such as utf-8, gb18030, big5, shift-jis, euc-kr or"
            " windows-1250."
        )
    )
    raise InputError(f"There is no encoding {name!r}: {meant}")


def _decoded(path: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        place = _place(content, error.start, encoding)
        raise InputError(
            f"{path} is not in {encoding} ({place} cannot be read): correct that line, or"
            f" {_NAME_IT}."
        ) from None
    except UnicodeError:
        raise InputError(f"{path} is not in {encoding}: {_NAME_IT}.") from None


def _place(content: bytes, start: int, encoding: str) -> str:
    """Return where a byte is, as line and character, counted from 1."""
    before = content[:start].decode(encoding, "replace")
    line_start = before.rfind("\n") + 1
    return (
        f"byte {content[start]:#04x} at line {before.count(chr(10)) + 1:,},"
        f" character {len(before) - line_start + 1:,}"
    )


def _check_is_text(path: Path, content: bytes) -> None:
    for start, description in _OTHER_FORMATS.items():
        if content.startswith(start):
            raise InputError(f"{path} is {description}, not a table in text: export it as CSV.")
    head = content[:65536]
    controls = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    if head.count(0) > len(head) / 4:
        raise InputError(
            f"{path} is not a table, or in UTF-16 without a mark: give a CSV or Parquet file, or"
            f" add --encoding utf-16-{'be' if content[0] == 0 else 'le'}."
        )
    if controls > len(head) / 1000:
        raise InputError(f"{path} is not a table (it is not text): give a CSV or Parquet file.")


def _check_no_damaged_utf8(path: Path, content: bytes, error: UnicodeDecodeError) -> None:
    """Raise `InputError` where most of what is not ASCII is right in UTF-8."""
    text = content.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    n_ascii = len(content) - len(content.translate(None, bytes(range(128))))
    right = len(text) - wrong - n_ascii
    if right > wrong:
        place = _place(content, error.start, "utf-8")
        raise InputError(
            f"{path} is in UTF-8, except for {place}: correct that line, or {_NAME_IT}."
        )


def _western(path: Path, content: bytes) -> str:
    try:
        text = content.decode("cp1252")
        strange = _strange_word(text)
        number = text.count("\n", 0, text.find(strange)) + 1
        shown = f"{strange[:20]!r} in line {number:,}"
    except UnicodeDecodeError as error:
        text, strange = "", "?"
        shown = _place(content, error.start, "latin-1")
    if strange:
        raise InputError(
            f"{path} is not in UTF-8, and {shown} shows that it is not in {_WESTERN} (western"
            f" Europe) either: {_NAME_IT}, such as gb18030, big5, shift-jis, euc-kr, windows-1250"
            " or windows-1251."
        )
    return text


_MAX_STRANGE_SHARE = 0.05
"""Share of the different words and signs beyond ASCII that may be strange, at most."""

_MAX_WORDS = 100_000
"""Words that are looked at, at most: the first ones."""

_ALPHABETS = (
    "àâçéèêëîïôœùûüÿ",  # French
    "äöüßé",  # German
    "àáçèéíïñòóúü",  # Spanish, Catalan
    "áâãàçéêíóôõúü",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "åäöéšž",  # Swedish, Finnish
    "æøåéêóòôöä",  # Danish, Norwegian
    "áðéíóúýþæö",  # Icelandic
    "èéêëïöüä",  # Dutch
)
_WORDS_ALONE = re.compile("[äöüßåæø]+|[ÄÖÜ]+|[þÞ][áéíóúýæö]|[àáåæèéíóòôöøÅÀÁÈÉÍÓÔÖØ]")
"""Words without an ASCII letter that do occur: alphabets, and words of one letter."""

_CAPITALS, _SMALL = "À-ÖØ-ÞŠŒŽŸ", "ß-öø-ÿšœžƒ"
_HIGH = f"{_CAPITALS}{_SMALL}"
_LETTERS = f"A-Za-z{_HIGH}"
_SIGNS = "€‚†‡ˆ‰˜™¡-¬®-¿×÷"

_TOKEN = re.compile(r"(?<![A-Za-z])[A-Za-z]*[^\x00-\x7f][A-Za-z\x80-\U0010ffff]*")
_APART = re.compile("[\xa0\xad«»‹›“”„‘’–—…•]+")
"""Signs that may stand beside or between words without a space."""

_WORD = re.compile(f"[{_LETTERS}]*[{_HIGH}][{_LETTERS}]*")

_STRANGE_SIGNS = re.compile(
    f"¤|[{_LETTERS}][¡¿¦¨¬¯¶¸ˆ˜¼½¾‚‰]|[¦¨¬¯¶¸ˆ˜¹²³¼½¾‚†‡ª][{_LETTERS}]|º[a-z]"
    f"|[{_LETTERS}][£¥§©®±×÷†‡€][{_LETTERS}]|£[{_LETTERS}]{{3}}|¥(?![mMbBkK])[{_LETTERS}]"
    f"|[€‰™¢£¥±°º®µ×÷][{_HIGH}]|^[{_HIGH}][¢-±´-¿]|([{_SIGNS}])(?!\\1|¡)[{_SIGNS}]"
)
"""Signs where they do not stand in western text: within words, or side by side."""

_MISPLACED = re.compile(
    f"[a-z{_SMALL}][{_CAPITALS}]|[A-Z{_CAPITALS}][{_CAPITALS}][a-z{_SMALL}]|ñ(?![aeiouyáéíóúü])"
    f"|è(?=[aeiouáéíý])|^è(?=[lr])|iæ|[ìù](?=[a-z{_SMALL}])|ã(?![oes]|$)|õ(?!e)|iê$|^ð"
    f"|þ(?![aeiouyáéíóúýæöjrv])|œ(?=[wkjbz]|$)|[{_HIGH}]{{4}}"
)
"""Letters where they do not stand in words of the languages that have them."""


def _strange_word(text: str) -> str:
    """Return the first word that shows that a text is no western one; empty if it may be one.

    Examples
    --------
    >>> _strange_word("Straße,Düsseldorf;5 €;façade"), _strange_word("name,Îòâåò")
    ('', 'Îòâåò')
    """
    matches = islice(_TOKEN.finditer(text), _MAX_WORDS)
    tokens = dict.fromkeys(part for token in matches for part in _APART.split(token[0]))
    high = [token for token in tokens if not token.isascii()]
    strange = [token for token in high if _is_strange(token)]
    return strange[0] if len(strange) > _MAX_STRANGE_SHARE * len(high) else ""


def _is_strange(token: str) -> bool:
    return bool(_STRANGE_SIGNS.search(token)) or any(
        _is_strange_word(word[0]) for word in _WORD.finditer(token)
    )


def _is_strange_word(word: str) -> bool:
    if not any(letter.isascii() for letter in word):
        return _WORDS_ALONE.fullmatch(word) is None
    letters = set(word.lower())
    high = {letter for letter in letters if not letter.isascii()}
    if _MISPLACED.search(word) or (high & set("ðþý") and letters & set("cqwz")):
        return True
    return not any(high <= set(alphabet) for alphabet in _ALPHABETS)
