"""Sentences for the command line, which name its options instead of arguments in Python."""

from __future__ import annotations

import re
import shlex

_OPTIONS = {
    "class_weight": "--class-weight",
    "executor": "--on",
    "keep_models": "--keep-models",
    "kinds": "--kind",
    "max_loss": "--max-loss",
    "memory_limit": "--memory",
    "random_state": "--seed",
    "X": "--future",
    "sample_weight": "--weight",
    **{name: f"--{name}" for name in ("effort", "gap", "groups", "horizon", "lags", "missing")},
    **{name: f"--{name}" for name in ("first", "root", "series", "task", "time", "without")},
}
"""The option of an argument."""

_WITHOUT_VALUE = {
    ("time", "True"): "--in-order",
    ("time", "False"): "--no-time",
    ("lags", "True"): "--lags",
}
"""Options that say as much as an argument with its value."""

_ARGUMENT = re.compile(
    rf"(?<![A-Za-z0-9_.])({'|'.join(_OPTIONS)})=(\[[^\]]*\]|\"[^\"]*\"|'[^']*'|(?:[\w.]*\w)?)"
)
_VALUE = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w.+-]+)")
_GAP = re.compile(r"\{[^{}]*\}")
_HELD = "gapheldhere"
_OTHER_WORDS = {"label_suspects_": "madaline doctor --json", "out of the columns": "out (--drop)"}
_OTHER_WORDS |= {"diagnosis_": "madaline doctor"}


def with_options(sentence: str) -> str:
    """Return a sentence with options of the command line instead of arguments in Python.

    Gaps that stand for values stay.

    >>> with_options('class_weight="balanced" helps, or groups that you name (groups=).')
    '--class-weight balanced helps, or groups that you name (--groups).'
    >>> with_options("Give time=False, or lags=[1, 7] and series='home state'.")
    "Give --no-time, or --lags 1 7 and --series 'home state'."
    """

    def option(found: re.Match[str]) -> str:
        values = [shlex.quote("".join(value)) for value in _VALUE.findall(found[2])]
        return _WITHOUT_VALUE.get((found[1], found[2])) or " ".join([_OPTIONS[found[1]], *values])

    gaps = iter(_GAP.findall(sentence))
    sentence = _GAP.sub(_HELD, sentence)
    for words, others in _OTHER_WORDS.items():
        sentence = sentence.replace(words, others)
    return re.sub(_HELD, lambda _: next(gaps), _ARGUMENT.sub(option, sentence))
