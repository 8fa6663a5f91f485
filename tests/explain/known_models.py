"""Models whose networks are functions that are known, so that every answer about them is too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._models.model import FittedModel
from madaline._models.runtime.predictor import Predictor
from madaline._models.story.summary import Summary
from madaline._race.evaluation.score import Score
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder, RegressionEncoder
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Squared


@dataclass(frozen=True, eq=False)
class KnownPredictor(Predictor):
    """Says what a function of the columns says."""

    function: Callable[[Table], Any] = lambda table: np.zeros(table.n_samples)

    def output(self, table, *, n_jobs=None):
        """Return the function's values, shape (n_samples, n_outputs)."""
        table = table if isinstance(table, Table) else Table.from_columns(table)
        values = np.asarray(self.function(table), np.float64)
        return values if values.ndim == 2 else values[:, None]


def known_model(columns, function, *, classes=None, target_encoder=None, kinds=None) -> FittedModel:
    """Return a model that says what a function of the table says, as a number or of classes."""
    table = Table.from_columns(columns)
    schema = Schema.infer(table, kinds)
    loss = Squared()
    if classes is not None:
        target_encoder = ClassEncoder(np.array(classes))
        loss = BinaryCrossEntropy() if len(classes) == 2 else CrossEntropy()
    predictor = KnownPredictor(
        TableEncoder.fit(table, schema),
        (),
        loss,
        target_encoder or RegressionEncoder(0.0, 1.0, -1e9, 1e9),
        None,  # type: ignore[arg-type]  # no intervals are asked for
        1.0,
        function=function,
    )
    summary = Summary(
        task="regression" if classes is None else "classification",
        target="y",
        n_samples=table.n_samples,
        n_evaluated=table.n_samples,
        n_columns=len(predictor.encoder.columns),
        n_folds=2,
        epochs=1,
        multiply_adds=1.0,
        scores=(Score("r2", 0.5, 0.1, 0.0, True),),
        standard_errors_better=5.0,
        members=(),
        row_multiply_adds=1,
        row_multiply_adds_before=1,
    )
    return FittedModel(predictor, schema, summary, (), ())
