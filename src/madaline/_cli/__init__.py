"""The command line: `madaline fit`, `madaline predict`, `madaline info` and others.

Results go to standard output, messages to standard error. The exit code is 0 when all went well, 2
when the input or the user stopped it, and 70 for a bug in madaline.
"""

from __future__ import annotations

from collections.abc import Sequence

from madaline._cli.exits import exit_code


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code.

    Without words after `madaline`, those of the process are taken, which then ends: a further
    Ctrl-C is ignored from there on.
    """
    return exit_code(lambda: _run(argv), leaving=argv is None)


def _run(argv: Sequence[str] | None) -> None:
    # Imported here, inside the guard, so that Ctrl-C is a sentence from the first moment on.
    from madaline._cli.parser import build_parser

    arguments = build_parser().parse_args(argv)
    arguments.run(arguments)
