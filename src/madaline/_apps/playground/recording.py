"""Runs that a page in a folder plays back: what a server would answer, frame by frame.

They are recorded once, and told in each language.
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, final

from madaline._apps.playground.lanes import RaceLog
from madaline._apps.playground.page import ArrayFrame
from madaline._apps.playground.plane import Plane
from madaline._apps.playground.race import RaceRequest, events_frame, plane_facts
from madaline._apps.playground.race_run import RaceRun
from madaline._apps.playground.stream_rows import World
from madaline._apps.playground.stream_run import StreamRun
from madaline._base.language import translate

_ROWS = 4000  # of the stream
_STEP = 5  # rows of a frame
_DRIFTS = {800: "sudden", 1600: "sudden", 2400: "sudden", 3200: "gradual"}  # by the rows before


@final
@dataclass(frozen=True)
class RecordedRace:
    """A race on data that are made up, to its end."""

    log: RaceLog
    ends: list[int]  # how many events there were after each step
    facts: dict[str, Any]

    @classmethod
    def of(cls, data: str) -> RecordedRace:
        """Run the race that a page starts with."""
        asked = RaceRequest(data=data)
        fitting = asked.fitting()
        run = RaceRun(fitting, Plane.of(fitting))
        ends = [len(run.log.events)]
        while not run.log.ended:
            run.advance()
            ends.append(len(run.log.events))
        facts = {"plane": plane_facts(run.plane), "python": asked.python(fitting.task)}
        return cls(run.log, ends, facts)

    def frames(self) -> Iterator[ArrayFrame]:
        """Yield the answers, in the language of the context."""
        yield events_frame(self.log, 0, until=self.ends[0], **self.facts)
        for start, end in zip(self.ends, self.ends[1:], strict=False):
            yield events_frame(self.log, start, until=end)


@final
@dataclass(frozen=True)
class RecordedStream:
    """A stream whose world changes, and comes back once."""

    facts: dict[str, Any]
    told: list[ArrayFrame]

    @classmethod
    def of(cls, seed: int) -> RecordedStream:
        """Play the stream of a seed."""
        run = StreamRun(World(seed), seed)
        told = []
        for row in range(0, _ROWS, _STEP):
            drifts = [run.drift(_DRIFTS[row])] if row in _DRIFTS else []
            came = run.play(_STEP)
            came |= {"events": [*drifts, *came["events"]], "python": run.python()}
            came["ended"] = run.row == _ROWS
            told.append(ArrayFrame(came, run.arrays()))
        return cls(run.facts, told)

    def frames(self) -> Iterator[ArrayFrame]:
        """Yield the answers, in the language of the context."""
        yield ArrayFrame(self.facts, {})
        for frame in self.told:
            yield ArrayFrame(
                {**frame.header, "events": [*map(_spoken, frame.header["events"])]}, frame.arrays
            )


def _spoken(event: dict[str, Any]) -> dict[str, Any]:
    return event | {name: translate(event[name]) for name in ("sentence",) if name in event}


def packed(frames: Iterable[ArrayFrame]) -> str:
    """Return frames as text; `framesOf` in ``static/folder_runs.js`` reads them."""
    parts = [frame.to_bytes() for frame in frames]
    content = b"".join(len(part).to_bytes(4, "little") + part for part in parts)
    return b64encode(gzip.compress(content, mtime=0)).decode()
