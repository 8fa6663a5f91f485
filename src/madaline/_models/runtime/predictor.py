"""Prediction: from a table to labels, numbers or probabilities, with NumPy alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from madaline._base.json_checks import Malformed
from madaline._models.runtime.file_checks import (
    PREDICTOR,
    check_parts,
    check_predictor,
    count_outputs,
)
from madaline._models.runtime.forecast import add_totals, check_totals, places_of, rows_ahead
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._models.runtime.given_rows import Columns as Columns
from madaline._models.runtime.given_rows import Rows as Rows
from madaline._models.runtime.given_rows import given_rows
from madaline._models.runtime.networks import Networks
from madaline._models.runtime.outputs import class_probabilities, finite_output
from madaline._race.evaluation.conformal import (
    JointConformal,
    PredictionIntervals,
    PredictionSets,
    conformal_from_state,
)
from madaline._race.time.past import Past
from madaline._tables.encoders.encoded import Encoded
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.io.tensor_file import read_tensor_file, refusing_malformed, written_by
from madaline._tables.io.tensor_header import named, with_prefix
from madaline._tables.table import Table
from madaline._tables.target import (
    TARGETS,
    ClassEncoder,
    JointEncoder,
    TargetEncoder,
)
from madaline._tables.text_columns import read_formats
from madaline.errors import InputError
from madaline.nn._engine.threads import count_threads
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss, Quantiles, loss_from_config

KEPT_ROWS = "kept."
"""How the names of arrays begin that hold rows for later updates: prediction does not need them."""

_PAST = "past."


@dataclass(frozen=True, eq=False)
class Predictor:
    """An encoder, networks and a target encoder: all that prediction needs."""

    encoder: TableEncoder  # turns a table into features
    parts: tuple[NetworkPart, ...]  # the networks
    loss: Loss  # turns raw outputs into predictions: it owns the inverse link
    # turns predictions into labels, or numbers in the target's own unit
    target_encoder: TargetEncoder
    # how far off unseen rows were, for prediction intervals of numbers or sets of classes
    conformal: PredictionIntervals | PredictionSets | JointConformal
    # what raw outputs are divided by, so that probabilities are neither too sure nor too unsure
    temperature: float | Array
    past: Past | None = None  # what is made of the past of the target, where the model has lags

    def __repr__(self) -> str:
        """Say in a line what it is made of."""
        networks = sum(len(part.theta) * part.theta.shape[1] for part in self.parts)
        return f"<Predictor: {networks} networks on {len(self.encoder.columns)} columns>"

    def encode(self, table: Columns, *, n_jobs: int | None = -1) -> Encoded:
        """Return the encoded table; it also counts categories never seen in training."""
        rows = self.with_past(given_rows(table, self.encoder, self._also))
        encoded = self.encoder.encode(rows, n_threads=count_threads(n_jobs))
        return encoded if self.past is None else self.past.encoded(encoded, rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that rows must have, without those that are made."""
        columns = self.encoder.columns
        return columns if self.past is None else self.past.needed(columns)

    def check_no_past(self, done: str) -> None:
        """Raise `InputError` if there are lags, so that rows cannot be served, exported, ..."""
        if self.past is not None:
            raise InputError(
                "A model with lags of {target} cannot be {done}: fit one without.",
                target=self.past.lags.target,
                done=done,
            )

    def table(self, rows: Any) -> Table:
        """Return rows as a table.

        Parameters
        ----------
        rows : Table, mapping of str to array, frame, list of dictionaries or structured array
            A mapping of str to single values is one row. Of a model of one column, such as images,
            its values will do.

        Raises
        ------
        InputError
            If it is something else.
        """
        table = given_rows(rows, self.encoder, self._also)
        written = self.encoder.written
        return self.with_past(read_formats(table, written) if written else table)

    def with_past(self, table: Table) -> Table:
        """Return rows with the columns that are made of the past, where the model has lags."""
        return table if self.past is None else self.past.add(table)

    @property
    def _also(self) -> tuple[str, ...]:
        return () if self.past is None else self.past.read

    def output(self, table: Rows, *, n_jobs: int | None = -1) -> Array:
        """Return the raw output, shape (n_samples, n_outputs), in float64."""
        encoded = table if isinstance(table, Encoded) else self.encode(table, n_jobs=n_jobs)
        output = self.networks.output(encoded, count_threads(n_jobs))
        return self._from_anchors(finite_output(output) / self.temperature, encoded)

    def _from_anchors(self, output: Array, encoded: Encoded) -> Array:
        """Return outputs of which those of networks are differences."""
        if encoded.anchors is None:
            return np.asarray(output)
        sizes = 1.0 if encoded.sizes is None else encoded.sizes[:, None]
        return np.asarray(output * sizes + self.target_encoder.shifts(encoded.anchors))

    def predict(self, table: Rows, *, n_jobs: int | None = -1) -> Array:
        """Return the predicted labels, or numbers.

        Parameters
        ----------
        table : Table, mapping of str to array, list of mappings of str to values, or Encoded
            The rows; needed columns must be there, others are ignored. A mapping of str to single
            values is one row.
        n_jobs : int, optional
            Number of threads that share the rows of a large table; None is one, -1 as many as there
            are processors. The bits are the same.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The most probable class, or the expected value; of several targets, of each.
        """
        return self.decode(self.output(table, n_jobs=n_jobs))

    def predict_proba(self, table: Rows, *, n_jobs: int | None = -1) -> Array:
        """Return the probability of each class, or of each of several labels; a column for each."""
        return self.probabilities(self.output(table, n_jobs=n_jobs))

    def predict_interval(
        self, table: Rows, coverage: float = 0.9, *, n_jobs: int | None = -1
    ) -> Array:
        """Return intervals that hold the truth of a share of new rows.

        Parameters
        ----------
        table : Table, mapping of str to array, or Encoded
            The rows.
        coverage : float, default=0.9
            That share, between 0 and 1.
        n_jobs : int, optional
            Number of threads, as for `predict`.

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, n_outputs, 2)
            Lower and upper bounds in the target's unit and range, float64. Of several targets, each
            interval has this coverage by itself; of several quantiles, the one in the middle has
            an interval.

        Raises
        ------
        InputError
            If classes are predicted, or the coverage cannot be promised.
        """
        encoded = table if isinstance(table, Encoded) else self.encode(table, n_jobs=n_jobs)
        outputs = self.loss.in_order(self.fold_outputs(encoded, n_jobs=n_jobs))
        if isinstance(self.loss, Quantiles):
            part, columns = self._each[self.loss.middle]
            return part._intervals(outputs[..., columns], coverage, encoded)
        if isinstance(self.conformal, JointConformal):
            intervals = [
                part._intervals(outputs[..., columns], coverage, encoded)
                for part, columns in self._each
            ]
            return np.stack(intervals, axis=1)
        return self._intervals(outputs, coverage, encoded)

    def _intervals(self, outputs: Array, coverage: float, rows: Encoded) -> Array:
        """Return the intervals of one target, given the raw outputs of each fold's networks."""
        if not isinstance(self.conformal, PredictionIntervals):
            raise InputError("This model predicts classes, not numbers: use predict_set.")
        predictions = self.loss.prediction(outputs)[..., 0]
        bounds = self.conformal.predict(predictions, coverage, rows.steps, rows.sizes)
        return np.stack([self.target_encoder.decode(bound) for bound in bounds.T], axis=1)

    def predict_set(self, table: Rows, coverage: float = 0.9, *, n_jobs: int | None = -1) -> Array:
        """Return sets of classes that hold the true class of a share of new rows, or of more.

        The predicted class is always in the set: sets may hold the truth more often than asked for.

        Parameters
        ----------
        table : Table, mapping of str to array, or Encoded
            The rows.
        coverage : float, default=0.9
            That share, between 0 and 1.
        n_jobs : int, optional
            Number of threads, as for `predict`.

        Returns
        -------
        Boolean ndarray of shape (n_samples, n_classes) or (n_samples, n_labels, 2)
            Whether each class is in the set of each row; of several labels, whether each may be
            missing and may be there.

        Raises
        ------
        InputError
            If numbers are predicted, or the coverage is no share.
        """
        encoded = table if isinstance(table, Encoded) else self.encode(table, n_jobs=n_jobs)
        outputs = self.fold_outputs(encoded, n_jobs=n_jobs)
        output = self.output(encoded, n_jobs=n_jobs)
        if isinstance(self.conformal, JointConformal):
            sets = [part._sets(outputs[..., k], output[:, k], coverage) for part, k in self._each]
            return np.stack(sets, axis=1)
        return self._sets(outputs, output, coverage)

    def _sets(self, outputs: Array, output: Array, coverage: float) -> Array:
        """Return the sets of one target, given the raw outputs of each fold and of all networks."""
        if not isinstance(self.conformal, PredictionSets):
            raise InputError("This model predicts numbers, not classes: use predict_interval.")
        of_folds = np.stack([self.probabilities(of_fold) for of_fold in outputs])
        return self.conformal.predict(of_folds, coverage, self.choose(self.probabilities(output)))

    def forecast(
        self,
        horizon: int | None = None,
        rows: Any = None,
        *,
        coverage: float = 0.9,
        totals: bool = False,
    ) -> dict[str, Array]:
        """Return the next rows of each series with their predictions, as columns.

        Parameters
        ----------
        horizon : int, optional
            How many rows of each series; by default as many as the model learned to predict.
        rows : Table, frame or mapping of str to array, optional
            Later rows: those whose target is known are known from then on. The others tell what the
            model needs beside times and the past, such as prices; then these are predicted.
        coverage : float, default=0.9
            Share of new rows whose number is in its interval.
        totals : bool, default=False
            Whether to add the totals of all series, and of those that agree in the first columns of
            `series`: sums of the forecasts, so that all levels add up.

        Returns
        -------
        dict of str to ndarray
            The series, the time and the steps ahead of each row, its prediction, and the bounds of
            its interval, or the probabilities of classes.

        Raises
        ------
        InputError
            If the model has no lags, the horizon is beyond what it learned to predict, or totals
            are asked for that there are not.
        """
        if totals:
            check_totals(self.past, self.target_encoder)
        lags, table = rows_ahead(self.past, self.encoder, self.columns, horizon, rows)
        encoded = self.encode(table)
        columns = places_of(lags, table, encoded.steps)
        predictions = np.atleast_2d(self.predict(encoded).T)
        names = [lags.target]
        if isinstance(self.target_encoder, JointEncoder) and isinstance(self.loss, Quantiles):
            names = [f"{lags.target}_{level}" for level in self.target_encoder.names]
        columns |= dict(zip(names, predictions, strict=True))
        if lags.classes:
            shares = self.predict_proba(encoded).T
            labels = (f"probability_{label}" for label in lags.classes)
            return columns | dict(zip(labels, shares, strict=True))
        bounds = self.predict_interval(encoded, coverage)
        columns |= {f"{lags.target}_low": bounds[:, 0], f"{lags.target}_high": bounds[:, 1]}
        return add_totals(lags, columns) if totals else columns

    def fold_outputs(self, table: Rows, *, n_jobs: int | None = -1) -> Array:
        """Return the raw output of each fold's networks, shape (n_folds, n_samples, n_outputs)."""
        encoded = table if isinstance(table, Encoded) else self.encode(table, n_jobs=n_jobs)
        outputs = self.networks.fold_outputs(encoded, count_threads(n_jobs))
        return self._from_anchors(finite_output(outputs) / self.temperature, encoded)

    def decode(self, output: Array) -> Array:
        """Return labels or numbers for a raw output, a column for each of several targets."""
        if isinstance(self.target_encoder, ClassEncoder):
            return self.target_encoder.decode(self.probabilities(output))
        return self.target_encoder.decode(self.loss.prediction(output))

    def probabilities(self, output: Array) -> Array:
        """Return the class probabilities of a raw output, shape (n_samples, n_classes)."""
        return class_probabilities(self.loss, output)

    def choose(self, probabilities: Array) -> Array:
        """Return the index of the predicted class of each row, shape (n_samples,)."""
        if not isinstance(self.target_encoder, ClassEncoder):
            raise InputError("This model predicts numbers, not classes.")
        return self.target_encoder.choose(probabilities)

    def of_output(self, index: int) -> Predictor:
        """Return the predictor of one of several outputs, as if it alone were predicted."""
        encoder = self.target_encoder
        conformal = self.conformal
        if not isinstance(encoder, JointEncoder) or not isinstance(conformal, JointConformal):
            raise InputError("This model has one output.")
        return replace(
            self,
            parts=tuple(part.of_output(index) for part in self.parts),
            loss=self.loss.of_output(index),
            target_encoder=encoder.encoders[index],
            conformal=conformal.each[index],
            temperature=float(np.broadcast_to(self.temperature, len(encoder.names))[index]),
        )

    @property
    def _each(self) -> list[tuple[Predictor, slice]]:
        """The predictor of each of several outputs, and which of the outputs it is."""
        each = self.conformal.each if isinstance(self.conformal, JointConformal) else ()
        return [(self.of_output(index), slice(index, index + 1)) for index in range(len(each))]

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        encoder, arrays = self.encoder.to_state()
        conformal, known = self.conformal.to_state()
        arrays = with_prefix("encoder.", arrays) | with_prefix("conformal.", known)
        for number, part in enumerate(self.parts):
            arrays[f"part{number}.theta"] = part.theta
            arrays[f"part{number}.weights"] = part.weights
        past: dict[str, Any] = {}
        if self.past is not None:
            past["past"], rows = self.past.to_state()
            arrays |= with_prefix(_PAST, rows)
        parts = [{"n_bins": part.n_bins, "network": part.network.config()} for part in self.parts]
        return {
            "encoder": encoder,
            "parts": parts,
            "loss": self.loss.config(),
            "codec": self.target_encoder.to_json(),
            "conformal": conformal,
            "temperature": np.asarray(self.temperature).tolist(),
            **past,
        }, arrays

    @cached_property
    def networks(self) -> Networks:
        """The networks of all parts, prepared once."""
        used = {0, *[part.n_bins for part in self.parts]}
        widths = {n_bins: self.encoder.n_features(n_bins) for n_bins in used}
        return Networks(self.parts, widths, self.encoder.joined)

    @classmethod
    def from_file(cls, description: Any, arrays: Mapping[str, Array]) -> Predictor:
        """Return the predictor of a model's description; `Malformed` if there is none."""
        if type(description) is not dict or "predictor" not in description:
            raise Malformed("describes no model")
        try:
            PREDICTOR(description["predictor"])
        except Malformed as error:
            raise error.within("predictor") from None
        return cls.from_checked(description["predictor"], arrays)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle or a copy holds: the fields alone."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def from_checked(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> Predictor:
        """Return the predictor of a checked description; `Malformed` if arrays do not fit it."""
        try:
            arrays = {
                name: array for name, array in arrays.items() if not name.startswith(KEPT_ROWS)
            }
            return cls._from_state(state, arrays)
        except Malformed as error:
            raise error.within("predictor") from None

    @classmethod
    def _from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> Predictor:
        rows = named(arrays, _PAST) if "past" in state else {}
        arrays = {
            name: array for name, array in arrays.items() if name.removeprefix(_PAST) not in rows
        }
        past = Past.from_state(state["past"], rows) if "past" in state else None
        networks = check_predictor(state, arrays)
        encoder = TableEncoder.from_state(state["encoder"], named(arrays, "encoder."))
        parts = tuple(
            NetworkPart(
                part["n_bins"],
                networks[number],
                arrays[f"part{number}.theta"],
                arrays[f"part{number}.weights"],
            )
            for number, part in enumerate(state["parts"])
        )
        check_parts(parts, encoder.n_features, count_outputs(state))
        temperature = state["temperature"]
        return cls(
            encoder,
            parts,
            loss_from_config(state["loss"]),
            TARGETS.read(state["codec"]),
            conformal_from_state(state["conformal"], named(arrays, "conformal.")),
            np.array(temperature) if isinstance(temperature, list) else temperature,
            past,
        )


def load(path: str | os.PathLike[str]) -> Predictor:
    """Load the predicting part of a model file.

    Parameters
    ----------
    path : path
        A file that ``madaline fit`` or ``save`` wrote.

    Returns
    -------
    Predictor
        It predicts what the model that was saved predicts.

    Raises
    ------
    ModelFileError
        If there is no such file, it is not a model, it is damaged, or from a newer version.

    Examples
    --------
    >>> load("nowhere.madaline")
    Traceback (most recent call last):
    madaline.errors.ModelFileError: There is no file nowhere.madaline: check the name.
    """
    description, arrays = read_tensor_file(path)
    with refusing_malformed(path, writer=written_by(description)):
        return Predictor.from_file(description, arrays)
