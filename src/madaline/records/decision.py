"""Every decision is data: what was seen, what was done, what came of it, in one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

Action: TypeAlias = Literal[
    "drop",
    "keep",
    "raise",
    "lower",
    "restore",
    "grow",
    "simplify",
    "restart",
    "prune",
    "stop",
    "calibrate",
]
"""What was done: the verbs of adaptive training."""


@dataclass(frozen=True)
class Decision:
    """One decision of a policy.

    Parameters
    ----------
    epoch : int
        After which epoch it was taken, counted from one.
    action : str
        What was done, one verb of `Action`.
    subject : str
        To what: a recipe's name, or the network.
    reason : str
        A sentence for a newcomer. It may name the numbers of `evidence` as ``{name}`` or, with a
        format, ``{name:.3f}``; so the words can't disagree with the record.
    evidence : mapping of str to float
        The numbers that were seen.

    Examples
    --------
    >>> decision = Decision(7, "stop", "the race", "Flat for {epochs:.0f} epochs.", {"epochs": 8})
    >>> decision.sentence
    'Flat for 8 epochs.'
    """

    epoch: int
    action: Action
    subject: str
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The reason with its numbers filled in."""
        return self.reason.format_map(self.evidence)

    def to_json(self) -> dict[str, Any]:
        """Return the decision as JSON-able values, its sentence included."""
        return asdict(self) | {"sentence": self.sentence}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Decision:
        """Return the decision that `to_json` described."""
        return cls(**{name: value for name, value in values.items() if name != "sentence"})
