"""How help is written, in the language that people read."""

from __future__ import annotations

import re
from argparse import RawDescriptionHelpFormatter
from typing import Any, final

from madaline._base.language import languages, translate, translate_word
from madaline._base.language.widths import wrap
from madaline._base.words import paragraph


@final
class HelpFormatter(RawDescriptionHelpFormatter):
    """Writes help in the language that people read."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """Add the usage, after a word of that language."""
        word = translate_word("usage: ").replace("： ", "：")
        super().add_usage(usage, actions, groups, word if prefix is None else prefix)

    def format_help(self) -> str:
        """Return the help; argparse has a narrow colon behind each heading."""
        return re.sub(r"(?m)(?<=[\u4e00-\u9fff\uff09]):$", "：", super().format_help())

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(text, width, "", "").splitlines()


def help_paragraphs(text: str) -> str:
    """Return paragraphs of help in the language that people read; English ones as they stand."""
    paragraphs = text.split("\n\n")
    translated = [translate(" ".join(one.split())) for one in paragraphs]
    return "\n\n".join(
        one if new == " ".join(one.split()) else paragraph(new)
        for one, new in zip(paragraphs, translated, strict=True)
    )


def add_language(parser: Any) -> None:
    """Add the language of messages, which is read before the parser writes a word."""
    text = "language of what people read (default: MADALINE_LANG, or that of the system)"
    parser.add_argument("--lang", choices=tuple(languages()), help=translate(text))
