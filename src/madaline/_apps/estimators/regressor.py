"""A regressor that finds its own networks."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.metrics import d2_pinball_score

from madaline._apps.estimators.base import AdaptiveEstimator
from madaline._apps.estimators.typed_bases import RegressorMixin
from madaline._base.language import _
from madaline._base.method_names import name_methods
from madaline._base.words import warn
from madaline._models.arguments import computed, read_names, read_targets
from madaline._tables.column import to_column
from madaline._tables.text_columns import read_numbers
from madaline.errors import InputError, TextReadWarning
from madaline.nn.arrays import Array
from madaline.nn.losses import Quantiles

if TYPE_CHECKING:
    from madaline._race.evaluation.objective import Objective


@name_methods
class AdaptiveRegressor(RegressorMixin, AdaptiveEstimator):
    """Neural networks that find their own regularization, encoding and stopping point.

    Several recipes race side by side, each with one network a fold. Every row is predicted by
    networks that did not learn from it; these out-of-fold predictions decide which recipes stay,
    when to stop and how to combine the best, and give an honest score. There is nothing to scale,
    encode, impute or tune beforehand.

    Parameters
    ----------
    loss : {"squared", "absolute", "quantile", "poisson"}, default="squared"
        What to predict: the mean, the median, a quantile, or the mean of counts and other amounts
        that are never below zero and scatter the more the larger they are.
    quantile : float or sequence of float, default=0.5
        Which quantile, with ``loss="quantile"``: 0.9 is exceeded by one row in ten. Of several, in
        ascending order, `predict` returns a column each, which never cross.
    metric : str or callable, optional
        What chooses recipes, stopping points and the ensemble, instead of the loss that the
        networks minimize: ``"r2"`` or the mean of another loss, by its name; or a function of the
        truth and the predictions whose values are the higher the better.
    preset : str, default="balanced"
        ``"quick"`` takes less time for a higher loss, ``"best"`` more for a lower one
        (`docs/budgets.md`).
    members : str, default="all"
        Boosted trees grow on the same folds, too, and join the ensemble where that lowers the
        out-of-fold loss by more than chance explains; `decisions_` say so. With ``"networks"``
        none are grown (`docs/budgets.md`).
    effort : int, default=100
        The most epochs of any network. They mostly stop earlier, when the out-of-fold loss is flat.
    time_limit : float, optional
        Seconds that `fit` may take, on the clock of the wall. At least one recipe is trained for an
        epoch; scores, calibration and diagnosis are included; `decisions_` say what was left out.
        The networks then depend on the clock: the same seed no longer gives the same bits.
    kinds : mapping of str to str, optional
        The kinds of some columns, where their values are misleading: ``"number"``,
        ``"category"``, ``"boolean"``, ``"datetime"``, ``"text"``, ``"image"``, ``"sequence"``,
        ``"sound"`` or ``"dropped"``. For example ``{"zip": "category"}``; the columns of an array
        are called ``x0``, ``x1``, ... How text is read may stand behind the kind:
        ``"number:decimal-comma"`` or ``"number:decimal-point"``, ``"datetime:day-first"`` or
        ``"datetime:month-first"``.
    missing : sequence of str or float, optional
        Words and numbers that stand for missing values in every column, such as ``["tbc", -999]``,
        beside those that are known (`docs/reading.md`).
    monotone : mapping of str to {1, 0, -1}, optional
        Columns with which predictions never fall (1) or never rise (-1), for example
        ``{"age": 1, "debt": -1}``.
    root : path, optional
        The folder that image and sound files named in columns must be in, or below; others are
        refused. Give it where a stranger may have written the table; by default, all are opened.
    random_state : int, RandomState or None, default=None
        Seed of every random number. The same integer gives the same networks to the bit, on any
        number of processors.
    n_jobs : int, optional
        Number of processors that train and predict; None is one, -1 is all. Long fits start as many
        processes, large tables are predicted by as many threads.
    executor : str, distributed.Client or None, default=None
        What trains instead, on other machines as well; `n_jobs` then counts for predictions.
        ``"ray"`` or ``"dask"`` for processes of this machine, ``"ray://host:10001"``,
        ``"dask://host:8786"``, or a client of Dask (`docs/scale.md`). By default the cluster of an
        active ``joblib.parallel_config("dask")`` or ``("ray")`` trains long fits. The networks are
        the same to the bit.
    memory_limit : int or str, optional
        How much memory the process may take in all: bytes, or a size such as ``"2GB"``; by default
        what it takes now and three quarters of what the machine or the container has free. A fit
        that would take more gets a cheaper plan, with a `MemoryWarning`, or is refused.
    keep_rows : int, default=0
        How many training rows the model, and its file, may hold for `update`: a random sample.
    verbose : int, default=0
        1 shows epoch, loss and time in one line of standard output that is drawn over, in a
        terminal or a notebook; 2 also prints every decision.

    Attributes
    ----------
    model_ : FittedModel
        The networks, with their encoder; `save` writes it.
    scores_ : tuple of Score
        Out-of-fold R² and root mean squared error, each with its standard error and what a constant
        reaches; of several targets the mean R², and ``model_.summary.outputs`` has those of each.
        With another loss, first of all its mean (mean absolute error, pinball loss,
        Poisson deviance), then R²; with a `metric`, that comes first.
    oof_score_ : float
        Out-of-fold R², each row by the networks of its fold alone. What to expect of `score` on new
        rows is in `scores_`: there, all folds predict together.
    oof_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Predictions for every training row by networks that did not learn from it, in the order of
        `X`; NaN for rows of weight zero and rows that no fold holds out.
    diagnosis_ : Diagnosis
        Problems of the fit, certain or possible, each with evidence and remedy: ``print`` it.
    decisions_ : tuple of Decision
        What was decided, when and why; ``decisions_[0].sentence`` is it in words.
    history_ : History
        One entry for each epoch of each recipe: a dict of columns, of which
        ``history_.to_frame("pandas")`` or ``"polars"`` makes a table.
    quality_ : RegressionQuality
        How good the out-of-fold predictions are, in counts and curves: errors by size and by
        prediction, coverage of intervals.
    background_ : Table
        Up to 100 random rows of `X` that `explain` compares with. A pickle holds them,
        the file that `save` writes does not.
    sampled_rows_ : ndarray of shape (n_sampled,)
        Where `X` was read block by block, the rows that were drawn and evaluated, by their numbers:
        out-of-fold attributes are of these.
    n_iter_ : int
        Epochs that the race took.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where `X` was a data frame.

    See Also
    --------
    AdaptiveClassifier : The same for classes.
    madaline.load : Read a saved model.

    Notes
    -----
    Data frames of pandas, polars, pyarrow and other libraries (`docs/neighbors.md`), arrays and
    sparse matrices are understood, with numbers, text, categories, booleans, dates and missing
    values. Columns that cannot help (constant, empty, an identifier) are left out;
    ``print(model_.schema)`` says which and why.
    Predictions stay within the range of `y` in training.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from madaline import AdaptiveRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = AdaptiveRegressor(effort=10, random_state=0).fit(X, y)
    >>> bool(model.oof_score_ > 0.4)
    True
    >>> model.predict(X.head(2)).round(-2)
    array([200., 100.])

    A value that nine of ten rows stay below:

    >>> high = AdaptiveRegressor(loss="quantile", quantile=0.9, effort=10, random_state=0).fit(X, y)
    >>> bool((high.predict(X) > model.predict(X)).mean() > 0.95)
    True

    Several quantiles at once, or several targets, are outputs of the same networks:

    >>> model = AdaptiveRegressor(
    ...     loss="quantile", quantile=[0.1, 0.5, 0.9], effort=10, random_state=0
    ... ).fit(X, y)
    >>> model.predict(X.head(2)).shape
    (2, 3)
    """

    _task: ClassVar[str] = "regression"
    _metrics_of_score: ClassVar[tuple[str, ...]] = ("r2", "d2_pinball_score")

    def __init__(
        self,
        *,
        loss: Literal["squared", "absolute", "quantile", "poisson"] = "squared",
        quantile: float | Sequence[float] = 0.5,
        metric: str | Callable[[Array, Array], float] | None = None,
        preset: Literal["quick", "balanced", "best"] = "balanced",
        members: Literal["all", "networks"] = "all",
        effort: int = 100,
        time_limit: float | None = None,
        kinds: Mapping[str, str] | None = None,
        missing: Sequence[str | float] | None = None,
        monotone: Mapping[str, int] | None = None,
        root: str | os.PathLike[str] | None = None,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        executor: Any = None,
        memory_limit: int | str | None = None,
        keep_rows: int = 0,
        verbose: int = 0,
    ) -> None:
        self.loss = loss
        self.quantile = quantile
        self.metric = metric
        self.preset = preset
        self.members = members
        self.effort = effort
        self.time_limit = time_limit
        self.kinds = kinds
        self.missing = missing
        self.monotone = monotone
        self.root = root
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.executor = executor
        self.memory_limit = memory_limit
        self.keep_rows = keep_rows
        self.verbose = verbose

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Array:
        """Return intervals that hold the truth of a share of new rows.

        Out-of-fold errors decide how wide they are (CV+, arXiv:1905.02928): wider where predictions
        of that size were far off. New rows must be like those learned from; then the share is close
        to the coverage.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The same columns as in `fit`.
        coverage : float, default=0.9
            Share of new rows whose `y` should lie in its interval, between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, 2), or (n_samples, n_outputs, 2) of several targets
            Lower and upper bounds, within the range of `y` in training. Of several targets, each
            has this coverage by itself.

        Raises
        ------
        InputError
            If the coverage is no share, or so high that the training rows are too few for it.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> model = AdaptiveRegressor(effort=10, random_state=0).fit(X, y)
        >>> model.predict_interval(X.head(2), coverage=0.8).round(-2)
        array([[100., 300.],
               [  0., 100.]])
        """
        return self._of_rows(X, self._model().predict_interval, coverage)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return how much is explained: 1 is perfect, 0 is a constant.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            The truth.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row.

        Returns
        -------
        float
            R², of several targets the mean of theirs; of several quantiles the mean D² of their
            pinball losses, as `sklearn.metrics.d2_pinball_score`.
        """
        loss, y = self._model().predictor.loss, computed(y)
        if not isinstance(loss, Quantiles):
            return float(super().score(X, y, sample_weight))
        pairs = zip(loss.levels, self.predict(X).T, strict=True)
        each = [
            d2_pinball_score(y, predicted, sample_weight=sample_weight, alpha=level)
            for level, predicted in pairs
        ]
        return float(np.mean(each))

    def _objective(self) -> Objective:
        from madaline._race.evaluation.objective import Objective

        levels: Any = self.quantile
        if np.ndim(levels) == 1:
            levels = tuple(levels)
        return Objective(loss=self.loss, quantile=levels, metric=self.metric)

    def _read_target(self, y: Any, n_samples: int) -> Array:
        targets = read_targets(y, n_samples)
        if targets.ndim == 1:
            return self._read_numbers(targets, "y")
        named = zip(read_names(y), targets.T, strict=True)
        return np.stack([self._read_numbers(column, name) for name, column in named], axis=1)

    def _read_numbers(self, numbers: Array, name: str) -> Array:
        try:
            if numbers.dtype.kind in "mM":
                raise TypeError("dates and durations have no unit to predict in")
            if numbers.dtype == object:
                numbers = _numbers(name, to_column(name, numbers))
            return numbers.astype(np.float64)
        except (TypeError, ValueError):
            raise InputError(
                "{name} holds values that are not numbers: AdaptiveRegressor predicts numbers, AdaptiveClassifier predicts classes.",
                name=name,
            ) from None

    def _keep_out_of_fold(self, output: Array) -> None:
        self.oof_prediction_ = self._model().predictor.decode(output)


def _numbers(name: str, y: Array) -> Array:
    """Return text as numbers, with a warning of how it was read."""
    numbers, choice = read_numbers(name, y)
    if choice.words:
        warn(_("{name}: {words}.").format(name=name, words=choice.words), TextReadWarning)
    return numbers
