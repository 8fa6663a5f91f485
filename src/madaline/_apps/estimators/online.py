"""A classifier and a regressor that learn row by row and keep up when the world changes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from madaline._apps.estimators.online_base import OnlineEstimator
from madaline._apps.estimators.typed_bases import BaseEstimator, ClassifierMixin, RegressorMixin
from madaline._base.method_names import name_methods
from madaline._models.arguments import computed, unchanged_if_refused
from madaline._models.online.learner import Prediction
from madaline._models.online.tasks import Classes, Numbers
from madaline._tables.column import shown, to_column
from madaline._tables.conversion import as_numbers
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.io.targets import to_target
from madaline._tables.kinds.kind import NUMBER
from madaline._tables.text_columns import read_numbers
from madaline.errors import InputError
from madaline.nn.arrays import Array

_CLASSES = "give a class as text, a Boolean, or a number below 2**63, or leave the row out"
"""What a label must be, so that a file can hold it."""


@name_methods
class OnlineClassifier(OnlineEstimator, ClassifierMixin, BaseEstimator):
    """Networks of several time scales that learn from a stream.

    Eighteen small networks learn side by side. They differ in how large their steps are, from how
    many of the latest rows they learn again, and in whether they see the latest labels. Each is
    weighed by how well it predicts lately, so the mixture follows when the world changes. There is
    nothing to scale, encode, impute or tune beforehand: scales follow the latest rows, and levels
    and classes may appear at any time.

    Parameters
    ----------
    missing : sequence of str or float, optional
        Words and numbers that stand for missing values in every column, such as ``["tbc", -999]``.
    max_regimes : int, default=16
        How many regimes are remembered, at most 16, so that what comes back is known again; 0
        remembers none.
    random_state : int, RandomState or None, default=None
        Seed of every random number.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes so far, in ascending order.
    decisions_ : tuple of Decision
        Which networks had most of the weight, and since when: ``decisions_[0].sentence`` is it in
        words. The latest 100 are kept.
    regimes_ : tuple of Regime
        What the stream was like, and when: ``print(model.regimes_)``.
    learner_ : OnlineLearner
        The population; `learner_.weighting.weights` are the networks' weights.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((600, 2))
    >>> y = np.where(X[:, 0] > X[:, 1], "left", "right")
    >>> model = OnlineClassifier(random_state=0).partial_fit(X[:500], y[:500])
    >>> bool(model.score(X[500:], y[500:]) > 0.9)
    True
    >>> model.learn_one({"x0": 2.0, "x1": 0.0}, "left").predict_one({"x0": 2.0, "x1": 0.0})
    'left'
    """

    _kind: ClassVar[str] = Classes.kind

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Learn from more rows, in their order.

        Parameters
        ----------
        X : data frame, mapping of columns, records or array of shape (n_samples, n_features)
            Numbers, text, Booleans and dates. Missing values are welcome; columns may come and
            go, in any order.
        y : array-like of shape (n_samples,)
            Their labels.
        classes : array-like of shape (n_classes,), optional
            Classes that are known to come. Others may appear, too.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row in the networks' steps.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If there is a value of another kind than in earlier rows. Then nothing has changed.
        """
        with unchanged_if_refused(self):
            if classes is not None:
                y = computed(y)
                self._given_classes = self._read_target(to_target(classes)).tolist()
                self._check_known(y)
            return self._learn_table(X, y, sample_weight)

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, shape (n_samples, n_classes), float64."""
        predicted = self._predict_table(X)
        return np.asarray(predicted.mixture[:, self._order])

    def predict_one(self, x: Mapping[str, Any], key: Hashable | None = None) -> Any:
        """Return the most probable class of a row; None before the first label.

        Parameters
        ----------
        x : mapping of str to value
            The row.
        key : hashable, optional
            Under which `learn` finds the row again when its label is known. Without one,
            `learn_one` finds it by its values.
        """
        predicted = self._observe_one(x, key)
        return None if predicted is None else self._classes[int(predicted.mixture[0].argmax())]

    def predict_proba_one(
        self, x: Mapping[str, Any], key: Hashable | None = None
    ) -> dict[Any, float]:
        """Return the probability of each class for a row; empty before the first label.

        Parameters
        ----------
        x, key
            As for `predict_one`.
        """
        predicted = self._observe_one(x, key)
        if predicted is None:
            return {}
        return dict(zip(self._classes, predicted.mixture[0].tolist(), strict=True))

    @property
    def classes_(self) -> Array:
        """The classes so far, in ascending order."""
        return self._labels[self._order]

    @property
    def _labels(self) -> Array:
        """The classes in the order of outputs; 0 and "0" are two of them."""
        are_mixed = len({isinstance(label, str) for label in self._classes}) > 1
        return np.array(self._classes, object if are_mixed else None)

    @property
    def _classes(self) -> list[Any]:
        task = self._learner.task
        assert isinstance(task, Classes)
        return task.classes

    @property
    def _order(self) -> Array:
        """The output of each class of `classes_`."""
        return np.argsort(np.array(self._classes), kind="stable")

    def _check_known(self, y: Any) -> None:
        unknown = sorted(
            {*self._read_target(to_target(y)).tolist()} - {*self._given_classes}, key=str
        )
        if unknown:
            raise InputError(
                "y holds {unknown!r}, which is not among classes: add it, or leave classes out.",
                unknown=unknown[0],
            )

    def _task(self) -> Classes:
        return Classes(getattr(self, "_given_classes", []))

    def _decode(self, predicted: Prediction) -> Array:
        return np.asarray(self._labels[predicted.mixture.argmax(axis=1)])

    def _read_one(self, y: Any) -> Array:
        label = _class(y)
        if label is None:
            raise InputError("The label is {shown}: {CLASSES}.", shown=shown(y), CLASSES=_CLASSES)
        return np.array([label])

    def _read_target(self, y: Array) -> Array:
        if y.dtype.kind == "f" and not np.isfinite(y).all():
            raise InputError("y holds NaN or infinity: give classes, or leave such rows out.")
        if y.dtype.kind not in "biufU":
            labels = [_class(label) for label in y]
            if None in labels:
                raise InputError(
                    "y holds {shown}: {CLASSES}.",
                    shown=shown(y[labels.index(None)]),
                    CLASSES=_CLASSES,
                )
            y = np.array(labels, object if str in map(type, labels) else None)
        check_classification_targets(y if y.dtype.kind != "O" else _numbers_among(y))
        return y


def _numbers_among(labels: Array) -> Array:
    """Return the labels that are no text; all of them if they are all text."""
    numbers = [label for label in labels.tolist() if not isinstance(label, str)]
    return np.array(numbers) if numbers else labels


def _class(label: Any) -> Any:
    """Return a label as a value that a file can hold, or None if it is no such."""
    if isinstance(label, np.str_ | np.bool_ | np.integer | np.floating):
        label = label.item()
    if isinstance(label, float) and not np.isfinite(label):
        return None
    if isinstance(label, int) and abs(label) >= 2**63:
        return None
    return label if isinstance(label, str | int | float) else None


@name_methods
class OnlineRegressor(OnlineEstimator, RegressorMixin, BaseEstimator):
    """Networks of several time scales that learn numbers from a stream.

    See `OnlineClassifier` for how they learn and are weighed. Numbers are scaled by the mean and
    the spread of the latest ones, which may drift.

    Parameters
    ----------
    missing : sequence of str or float, optional
        Words and numbers that stand for missing values in every column, such as ``["tbc", -999]``.
    max_regimes : int, default=16
        How many regimes are remembered, at most 16, so that what comes back is known again; 0
        remembers none.
    random_state : int, RandomState or None, default=None
        Seed of every random number.

    Attributes
    ----------
    decisions_ : tuple of Decision
        Which networks had most of the weight, and since when: ``decisions_[0].sentence`` is it in
        words. The latest 100 are kept.
    regimes_ : tuple of Regime
        What the stream was like, and when: ``print(model.regimes_)``.
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

    _kind: ClassVar[str] = Numbers.kind

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from more rows, in their order.

        Parameters
        ----------
        X : data frame, mapping of columns, records or array of shape (n_samples, n_features)
            Numbers, text, Booleans and dates. Missing values are welcome; columns may come and
            go, in any order.
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
            If there is a value of another kind than in earlier rows. Then nothing has changed.
        """
        return self._learn_table(X, y, sample_weight)

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
        predicted = self._observe_one(x, key)
        return 0.0 if predicted is None else float(self._decode(predicted)[0])

    def _task(self) -> Numbers:
        return Numbers(written=getattr(self, "_written", None))

    def _decode(self, predicted: Prediction) -> Array:
        return np.asarray(predicted.mixture[:, 0])

    def _read_one(self, y: Any) -> Array:
        is_number = isinstance(y, float | int | np.floating | np.integer)
        number = np.array([y], dtype=None if is_number else object)
        if number.shape != (1,):
            raise InputError("The label is {shown}: give a number.", shown=shown(y))
        return self._read_target(number)

    def _read_target(self, y: Array) -> Array:
        try:
            if y.dtype.kind in "UOT":
                return self._numbers(y)
            if y.dtype.kind not in "mM":
                return y.astype(np.float64)
        except InputError as error:
            raise InputError(
                "{english}, or use OnlineClassifier for labels.", english=error.english[:-1]
            ) from None
        except (TypeError, ValueError, OverflowError):
            pass
        raise InputError(
            "The target holds {dtype} values, which are no numbers: use OnlineClassifier for labels.",
            dtype=y.dtype,
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
