"""How to get the same model again: the command, the Python, and what has to be the same."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from madaline.data.kinds import CATEGORY, DROPPED, NUMBER, TEXT
from madaline.evaluation.metrics import CLASS_METRICS, NUMBER_METRICS
from madaline.evaluation.objective import LOG_LOSS
from madaline.model import FittedModel
from madaline.words import option_words

USUAL = {"effort": 100, "seed": 0}
"""What the command line does if nothing is said."""

OPTIONS = {CATEGORY: "--category", NUMBER: "--number", TEXT: "--text", DROPPED: "--drop"}
"""Kinds of columns that have an option of their own."""


def how_to_reproduce(model: FittedModel) -> dict[str, Any]:
    """Return a command, Python and remarks, as JSON-able values.

    Parameters
    ----------
    model : FittedModel
        The model; one from before settings were kept has only remarks.
    """
    settings = model.summary.settings
    if not settings:
        remark = "The model's file is from before it was kept with what it was fitted."
        return {"version": model.version, "command": None, "python": None, "remarks": [remark]}
    return {
        "version": model.version,
        "command": _command(model, settings),
        "python": _python(model.summary.task, settings),
        "remarks": list(_remarks(settings)),
    }


def _command(model: FittedModel, settings: Mapping[str, Any]) -> str | None:
    """Return the command line; None where it lacks a way to say something."""
    kinds, own = settings["kinds"], settings.get("file_options", [])
    known = {LOG_LOSS, *CLASS_METRICS, *NUMBER_METRICS}
    if settings.get("metric", LOG_LOSS) not in known or _untold(settings):
        return None
    summary, source = model.summary, settings.get("source", "TABLE")
    words = ["madaline", "fit", source]
    if not source.endswith("/"):  # of a folder, it is the folders within
        words += option_words("--target", [summary.target])
    words += ["--task", summary.task]
    for kind, option in OPTIONS.items():
        words += option_words(option, [name for name, told in kinds.items() if told == kind])
    others = [f"{name}={told}" for name, told in kinds.items() if told not in OPTIONS]
    words += option_words("--kind", others)
    words += own
    for name in ("folds", "loss", "quantile", "metric", *USUAL):
        value = settings.get(name)
        words += [] if value in (None, USUAL.get(name)) else [f"--{name}", str(value)]
    return shlex.join([*words, *_class_weight_words(settings.get("class_weight"))])


def _untold(settings: Mapping[str, Any]) -> list[str]:
    """Return what the fit was given beside the table that no option of the command line names."""
    names = {"sample_weight": "--weight", "groups": "--groups"}
    words = [word.partition("=")[0] for word in settings.get("file_options", [])]
    told = {name for name, option in names.items() if option in words}
    if settings["folds"] is not None:
        told.add("folds")
    return [name for name in settings["given"] if name not in told]


def _class_weight_words(weights: Any) -> list[str]:
    if weights is None:
        return []
    if isinstance(weights, str):
        return ["--class-weight", weights]
    shown = [(label, repr(float(weight)).removesuffix(".0")) for label, weight in weights]
    return ["--class-weight", *(f"{label}={weight}" for label, weight in shown)]


def _python(task: str, settings: Mapping[str, Any]) -> str:
    """Return the same in Python."""
    name = "AdaptiveClassifier" if task == "classification" else "AdaptiveRegressor"
    arguments = {
        one: settings[one]
        for one in ("loss", "quantile", "metric", "class_weight")
        if one in settings
    }
    if isinstance(arguments.get("class_weight"), list):
        arguments["class_weight"] = dict(arguments["class_weight"])
    arguments["effort"] = settings["effort"]
    if settings["kinds"]:
        arguments["kinds"] = settings["kinds"]
    arguments["random_state"] = settings["seed"]
    words = ", ".join(f"{one}={value!r}" for one, value in arguments.items())
    given = [f"{one}={one}" for one in settings["given"] if one != "folds"]
    if "folds" in settings["given"]:
        given.append(f"folds={settings['folds'] or 'folds'}")
    fit = ", ".join(["X", "y", *given])
    return f"from madaline import {name}\n\nmodel = {name}({words})\nmodel.fit({fit})"


def _remarks(settings: Mapping[str, Any]) -> Iterator[str]:
    yield (
        "The same rows in the same order, the columns listed above and no others, the same settings"
        " and the same versions of madaline and NumPy on the same kind of processor give the same"
        " networks to the bit, on any number of processors."
    )
    untold = _untold(settings)
    if untold:
        names = " and ".join(one.replace("_", " ") for one in untold)
        yield f"The fit was given {names}, which are not kept: give them again."
