"""`madaline fit --by`: a model for each group of rows, in one file."""

from __future__ import annotations

import glob
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from madaline._apps.cli.console import say_json, say_lines, tell, unwritable
from madaline._apps.cli.fit_request import read_objective, read_request
from madaline._apps.cli.training_data import TrainingTable
from madaline._base.language import _
from madaline._base.words import (
    format_count,
    format_list,
    format_size,
    option_words,
    paragraph,
    printable,
)
from madaline._models.fitting import Fitting
from madaline._models.fitting.many import Job, ManyOptions, fit_models
from madaline._models.fitting.means import Means, TimeLimit
from madaline._models.model import FittedModel
from madaline._models.model.many import GroupScores, ModelsByGroup
from madaline._models.request import FitRequest
from madaline._tables.io.atomic import alone
from madaline._tables.io.tensor_file import VERSION
from madaline._tables.keys import GroupedRows, key_text
from madaline._tables.target import ClassEncoder, infer_task
from madaline._tell.progress.groups import GroupProgress
from madaline.errors import InputError, MadalineError
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Section
from madaline.records._results.text import render_text


def fit_by(arguments: Namespace, path: Path) -> None:
    """Fit a model for each group, and write them to one file."""
    by = tuple(dict.fromkeys(arguments.by))
    _check(arguments, by)
    arguments.category = [*arguments.category, *by]  # as they are written: 007 is not 7
    data = TrainingTable.read(arguments)
    options = _options(arguments, data, by)
    data.check_target(options.task)
    request = read_request(arguments, data, read_objective(arguments, data.roles.target))
    job = _FileJob(data, request, arguments.memory, arguments.time_limit)
    grouped = GroupedRows.of(data.table, by)
    n_rows = [*map(len, grouped.rows()), *[data.table.n_samples] * options.fits_common]
    stream = None if arguments.quiet else sys.stderr
    progress = GroupProgress(stream, n_rows, every=arguments.verbose > 0)
    if not arguments.quiet:
        tell(*_opening_lines(arguments, data, grouped, options))
    with alone(path):
        models = _fitted(job, grouped, options, path, progress, arguments)
    if arguments.json:
        say_json({"model": str(path), "bytes": path.stat().st_size, **many_facts(models)})
    elif arguments.quiet:
        say_lines([_("{path}: {headlines}").format(path=path, headlines=models.headlines()[0])])
    else:
        say_lines(["", *many_lines(models), "", _("Wrote {path}.").format(path=path)])


def _fitted(
    job: _FileJob,
    grouped: GroupedRows,
    options: ManyOptions,
    path: Path,
    progress: GroupProgress,
    arguments: Namespace,
) -> ModelsByGroup:
    """Return the models, written; what is done stays beside them until all are."""
    kept = path.with_name(f"{path.name}.checkpoint")

    try:
        with progress:
            models, notes = fit_models(
                job,
                grouped,
                options,
                kept,
                n_jobs=arguments.jobs or -1,
                executor=arguments.on,
                each_fit=progress.show,
            )
        models.save(path)
    except KeyboardInterrupt:
        again = _("goes on from {kept}").format(kept=kept) if kept.exists() else "starts anew"
        raise MadalineError(
            "Stopped after {fits}; {path} was not written; the same command {again}.",
            fits=progress.fits,
            path=path,
            again=again,
        ) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(path, error) from None
    kept.unlink()
    tell(*(paragraph(printable(_("warning: {note}").format(note=note))) for note in notes))
    return models


@final
@dataclass(frozen=True, eq=False)
class _FileJob(Job):
    """Rows of a file, and what is asked of their fit."""

    data: TrainingTable
    request: FitRequest
    memory_limit: int | str | None
    time_limit: float | None  # seconds of each fit

    @property
    def target(self) -> Array:  # type: ignore[override]
        """What to predict."""
        return self.data.roles.target

    @property
    def weight(self) -> Array | None:  # type: ignore[override]
        """How much each row counts."""
        return self.data.roles.weight

    def take(self, rows: Any, without: Sequence[str]) -> _FileJob:
        """Return the job of the rows of a group."""
        data, request = self.data, self.request
        if without:
            key = tuple(data.table[name][rows[0]] for name in without)
            kinds = request.kinds.items()
            request = replace(
                request,
                source=_("{source} ({key_text} {key_text2})").format(
                    source=request.source,
                    key_text=key_text(tuple(without)),
                    key_text2=key_text(key),
                ),
                file_options=(*request.file_options, *option_words("--drop", without)),
                kinds={name: kind for name, kind in kinds if name not in without},
            )
        taken = replace(
            data,
            table=data.table.drop(without).take(rows),
            roles=data.roles.take(rows),
        )
        return replace(self, data=taken, request=request)

    def fit(self, seed: int) -> tuple[FittedModel, Array]:
        """Return the fitted model, and out-of-fold numbers or probabilities."""
        data = self.data
        data.check_target(self.request.task)
        limit = None if self.time_limit is None else TimeLimit(self.time_limit)
        means = Means(n_jobs=1, memory_limit=self.memory_limit, time_limit=limit)
        fitting = Fitting(replace(self.request, seed=seed), data.table, data.roles, means)
        for __ in fitting:
            pass
        model, output = fitting.model().for_command_line(), fitting.out_of_fold()
        of_classes = isinstance(model.predictor.target_encoder, ClassEncoder)
        predictor = model.predictor
        return model, predictor.probabilities(output) if of_classes else predictor.decode(output)


def _check(arguments: Namespace, by: tuple[str, ...]) -> None:
    """Refuse options that do not go with --by, before the table is read."""
    table = Path(arguments.table)
    if table.is_dir() or (not table.exists() and glob.has_magic(arguments.table)):
        raise InputError(
            "--by reads a file as a whole, but {table} is a folder or a pattern: give one file.",
            table=table,
        )
    if arguments.probabilities:
        raise InputError("--by fits a model to classes or numbers: leave out --probabilities.")
    if arguments.lags is not None and (arguments.common or arguments.compare_common):
        raise InputError(
            "With --lags there is no common model, as it would need other series: leave out"
            " --common and --compare-common."
        )
    roles = [(role, getattr(arguments, role)) for role in ("time", "groups", "weight")]
    for role, name in [*roles, *(("series", name) for name in arguments.series)]:
        if name in by:
            raise InputError(
                "--{role} names {name}, and so does --by: its value is the same in all rows of a model; leave one out.",
                role=role,
                name=name,
            )


def _options(arguments: Namespace, data: TrainingTable, by: tuple[str, ...]) -> ManyOptions:
    if len(data.target_names) > 1:
        raise InputError("--by fits models of one target: name one column with --target.")
    for name in by:
        if name in data.target_names:
            raise InputError(
                "--by names {name}, which is to be predicted: name other columns.", name=name
            )
    objective = read_objective(arguments, data.roles.target)
    task = arguments.task or objective.task or infer_task(data.roles.target)[0]
    arguments.task = task  # the same for all groups
    return ManyOptions(
        by,
        data.target_names[0],
        task,
        arguments.seed,
        arguments.min_rows,
        arguments.common,
        arguments.compare_common,
    )


def _opening_lines(
    arguments: Namespace, data: TrainingTable, grouped: GroupedRows, options: ManyOptions
) -> Iterator[str]:
    rows, groups = data.table.n_samples, len(grouped.keys)
    yield paragraph(
        _(
            "Read {name}: {rows} of {groups} by {by}. Fitting a model for each ({task} of {target})."
        ).format(
            name=Path(arguments.table).name,
            rows=format_count(rows, "row"),
            groups=format_count(groups, "group"),
            by=format_list(options.by),
            task=_(options.task),
            target=options.target,
        )
    )
    yield from map(paragraph, data.notes)
    if left_out := int((grouped.numbers < 0).sum()):
        row = format_count(left_out, "row")
        yield paragraph(
            _("{row} without a value of {by}: in no group.").format(
                row=row, by=format_list(options.by)
            )
        )


def describe_many(arguments: Namespace) -> None:
    """Print how many models a file holds, how they compare, and the score of each."""
    models, path = ModelsByGroup.load(arguments.model), Path(arguments.model)
    if arguments.json:
        say_json({"model": str(path), "bytes": path.stat().st_size, **many_facts(models)})
        return
    size = format_size(path.stat().st_size)
    say_lines(
        [
            *many_lines(models),
            "",
            _("The file has {size} (format {VERSION}).").format(size=size, VERSION=VERSION),
        ]
    )


def many_lines(models: ModelsByGroup) -> Iterator[str]:
    """Yield how many models there are, how they compare, and the score of each."""
    yield from map(paragraph, map(printable, models.headlines()))
    yield ""
    yield render_text([Section([GroupScores(models.index.entries).table()])])


def many_facts(models: ModelsByGroup) -> dict[str, Any]:
    """Return the index as a JSON-able value."""
    return {"headlines": models.headlines(), **models.index.to_json()}
