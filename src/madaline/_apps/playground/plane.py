"""The plane of two columns: what networks predict at every point of it, as pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np

from madaline._models.fitting import Fitting
from madaline._models.model import FittedModel
from madaline._tables.kinds.kind import NUMBER
from madaline._tables.table import Table
from madaline._tables.target import CLASSIFICATION
from madaline.nn.arrays import Array

_SIZE = 40  # pixels of a side
_MAX_CLASSES = 10  # beyond, colors cannot be told apart
_MAX_POINTS = 1000
_MARGIN = 0.05  # of the range of each column


@final
class Plane:
    """A square of points; build it with `of`."""

    def __init__(self, fitting: Fitting, names: tuple[str, str], sides: Array) -> None:
        self.names, self.sides = names, sides  # sides: (2, 2), the least and the most of each
        self._fitting = fitting
        x, y = (low + (high - low) * np.linspace(0, 1, _SIZE) for low, high in sides)
        across, up = np.meshgrid(x, y[::-1])  # the first row of pixels is at the top
        self._table = Table(dict(zip(names, (across.ravel(), up.ravel()), strict=True)))
        self._encoded = fitting.encoder.encode(self._table)
        self._outputs: dict[str, tuple[int, Array]] = {}  # of each candidate, at its best epoch
        target = fitting.race.dataset.target
        self._range = float(target.min()), float(target.max())

    @classmethod
    def of(cls, fitting: Fitting) -> Plane | None:
        """Return the plane of a fit to two columns of numbers; None of any other."""
        data, encoders = fitting.prepared.data, fitting.encoder.encoders
        n_classes = len(getattr(fitting.target_encoder, "classes", ()))
        plain = data.target.ndim == 1 and fitting.prepared.time.lagged is None
        if len(encoders) != 2 or not plain or n_classes > _MAX_CLASSES:
            return None
        if any(encoder.kind != NUMBER for encoder in encoders):
            return None
        first, second = (encoder.name for encoder in encoders)
        values = [data.table[name] for name in (first, second)]
        ends = np.array([[np.nanmin(column), np.nanmax(column)] for column in values])
        reach = np.maximum(np.diff(ends, axis=1), 1e-9) * _MARGIN
        return cls(fitting, (first, second), ends + reach * [-1, 1])

    def of_candidates(self, weights: Mapping[str, float]) -> Array:
        """Return what the weighted mean of some candidates of the race predicts.

        Of each recipe, the networks of all folds predict together, at its best epoch.
        """
        outputs = np.stack([weight * self._output(key) for key, weight in weights.items()])
        return self._pixels(self._fitting.race.dataset.loss.prediction(outputs.sum(axis=0)))

    def of_model(self, model: FittedModel) -> Array:
        """Return what a fitted model predicts."""
        output = model.predictor.output(self._table)
        return self._pixels(model.predictor.loss.prediction(output))

    def points(self) -> Array:
        """Return training rows as pairs from -1 to 1 and a color from 0 to 1, or a class.

        The result is float32 (rows, 3); rows with a missing value are left out.
        """
        dataset, data = self._fitting.race.dataset, self._fitting.prepared.data
        order = dataset.rows.order
        places = np.linspace(0, len(order) - 1, min(len(order), _MAX_POINTS)).astype(int)
        at = np.stack([data.table[name][order[places]] for name in self.names], axis=1)
        low, high = self.sides.T
        target = dataset.target[places]
        if self._fitting.task == CLASSIFICATION:
            colors = target.argmax(axis=1) if target.shape[1] > 1 else target[:, 0]
        else:
            colors = self._scaled(target[:, 0])
        points = np.column_stack([2 * (at - low) / (high - low) - 1, colors])
        return np.asarray(points[np.isfinite(points).all(axis=1)], np.float32)

    def to_json(self) -> dict[str, Any]:
        """Return what a page writes beside its axes."""
        return {"names": list(self.names), "sides": self.sides.tolist()}

    def _output(self, key: str) -> Array:
        """Return the mean raw output of a candidate's networks, (pixels, n_outputs)."""
        race = self._fitting.race
        candidate = race.candidates[key]
        epoch, output = self._outputs.get(key, (-1, np.empty(0)))
        if epoch != candidate.epoch:
            x = self._encoded.features(candidate.recipe.n_bins)
            theta = candidate.theta[race.dataset.rows.predicting]
            outputs = np.stack([candidate.network.predict(parameters, x) for parameters in theta])
            output = np.asarray(outputs.mean(axis=0))
            self._outputs[key] = candidate.epoch, output
        return output

    def _pixels(self, predictions: Array) -> Array:
        """Return predictions, (pixels, n_outputs), as uint8 (size, size), or one for each output.

        Of classes they are probabilities (of two classes, the second one's), of numbers they go
        from the least value of the target to the greatest.
        """
        scaled = predictions if self._fitting.task == CLASSIFICATION else self._scaled(predictions)
        shades = np.round(255 * np.clip(np.nan_to_num(scaled), 0, 1)).astype(np.uint8)
        n_outputs = shades.shape[1]
        pixels = shades.T.reshape(n_outputs, _SIZE, _SIZE)
        return np.asarray(pixels[0] if n_outputs == 1 else pixels)

    def _scaled(self, values: Array) -> Array:
        low, high = self._range
        return np.asarray((values - low) / ((high - low) or 1.0))
