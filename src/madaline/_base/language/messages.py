"""Messages: sentences with named gaps, looked up in the catalog of the language that people read.

A sentence is written in English where it arises, and nothing reads it back:

    _("{n:,} of {rows:,} rows have no {column}.").format(n=3, rows=400, column="price")

What is stored, such as in a file, is the `Message`: shown again, it is in the language of then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any, final

from madaline._base.language.catalogs import Catalog, catalog_of
from madaline._base.language.choice import language, speaking
from madaline._base.language.command_line import with_options
from madaline._base.language.widths import is_glued, spaced, tight


@final
class Names(list[str]):
    """Names that a sentence tells in a row, with what the catalog has between them."""


@final
class Amount(str):
    """A number with its unit, which is no name."""


@final
class Message(str):
    """A text in the language in which it was made, with its template and what fills the gaps."""

    template: str
    plural: str
    values: Mapping[str, Any]

    def __new__(
        cls, text: str, template: str, plural: str = "", values: Mapping[str, Any] | None = None
    ) -> Message:
        """Return the text as a message."""
        message = super().__new__(cls, text)
        message.template = template
        message.plural = plural
        message.values = values or {}
        return message

    def __getnewargs__(self) -> tuple[str, str, str, Mapping[str, Any]]:  # type: ignore[override]
        """Return what makes it again, for pickles."""
        return str(self), self.template, self.plural, self.values

    def format(self, *_values: Any, **values: Any) -> Message:
        """Return the sentence with its named gaps filled.

        `Names` stand in a row. In another language than English, a value of several
        words that the catalog has is translated, too.
        """
        name = language()
        if name == "en":
            text = super().format(**{name: _listed(value) for name, value in values.items()})
        else:
            text = _filled(str(self), values, catalog_of(name))
        kept = {name: _kept(value) for name, value in values.items()}
        return Message(text, self.template, self.plural, kept)

    @property
    def english(self) -> str:
        """The message in English, for programs and files."""
        with speaking("en"):
            return str(self.again())

    def stored(self) -> Any:
        """Return the template and the values as JSON-able values; without any, the English text."""
        return self._described() if self.values else self.template

    def _described(self) -> dict[str, Any]:
        values = {
            name: value._described() if isinstance(value, Message) else value
            for name, value in self.values.items()
        }
        return {"message": self.template, "plural": self.plural, "values": values}

    @classmethod
    def restored(cls, told: Any) -> Message:
        """Return the message that `stored` described, in the language that people read."""
        if isinstance(told, str):
            return _(told)  # type: ignore[return-value]
        values = {
            name: cls.restored(value)
            if isinstance(value, dict)
            else Names(value)
            if isinstance(value, list)
            else value
            for name, value in told["values"].items()
        }
        return cls("", told["message"], told["plural"], values).again()

    def again(self) -> Message:
        """Return the message in the language that people read now."""
        template = _(self.template)
        if self.plural:
            template = ngettext(self.template, self.plural, self.values["n"])
        values = {
            name: value.again() if isinstance(value, Message) else value
            for name, value in self.values.items()
        }
        try:
            return template.format(**values) if values else template  # type: ignore[return-value]
        except (TypeError, ValueError):  # a form for a value that is only kept as text
            return self

    def for_command_line(self) -> Message:
        """Return the message with options of the command line instead of arguments in Python."""
        values = {
            name: for_command_line(value) if isinstance(value, Message) else value
            for name, value in self.values.items()
        }
        template, plural = with_options(self.template), with_options(self.plural)
        return Message(self, template, plural, values).again()


@final
class _Shown(str):
    """What is left of a value that a message was filled with: how it is written."""

    code: str

    def __new__(cls, value: object) -> _Shown:
        """Return the value as text."""
        text = super().__new__(cls, value)
        text.code = repr(value)
        return text

    def __repr__(self) -> str:
        return self.code


def _kept(value: Any) -> Any:
    """Return a value as a message keeps it, which copies and files can hold."""
    if isinstance(value, str | int | float | bool | Names):
        return value
    is_scalar = getattr(value, "shape", None) == () and hasattr(value, "item")
    return value.item() if is_scalar else _Shown(value)


def _listed(value: Any) -> Any:
    return _(", ").join(value) if isinstance(value, Names) else value


def _(template: str, /) -> str:
    """Return a sentence in the language that people read; `format` fills its named gaps.

    Parameters
    ----------
    template : str
        English, with gaps as of `str.format`.

    Returns
    -------
    Message
        English where the catalog lacks the sentence.

    Examples
    --------
    >>> from madaline._base.language.choice import speaking
    >>> with speaking("zh"):
    ...     _("Saved {path} ({size}). Next:").format(path="a.madaline", size="3 kB")
    '已保存 a.madaline（3 kB）。接下来：'
    """
    name = language()
    text = template if name == "en" else catalog_of(name).sentence(template, None) or template
    return Message(text, template)


def ngettext(singular: str, plural: str, n: int, /) -> str:
    """Return the form of a sentence that suits a number; `format` fills it, as the gap `n`.

    >>> ngettext("{n:,} row", "{n:,} rows", 1200).format(n=1200)
    '1,200 rows'
    """
    name = language()
    english = singular if n == 1 else plural
    text = "" if name == "en" else catalog_of(name).sentence(singular, n)
    return Message(text or english, singular, plural)


def _filled(text: str, values: Mapping[str, Any], entries: Catalog) -> str:
    """Return a translation with its gaps filled, and spaces as between those two scripts."""
    filled = ""
    parts = [*Formatter().parse(text)]
    for place, (literal, gap, form, conversion) in enumerate(parts, 1):
        filled = spaced(filled, literal)
        if gap is None:
            continue
        value = _listed(values[gap])
        if isinstance(value, Message):
            value = value.again()
        elif isinstance(value, str):
            known = entries.sentence(value, None) if " " in value.strip() else ""
            value = Message(known, value) if known else value
        written = repr(value) if conversion == "r" else format(value, form or "")
        rest = parts[place][0] if place < len(parts) else ""
        if type(value) is str and not conversion and is_glued(filled, rest, written):
            written = f"“{written}”"
        filled = spaced(filled, written)
    return filled


def translate(text: str) -> str:
    r"""Return lines that are each a text of the catalog; others stay as they are.

    A single word stays, which may be a user's. So does what lines are indented by.

    >>> translate("  one\n  two")
    '  one\n  two'
    """
    if isinstance(text, Message):
        return text.again()
    if language() == "en":
        return text
    return tight("\n".join(map(_line, text.split("\n"))))


def for_command_line(sentence: str) -> str:
    """Return a sentence with options of the command line instead of arguments in Python.

    >>> for_command_line("Give groups=, or lags=[1, 7].")
    'Give --groups, or --lags 1 7.'
    """
    if isinstance(sentence, Message):
        return sentence.for_command_line()
    return with_options(sentence)


def translate_word(text: str) -> str:
    """Return a text in the language that people read, even if it is a single word.

    For a word that is known to be madaline's and not a user's, such as the heading of a table.
    """
    return text.again() if isinstance(text, Message) else _in_language(text)


def _in_language(text: str) -> str:
    name = language()
    return text if name == "en" else catalog_of(name).sentence(text, None) or text


_BULLET = re.compile(r"^\s*(?:[-*] )?")
_ONE_WORD = re.compile(r"[A-Za-z-]*")


def _line(text: str) -> str:
    start = text[: len(text) - len(_BULLET.sub("", text, count=1))]
    middle = text[len(start) :].rstrip()
    if _ONE_WORD.fullmatch(middle):
        return text
    return f"{start}{_in_language(middle)}{text[len(start) + len(middle) :]}"
