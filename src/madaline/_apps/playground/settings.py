"""The settings of a playground: its table, where it listens, and the language of its pages."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from madaline._apps.serve.settings import Access
from madaline._base.language import languages
from madaline._base.language.choice import VARIABLE


@final
@dataclass(frozen=True, kw_only=True)
class PlaygroundSettings(Access):
    """The settings of a playground; it listens to this machine alone."""

    table: Path | None = None  # whose columns are shown at the start
    language: str | None = None  # of the pages, unless their address asks for another
    browser: bool = True  # whether to open one
    timeout: float = 600.0  # of one request: an epoch of a large table, on a busy machine
    shutdown_timeout: float = 4.0
    max_bytes: int = 20_000_000  # of a table that is dropped on a page


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
        if language in languages():
            return language
    return "en"
