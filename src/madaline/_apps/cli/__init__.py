"""The command line: `madaline fit`, `madaline predict`, `madaline info` and others.

Results go to standard output, messages to standard error; every failure becomes one sentence. The
exit code is 0 when all went well, 2 when the input or the user stopped it, and 70 for a bug in
madaline.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any, TextIO, cast

from madaline._base.language import _, translate
from madaline._base.language.choice import speaking_in_process
from madaline._base.words import for_command_line, printable, say
from madaline.errors import MadalineError

_DONE = 0
_REFUSED = 2  # the input cannot be used, or the user stopped the command
_BUG = 70  # EX_SOFTWARE of sysexits.h
_BROKEN_PIPE = 141  # 128 + SIGPIPE, as shells report that the reader closed the pipe; without words


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code.

    Without words after `madaline`, those of the process are taken, which then ends: a further
    Ctrl-C is ignored from there on.
    """
    words = sys.argv[1:] if argv is None else argv
    with speaking_in_process(_language_of(words)):
        return exit_code(lambda: _run(words), leaving=argv is None)


def _language_of(words: Sequence[str]) -> str | None:
    """Return what follows ``--lang``: it must be known before the parser writes a word."""
    own = [*words[: words.index("--")]] if "--" in words else [*words]
    for word, following in pairwise([*own, ""]):
        if word == "--lang" or word.startswith("--lang="):
            return (following if word == "--lang" else word.removeprefix("--lang=")) or None
    return None


def _run(words: Sequence[str]) -> None:
    # Imported here, inside the guard, so that Ctrl-C is a sentence from the first moment on.
    from madaline._apps.cli.parser import build_parser

    arguments = build_parser(words).parse_args(words)
    for_programs = getattr(arguments, "json", False)  # whatever people read
    with speaking_in_process("en" if for_programs else None):
        arguments.run(arguments)


def exit_code(command: Callable[[], None], *, leaving: bool = False) -> int:
    """Run a command and return its exit code; what went wrong is one sentence on stderr.

    Where the process ends with the command (`leaving`), a further Ctrl-C does not disturb its end.
    """
    try:
        with _interrupts(leaving=leaving), _warnings_as_sentences():
            return _outcome(command)
    finally:
        # Python flushes again at exit and must not fail there once more.
        for stream in (sys.stdout, sys.stderr):
            _flush_or_discard(stream)


def _outcome(command: Callable[[], None]) -> int:
    try:
        try:
            command()
            if sys.stdout is not None:
                sys.stdout.flush()  # so that a full disk is noticed here and not at exit
        finally:
            _ignore_interrupts()  # what is left is to tell how it ended
    except MadalineError as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return _refuse("Stopped before it was done.")
    except BrokenPipeError:
        return _BROKEN_PIPE
    except OSError as error:
        return _refuse(_system_sentence(error))
    except MemoryError:
        return _refuse("There is not enough memory: give a table with fewer rows or columns.")
    except SystemExit as error:  # argparse leaves this way after --help and --version
        return error.code if isinstance(error.code, int) else _DONE
    except Exception as error:
        return _report_bug(error)
    return _DONE


def _refuse(sentence: str) -> int:
    with suppress(OSError):  # the reader may be gone
        sentence = translate(for_command_line(" ".join(sentence.split())))
        say(f"madaline: {sentence}", sys.stderr, as_it_is=True)
    return _REFUSED


def _system_sentence(error: OSError) -> str:
    """Return a sentence for what the operating system refused."""
    path = printable(os.fsdecode(error.filename)) if error.filename else "The output"
    reason = (error.strerror or str(error)).lower()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _("{path} cannot be written, {reason}: free some space or write elsewhere.").format(
            path=path, reason=reason
        )
    return _("{path} cannot be used, {reason}: check the path and its permissions.").format(
        path=path, reason=reason
    )


def _report_bug(error: Exception) -> int:
    if _debugging():
        import traceback

        traceback.print_exception(error)
    name = type(error).__name__
    _refuse(
        _(
            "This is a bug in madaline ({name}: {error}): please report it, with what the same command prints under MADALINE_DEBUG=1."
        ).format(name=name, error=error)
    )
    return _BUG


@contextmanager
def _interrupts(*, leaving: bool) -> Iterator[None]:
    """Make SIGTERM end a command like Ctrl-C: cleaned up and with a sentence."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if leaving else handler)


def _ignore_interrupts() -> None:
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)


@contextmanager
def _warnings_as_sentences() -> Iterator[None]:
    """Print warnings for users as sentences; others are for developers."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def show_warning(message: Warning | str, category: type[Warning], *place: Any) -> None:
            if issubclass(category, UserWarning):
                with suppress(OSError):
                    say(
                        _("warning: {for_command_line}").format(
                            for_command_line=for_command_line(str(message))
                        ),
                        sys.stderr,
                    )
            elif _debugging():
                show(message, category, *place)

        warnings.showwarning = cast("Any", show_warning)
        yield


def _debugging() -> bool:
    return os.environ.get("MADALINE_DEBUG") == "1"


def _flush_or_discard(stream: TextIO | None) -> None:
    if stream is None or stream.closed:
        return
    try:
        stream.flush()
    except OSError:
        with suppress(OSError):  # io.UnsupportedOperation, where there is no file descriptor
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
