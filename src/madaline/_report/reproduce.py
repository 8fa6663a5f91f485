"""How to reproduce a model: the command, the Python code, and what has to be the same."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from madaline._data.kinds.kind import CATEGORY, DROPPED, NUMBER, TEXT
from madaline._data.target import ClassEncoder
from madaline._evaluation.metrics import CLASS_METRICS, NUMBER_METRICS
from madaline._evaluation.objective import LOG_LOSS
from madaline._evaluation.scores import label_text
from madaline._model import FittedModel
from madaline._words import format_count, option_words

_DEFAULTS = {"effort": 100, "seed": 0}  # defaults of the command line

_ARGUMENTS = {
    **{name: name for name in ("loss", "quantile", "metric", "class_weight", "threshold", "costs")},
    **{name: name for name in ("preset", "members", "effort", "time_limit", "kinds", "monotone")},
    "seed": "random_state",
    "memory": "memory_limit",
    "keep_rows": "keep_rows",
}
"""The argument of an estimator for each setting, in this order."""

_VALUE_OPTIONS = (
    *("folds", "loss", "quantile", "metric", "threshold", "memory", "keep_rows", "preset"),
    *("members", "effort", "seed", "time_limit"),
)
"""Settings that have an option of the same name."""

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
    settings = model.summary.settings
    return Reproduction(
        model.version,
        _command(model, settings),
        _python(model.summary.task, settings),
        [
            *_remarks(settings),
            *(
                f"Update of {update.date}, {format_count(update.rows, 'row')}: {update.kept}."
                for update in model.updates  # they have to follow the fit
            ),
        ],
    )


def _command(model: FittedModel, settings: Mapping[str, Any]) -> str | None:
    """Return the command line; None where no option names what was given."""
    kinds, monotone = settings.get("kinds", {}), settings.get("monotone", {})
    known = {LOG_LOSS, *CLASS_METRICS, *NUMBER_METRICS}
    if settings.get("metric", LOG_LOSS) not in known or _unnamed(settings):
        return None
    costs = _costs_words(settings.get("costs"))
    if costs is None:
        return None
    summary, source = model.summary, settings.get("source", "TABLE")
    words = ["madaline", "fit", source]
    if not source.endswith("/"):  # of a folder, it is the folders within
        words += _target_words(_target_columns(model))
        words += ["--probabilities"] if settings.get("probabilities") else []
    words += ["--task", summary.task]
    for kind, option in _KIND_OPTIONS.items():
        words += option_words(option, [name for name, own in kinds.items() if own == kind])
    for option, direction in (("--increasing", 1), ("--decreasing", -1)):
        words += option_words(option, [o for o, d in monotone.items() if d == direction])
    others = [f"{name}={kind}" for name, kind in kinds.items() if kind not in _KIND_OPTIONS]
    words += option_words("--kind", others) + settings.get("file_options", [])
    words += option_words("--missing", settings.get("missing", []))
    for name in _VALUE_OPTIONS:
        value, option = settings.get(name), f"--{name.replace('_', '-')}"
        if isinstance(value, list):
            value = ",".join(map(str, value))
        words += [] if value in (None, _DEFAULTS.get(name)) else [option, f"{value}"]
    words += _time_words(settings)
    return shlex.join([*words, *costs, *_class_weight_words(settings.get("class_weight"))])


def _target_columns(model: FittedModel) -> Sequence[str]:
    """Return the columns that were to be predicted, or that held the probabilities of classes."""
    encoder = model.predictor.target_encoder
    if model.summary.settings.get("probabilities") and isinstance(encoder, ClassEncoder):
        return [label_text(label) for label in encoder.classes.tolist()]
    return model.target_names


def _target_words(names: Sequence[str]) -> list[str]:
    """Return the option that names the targets: with commas, unless a name holds one."""
    if any("," in name for name in names):
        return [f"--target={name}" for name in names]
    return option_words("--target", [",".join(names)])


def _unnamed(settings: Mapping[str, Any]) -> list[str]:
    """Return what the fit was given beside the table that no option of the command line names."""
    names = {"sample_weight": "--weight", "groups": "--groups"}
    words = [word.partition("=")[0] for word in settings.get("file_options", [])]
    named = {name for name, option in names.items() if option in words}
    if settings.get("folds") is not None:
        named.add("folds")
    return [name for name in settings.get("given", []) if name not in named]


def _time_words(settings: Mapping[str, Any]) -> list[str]:
    time = settings.get("time")
    words = {True: ["--in-order"], False: ["--no-time"], None: []}.get(time)
    words = ["--time", str(time)] if words is None else words
    spans = [(f"--{name}", settings.get(name)) for name in ("gap", "horizon", "series")]
    lags = settings.get("lags", [])
    words += ["--lags", *map(str, lags)] if lags else []
    words += ["--past", *settings["past"]] if "past" in settings else []
    return words + [
        word for option, span in spans if span is not None for word in (option, f"{span}")
    ]


def _costs_words(costs: Any) -> list[str] | None:
    """Return the option for costs; None where being right costs something, too."""
    if costs is None:
        return []
    (right, of_first), (of_second, right_too) = costs
    return None if right or right_too else ["--costs", _short(of_first), _short(of_second)]


def _class_weight_words(weights: Any) -> list[str]:
    if weights is None:
        return []
    if isinstance(weights, str):
        return ["--class-weight", weights]
    return ["--class-weight", *(f"{label}={_short(weight)}" for label, weight in weights)]


def _short(number: float) -> str:
    return repr(float(number)).removesuffix(".0")


def _python(task: str, settings: Mapping[str, Any]) -> str:
    """Return the same in Python."""
    name = "AdaptiveClassifier" if task == "classification" else "AdaptiveRegressor"
    arguments = {
        argument: settings[setting]
        for setting, argument in _ARGUMENTS.items()
        if setting in settings and (setting != "kinds" or settings["kinds"])
    }
    if isinstance(arguments.get("class_weight"), list):
        arguments["class_weight"] = dict(arguments["class_weight"])
    words = ", ".join(f"{one}={value!r}" for one, value in arguments.items())
    folds = settings.get("folds") or "folds"
    given = [f"{one}={folds if one == 'folds' else one}" for one in settings.get("given", [])]
    times = ("time", "gap", "horizon", "series", "lags", "past")
    given += [f"{name}={settings[name]!r}" for name in times if name in settings]
    fit = ", ".join(["X", "y", *given])
    return f"from madaline import {name}\n\nmodel = {name}({words})\nmodel.fit({fit})"


def _remarks(settings: Mapping[str, Any]) -> Iterator[str]:
    yield (
        "The same rows in the same order, the columns listed above and no others, the same settings"
        " and the same versions of madaline, NumPy and, if installed, numba on the same kind of"
        " processor give the same networks to the bit, on any number of processors."
    )
    if settings.get("probabilities"):
        yield "The target was a matrix of probabilities, with a column for each class."
    if "time_limit" in settings:
        yield "But there was a time limit: how far training came depends on the clock."
    unnamed = _unnamed(settings)
    if unnamed:
        names = " and ".join(one.replace("_", " ") for one in unnamed)
        yield f"The fit was given {names}, which are not kept: give them again."
