"""A decision of adaptive training is data: its type is what was done, its fields what was seen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, final

from madaline._base.codec import Count, Stored
from madaline._base.json_checks import Check, Text
from madaline._base.language import _, translate
from madaline.records._results.blocks import Paragraph, Section, TextTable, more
from madaline.records._results.result import Listing, Result


@dataclass(frozen=True)
class Decision(Stored, Result):
    """Abstract: one decision; each type documents its fields beside them.

    Parameters
    ----------
    epoch : int
        After which epoch it was made, counted from one.
    subject : str
        What it is about, for people: the name of a recipe, the ensemble, or the network.
    recipe_id : str
        Which recipe of the race it is about; empty if it is about something else.
    """

    told: ClassVar[Mapping[str, Check]] = {"action": Text(), "sentence": Text()}
    action: ClassVar[str]
    """What was done, in one verb: drop, stop, keep, grow, ..."""

    epoch: Count
    subject: str
    recipe_id: str = field(default="", kw_only=True)

    def __str__(self) -> str:
        """Return the decision in a line."""
        return _("epoch {epoch}: {subject}: {sentence}").format(
            epoch=self.epoch, subject=self.subject, sentence=self.sentence
        )

    def sections(self) -> Iterator[Section]:
        """Yield the decision in a line."""
        yield Section([Paragraph(str(self))])

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What was seen and done, with its numbers, in words."""

    def to_json(self) -> dict[str, Any]:
        """Return the decision as JSON-able values: its type, action, fields and sentence."""
        kind = {"type": type(self).__name__, "action": self.action}
        return kind | super().to_json() | {"sentence": self.sentence}


_MAX_SHOWN_ROWS = 60  # decisions that are shown, at most


@final
class Decisions(Listing[Decision]):
    """Decisions, in the order in which they were made."""

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return the epoch, the action, the subject, and the sentence."""
        names = ("epoch", "action", "subject", "sentence")
        return {name: [getattr(decision, name) for decision in self] for name in names}

    def sections(self) -> Iterator[Section]:
        """Yield a table."""
        rows = [
            [f"{decision.epoch}", translate(decision.subject), decision.sentence]
            for decision in self[:_MAX_SHOWN_ROWS]
        ]
        told = TextTable(["epoch", "about", "decision"], rows, right=(0,))
        yield Section([told, *more(len(rows), len(self), "decisions")])
