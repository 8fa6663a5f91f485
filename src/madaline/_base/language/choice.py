"""Which language people read: the one that was asked for, otherwise that of the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from madaline._base.language.catalogs import languages

VARIABLE = "MADALINE_LANG"
"""The environment variable that chooses the language of a process, and of those it starts."""

_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides, as in POSIX

_asked_for: ContextVar[str | None] = ContextVar("language", default=None)


def language() -> str:
    """Return the code of the language to write in; English where there is no catalog of another.

    >>> with speaking("zh_CN"):
    ...     language()
    'zh'
    """
    name = _asked_for.get() or os.environ.get(VARIABLE)
    if not name:
        name = next((value for key in _LOCALE if (value := os.environ.get(key))), "")
    code = re.split("[_.@-]", name.lower())[0]
    return code if code in languages() else "en"


def html_language() -> str:
    """Return the language as the attribute `lang` of HTML names it."""
    name = language()
    return "zh-Hans" if name == "zh" else name


@contextmanager
def speaking(name: str | None) -> Iterator[None]:
    """Write in a language within this context, such as a request; None: that of the process."""
    token = _asked_for.set(name)
    try:
        yield
    finally:
        _asked_for.reset(token)


@contextmanager
def speaking_in_process(name: str | None) -> Iterator[None]:
    """Write in a language in all threads, and in the processes started meanwhile; None as before.

    The command line does: its process is its own.
    """
    if name is None:
        yield
        return
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
