"""A fitted estimator keeps up with new rows: it watches them, and goes on learning from them."""

from __future__ import annotations

import os
from abc import abstractmethod
from datetime import UTC, datetime
from typing import Any, Self

import numpy as np

from madaline._data.table import Table
from madaline._estimators.arguments import read_groups, read_labels, read_seed, read_weight
from madaline._estimators.from_file import OF_TRAINING_ROWS
from madaline._evaluation.objective import Objective
from madaline._fitting.updating.update import update_model
from madaline._model import FittedModel
from madaline._model.kept_rows import check_keep_rows
from madaline._watching import Monitor
from madaline._watching.monitor import FALSE_ALARMS


class KeepingUp:
    """Abstract base of the estimators: watches new rows, and updates the model with them."""

    n_jobs: int | None
    memory_limit: int | str | None
    metric: Any
    model_: FittedModel

    def watch(
        self,
        *,
        false_alarms: float = FALSE_ALARMS,
        random_state: int | np.random.RandomState | None = 0,
        file: str | os.PathLike[str] | None = None,
    ) -> Monitor:
        """Return a monitor that raises an alarm when new rows are not like the training rows.

        Give it rows with ``monitor.observe(X, y)``, and labels that come later with
        ``monitor.learn(key, y)``. It tests each column, the predictions, their errors and their
        calibration.

        Parameters
        ----------
        false_alarms : float, default=10_000
            As long as nothing changes, there is one false alarm in so many rows, on average and at
            most, of all tests together. This holds for rows that are independent of one another.
        random_state : int or RandomState, default=0
            Breaks ties of values, and draws which fold's networks predict a row.
        file : path, optional
            What ``monitor.save`` wrote, to go on from; it has its own `false_alarms` and
            `random_state`.

        Returns
        -------
        Monitor
            With `observe`, `learn`, `alarms`, `accept` and `save`.

        Raises
        ------
        InputError
            If the model's file is from before profiles of the training table were kept.
        ModelFileError
            If `file` holds no state of a monitor of this model.
        """
        return self._model().watch(
            false_alarms=false_alarms,
            seed=read_seed(random_state),
            file=file,
            read=self._read,
        )

    def update(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        *,
        keep_rows: int | None = None,
    ) -> Self:
        """Go on with new rows: keep the model as it is, adjust its networks, or fit new ones.

        The three candidates are compared on the new rows, each predicted by networks that did not
        learn from it. A change is kept only if it lowers the loss by more than a standard error;
        ``model_.updates[-1]`` says what was kept and why. Learned from are the new rows and, beside
        them, the old rows that the model keeps (`keep_rows`).

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The same columns as for `predict`; rows in the order of time, where there is one.
        y : array-like of shape (n_samples,)
            Their labels or numbers. A class that the model does not know needs kept rows with all
            its own classes, and new networks.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row. Rows of weight zero are left out.
        groups : array-like of shape (n_samples,), optional
            Rows of one group are never learned from by networks that are evaluated on another.
        keep_rows : int, optional
            How many rows the model keeps from now on, and its file holds: a random sample of all
            rows so far. By default as many as before; none if the fit was not allowed to keep any.

        Returns
        -------
        self
            The updated estimator. Attributes of the rows of the fit (`oof_proba_`,
            `oof_prediction_`, `label_quality_`, `label_suspects_`) are gone.

        Raises
        ------
        InputError
            If a column is missing, a value cannot be used, or `y` holds a new class and no rows of
            the old classes are kept.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from madaline import AdaptiveClassifier
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> model = AdaptiveClassifier(effort=3, keep_rows=200, random_state=0).fit(
        ...     X[:300], y[:300]
        ... )
        >>> model = model.update(X[300:], y[300:])
        >>> model.model_.updates[-1].rows, model.model_.kept_rows.n_rows
        (269, 200)
        """
        before = self._model()
        before.check_one_output("updated")
        most = None if keep_rows is None else check_keep_rows(keep_rows)
        table = self._read(X)
        model = update_model(
            before,
            table,
            read_labels(y, table.n_samples),
            date=today(),
            sample_weight=read_weight(sample_weight, table.n_samples),
            groups=read_groups(groups, table.n_samples),
            keep_rows=most,
            objective=self._objective() if callable(self.metric) else None,
            n_jobs=self.n_jobs,
            memory_limit=self.memory_limit,
        )
        for name in OF_TRAINING_ROWS.keys() - {"background_"}:
            vars(self).pop(name, None)
        self._remember(model)
        return self

    @abstractmethod
    def _model(self) -> FittedModel:
        """Return the fitted model."""

    @abstractmethod
    def _read(self, X: Any) -> Table:
        """Return rows as a table."""

    @abstractmethod
    def _objective(self) -> Objective:
        """Return the loss that is minimized and the metric."""

    @abstractmethod
    def _remember(self, model: FittedModel) -> None:
        """Keep what the model's file holds, too."""


def today() -> str:
    """Return the date of today, of the prime meridian."""
    return datetime.now(UTC).date().isoformat()
