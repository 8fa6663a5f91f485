"""The settings of a playground: its table, and where it listens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final

from madaline._serve.settings import Access


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
