"""How to reproduce a model: the command, the Python code, and what has to be the same."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from madaline._base.language import _
from madaline._base.words import format_count, option_words
from madaline._models.model import FittedModel
from madaline._models.request import FitRequest
from madaline._models.story.summary import Summary
from madaline._race.evaluation.objective import Objective
from madaline._race.evaluation.scores import label_text
from madaline._race.time.time_request import TimeRequest
from madaline._tables.kinds.kind import CATEGORY, DROPPED, NUMBER, TEXT
from madaline._tables.target import ClassEncoder
from madaline.records.race_decisions import (
    CheaperPlan,
    DroppedForTime,
    RecipesLeftOut,
    TimeLimitReached,
)

_USUAL = FitRequest()
_OF_CLOCK = RecipesLeftOut | DroppedForTime | TimeLimitReached

_OPTIONS = ("folds", "keep_rows", "preset", "members", "effort", "seed")
"""Fields of a request that have an option of the same name."""

_KIND_OPTIONS = {CATEGORY: "--category", NUMBER: "--number", TEXT: "--text", DROPPED: "--drop"}
"""Kinds of columns that have an option of their own."""


@dataclass(frozen=True)
class Reproduction:
    """How to fit a model again."""

    version: str
    command: str | None
    python: str | None
    remarks: list[str]


def how_to_reproduce(model: FittedModel) -> Reproduction:
    """Return the command, the Python code and remarks."""
    return Reproduction(
        model.version,
        _command(model),
        _python(model),
        [
            *_remarks(model),
            *(
                _("Update of {date}, {rows}: {kept}.").format(
                    date=update.date, rows=format_count(update.rows, "row"), kept=update.kept
                )
                for update in model.updates  # they have to follow the fit
            ),
        ],
    )


def _command(model: FittedModel) -> str | None:
    """Return the command line; None where no option names what was given."""
    request = model.summary.request
    costs = _costs_words(request.objective.costs)
    if callable(request.objective.metric) or costs is None or _unnamed(model.summary):
        return None
    source = request.source or "TABLE"
    words = ["madaline", "fit", source]
    if not source.endswith("/"):  # of a folder, it is the folders within
        words += _target_words(_target_columns(model))
        words += ["--probabilities"] if model.summary.of_probabilities else []
    words += ["--task", model.summary.task, *_column_words(request), *_goal_words(request)]
    for name in _OPTIONS:
        value = getattr(request, name)
        if value != getattr(_USUAL, name):
            words += [f"--{name.replace('_', '-')}", f"{value}"]
    for option, limit in (("--memory", _memory_limit(model)), ("--time-limit", _time_limit(model))):
        words += [] if limit is None else [option, f"{limit:.15g}"]
    words += _time_words(request.time)
    return shlex.join([*words, *costs, *_class_weight_words(request.objective)])


def _column_words(request: FitRequest) -> list[str]:
    """Return the options about columns and the file."""
    words: list[str] = []
    kinds, monotone = request.kinds, request.monotone
    for kind, option in _KIND_OPTIONS.items():
        words += option_words(option, [name for name, given in kinds.items() if given == kind])
    for option, direction in (("--increasing", 1), ("--decreasing", -1)):
        words += option_words(option, [o for o, d in monotone.items() if d == direction])
    others = [f"{name}={kind}" for name, kind in kinds.items() if kind not in _KIND_OPTIONS]
    words += [*option_words("--kind", others), *request.file_options]
    return words + option_words("--missing", request.missing)


def _goal_words(request: FitRequest) -> list[str]:
    """Return the options about the loss and what chooses."""
    given = request.objective.to_json()
    words: list[str] = []
    for name in ("loss", "quantile", "metric", "threshold"):
        value = given.get(name)
        if isinstance(value, list):
            value = ",".join(map(str, value))
        words += [] if value is None else [f"--{name}", f"{value}"]
    return words


def _memory_limit(model: FittedModel) -> int | None:
    """Return how many bytes there were, where that changed the plan."""
    plans = (one for one in model.decisions if isinstance(one, CheaperPlan))
    return next((plan.limit for plan in plans), None)


def _time_limit(model: FittedModel) -> float | None:
    """Return how many seconds there were, where that ended something."""
    ends = (one for one in model.decisions if isinstance(one, RecipesLeftOut | TimeLimitReached))
    return next((end.seconds for end in ends), None)


def _target_columns(model: FittedModel) -> Sequence[str]:
    """Return the columns that were to be predicted, or that held the probabilities of classes."""
    encoder = model.predictor.target_encoder
    if model.summary.of_probabilities and isinstance(encoder, ClassEncoder):
        return [label_text(label) for label in encoder.classes.tolist()]
    return model.target_names


def _target_words(names: Sequence[str]) -> list[str]:
    """Return the option that names the targets: with commas, unless a name holds one."""
    if any("," in name for name in names):
        return [f"--target={name}" for name in names]
    return option_words("--target", [",".join(names)])


def _unnamed(summary: Summary) -> list[str]:
    """Return what the fit was given beside the table that no option of the command line names."""
    names = {"sample_weight": "--weight", "groups": "--groups"}
    words = [word.partition("=")[0] for word in summary.request.file_options]
    named = {name for name, option in names.items() if option in words}
    return [name for name in summary.given if name not in named]


def _time_words(time: TimeRequest) -> list[str]:
    words: list[str] = []
    if time.column is not None:
        words = ["--time", str(time.column)]
    if isinstance(time.column, bool):
        words = ["--in-order" if time.column else "--no-time"]
    words += ["--lags", *map(str, time.lags)] if time.lags else []
    words += ["--past", *time.past] if time.past else []
    words += ["--series", *time.series] if time.series else []
    for name in ("gap", "horizon"):
        value = getattr(time, name)
        words += [] if value is None else [f"--{name}", f"{value}"]
    return words


def _costs_words(costs: Any) -> list[str] | None:
    """Return the option for costs; None where being right costs something, too."""
    if costs is None:
        return []
    (right, of_first), (of_second, right_too) = costs
    return None if right or right_too else ["--costs", _short(of_first), _short(of_second)]


def _class_weight_words(objective: Objective) -> list[str]:
    weights = objective.class_weight
    if weights is None:
        return []
    if isinstance(weights, str):
        return ["--class-weight", weights]
    return ["--class-weight", *(f"{label}={_short(weight)}" for label, weight in weights.items())]


def _short(number: float) -> str:
    return repr(float(number)).removesuffix(".0")


def _python(model: FittedModel) -> str:
    """Return the same in Python."""
    summary, request = model.summary, model.summary.request
    name = "AdaptiveClassifier" if summary.task == "classification" else "AdaptiveRegressor"
    arguments = request.arguments
    limits = {"memory_limit": _memory_limit(model), "time_limit": _time_limit(model)}
    arguments |= {name: limit for name, limit in limits.items() if limit is not None}
    words = ", ".join(f"{one}={value!r}" for one, value in arguments.items())
    given = [f"{one}={one}" for one in summary.given]
    given += [] if request.folds is None else [f"folds={request.folds}"]
    given += [f"{one}={value!r}" for one, value in request.time.arguments.items()]
    fit = ", ".join(["X", "y", *given])
    return f"from madaline import {name}\n\nmodel = {name}({words})\nmodel.fit({fit})"


def _remarks(model: FittedModel) -> Iterator[str]:
    yield (
        "The same rows in the same order, the columns listed above and no others, the same settings"
        " and the same versions of madaline, NumPy and, if installed, numba on the same kind of"
        " processor give the same networks to the bit, on any number of processors."
    )
    if model.summary.of_probabilities:
        yield "The target was a matrix of probabilities, with a column for each class."
    if any(isinstance(one, _OF_CLOCK) for one in model.decisions):
        yield "But there was a time limit: how far training came depends on the clock."
    unnamed = _unnamed(model.summary)
    if unnamed:
        names = _(" and ").join(one.replace("_", " ") for one in unnamed)
        yield _(
            "The model file does not keep all that the fit was given: give it {names} again."
        ).format(names=names)
