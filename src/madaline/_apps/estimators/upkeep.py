"""What the classifier and the regressor do after a fit: report, forecast, watch, update."""

from __future__ import annotations

import os
from abc import abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from madaline._apps.estimators.explanations import Explanations
from madaline._apps.estimators.tables import read_table
from madaline._base.language import _
from madaline._models import arguments
from madaline._models.watching import FALSE_ALARMS
from madaline._tables.table import Table
from madaline.nn.arrays import Array

if TYPE_CHECKING:
    from madaline._models.model import FittedModel
    from madaline._models.story.story import Story
    from madaline._models.watching.monitor import Monitor
    from madaline._race.evaluation.objective import Objective

_SAMPLED = "training rows, drawn at random"  # what the rows of a report are where none are given
_OF_TRAINING_ROWS = {
    "background_": "give rows to compare with, explain(X, background=rows)",
    "oof_proba_": "predict_proba(X) predicts rows that you give",
    "oof_prediction_": "predict(X) predicts rows that you give",
    "label_quality_": "fit again to look for wrong labels",
    "label_suspects_": "fit again to look for wrong labels",
}
"""Attributes that a file does not hold, and what to do instead."""


class Upkeep(Explanations):
    """Abstract: a fitted estimator that reports, and foretells, watches and learns later rows."""

    random_state: int | np.random.RandomState | None
    n_jobs: int | None
    memory_limit: int | str | None
    metric: Any
    model_: FittedModel
    background_: Table

    @abstractmethod
    def _objective(self) -> Objective:
        """Return the loss that is minimized and the metric."""

    @abstractmethod
    def _read_named(self, X: Any, *named: Any) -> tuple[Any, tuple[Any, ...]]:
        """Return rows, and what is given for each: of a table in files, in columns by their names.

        Of such a table some rows are drawn.
        """

    @abstractmethod
    def _remember(self, model: FittedModel) -> None:
        """Keep what the model's file holds, too."""

    def forecast(
        self,
        horizon: int | None = None,
        X: Any = None,
        *,
        coverage: float = 0.9,
        totals: bool = False,
    ) -> dict[str, Array]:
        """Predict the rows that follow the last known ones, series by series.

        Parameters
        ----------
        horizon : int, optional
            How many rows of each series; by default as many as in `fit`.
        X : data frame or mapping of str to array, optional
            Later rows, with their times. Those whose `y` is in a column of its name are known from
            then on; the others are predicted where the model needs more than times and lags, such
            as a price, which they tell.
        coverage : float, default=0.9
            Share of new rows whose number should lie in its interval.
        totals : bool, default=False
            Whether to add the totals of all series, and of those that agree in the first columns of
            `series`, such as each country of ``["country", "shop"]``: sums of the forecasts, so
            that all levels add up. They stand first, with "(all)" in the columns that are added.

        Returns
        -------
        dict of str to ndarray
            The series, the time and the steps ahead of each row, its prediction, and the bounds of
            its interval (of classes, their probabilities): ``pandas.DataFrame`` makes a table of
            it.

        Raises
        ------
        InputError
            If the fit had no `lags`, the horizon is beyond that of the fit, rows to come need
            columns that are not given, or `totals` are of one series, of classes or of quantiles.

        Examples
        --------
        >>> from madaline import AdaptiveRegressor
        >>> month = np.arange("2020-01", "2026-01", dtype="datetime64[M]")
        >>> sales = 100 + np.arange(72) + 20 * np.sin(np.arange(72) * np.pi / 6)
        >>> model = AdaptiveRegressor(effort=10, random_state=0).fit(
        ...     {"month": month}, sales, time="month", lags=[1, 12], horizon=6
        ... )
        >>> ahead = model.forecast(3)
        >>> list(ahead)
        ['month', 'steps ahead', 'target', 'target_low', 'target_high']
        >>> ahead["month"].astype("datetime64[D]")
        array(['2026-01-01', '2026-02-01', '2026-03-01'], dtype='datetime64[D]')
        >>> ahead["target"].round(-1)
        array([170., 180., 190.])
        """
        return self._model().predictor.forecast(horizon, X, coverage=coverage, totals=totals)

    def find_anomalies(self, X: Any, y: Any = None, *, rate: float = 0.01) -> dict[str, Array]:
        """Find rows of series that are far from what was expected of them.

        Each row is predicted from those before it, in `X` and in what the model keeps of each
        series, and is an anomaly where its value is outside of an interval that nearly all are in,
        wider for series that are harder to predict than others. Rows behind an anomaly are
        predicted as if its value were not known; a shift is found where it begins.

        Parameters
        ----------
        X : data frame or mapping of str to array
            Rows of the fit, or later ones, with their times and series.
        y : array-like of shape (n_samples,), optional
            Their values; by default a column of `X` that is named like the target.
        rate : float, default=0.01
            About which share of usual rows may be taken for anomalies.

        Returns
        -------
        dict of str to ndarray
            Which `row` each anomaly is, counted from 0, its series and time, its value, what was
            `expected`, and the bounds of the interval.

        Raises
        ------
        InputError
            If the fit had no `lags`, classes or quantiles are predicted, or `X` has no values.

        Examples
        --------
        >>> from madaline import AdaptiveRegressor
        >>> month = np.arange("2016-01", "2026-01", dtype="datetime64[M]")
        >>> sales = 100 + 20 * np.sin(np.arange(120) * np.pi / 6)
        >>> sales += np.random.default_rng(0).normal(size=120)
        >>> model = AdaptiveRegressor(effort=10, random_state=0).fit(
        ...     {"month": month}, sales, time="month", lags=True
        ... )
        >>> sales[100] = 60
        >>> found = model.find_anomalies({"month": month}, sales, rate=0.002)
        >>> bool(100 in found["row"])
        True
        """
        from madaline._models.runtime.anomalies import find_anomalies

        return find_anomalies(self._model().predictor, X, y, rate)

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
            seed=arguments.read_seed(random_state),
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
        keep_models: int | None = None,
    ) -> Self:
        """Go on with new rows: keep the model as it is, adjust its networks, or fit new ones.

        The three candidates are compared on the new rows, each predicted by networks that did not
        learn from it, and from earlier rows alone if the model was evaluated on later rows. A
        change is kept only if it lowers the loss by more than a standard error;
        ``model_.updates[-1]`` says what was kept and why. Learned from are the new rows and, beside
        them, the old rows that the model keeps (`keep_rows`).

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The same columns as for `predict`; rows in the order of time, where there is one. If the
            model was evaluated on later rows, they are sorted by its column of times, and warned of
            (`EarlierRowsWarning`) as far as they are no later than those learned from. Of files,
            such as ``"may/*.parquet"``, up to 100,000 rows are drawn, and `y`, `sample_weight` and
            `groups` are names of columns.
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
        keep_models : int, optional
            How many earlier states of the model are kept from now on, and in its file, 8 at most.
            Later updates try them first, and go on from one that predicts the new rows better;
            `go_back` makes one the model again. By default as many as before; at first none.

        Returns
        -------
        self
            The updated estimator. Attributes of the rows of the fit (`oof_proba_`,
            `oof_prediction_`, `label_quality_`, `label_suspects_`) are gone.

        Raises
        ------
        InputError
            If a column is missing, a value cannot be used, all rows are no later than those learned
            from, or `y` holds a new class and no rows of the old classes are kept.

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
        from madaline._models.fitting.means import Means
        from madaline._models.fitting.training_data import Roles
        from madaline._models.fitting.updating.update import update_model
        from madaline._models.request import check_keep_rows

        before = self._model()
        before.check_one_output("updated")
        most = None if keep_rows is None else check_keep_rows(keep_rows)
        check_is_fitted(self, "model_")
        X, (y, sample_weight, groups) = self._read_named(X, y, sample_weight, groups)
        table = read_table(self, X, fitting=False, with_past=False)
        roles = Roles(
            arguments.read_labels(y, table.n_samples),
            arguments.read_weight(sample_weight, table.n_samples),
            arguments.read_groups(groups, table.n_samples),
        )
        model = update_model(
            before,
            table,
            roles,
            Means(n_jobs=self.n_jobs, memory_limit=self.memory_limit),
            date=datetime.now(UTC).date().isoformat(),
            keep_rows=most,
            keep_models=keep_models,
            objective=self._objective() if callable(self.metric) else None,
        )
        return self._replaced_by(model)

    def go_back(self, name: str) -> Self:
        """Make an earlier state the model again; the present one is kept in its place.

        Parameters
        ----------
        name : str
            What the state is called: the day of the update that made it, such as
            ``"2026-03-01"``, or ``"first-fit"``. ``model_.kept_models.files`` has all names.

        Returns
        -------
        self
            The estimator as it was then.

        Raises
        ------
        InputError
            If no such state is kept (``update(..., keep_models=8)`` keeps some).
        """
        from madaline._models.fitting.updating.going_back import go_back

        today = datetime.now(UTC).date().isoformat()
        return self._replaced_by(go_back(self._model(), name, today))

    def _replaced_by(self, model: FittedModel) -> Self:
        """Forget what is about the rows of the fit."""
        for name in vars(self).keys() & (_OF_TRAINING_ROWS.keys() - {"background_"}):
            delattr(self, name)
        self._remember(model)
        return self

    def story(self, *, full: bool = False) -> Story:
        """Return what was tried, what won and why, and what to do next; ``print`` it.

        Parameters
        ----------
        full : bool, default=False
            Whether all sentences are printed: what was tried, what was seen, and what was kept.

        Returns
        -------
        Story
            Sentences whose numbers are those of `history_`, `decisions_` and `scores_`.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from madaline import AdaptiveClassifier
        >>> X, y = load_iris(return_X_y=True, as_frame=True)
        >>> story = AdaptiveClassifier(effort=10, random_state=0).fit(X, y).story()
        >>> print(str(story)[:34])
        What was tried: 9 recipes (sets of
        """
        return self._model().story(full=full)

    def report(self, path: str | os.PathLike[str], X: Any = None, y: Any = None) -> None:
        """Write a report: one HTML file that needs nothing else.

        Parameters
        ----------
        path : path
            Where to write, such as ``"report.html"``.
        X : data frame, array or sparse matrix of shape (n_samples, n_features), optional
            Rows to show effects and explanations of, by default `background_`; of a loaded model,
            none. Values of a few of them are shown in the report. Of files, up to 100,000 rows are
            drawn, and `y` is the name of a column.
        y : array-like of shape (n_samples,) or (n_samples, n_targets), optional
            Their labels or numbers, to score predictions by. Rows that the model was trained on are
            not scored: their scores would flatter.

        Raises
        ------
        MadalineError
            If jinja2 is not installed.
        """
        from madaline._tell.report.page import write_report

        write_report(self._model(), path, **self._rows_to_show(X, y))

    def report_data(self, X: Any = None, y: Any = None) -> dict[str, Any]:
        """Return the content of `report` as JSON-able values."""
        from madaline._tell.report.data import Report

        return Report.of(self._model(), **self._rows_to_show(X, y)).to_json()

    def card(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return a model card in Markdown, with the metadata that model hubs read.

        Parameters
        ----------
        path : path, optional
            Where to write it, too, such as ``"README.md"``.
        """
        from madaline._tell.report.card import model_card, write_card

        if path is not None:
            write_card(self._model(), path)
        return model_card(self._model())

    def _rows_to_show(self, X: Any, y: Any) -> dict[str, Any]:
        if X is None:
            model = self._model()
            rows = getattr(self, "background_", None)
            if rows is None:
                return {}
            what = _SAMPLED if model.summary.n_samples > rows.n_samples else "training rows"
            return {"table": rows, "rows": f"{rows.n_samples} {what}"}
        X, (y,) = self._read_named(X, y)
        table = self._read(X)
        target = None if y is None else self._read_truth(y, table.n_samples)
        return {
            "table": table,
            "target": target,
            "rows": _("{n_samples:,} given rows").format(n_samples=table.n_samples),
        }

    def _repr_html_inner(self) -> str:
        """Return the diagram of scikit-learn, and once it is fitted a summary below."""
        return str(super()._repr_html_inner()) + self._glance()  # type: ignore[misc]

    def _repr_mimebundle_(self, **settings: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**settings)  # type: ignore[misc]
        if "text/html" in bundle:
            bundle["text/html"] += self._glance()
        return bundle

    def _glance(self) -> str:
        return self._model()._repr_html_() if hasattr(self, "model_") else ""

    def _unknown(self, name: str) -> Any:
        """Raise `AttributeError`, of a loaded estimator with what to do instead."""
        if name in _OF_TRAINING_ROWS and "model_" in vars(self) and "background_" not in vars(self):
            raise AttributeError(
                _(
                    "{name} is about the training rows, which a model file does not hold: {OF_TRAINING_ROWS}, or keep the fitted estimator with joblib.dump."
                ).format(name=name, OF_TRAINING_ROWS=_OF_TRAINING_ROWS[name])
            )
        if name in _OF_TRAINING_ROWS and "model_" in vars(self) and self.model_.updates:
            raise AttributeError(
                _(
                    "{name} is about the rows of the fit, and the model was updated since: {OF_TRAINING_ROWS}."
                ).format(name=name, OF_TRAINING_ROWS=_OF_TRAINING_ROWS[name])
            )
        return object.__getattribute__(self, name)  # raises again what a property raised

    if not TYPE_CHECKING:  # to whom types are checked for, an unknown name is an error
        __getattr__ = _unknown
