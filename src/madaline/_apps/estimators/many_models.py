"""The models of many groups, by the value of the columns that tell groups apart."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, final

import numpy as np

from madaline._apps.estimators.classifier import AdaptiveClassifier
from madaline._apps.estimators.from_model import estimator_of
from madaline._apps.estimators.regressor import AdaptiveRegressor
from madaline._base.words import warn
from madaline._models.model.many import COMMON, GroupScores, ModelsByGroup
from madaline._tables.io.recognition import recognize
from madaline._tables.keys import plain_key
from madaline._tables.target import CLASSIFICATION
from madaline.errors import GroupsWarning, InputError
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Paragraph, Section
from madaline.records._results.result import Result


@final
class ManyModels(Mapping[Any, Any], Result):
    """The models that `fit_many` fitted: a mapping of groups to estimators, read when needed.

    Attributes
    ----------
    scores : GroupScores
        The out-of-fold score of each group's model, with its standard error and what a constant
        reaches, or why there is none: ``scores.to_frame("pandas")`` is a table.
    failed : dict
        Groups without a model of their own, and why.
    common : AdaptiveClassifier, AdaptiveRegressor or None
        The model of all rows, which answers for other groups.
    comparison : tuple of str
        With ``compare=True``: one model for all, or one for each?

    Examples
    --------
    See `fit_many`; `madaline.load` reads what `save` wrote.
    """

    def __init__(self, models: ModelsByGroup) -> None:
        self._models = models

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ManyModels:
        """Read the index of a file that `save` wrote, and each model when it is needed.

        Parameters
        ----------
        path : path
            The file. It stays open.

        Raises
        ------
        ModelFileError
            If there is no such file, or it is damaged, or from a newer version.
        """
        return cls(ModelsByGroup.load(path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all models to one file, whole or not at all.

        Parameters
        ----------
        path : path
            Where to write. An existing file is replaced only when the new one is complete.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        self._models.save(path)

    def __getitem__(self, group: Any) -> AdaptiveClassifier | AdaptiveRegressor:
        """Return the estimator of a group; a tuple names one of several columns.

        `KeyError` if there is no such group, or no model of it.
        """
        try:
            number = self._models.number(group)
        except InputError as error:
            raise KeyError(str(error)) from None
        return estimator_of(self._models.model(number))

    def __contains__(self, group: object) -> bool:
        """Return whether a group has a model of its own, without reading it."""
        try:
            return self._models.number(group) != COMMON
        except InputError:
            return False

    def __iter__(self) -> Iterator[Any]:
        """Yield the groups that have a model of their own, in ascending order."""
        return (plain_key(entry.key) for entry in self._models.index.entries if entry.checksum)

    def __len__(self) -> int:
        """Return how many groups have a model of their own."""
        return sum(1 for _ in self)

    __str__ = __repr__ = Result.text

    def sections(self) -> Iterator[Section]:
        yield Section([*map(Paragraph, self._models.headlines())])
        yield from self.scores.sections()

    @property
    def scores(self) -> GroupScores:
        """The out-of-fold score of each group's model, or why there is none."""
        return GroupScores(self._models.index.entries)

    @property
    def failed(self) -> dict[Any, str]:
        """The groups without a model of their own, and why."""
        entries = self._models.index.entries
        return {plain_key(entry.key): entry.error for entry in entries if entry.error}

    @property
    def common(self) -> AdaptiveClassifier | AdaptiveRegressor | None:
        """The model of all rows, if there is one."""
        return estimator_of(self._models.model(COMMON)) if self._models.has_common else None

    @property
    def comparison(self) -> tuple[str, ...]:
        """Whether one model for all is better, or one for each: in all, and for each group."""
        return tuple(self._models.compared())

    @property
    def classes_(self) -> Array:
        """The labels of all groups, in ascending order."""
        if self._models.index.task != CLASSIFICATION:
            raise AttributeError("These models predict numbers, which have no classes.")
        numbers = [number for number, _ in self._models.index.numbered()]
        return np.unique(np.concatenate([_classes(self._estimator(n)) for n in numbers]))

    def predict(self, X: Any) -> Array:
        """Predict every row by the model of its group.

        Parameters
        ----------
        X : data frame or mapping of str to array
            The columns of the fit, and those that tell groups apart.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the order of the rows. Where there is neither a model of the group nor a common one,
            NaN, or None in place of a label.

        Warns
        -----
        GroupsWarning
            If there are such rows: how many, and of which groups.
        """
        return self._by_group(X, lambda model, table: model.predict(table))

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each of `classes_`, zero of those that a group lacks.

        Parameters
        ----------
        X : data frame or mapping of str to array
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            NaN in rows without a model.
        """
        classes = self.classes_

        def probabilities(model: Any, table: Any) -> Array:
            shares = np.zeros((table.n_samples, len(classes)))
            shares[:, np.searchsorted(classes, _classes(model))] = model.predict_proba(table)
            return shares

        return self._by_group(X, probabilities)

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Array:
        """Return intervals that hold the truth of a share of new rows, by the model of each group.

        Parameters
        ----------
        X : data frame or mapping of str to array
            As for `predict`.
        coverage : float, default=0.9
            Share of new rows whose target should be in its interval, between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            NaN in rows without a model.
        """
        return self._by_group(X, lambda model, table: model.predict_interval(table, coverage))

    def _estimator(self, number: int) -> Any:
        return estimator_of(self._models.model(number))

    def _by_group(self, X: Any, predict: Callable[[Any, Any], Array]) -> Array:
        """Return what each model returns for its rows, in their order."""
        table = recognize(X).table()
        parts, without = self._models.parts_of(table)
        if without:
            warn(without, GroupsWarning)
        predicted = [(rows, predict(self._estimator(n), table.take(rows))) for n, rows in parts]
        return self._models.spread(predicted, table.n_samples)


def _classes(model: Any) -> Array:
    classes: Array = model.classes_
    return classes
