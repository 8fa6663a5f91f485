"""Refusals: what a server answers instead of what was asked for, a status and one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from madaline._words import some
from madaline.errors import InputError

LONGEST_SENTENCE = 1000
"""Letters of a sentence that is answered."""


class Refusal(InputError):
    """A request that is not served, with its HTTP status (final)."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def no_such_model(name: str, names: Sequence[str]) -> Refusal:
    """Return the refusal of a model that is not served."""
    return Refusal(404, f"No model {name!r} is served: there are {some(names, limit=12)}.")


def shortened(sentence: str) -> str:
    """Return a sentence, which may quote a request, with both of its ends.

    Examples
    --------
    >>> len(shortened("'x" + 9_000_000 * "x" + "' means nothing: leave it out.")), shortened("No.")
    (1005, 'No.')
    """
    half = LONGEST_SENTENCE // 2
    return sentence if len(sentence) <= 2 * half else f"{sentence[:half]} ... {sentence[-half:]}"


def status_of(error: InputError) -> int:
    """Return the HTTP status of what was refused.

    Examples
    --------
    >>> status_of(Refusal(413, "Too large.")), status_of(InputError("No number."))
    (413, 400)
    """
    return error.status if isinstance(error, Refusal) else 400
