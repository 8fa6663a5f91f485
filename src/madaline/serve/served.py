"""A served model: a file that was read, the threads that answer, and the pages about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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
    """

    name: str
    model: FittedModel
    version: str
    quick: Worker
    patient: Worker

    @classmethod
    def read(cls, name: str, path: Path, metrics: Metrics) -> ServedModel:
        """Return the model of a file, ready to answer.

        Raises
        ------
        InputError
            If the file is no model, or one of sounds, which cannot be sent in JSON.
        """
        model = FittedModel.load(path)
        for encoder in model.predictor.encoder.encoders:
            if encoder.kind == SOUND:
                raise InputError(
                    f"{path} predicts from sounds ({encoder.name}), which are not served: use"
                    " `madaline predict`."
                )
        version = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        count = metrics.batch_counter(name)
        return cls(name, model, version, Worker(model, count), Worker(model, count))

    async def answer(self, rows: Rows, wanted: Wanted) -> Answer:
        """Return the answer to a request; `InputError` if it cannot be given."""
        check_wanted(wanted, rows.n_rows)
        few = rows.n_rows <= MOST_TOGETHER and not wanted.more
        return await (self.quick if few else self.patient).answer(rows, wanted)

    def close(self) -> None:
        """End the threads once they have answered what is waiting."""
        self.quick.close()
        self.patient.close()

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
