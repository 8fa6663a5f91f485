"""What the options of a command ask of a fit."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from glob import has_magic
from pathlib import Path
from typing import Any

from madaline._apps.cli.training_data import TrainingTable, possible_targets
from madaline._base.language import _
from madaline._base.words import (
    format_file_name,
    format_list,
    option_words,
)
from madaline._models.request import FitRequest
from madaline._race.evaluation.objective import BALANCED, Objective
from madaline._race.evaluation.scores import label_text
from madaline._race.time.time_request import TimeRequest
from madaline._tables.formats.characters import check_missing
from madaline._tables.io.source_files import reads_in_blocks
from madaline._tables.target import CLASSIFICATION
from madaline.errors import InputError
from madaline.nn.arrays import Array


def read_request(arguments: Namespace, data: TrainingTable, objective: Objective) -> FitRequest:
    """Return what the arguments ask of a fit."""
    return FitRequest(
        task=CLASSIFICATION if arguments.probabilities else arguments.task,
        objective=objective,
        kinds=data.kinds,
        missing=check_missing(arguments.missing),
        monotone=_monotone(arguments),
        preset=arguments.preset,
        members=arguments.members,
        effort=arguments.effort,
        seed=arguments.seed,
        folds=arguments.folds,
        keep_rows=arguments.keep_rows,
        time=read_time(arguments, data.table.names),
        source=source_name(arguments.table),
        file_options=tuple(file_options(arguments, data.encoding)),
    )


def read_time(arguments: Namespace, names: Sequence[str]) -> TimeRequest:
    """Return what the arguments tell of the time of rows."""
    name: str | None = arguments.time
    if name is not None and name not in names:
        raise InputError(
            "--time names {name}, but the columns to learn from are {names}.",
            name=name,
            names=format_list(names, limit=20),
        )
    column = name or (True if arguments.in_order else False if arguments.no_time else None)
    others = ("gap", "horizon", "series", "lags", "past")
    given = {one: getattr(arguments, one, None) for one in others}  # some commands take no others
    given["lags"] = True if given["lags"] == [] else given["lags"]
    given["series"] = given["series"] or None
    return TimeRequest.given(column, **given)


def _monotone(arguments: Namespace) -> dict[str, int]:
    """Return how predictions may move with some columns; refuse a column that is named twice."""
    for name in arguments.increasing:
        if name in arguments.decreasing:
            both = _("Column {name} is named by --increasing and by --decreasing").format(name=name)
            raise InputError("{both}: name it once.", both=both)
    return dict.fromkeys(arguments.increasing, 1) | dict.fromkeys(arguments.decreasing, -1)


def read_objective(arguments: Namespace, target: Array) -> Objective:
    """Return what `madaline fit` minimizes; class weights name labels of the target."""
    costs = None
    if arguments.costs is not None:  # by true and by predicted class; being right costs nothing
        of_first, of_second = arguments.costs
        costs = [[0.0, of_first], [of_second, 0.0]]
    return Objective(
        loss=arguments.loss,
        quantile=arguments.quantile,
        metric=arguments.metric,
        class_weight=_class_weight(arguments.class_weight, target),
        threshold=arguments.threshold,
        costs=costs,
    )


def _class_weight(words: Sequence[str] | None, target: Array) -> str | dict[Any, float] | None:
    if words is None or list(words) == [BALANCED]:
        return None if words is None else BALANCED
    labels = {label_text(label): label for label in dict.fromkeys(target.ravel().tolist())}
    weights = {}
    for word in words:
        name, _, number = word.rpartition("=")
        try:
            weights[labels.get(name, name)] = float(number if name else "")
        except ValueError:
            raise InputError(
                "--class-weight names {word}: give balanced, or CLASS=WEIGHT such as {labels}=2.",
                word=word,
                labels=next(iter(labels), "yes"),
            ) from None
    return weights


def source_name(path: str) -> str:
    """Return the name of a file or folder, without where it is.

    A folder of images or sounds has a slash behind it; a pattern has its folder before it.
    """
    source = Path(path)
    if source.is_dir() and reads_in_blocks(path):
        return format_file_name(source.resolve().name)
    if has_magic(source.name) and not source.exists():
        return format_file_name(str(Path(source.parent.name, source.name)))
    return format_file_name(f"{source.resolve().name}/" if source.is_dir() else source.name)


def file_options(arguments: Namespace, encoding: str) -> list[str]:
    """Return the options of `madaline fit` about the file, but for the kinds of learned columns."""
    encoding = arguments.encoding or encoding
    targets = possible_targets(arguments.target)
    kinds = [text for text in arguments.kind if text.rpartition("=")[0] in targets]
    categories = [name for name in arguments.category if name in targets]
    options = [
        *option_words("--drop", arguments.drop),
        *option_words("--category", list(dict.fromkeys(categories))),
        *option_words("--kind", list(dict.fromkeys(kinds))),
        *option_words("--weight", [] if arguments.weight is None else [arguments.weight]),
        *option_words("--groups", [] if arguments.groups is None else [arguments.groups]),
        *option_words("--encoding", [encoding] if encoding else []),
    ]
    return [*options, "--skip-broken"] if arguments.skip_broken else options
