"""The language of a page."""

from __future__ import annotations

import os
from typing import Any

from madaline._language import LANGUAGES
from madaline._language.choice import VARIABLE
from madaline._playground.settings import PlaygroundSettings


def choose_language(request: Any, settings: PlaygroundSettings) -> str:
    """Return the language of the address, the settings, the environment, or the browser.

    The option ``--lang`` of the command sets the environment.
    """
    wanted = (
        request.query_params.get("lang"),
        settings.language,
        os.environ.get(VARIABLE),
        request.headers.get("accept-language"),
    )
    for given in wanted:
        language = (given or "").strip().lower()[:2]
        if language in LANGUAGES:
            return language
    return "en"
