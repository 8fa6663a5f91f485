"""What pages of a race get: the events since they last asked, with their maps as arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from madaline._language.translation import translate, translate_word
from madaline._playground.lanes import RaceLog
from madaline._playground.page import ArrayFrame
from madaline._playground.plane import Plane
from madaline.nn.arrays import Array


def events_frame(log: RaceLog, since: int, **more: Any) -> ArrayFrame:
    """Return the events from a number on; of each lane's maps, the latest."""
    events = log.events[since:]
    told, maps = [], dict[str, Array]()
    for event in events:
        if event["kind"] == "map":
            maps[event["lane"]] = event["pixels"]
        else:
            told.append(_translated(event))
    header = {"events": told, "next": since + len(events), "ended": log.ended, **more}
    return ArrayFrame(header, {f"map {lane}": pixels for lane, pixels in maps.items()})


def _translated(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event in the language of the context: its sentences, and names of recipes."""
    told = event
    for name, translated in _TEXTS.items():
        if name in event:
            told = told | {name: translated(event[name])}
    return told


def _story(sentences: list[str]) -> list[str]:
    return list(map(translate, sentences))


def _scores(scores: list[dict[str, str]]) -> list[dict[str, str]]:
    return [score | _named(translate_word(score["metric"])) for score in scores]


def _named(metric: str) -> dict[str, str]:
    """Return a metric and what it means: "R² (1 is perfect)" has both."""
    name, *meaning = re.split(r"\s*[(（]", metric.rstrip(")）"), maxsplit=1)
    return {"metric": name, "meaning": "".join(meaning)}


_TEXTS: Mapping[str, Callable[[Any], Any]] = {
    "sentence": translate,
    "subject": translate_word,
    "name": translate_word,
    "differs": translate_word,
    "story": _story,
    "scores": _scores,
}
"""What is text of an event, by its name."""


def plane_facts(plane: Plane | None) -> dict[str, Any] | None:
    """Return what a page draws on a plane beside the maps: its axes, and training rows."""
    return None if plane is None else plane.to_json() | {"points": plane.points().tolist()}
