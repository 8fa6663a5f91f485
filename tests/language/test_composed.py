"""Decisions, alarms and findings are put together from pieces, and are Chinese as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from inspect import isabstract
from pathlib import Path
from random import Random
from typing import Any, get_args, get_type_hints

from madaline._language.choice import speaking
from madaline._language.translation import translate
from madaline._neural_network import decisions as of_coach
from madaline._watching.alarm import _MEASURES, CHANGES, KINDS, Alarm
from madaline.records.decision import Decision
from madaline.records.history import Epoch
from madaline.records.model_decisions import ADJUSTED, ANEW, AS_IT_IS
from madaline.records.reading import TYPES

FINDINGS = Path(__file__).with_name("findings.txt").read_text("utf-8").splitlines()
"""Findings of the diagnosis and of a look, as they were recorded, about columns with names."""

NAMES = {"ReLU", "SiLU", "effort", "quick"}
"""Latin words that Chinese sentences have, beside arguments, options and abbreviations."""

CODE = re.compile(
    r"`[^`]*`|'[^']*'|\"[^\"]*\"|\w+=\S*|[a-z]+_[a-z_]*|--[a-z-]+|\d(?:\.\d+)?e[-+]\d+"
)

TEXTS: dict[str, list[Any]] = {
    "subject": ["the ensemble"],
    "recipe_id": [""],
    "changes": ["categories keep 50 levels, texts 1/4 of their terms"],
    "preset": ["quick"],
    "kept": [AS_IT_IS, ADJUSTED, ANEW],
    "reason": ["", "12 new rows are too few to judge a change by"],
    "setting": ["flips", "warping"],
    "metric": ["log_loss", "accuracy", "rmse"],
    "date": ["2027-01-31"],
    "columns": [("城市", "面积"), ("城市",)],
    "what": list(CHANGES),
    "name": ["面积"],
    "measure": list(_MEASURES),
    "kind": list(KINDS),
    "level": ["红", ""],
    "loss_name": ["log loss"],
}
"""Values of the fields that are texts, by their names."""

NUMBERS: dict[str, list[Any]] = {
    "best_epoch": [0, 1, 4],
    "offset": [0.0, 0.5],
    **{name: [0, 1, 3] for name in ("attempts", "latest_rows", "racing", "rows_before")},
    "slow_epochs": [0, 8],
}
"""Values of numbers whose sentences differ where they are zero or missing."""

OF_TRIAL = ("previous", "values", "losses", "value", "earlier")
"""Fields that go together."""

OF_TYPES: dict[str, list[Any]] = {
    "bool": [False, True],
    "int": [1, 3, 12],
    "float": [0.3, 0.31, 0.5, 1.25],
    "None": [None],
    "Epoch": [Epoch(4, 0.5, 0.1, 0.4)],
    "tuple[int, ...]": [(8,), (16, 8)],
    "tuple[float, ...]": [(0.5,), (0.05, 0.9)],
}


def samples(kind: type) -> Iterator[Any]:
    """Yield objects of a kind with values of all their fields, drawn by chance."""
    random, hints = Random(0), get_type_hints(kind)
    for _ in range(60):
        values = {
            field.name: random.choice(_choices(field.name, hints[field.name]))
            for field in fields(kind)
            if field.name not in OF_TRIAL
        }
        if values.get("loss_after", 1) is None or not getattr(kind, "tried", True):
            values["kept"] = None  # it is not known yet, or never will
        if issubclass(kind, of_coach.Trial):
            values |= _trial(kind, values["kept"], random)
        if kind is TYPES["Updated"] and values["kept"] != AS_IT_IS:
            values["reason"] = ""
        if kind is Alarm and values["measure"] != "share":
            values["level"] = ""
        if kind is Alarm and values["measure"] == "mean":
            values["kind"] = "number"
        yield kind(**{name: value for name, value in values.items() if name in hints})


def _trial(kind: type, kept: bool | None, random: Random) -> dict[str, Any]:
    """Return what a trial of the coach tried, and what came of it."""
    values = [(8, 8), (16, 8), (32, 8)] if kind is of_coach.UnitsAdded else [0.3, 1.0, 3.0]
    n_tried = 0 if kept is None else random.randint(1, 3)
    earlier = of_coach.Earlier(40, 10, 0.31)
    return {
        "previous": values[0],
        "values": tuple(values),
        "losses": (0.25, 0.2, 0.31)[:n_tried],
        "value": values[1],
        "earlier": random.choice([None, earlier]),
    }


def _choices(name: str, hint: Any) -> list[Any]:
    """Return values of a field."""
    written = hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
    words = {written} if "tuple" in written else {*re.findall(r"\w+", written)}
    of_type = [value for word in OF_TYPES if word in words for value in OF_TYPES[word]]
    return NUMBERS.get(name) or of_type or TEXTS[name]


def left(english: str) -> list[str]:
    """Return the Latin words of a sentence in Chinese that are no names."""
    with speaking("zh"):
        chinese = translate(english)
    words = re.findall(r"[A-Za-z]{2,}", CODE.sub(" ", chinese))
    return [f"{word}: {chinese}" for word in words if word not in NAMES and not word.isupper()]


def kinds() -> Iterator[type]:
    yield from TYPES.values()
    for kind in vars(of_coach).values():
        if isinstance(kind, type) and issubclass(kind, Decision) and not isabstract(kind):
            yield kind
    yield Alarm


def test_decisions_and_alarms_are_chinese_as_a_whole() -> None:
    sentences = {one.sentence: None for kind in kinds() for one in samples(kind)}
    assert len(sentences) > 300
    halves = [half for sentence in sentences for half in left(sentence)]
    assert not halves, "\n".join(halves)


def test_findings_are_chinese_as_a_whole() -> None:
    assert len(FINDINGS) > 50
    halves = [half for english in FINDINGS for half in left(english)]
    assert not halves, "\n".join(halves)


def test_a_sentence_that_is_partly_english_is_found() -> None:
    assert left("This sentence is in no catalog of '城市'")[0].startswith("This: ")
