"""What the online classifier and the online regressor share: learning from rows as they come."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import validate_data

from madaline._apps.estimators.tables import array_table
from madaline._base.language import _
from madaline._models import arguments
from madaline._models.online.learner import OnlineLearner, Prediction
from madaline._models.online.pending import MAX_PENDING, Pending, Waiting, key_of
from madaline._models.online.regimes import MAX_REGIMES
from madaline._models.online.tasks import StreamTask
from madaline._models.story.of_stream import tell_stream
from madaline._models.story.story import Story
from madaline._models.watching import FALSE_ALARMS
from madaline._models.watching.monitor import Monitor
from madaline._models.watching.stream_source import StreamSource
from madaline._tables.io.recognition import Form, recognize
from madaline._tables.table import Table, listed
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.records.decision import Decisions
from madaline.records.regimes import Regimes

_FITTED = (
    "learner_",
    "pending_",
    "_given_classes",
    "_written",
    "n_features_in_",
    "feature_names_in_",
)
"""What an estimator learned and `fit` forgets."""


class OnlineEstimator(ABC):
    """Abstract base of `OnlineClassifier` and `OnlineRegressor`, to the left of scikit-learn's."""

    _kind: ClassVar[str]  # of task, as in a file
    _max_pending: ClassVar[int] = MAX_PENDING
    _seed_name: ClassVar[str] = "random_state"  # of the argument

    def __init__(
        self,
        *,
        missing: Sequence[str | float] | None = None,
        max_regimes: int = MAX_REGIMES,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.missing = missing
        self.max_regimes = max_regimes
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Forget everything, then learn from rows in their order.

        Parameters
        ----------
        X, y, sample_weight
            As for `partial_fit`.

        Returns
        -------
        self
        """
        with arguments.unchanged_if_refused(self):
            for name in _FITTED:
                self.__dict__.pop(name, None)
            return self._learn_table(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """Return the predicted class, or number, of every row, shape (n_samples,).

        Nothing changes: rows whose labels come later are better given to `predict_one`, which
        remembers what was predicted.
        """
        return self._decode(self._predict_table(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of rows whose class is predicted right, or R² of numbers.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,)
            The truth.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row.
        """
        return float(super().score(X, arguments.computed(y), sample_weight))  # type: ignore[misc]

    def learn_one(self, x: Mapping[str, Any], y: Any) -> Self:
        """Learn from a single row, in the manner of river.

        If the row was given to `predict_one` or `predict_proba_one` before, the networks are
        weighed by what they predicted then, however late the label comes. A row or a label that is
        refused changes nothing.

        Parameters
        ----------
        x : mapping of str to value
            The row. Values that are missing may be None or left out.
        y : label or number
            What was true.
        """
        _check_row(x)
        content = key_of(x)
        with arguments.unchanged_if_refused(self):
            label, learner = self._read_one(y), self._started(list(x))
            waiting = self.pending_.get(content)
            learner.learn(x, label, predicted=None if waiting is None else waiting.predicted)
            self._name_columns()
        self.pending_.drop(content)
        return self

    def learn(self, key: Hashable, y: Any) -> Self:
        """Learn the label of a row that was predicted under a key.

        Parameters
        ----------
        key : hashable
            What `predict_one` or `predict_proba_one` was given.
        y : label or number
            What was true.

        Raises
        ------
        InputError
            If no row waits under that key (the latest 10,000 are kept), or the label is refused;
            then the row waits on.
        """
        key = _hashable(key)
        waiting = self.pending_.get(key) if hasattr(self, "pending_") else None
        if waiting is None:
            raise InputError(
                "No row waits for its label under the key {key!r}: give the key that predict_one was given (each is learned once, and the latest {max_pending:,} are kept).",
                key=key,
                max_pending=self._max_pending,
            )
        self.learner_.learn(waiting.row, self._read_one(y), predicted=waiting.predicted)
        self._name_columns()
        self.pending_.drop(key)
        return self

    def watch(
        self,
        *,
        false_alarms: float = FALSE_ALARMS,
        random_state: int | np.random.RandomState | None = 0,
        file: Any = None,
    ) -> Monitor:
        """Return a monitor of the columns and of the losses of this model.

        Give it rows, with their labels or with keys, before the model learns them: the losses are
        those of predictions made at that time. The first 300 values are what is usual.

        Parameters
        ----------
        false_alarms : float, default=10_000
            As long as nothing changes and rows are independent, rows for each false alarm, at
            least, on average. A model that still learns makes it an approximation for losses.
        random_state : int or RandomState, default=0
            Breaks ties of values.
        file : path, optional
            What ``monitor.save`` wrote, to go on from.

        Returns
        -------
        Monitor
            With `observe`, `learn`, `alarms`, `accept` and `save`.
        """
        learner = self._learner
        source = StreamSource.of_learner(learner, self._read_watched)
        if file is not None:
            return Monitor.load(file, source)
        return Monitor(source, false_alarms, arguments.read_seed(random_state))

    def story(self, *, full: bool = False) -> Story:
        """Return what learns, what changed and came back, and what to do next; ``print`` it.

        Parameters
        ----------
        full : bool, default=False
            Whether all that is remembered is told, not the latest three changes and returns and
            the three regimes of most rows.

        Returns
        -------
        Story
            Sentences, those of changes and returns from `decisions_`.

        Examples
        --------
        >>> from madaline import OnlineRegressor
        >>> model = OnlineRegressor(random_state=0).learn_one({"x": 1.0}, 2.0)
        >>> list(model.story())[1]
        '1 row was learned, of 1 column.'
        """
        return tell_stream(self._learner, full=full)

    def save(self, path: Any) -> None:
        """Write the whole learner to one file, from which `load` goes on to the same bits.

        Rows that wait for their labels are not written.

        Parameters
        ----------
        path : path
            Where to write. An existing file is replaced only when the new one is complete.
        """
        self._learner.save(path)

    @classmethod
    def load(cls, path: Any) -> Self:
        """Return the learner that `save` wrote, with the arguments that it had.

        Parameters
        ----------
        path : path
            The file.

        Raises
        ------
        ModelFileError
            If there is no such file, or it holds something else.
        """
        learner = OnlineLearner.load(path, cls._kind)
        words = list(learner.columns.missing) or None
        estimator = cls(
            missing=words,
            max_regimes=learner.memory.max_regimes,
            **{cls._seed_name: learner.seed},
        )
        estimator.learner_, estimator.pending_ = learner, Pending()
        estimator._name_columns()
        return estimator

    @property
    def decisions_(self) -> Decisions:
        """The latest decisions: which networks were trusted most, and what returned since when."""
        return Decisions(self._learner.decisions)

    @property
    def regimes_(self) -> Regimes:
        """The regimes that are remembered: their rows, their share of all rows, loss and weight."""
        return Regimes(self._learner.memory.table(self._learner.n_learned))

    def _read_max_regimes(self) -> int:
        """Return how many regimes are remembered, or refuse the number."""
        given = self.max_regimes
        if isinstance(given, bool) or not isinstance(given, int | np.integer):
            given = -1
        if not 0 <= given <= MAX_REGIMES:
            raise InputError(
                "max_regimes is {value!r}: give a whole number from 0, which remembers none, to {most}.",
                value=self.max_regimes,
                most=MAX_REGIMES,
            )
        return int(given)

    @property
    def _learner(self) -> OnlineLearner:
        if not hasattr(self, "learner_"):
            raise NotFittedError(
                _(
                    "This {name} has not learned from any row yet: call partial_fit or learn_one first."
                ).format(name=type(self).__name__)
            )
        return self.learner_

    @abstractmethod
    def _task(self) -> StreamTask:
        """Return the task of a new learner."""

    @abstractmethod
    def _decode(self, predicted: Prediction) -> Array:
        """Return predicted labels or numbers."""

    @abstractmethod
    def _read_target(self, y: Array) -> Array:
        """Return labels or numbers as the task takes them, or refuse them."""

    @abstractmethod
    def _read_one(self, y: Any) -> Array:
        """Return a single label or number as the task takes it, or refuse it."""

    def _learn_table(self, X: Any, y: Any, sample_weight: Any) -> Self:
        with arguments.unchanged_if_refused(self):
            table = self._read_table(X, first=not hasattr(self, "learner_"))
            if not table.n_samples:
                raise InputError("X has no rows: give at least one to learn from.")
            labels = self._read_target(arguments.read_labels(y, table.n_samples))
            weight = arguments.read_weight(sample_weight, table.n_samples)
            self._started(list(table.names)).learn(table, labels, weight)
            self._name_columns()
        return self

    def _predict_table(self, X: Any) -> Prediction:
        learner, table = self._learner, self._read_table(X, first=False)
        names = learner.columns.names
        if names and not any(name in table for name in names):
            raise InputError(
                "X has none of the columns of the stream, {listed}: name them.",
                listed=listed(names),
            )
        return learner.predict(table)

    def _observe_one(self, x: Mapping[str, Any], key: Hashable | None) -> Prediction | None:
        """Return what is predicted for a row, and remember it; None before the first label."""
        _check_row(x)
        learner = self._started(list(x))
        if key is not None and _hashable(key) in self.pending_:
            raise InputError(
                "A row waits under the key {key!r} already: learn its label first, or give each row a key of its own.",
                key=key,
            )
        predicted = learner.observe(x) if learner.n_learned else None
        if predicted is None and key is None:
            return None
        waiting = Waiting(dict(x), predicted)
        self.pending_.put(key_of(x) if key is None else key, waiting, self._max_pending)
        return predicted

    def _started(self, names: list[str]) -> OnlineLearner:
        """Return the learner, a new one with these columns if there is none yet."""
        if not hasattr(self, "learner_"):
            self.learner_ = OnlineLearner(
                self._task(),
                names,
                arguments.read_seed(self.random_state),
                missing=arguments.read_missing(self.missing),
                max_regimes=self._read_max_regimes(),
            )
            self.pending_ = Pending()
            self._name_columns()
        return self.learner_

    def _name_columns(self) -> None:
        """Tell scikit-learn the columns, which may have become more."""
        names = self.learner_.columns.names
        if len(names) == getattr(self, "n_features_in_", None):
            return
        self.n_features_in_ = len(names)
        if names != [f"x{number}" for number in range(len(names))]:
            self.feature_names_in_ = np.array(names, dtype=object)

    def _read_watched(self, rows: Any) -> Table:
        """Return rows of later as a table, with numbers and dates in text read as such."""
        return self._learner.columns.plain(self._read_table(rows, first=False))

    def _read_table(self, X: Any, *, first: bool) -> Table:
        """Return `X` as a table, with the column names of the first rows."""
        if isinstance(X, Table):
            return X
        given = recognize(X)
        if given.form in (Form.FRAME, Form.COLUMNS):
            return given.table()
        array = validate_data(
            self, X, reset=first, accept_sparse="csc", dtype=None, ensure_all_finite=False
        )
        names = [f"x{number}" for number in range(self.n_features_in_)]
        return array_table(array, names if first else self.learner_.columns.names)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.non_deterministic = False
        return tags


def _check_row(x: Any) -> None:
    if not hasattr(x, "items"):
        raise InputError(
            "The row is a {name}: give a dictionary of its values.", name=type(x).__name__
        )


def _hashable(key: Hashable) -> Hashable:
    try:
        hash(key)
    except TypeError:
        raise InputError(
            "The key {key!r} is a {name}, which cannot be looked up: give text or a number.",
            key=key,
            name=type(key).__name__,
        ) from None
    return key
