"""The language of a page, and its sentences in that language."""

from __future__ import annotations

import ast
import os
from functools import cache
from importlib.resources import files
from typing import Any

from madaline._playground.settings import Settings

LANGUAGES = {"en": "English", "zh": "中文"}


def choose_language(request: Any, settings: Settings) -> str:
    """Return the language that the address asks for, the command, the environment, the browser."""
    wanted = (
        request.query_params.get("lang"),
        settings.language,
        os.environ.get("MADALINE_LANG"),
        request.headers.get("accept-language"),
    )
    for given in wanted:
        language = (given or "").strip().lower()[:2]
        if language in LANGUAGES:
            return language
    return "en"


def sentences(catalogs: tuple[str, ...], language: str) -> dict[str, str]:
    """Return the sentences of some catalogs by what they are in English."""
    if language == "en":
        return {}
    return {key: text for name in catalogs for key, text in _catalog(name, language).items()}


@cache
def _catalog(name: str, language: str) -> dict[str, str]:
    """Read a gettext catalog; msgid and msgstr are strings in quotes, on one or several lines."""
    file = files("madaline") / "_language" / language / f"{name}.po"
    if not file.is_file():
        return {}
    found: dict[str, str] = {}
    parts: dict[str, str] = {}
    part = ""
    for line in [*file.read_text("utf-8").splitlines(), "msgid"]:
        word, _, rest = line.partition(" ")
        if word == "msgid" and parts.get("msgid") and parts.get("msgstr"):
            found[parts["msgid"]] = parts["msgstr"]
        if word in ("msgid", "msgstr"):
            part, parts[word], line = word, "", rest
        if line.startswith('"'):
            parts[part] += ast.literal_eval(line)
    return found
