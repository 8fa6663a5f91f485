"""What the estimators explain and export: predictions, importances, effects; ONNX files."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from madaline._models.arguments import read_seed, read_targets
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array

if TYPE_CHECKING:
    from madaline._models.diagnosis.finding import Diagnosis
    from madaline._models.model import FittedModel
    from madaline._race.importance import Importances
    from madaline._tell.explain import Explanation
    from madaline._tell.explain.counterfactuals.counterfactual import Counterfactuals
    from madaline._tell.explain.effect import Effect
    from madaline._tell.explain.importances import Interactions
    from madaline._tell.explain.overview import Effects


class Explanations:
    """Abstract base of the estimators: explanations of a model and of its predictions."""

    def explain(
        self,
        X: Any,
        *,
        output: Any = None,
        background: Any = None,
        method: str = "expected",
        scale: str | None = None,
        target_class: Any = None,
        nodes: int | None = None,
        permutations: int | None = None,
        random_state: int = 0,
    ) -> Explanation:
        """Return how much each column of each row adds to its prediction.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The rows to explain, with the same columns as in `fit`.
        output : str, float or int, optional
            Which of several targets or quantiles: its name, level or index.
        background : the same, optional
            Rows to compare with; by default `background_`, or of a loaded model one average row. Of
            more than 100, 100 are drawn.
        method : {"expected", "integrated", "slope", "shapley"}, default="expected"
            Expected gradients, integrated gradients, the slope at the row times its difference
            from the background, or Shapley values; see `madaline._tell.explain.explain`.
        scale : {"log_odds", "probability"}, optional
            The unit in which a class is explained: its log-odds against all other classes
            (default), or its probability. Numbers are explained in their own unit.
        target_class : label, optional
            The class to explain; by default each row's most probable one.
        nodes, permutations : int, optional
            How often networks are evaluated; see `madaline._tell.explain.explain`.
        random_state : int, default=0
            Decides which rows of a large background, and which orders of columns, are drawn.

        Returns
        -------
        Explanation
            Print it, or make a table of it with ``to_frame()``.

        Raises
        ------
        InputError
            If the background has no rows, there is no such class, method or scale, or the
            attributions do not add up to a ten-thousandth of the range of the output.
        """
        from madaline._tell.explain import explain

        table = self._read(X)
        return explain(
            self._model(),
            table,
            output=output,
            background=self._background(background),
            method=method,
            scale=scale,
            target_class=target_class,
            nodes=nodes,
            permutations=permutations,
            seed=read_seed(random_state),
        )

    @property
    def importances_(self) -> Importances:
        """How much each column matters, the most important first.

        By how much the out-of-fold loss rises where the column's values are permuted, with its
        standard error. Columns that hold the same information hide each other: `importances` can
        permute them together.
        """
        from madaline._race.importance import Importances

        return Importances(self._model().summary.importances)

    @property
    def feature_importances_(self) -> Array:
        """The values of `importances_` in the order of the columns of `X`; zero of unused ones."""
        values = {importance.columns[0]: importance.value for importance in self.importances_}
        return np.array([values.get(column.name, 0.0) for column in self._model().schema.columns])

    def importances(
        self,
        X: Any,
        y: Any,
        *,
        output: Any = None,
        together: Sequence[Sequence[str]] | None = None,
        repeats: int = 5,
        seed: int = 0,
    ) -> Importances:
        """Return how much worse predictions get where the values of columns are permuted.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            Rows that were not learned from; of more than 2,000, every k-th is used.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their labels or numbers.
        output : str, float or int, optional
            Which of several targets or quantiles: its name, level or index; by default the mean
            over all.
        together : sequence of sequence of str, optional
            Groups of columns that are permuted together, as columns that hold the same information
            hide each other; by default each column alone.
        repeats : int, default=5
            Number of permutations of each.
        seed : int, default=0
            Seed of the permutations.

        Returns
        -------
        Importances
            A tuple, the most important first; ``to_frame()`` makes a table of it.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from madaline import AdaptiveRegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> model = AdaptiveRegressor(effort=10, random_state=0).fit(X[:350], y[:350])
        >>> blood, other = model.importances(
        ...     X[350:], y[350:], together=[["s1", "s2", "s3", "s4", "s5", "s6"], ["age"]]
        ... )
        >>> blood.columns[0], blood.clear, other.clear
        ('s1', True, False)
        """
        from madaline._tell.explain.importances import importances

        table = self._read(X)
        return importances(
            self._model(),
            table,
            self._read_truth(y, table.n_samples),
            output=output,
            together=together,
            repeats=repeats,
            seed=seed,
        )

    def effects(
        self,
        X: Any,
        column: str | None = None,
        *,
        output: Any = None,
        kind: str = "accumulated",
        target_class: Any = None,
        scale: str | None = None,
        n_intervals: int = 20,
    ) -> Effect | Effects:
        """Return how predictions change along the values of a column, the others as they are.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            Rows like those that the model is used on, such as those it learned from.
        column : str, optional
            The column; by default each of the 8 most important ones.
        output : str, float or int, optional
            Which of several targets or quantiles: its name, level or index.
        kind : {"accumulated", "partial"}, default="accumulated"
            Accumulated local effects only change values to nearby ones; a partial dependence gives
            every value to every row, and has a curve for each of them.
        target_class : label, optional
            The class whose probability is explained; by default the second of two, and of several
            the one that the column changes most.
        scale : {"probability", "log_odds"}, optional
            The unit in which a class is explained; probability by default.
        n_intervals : int, default=20
            Intervals between quantiles of a number, at most.

        Returns
        -------
        Effect or Effects
            Arrays of values and predictions; printed, it is a sentence with the curve below.
            Without a column, a tuple of these, the most important column first; printed, a sentence
            for each.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from madaline import AdaptiveRegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
        >>> model = AdaptiveRegressor(effort=10, random_state=0).fit(X, y)
        >>> effect = model.effects(X, "bmi")
        >>> effect.sentence[:47]
        'From bmi 18 to 42.2 the predicted target rises '
        """
        from madaline._tell.explain.effects import effects
        from madaline._tell.explain.overview import overview

        if isinstance(X, str) and not isinstance(column, str | None):
            raise InputError("X is {X!r}: give the table first, as in effects(X, {X!r}).", X=X)
        settings: dict[str, Any] = {
            "output": output,
            "kind": kind,
            "target_class": target_class,
            "scale": scale,
            "n_intervals": n_intervals,
        }
        table = self._read_some(X)
        if column is None:
            return overview(self._model(), table, **settings)
        return effects(self._model(), table, column, **settings)

    def interactions(
        self, X: Any, columns: Sequence[str] | None = None, *, output: Any = None, seed: int = 0
    ) -> Interactions:
        """Return how much pairs of columns add together, beyond what each adds alone.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            Rows like those that the model is used on; of more than 500, every k-th is used.
        columns : sequence of str, optional
            Columns whose pairs are compared; by default the 12 that change predictions most.
        output : str, float or int, optional
            Which of several targets or quantiles: its name, level or index.
        seed : int, default=0
            Seed of the choice of rows.

        Returns
        -------
        Interactions
            A tuple of every pair, the strongest first; `clear` ones are significant.
        """
        from madaline._tell.explain.importances import interactions

        return interactions(self._model(), self._read_some(X), columns, output=output, seed=seed)

    def counterfactuals(
        self,
        X: Any,
        *,
        output: Any = None,
        target: Any = None,
        columns: Sequence[str] | None = None,
        most_columns: int = 3,
    ) -> Counterfactuals:
        """Return the smallest change found of each row that leads to another prediction.

        Only values within the range of the training table are tried. They are about the networks'
        predictions, not about what happens to somebody who changes.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The rows.
        output : str, float or int, optional
            Which of several targets or quantiles: its name, level or index.
        target : label or pair of numbers, optional
            The wanted class, by default the most probable other one of each row; of a regression
            the lowest and the highest number, either None where it does not matter.
        columns : sequence of str, optional
            The columns that may change; by default all but dates, and those that by their name
            (``age``, ``sex``, ``race``, ...) hold who somebody is.
        most_columns : int, default=3
            The largest number of columns that change.

        Returns
        -------
        Counterfactuals
            A tuple, one for each row; printed, it is a sentence, also where none was found.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from madaline import AdaptiveClassifier
        >>> X, y = load_iris(return_X_y=True, as_frame=True)
        >>> model = AdaptiveClassifier(effort=10, random_state=0).fit(X, y)
        >>> (found,) = model.counterfactuals(X.iloc[[75]], target=2)
        >>> found.found, len(found.changes) <= 3
        (True, True)
        """
        from madaline._tell.explain.counterfactuals.search import counterfactuals

        return counterfactuals(
            self._model(),
            self._read(X),
            output=output,
            target=target,
            columns=columns,
            most_columns=most_columns,
        )

    def diagnose(self, X: Any) -> Diagnosis:
        """Return how new rows differ from those that were learned from.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The same columns as in `fit`.

        Returns
        -------
        Diagnosis
            Columns that drifted (two-sample tests, corrected for their number), rows far outside of
            all that was learned from, categories that the model does not know; ``print`` it.
        """
        return self._model().diagnose(self._read_some(X))

    def to_onnx(
        self, path: str | os.PathLike[str], *, without: Sequence[str] = (), float32: bool = False
    ) -> None:
        """Write the fitted model as an ONNX file, which runs without Python and madaline.

        It holds the whole pipeline, from columns to labels and probabilities, or numbers, in
        standard operators (opset 18, ai.onnx.ml 3), but no intervals and no sets. See
        ``docs/onnx.md``.

        Parameters
        ----------
        path : path
            Where to write, such as ``"model.onnx"``. An existing file is replaced only when the new
            one is complete.
        without : sequence of str, optional
            Columns of texts and sounds, which the standard operators cannot read, to leave out: the
            file predicts as if they were empty.
        float32 : bool, default False
            Whether numbers, Booleans and sequences enter as float32, as programs for networks give
            them, and not as float64. Numbers of more than seven digits are rounded then.

        Raises
        ------
        InputError
            If onnx is not installed, or a column or a layer cannot be exported.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> from sklearn.datasets import load_iris
        >>> from madaline import AdaptiveClassifier
        >>> X, y = load_iris(return_X_y=True, as_frame=True)
        >>> model = AdaptiveClassifier(effort=10, random_state=0).fit(X, y)
        >>> with TemporaryDirectory() as folder:
        ...     model.to_onnx(f"{folder}/iris.onnx")
        """
        from madaline._apps.export import write_onnx

        write_onnx(self._model(), path, without=without, float32=float32)

    def onnx_feed(self, X: Any, *, float32: bool = False) -> dict[str, Array]:
        """Return rows as the inputs of the file that `to_onnx` wrote.

        Use it rather than an array of the values: ONNX Runtime takes None for a level that it has
        never seen, without a warning, and does not refuse infinite numbers.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features), or dictionaries
            What `predict` takes.
        float32 : bool, default False
            What `to_onnx` was given.

        Returns
        -------
        dict of str to ndarray
            An array for each input, for ``run`` of an ``onnxruntime.InferenceSession``.

        Raises
        ------
        InputError
            If a column is missing, or a value cannot be read.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from madaline import AdaptiveClassifier
        >>> X, y = load_iris(return_X_y=True, as_frame=True)
        >>> feed = AdaptiveClassifier(effort=10, random_state=0).fit(X, y).onnx_feed(X[:2])
        >>> feed["sepal length (cm)"]
        array([[5.1],
               [4.9]])
        """
        from madaline._apps.export import onnx_feed

        return onnx_feed(self._model().predictor, self._read(X), float32)

    def _background(self, background: Any) -> Table | None:
        from madaline._tell.explain.attributions.comparison import NO_ROWS

        if background is None:
            return getattr(self, "background_", None)
        if isinstance(background, np.ndarray | list | tuple) and len(background) == 0:
            raise InputError(NO_ROWS)
        return self._read(background)

    def _read_truth(self, y: Any, n_samples: int) -> Array:
        """Return the truth of some rows, as many columns as the model learned from."""
        n_targets = len(self._model().target_names)
        return read_targets(y, n_samples, n_targets=n_targets)

    @abstractmethod
    def _model(self) -> FittedModel:
        """Return the fitted model."""

    @abstractmethod
    def _read(self, X: Any) -> Table:
        """Return rows to predict as a table."""

    @abstractmethod
    def _read_some(self, X: Any, also: Sequence[Any] = ()) -> Table:
        """Return the same, or some rows of a table in files, drawn evenly, with more columns."""
