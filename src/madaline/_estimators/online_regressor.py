"""A regressor that learns row by row and keeps up when the world changes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin

from madaline._data.column import to_column
from madaline._data.conversion import as_numbers
from madaline._data.formats.number_format import NumberFormat
from madaline._data.kinds.kind import NUMBER
from madaline._data.objects import shown
from madaline._data.text_columns import read_numbers
from madaline._estimators.arguments import computed
from madaline._estimators.online import OnlineEstimator
from madaline._online.learner import Made
from madaline._online.tasks import Numbers
from madaline.errors import InputError
from madaline.nn.arrays import Array


class OnlineRegressor(RegressorMixin, OnlineEstimator):  # type: ignore[misc]
    """Networks of several time scales that learn numbers from a stream.

    See `OnlineClassifier` for how they learn and are weighed. Numbers are scaled by the mean and
    the spread of the latest ones, which may drift.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of every random number.

    Attributes
    ----------
    decisions_ : tuple of Decision
        Which networks had most of the weight, and since when: ``decisions_[0].sentence`` is it in
        words. The latest 100 are kept.
    learner_ : OnlineLearner
        The population; `learner_.weighting.weights` are the networks' weights.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((1200, 2))
    >>> y = 100 + 3 * X[:, 0] - X[:, 1]
    >>> model = OnlineRegressor(random_state=0).partial_fit(X[:1000], y[:1000])
    >>> bool(model.score(X[1000:], y[1000:]) > 0.9)
    True
    """

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from more rows, in their order.

        Parameters
        ----------
        X : data frame, mapping of columns, records or array of shape (n_samples, n_features)
            Numbers, text, Booleans and dates. Missing values are welcome; so are columns that are
            missing, but none that the first rows did not have.
        y : array-like of shape (n_samples,)
            What was true.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row in the networks' steps.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If there is a column that the first rows did not have, or a value of another kind. Then
            nothing has changed.
        """
        return self._learn_table(X, y, sample_weight)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R²: 1 is perfect, 0 is a constant.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,)
            The truth.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row.
        """
        return float(super().score(X, computed(y), sample_weight))

    def predict_one(self, x: Mapping[str, Any], key: Hashable | None = None) -> float:
        """Return the expected value of a row; 0 before the first label.

        Parameters
        ----------
        x : mapping of str to value
            The row.
        key : hashable, optional
            Under which `learn` finds the row again when the truth is known. Without one,
            `learn_one` finds it by its values.
        """
        made = self._observe_one(x, key)
        return 0.0 if made is None else float(self._decode(made)[0])

    @classmethod
    def _kind(cls) -> str:
        return Numbers.kind

    def _task(self) -> Numbers:
        return Numbers(written=getattr(self, "_written", None))

    def _decode(self, made: Made) -> Array:
        return np.asarray(made.prediction[:, 0])

    def _read_one(self, y: Any) -> Array:
        is_number = isinstance(y, float | int | np.floating | np.integer)
        number = np.array([y], dtype=None if is_number else object)
        if number.shape != (1,):
            raise InputError(f"The label is {shown(y)}: give a number.")
        return self._read_target(number)

    def _read_target(self, y: Array) -> Array:
        try:
            if y.dtype.kind in "UOT":
                return self._numbers(y)
            if y.dtype.kind not in "mM":
                return y.astype(np.float64)
        except InputError as error:
            raise InputError(f"{str(error)[:-1]}, or use OnlineClassifier for labels.") from None
        except (TypeError, ValueError, OverflowError):
            pass
        raise InputError(
            f"The target holds {y.dtype} values, which are no numbers: use OnlineClassifier for"
            " labels."
        )

    def _numbers(self, y: Array) -> Array:
        """Return labels that may be text as numbers; the first text decides how it is written."""
        y = to_column("y", y)
        task = self.learner_.task if hasattr(self, "learner_") else None
        written = task.written if isinstance(task, Numbers) else None
        if task is None and y.dtype == object:
            choice = read_numbers("y", y, NUMBER)[1]
            written = choice.format if isinstance(choice.format, NumberFormat) else None
            self._written = written
        return as_numbers("y", y, written)
