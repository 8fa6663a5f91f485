"""What the estimators say about what they learned: what matters, how, and what would change it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from madaline.data.table import Table
from madaline.estimators.one_a_row import read_labels
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.race.importance import Importance

if TYPE_CHECKING:
    from madaline.explain.counterfactuals.counterfactual import Counterfactual
    from madaline.explain.effect import Effect
    from madaline.explain.interactions import Interaction


class OverallExplanations:
    """Abstract base of the estimators: questions that are about a model, not about a prediction."""

    @property
    def importances_(self) -> tuple[Importance, ...]:
        """How much each column matters, the most important first.

        By how much the loss on rows that the networks never saw rises where the column's values
        are exchanged among them, with its standard error. Columns that say the same hide each
        other: `importances` can exchange them together.
        """
        return self._model().summary.importances

    @property
    def feature_importances_(self) -> Array:
        """The values of `importances_` in the order of the columns of `X`; zero of unused ones."""
        values = {one.columns[0]: one.value for one in self.importances_}
        return np.array([values.get(one.name, 0.0) for one in self._model().schema.columns])

    def importances(
        self,
        X: Any,
        y: Any,
        *,
        together: Sequence[Sequence[str]] | None = None,
        repeats: int = 5,
        seed: int = 0,
    ) -> tuple[Importance, ...]:
        """Return how much worse predictions get where columns' values are exchanged among rows.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            Rows that were not learned from; of more than 2,000, every k-th is used.
        y : array-like of shape (n_samples,)
            Their answers.
        together : sequence of sequence of str, optional
            Groups of columns that are exchanged together, as columns that say the same hide each
            other; by default each column alone.
        repeats : int, default=5
            How often each is exchanged.
        seed : int, default=0
            Decides who exchanges with whom.

        Returns
        -------
        tuple of Importance
            The most important first.

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
        from madaline.explain.importances import importances

        table = self._read(X)
        target = read_labels(y, table.n_samples)
        return importances(
            self._model(), table, target, together=together, repeats=repeats, seed=seed
        )

    def effects(
        self,
        X: Any,
        column: str,
        *,
        kind: str = "accumulated",
        target_class: Any = None,
        scale: str | None = None,
        n_intervals: int = 20,
    ) -> Effect:
        """Return how predictions change along the values of a column, the others as they are.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            Rows like those that the model is used on, such as those it learned from.
        column : str
            The column.
        kind : {"accumulated", "partial"}, default="accumulated"
            Accumulated local effects ask rows only about values near their own; a partial
            dependence gives every value to every row, and has a curve for each of them.
        target_class : label, optional
            The class whose probability is looked at; by default the second of two, and of several
            the one that the column moves most.
        scale : {"probability", "log_odds"}, optional
            In what classes are measured; probability by default.
        n_intervals : int, default=20
            Intervals between quantiles of a number, at most.

        Returns
        -------
        Effect
            Arrays of values and predictions; printed, it is a sentence with the curve below.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from madaline import AdaptiveRegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
        >>> model = AdaptiveRegressor(effort=10, random_state=0).fit(X, y)
        >>> effect = model.effects(X, "bmi")
        >>> effect.sentence[:37]
        'From bmi 18 to 42.2 the target rises '
        """
        from madaline.explain.effects import effects

        return effects(
            self._model(),
            self._read(X),
            column,
            kind=kind,
            target_class=target_class,
            scale=scale,
            n_intervals=n_intervals,
        )

    def interactions(
        self, X: Any, columns: Sequence[str] | None = None, *, seed: int = 0
    ) -> tuple[Interaction, ...]:
        """Return which pairs of columns say more together than each alone.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            Rows like those that the model is used on; of more than 500, every k-th is used.
        columns : sequence of str, optional
            Whose pairs; by default those of the 12 columns that move the answers most.
        seed : int, default=0
            Decides which rows are put together.

        Returns
        -------
        tuple of Interaction
            Every pair, the strongest first; those that are `clear` are worth a word.
        """
        from madaline.explain.interactions import interactions

        return interactions(self._model(), self._read(X), columns, seed=seed)

    def counterfactuals(
        self,
        X: Any,
        *,
        target: Any = None,
        columns: Sequence[str] | None = None,
        most_columns: int = 3,
    ) -> tuple[Counterfactual, ...]:
        """Return the smallest change found of each row that leads to another answer.

        Only values within what training saw are tried. It says what the networks would predict, not
        what becomes of somebody who changes.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The rows.
        target : label or pair of numbers, optional
            The class that is wished, by default the most probable other one of each row; of a
            regression the lowest and the highest number, either None where it does not matter.
        columns : sequence of str, optional
            The columns that may change; all by default.
        most_columns : int, default=3
            How many may change at a time.

        Returns
        -------
        tuple of Counterfactual
            One for each row; printed, it is a sentence, which says so if none was found.

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
        from madaline.explain.counterfactuals.search import counterfactuals

        return counterfactuals(
            self._model(),
            self._read(X),
            target=target,
            columns=columns,
            most_columns=most_columns,
        )

    @abstractmethod
    def _model(self) -> FittedModel:
        """Return the fitted model."""

    @abstractmethod
    def _read(self, X: Any) -> Table:
        """Return rows to predict as a table."""
