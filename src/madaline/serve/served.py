"""A served model: a file that was read, the threads that answer, and the pages about it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from madaline.data.kinds import SOUND
from madaline.errors import InputError
from madaline.model import FittedModel
from madaline.report import report_data
from madaline.report.data import class_labels
from madaline.report.page import render_page
from madaline.serve.answers import Answer, Wanted, check_wanted
from madaline.serve.batching import MOST_TOGETHER, Worker
from madaline.serve.metrics import Metrics
from madaline.serve.rows import Rows
from madaline.serve.watching import ENDING, Watcher


@dataclass(frozen=True, eq=False)
class ServedModel:
    """One version of a model.

    Parameters
    ----------
    name : str
        Under which it is served.
    model : FittedModel
        The model.
    version : str
        The beginning of the SHA-256 of its file.
    quick : Worker
        Answers requests of few rows.
    patient : Worker
        Answers what takes long: many rows, explanations, intervals and sets.
    watcher : Watcher, optional
        Looks for changes in what is predicted.
    """

    name: str
    model: FittedModel
    version: str
    quick: Worker
    patient: Worker
    watcher: Watcher | None = None

    @classmethod
    def read(
        cls,
        name: str,
        path: Path,
        metrics: Metrics,
        log: Callable[[str], object] = print,
        *,
        watch: Path | None = None,
    ) -> ServedModel:
        """Return the model of a file, ready to answer.

        Parameters
        ----------
        name : str
            Under which it is served.
        path : path
            The file.
        metrics : Metrics
            Counts what happens.
        log : callable
            Gets a sentence of what happened.
        watch : path, optional
            The folder of the states of monitors; without it, nothing is watched.

        Raises
        ------
        InputError
            If the file is no model, one of several targets, or one of sounds, which cannot be sent
            in JSON.
        """
        model = FittedModel.load(path)
        model.check_one_output("served")
        for encoder in model.predictor.encoder.encoders:
            if encoder.kind == SOUND:
                raise InputError(
                    f"{path} predicts from sounds ({encoder.name}), which are not served: use"
                    " `madaline predict`."
                )
        version = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        count = metrics.batch_counter(name)
        watcher = None
        if watch is not None:
            watcher = Watcher(name, model, watch / f"{name}-{version}{ENDING}", metrics, log)
        return cls(name, model, version, Worker(model, count), Worker(model, count), watcher)

    async def answer(self, rows: Rows, wanted: Wanted) -> Answer:
        """Return the answer to a request; `InputError` if it cannot be given."""
        check_wanted(wanted, rows.n_rows)
        few = rows.n_rows <= MOST_TOGETHER and not wanted.more
        return await (self.quick if few else self.patient).answer(rows, wanted)

    def observe(self, rows: Rows, keys: Sequence[str | int] | None) -> None:
        """Watch rows that were predicted, where that is wanted; it takes no time here."""
        if self.watcher is not None:
            self.watcher.observe(rows, keys)

    def close(self) -> None:
        """End the threads once they have done what is waiting."""
        self.quick.close()
        self.patient.close()
        if self.watcher is not None:
            self.watcher.close()

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """The kind of each column that is needed."""
        return {one.name: one.kind for one in self.model.predictor.encoder.encoders}

    @cached_property
    def classes(self) -> list[str] | None:
        """The labels of the classes, as text; None of numbers."""
        return class_labels(self.model)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What a report tells of the model, made once; a model's file holds no row to add."""
        return report_data(self.model)

    @cached_property
    def report(self) -> str:
        """The report, made once."""
        return render_page(self.facts)
