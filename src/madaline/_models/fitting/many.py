"""A model for each group of rows: whole fits, side by side.

A task is one fit with a seed of its own, so the number of workers changes no bit.
"""

from __future__ import annotations

import hashlib
import pickle
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self, final
from weakref import finalize

import numpy as np

from madaline._base.language import _
from madaline._base.language.choice import speaking
from madaline._base.words import format_count, format_list
from madaline._models.fitting.finished_fits import Done, FinishedFits
from madaline._models.model import FittedModel
from madaline._models.model.many import (
    COMMON,
    MAX_GROUPS,
    Compared,
    Entry,
    Index,
    ModelsByGroup,
    checksum_of,
)
from madaline._models.model.reading import needed_columns, reading_options
from madaline._race.evaluation.score import mean_and_error
from madaline._race.evaluation.scores import class_index
from madaline._tables.keys import GroupedRows, key_text
from madaline.errors import InputError
from madaline.nn._engine.executors.choice import choose_executor, count_workers, find_executor
from madaline.nn._engine.executors.executor import Executor
from madaline.nn.arrays import Array
from madaline.nn.losses import Absolute, Poisson, Quantile, Quantiles, Squared
from madaline.records.race_decisions import Interrupted
from madaline.version import __version__

MIN_ROWS = 100
"""Rows of a group from which on it gets a model of its own beside a common one (docs/scale.md)."""

_MAX_ERROR = 1000  # characters of a sentence that the index holds
_LEAST_SHARE = 1e-12  # a probability of zero would make a loss infinite


class Job(ABC):
    """A table to learn from, with all settings of its fit; workers are sent the rows of a group."""

    target: Array
    weight: Array | None

    @abstractmethod
    def take(self, rows: Any, without: Sequence[str]) -> Self:
        """Return the job of some rows, without some columns."""

    @abstractmethod
    def fit(self, seed: int) -> tuple[FittedModel, Array]:
        """Return the fitted model, and out-of-fold numbers or probabilities, NaN if not held out.

        Nothing in it starts processes.
        """


@dataclass(frozen=True)
class ManyOptions:
    """What is fitted beside the settings of each fit."""

    by: tuple[str, ...]
    target: str
    task: str
    seed: int = 0
    min_rows: int | None = None
    common: bool = False
    compare: bool = False

    @property
    def fits_common(self) -> bool:
        """Whether a model is fitted to all rows."""
        return self.common or self.compare

    @property
    def fewest_rows(self) -> int:
        """Rows that a group needs for a model of its own."""
        return (MIN_ROWS if self.common else 1) if self.min_rows is None else self.min_rows


def fit_models(
    job: Job,
    grouped: GroupedRows,
    options: ManyOptions,
    path: Path | None,  # of the finished fits
    *,
    n_jobs: int | None,
    executor: Any = None,
    each_fit: Callable[[Done], None],
) -> tuple[ModelsByGroup, list[str]]:
    """Return the models, and sentences on groups that failed, and on what fits warned of.

    `each_fit` is called with each fit as it ends.
    """
    finished, done = FinishedFits(path), dict[int, Done]()
    try:
        for number, fit in _fits(job, grouped, options, finished, (n_jobs, executor)):
            done[number] = fit
            each_fit(fit)
        _check_fitted([fit.entry for fit in done.values()])
    except BaseException:
        finished.close()
        raise
    compared = _compare_groups(done, grouped, job.weight) if options.compare else None
    if not options.common:
        done.pop(COMMON, None)
    models = ModelsByGroup(
        _index_of(done, options, compared),
        {number: fit.model for number, fit in sorted(done.items()) if fit.model is not None},
    )
    finalize(models, finished.close)
    return models, [*_failures(models.index, options), *_notes(done)]


def _fits(
    job: Job,
    grouped: GroupedRows,
    options: ManyOptions,
    finished: FinishedFits,
    workers: tuple[int | None, Any],  # how many, and of which executor
) -> Iterator[tuple[int, Done]]:
    """Fit each group, and the common model; yield the number of each with what came of it.

    What was finished before comes first, then groups that are too small, then fits as they end,
    those of many rows first, so that no long one comes last.
    """
    tasks: list[_Task] = []
    for task in _tasks(job, grouped, options):
        done = Done(task.entry) if task.entry.error else finished.get(task.fingerprint)
        if done is None:
            tasks.append(task)
        else:
            yield task.number, done
    tasks.sort(key=lambda task: -task.entry.n_rows)
    with _executor(len(tasks), *workers) as executor:
        for task, done in zip(tasks, executor.map(_run, tasks), strict=True):
            yield task.number, finished.add(task.fingerprint, done)


def _executor(n_fits: int, n_jobs: int | None, wanted: Any) -> Executor:
    n_workers = min(count_workers(n_jobs), max(1, n_fits))
    given = find_executor(wanted)
    return choose_executor(n_workers, uses_threads=False, multiply_adds=np.inf, given=given)


@final
@dataclass(frozen=True, eq=False)
class _Task:
    """One fit. A worker is sent the rows of its group alone."""

    number: int
    entry: Entry  # without a model so far, or with the reason why there is none
    whole: Job
    rows: Any = None  # None for all
    without: tuple[str, ...] = ()

    @property
    def job(self) -> Job:
        """The job of the rows of the group."""
        return self.whole if self.rows is None else self.whole.take(self.rows, self.without)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "entry": self.entry,
            "whole": self.job,
            "rows": None,
            "without": (),
        }

    @cached_property
    def fingerprint(self) -> str:
        """A text that is the same only for the same rows, settings and version; "" if unknown."""
        import joblib

        try:
            digest = joblib.hash((self.entry.key, self.entry.seed, self.job), "sha1")
        except (pickle.PicklingError, AttributeError, TypeError):  # of functions without a name
            return ""
        return f"{__version__} {digest}"


def _tasks(job: Job, grouped: GroupedRows, options: ManyOptions) -> Iterator[_Task]:
    """Yield the common fit, if there is one, and that of each group."""
    if not 1 <= len(grouped.keys) <= MAX_GROUPS:
        raise InputError(
            "There are {groups} by {by}, but from 1 to {MAX_GROUPS:,} can be fitted: choose other columns.",
            groups=format_count(len(grouped.keys), "group"),
            by=_(", ").join(options.by),
            MAX_GROUPS=MAX_GROUPS,
        )
    if options.fits_common:
        yield _Task(COMMON, Entry((), len(job.target), options.seed), job)
    for number, (key, rows) in enumerate(zip(grouped.keys, grouped.rows(), strict=True)):
        entry = Entry(key, len(rows), _seed_of(options.seed, key_text(key)))
        if len(rows) < options.fewest_rows:
            few = _("It has {rows}, fewer than {fewest_rows:,}.").format(
                rows=format_count(len(rows), "row"), fewest_rows=options.fewest_rows
            )
            entry = replace(entry, error=few)
        yield _Task(number, entry, job, rows, options.by)


def _seed_of(seed: int, text: str) -> int:
    """Return the seed of a group's fit, which does not depend on the other groups."""
    digest = hashlib.sha256(f"{seed} {text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "little") >> 1


def _run(task: _Task) -> Done:
    """Fit one group; what cannot be learned is a sentence."""
    with warnings.catch_warnings(record=True) as caught, speaking("en"):  # it goes into a file
        warnings.simplefilter("always")
        try:
            job = task.job
            model, unseen = job.fit(task.entry.seed)
        except InputError as error:
            return _failed(task, error.english)
        except MemoryError:
            return _failed(task, "There is not enough memory for its rows.")
        except Exception as error:  # one group's failure must not end the others
            kind = type(error).__name__
            return _failed(
                task,
                _("This is a bug in madaline ({kind}: {error}): please report it.").format(
                    kind=kind, error=error
                ),
            )
    if any(isinstance(decision, Interrupted) for decision in model.decisions):
        raise KeyboardInterrupt
    metric, losses = row_losses(model, unseen, job.target)
    content = np.frombuffer(model.to_bytes(), np.uint8)
    score, checksum = model.summary.scores[0], checksum_of(content)
    entry = replace(task.entry, score=score, checksum=checksum)
    users = [one for one in caught if issubclass(one.category, UserWarning)]
    notes = tuple((one.category.__name__, str(one.message)) for one in users)
    columns, texts = needed_columns(model), reading_options(model)["categories"]
    return Done(entry, content, losses, metric, notes, tuple(columns), tuple(texts))


def _failed(task: _Task, sentence: str) -> Done:
    return Done(replace(task.entry, error=sentence[:_MAX_ERROR]))


def row_losses(model: FittedModel, unseen: Array, truth: Array) -> tuple[str, Array]:
    """Return the metric of a model's loss, and the loss of each row, in the target's unit."""
    loss, encoder = model.predictor.loss, model.predictor.target_encoder
    unseen = np.asarray(unseen, np.float64)
    classes = getattr(encoder, "classes", None)
    if classes is not None:
        index = class_index(classes, truth)
        shares = unseen[np.arange(len(truth)), index]
        return "log_loss", np.where(index < 0, np.nan, -np.log(np.maximum(shares, _LEAST_SHARE)))
    error = truth.astype(np.float64)[:, None] - unseen.reshape(len(truth), -1)
    if isinstance(loss, Squared):
        return "rmse", np.square(error)[:, 0]
    if isinstance(loss, Absolute):
        return "mean_absolute_error", np.abs(error)[:, 0]
    if isinstance(loss, Poisson):
        expected = np.maximum(unseen.reshape(-1), np.finfo(np.float64).tiny)
        ratio = np.where(truth > 0, truth, expected) / expected
        return "mean_poisson_deviance", 2 * (truth * np.log(ratio) - truth + expected)
    assert isinstance(loss, Quantile | Quantiles)
    levels = np.array([loss.level] if isinstance(loss, Quantile) else loss.levels)
    pinball = np.maximum(levels * error, (levels - 1) * error)
    return "mean_pinball_loss", pinball.mean(axis=1)


def compare_losses(metric: str, own: Array, common: Array, weight: Array | None) -> Compared | None:
    """Return two losses of the same rows beside each other; None if no row has both."""
    both = np.isfinite(own) & np.isfinite(common)
    weight = None if weight is None else weight[both]
    if both.sum() < 2 or (weight is not None and not weight.any()):
        return None
    own, common = own[both], common[both]
    losses = [float(np.average(one, weights=weight)) for one in (own, common)]
    difference, error = mean_and_error(common - own, weight, None)
    if metric == "rmse":  # a difference of squares by the sum is that of the roots
        losses = [one**0.5 for one in losses]
        unit = sum(losses) * losses[1]
    else:
        unit = losses[1]
    unit = unit or 1.0
    return Compared(metric, int(both.sum()), losses[0], losses[1], difference / unit, error / unit)


def _index_of(done: Mapping[int, Done], options: ManyOptions, compared: Compared | None) -> Index:
    groups, fits = [number for number in done if number != COMMON], done.values()
    return Index(
        __version__,
        options.by,
        options.target,
        options.task,
        tuple(done[number].entry for number in sorted(groups)),
        tuple(sorted({name for fit in fits for name in fit.columns})),
        tuple(sorted({name for fit in fits for name in fit.texts})),
        done[COMMON].entry if COMMON in done else None,
        compared,
    )


def _failures(index: Index, options: ManyOptions) -> Iterator[str]:
    """Yield how many groups have no model, and why the first of them has none.

    Small groups that the caller wants the common model to answer for are as they should be.
    """
    failed = [entry for entry in index.entries if entry.error]
    if options.common and options.min_rows is not None:
        failed = [entry for entry in failed if entry.n_rows >= options.min_rows]
    if failed:
        common = "; the common model answers for them" if index.common else ""
        names = format_list((entry.text for entry in failed), limit=3)
        groups = format_count(len(failed), "group has", "groups have")
        yield _(
            "{groups} no model of its own{common}: {names}. {text}: {error}"
            if len(failed) == 1
            else "{groups} no model of their own{common}: {names}. {text}: {error}"
        ).format(
            groups=groups,
            common=common,
            names=names,
            text=failed[0].text,
            error=failed[0].error,
        )


def _notes(done: Mapping[int, Done]) -> Iterator[str]:
    """Yield the first warning of each kind, and how many groups have one."""
    kinds: dict[str, dict[str, str]] = {}
    for fit in done.values():
        for kind, sentence in fit.notes:
            kinds.setdefault(kind, {}).setdefault(fit.entry.text or "all rows", sentence)
    for told in kinds.values():
        (name, sentence), *others = told.items()
        more = (
            _(" ({more_groups} with such a warning)").format(
                more_groups=format_count(len(others), "more group")
            )
            if others
            else ""
        )
        yield f"{name}: {sentence}{more}"


def _check_fitted(entries: Sequence[Entry]) -> None:
    """Raise `InputError` if nothing was fitted, or the common model was not."""
    failed = [entry for entry in entries if entry.error]
    for entry in failed:
        if not entry.key:
            raise InputError("The common model was not fitted: {error}", error=entry.error)
    if len(failed) == len(entries):
        raise InputError(
            "No group was fitted, such as {text}: {error}",
            text=failed[0].text,
            error=failed[0].error,
        )


def _compare_groups(
    done: dict[int, Done], grouped: GroupedRows, weight: Array | None
) -> Compared | None:
    """Return the comparison of all groups' models with the common one, and note that of each."""
    metric, common = done[COMMON].metric, done[COMMON].losses
    own = np.full(len(grouped.numbers), np.nan)
    for number, rows in enumerate(grouped.rows()):
        if done[number].model is None:
            continue
        own[rows] = done[number].losses
        of_rows = None if weight is None else weight[rows]
        compared = compare_losses(metric, own[rows], common[rows], of_rows)
        entry = replace(done[number].entry, compared=compared)
        done[number] = replace(done[number], entry=entry)
    return compare_losses(metric, own, common, weight)
