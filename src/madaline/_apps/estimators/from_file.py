"""An estimator from a file: it can do all that a fitted one can, without the training rows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from madaline._apps.estimators.classifier import AdaptiveClassifier
from madaline._apps.estimators.from_model import estimator_of
from madaline._apps.estimators.online import OnlineClassifier, OnlineRegressor
from madaline._apps.estimators.regressor import AdaptiveRegressor
from madaline._models.model import FittedModel
from madaline._models.online.file import kind_of_learner
from madaline._tables.io.tensor_file import MODELS, ONLINE, is_of_kind

if TYPE_CHECKING:
    from madaline._apps.estimators.many_models import ManyModels


def load(
    path: str | os.PathLike[str],
) -> AdaptiveClassifier | AdaptiveRegressor | OnlineClassifier | OnlineRegressor | ManyModels:
    """Read a fitted estimator from the file that `save`, or ``madaline fit``, wrote.

    It predicts the same bits, and has all methods and attributes of a fitted estimator but those of
    the training rows, which are not in the file. It takes columns by name, in any order; others are
    ignored.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    AdaptiveClassifier or AdaptiveRegressor
        With the arguments of the fit, as far as the file holds them; or the `OnlineClassifier` or
        `OnlineRegressor` of a stream, or the `ManyModels` of `fit_many`.

    Raises
    ------
    ModelFileError
        If there is no such file, it is not a model, it is damaged, or from a newer version.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_iris
    >>> from madaline import AdaptiveClassifier, load
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> with TemporaryDirectory() as folder:
    ...     AdaptiveClassifier(effort=10, random_state=0).fit(X, y).save(f"{folder}/iris.madaline")
    ...     model = load(f"{folder}/iris.madaline")
    >>> model
    AdaptiveClassifier(effort=10, random_state=0)
    >>> model.score(X, y) > 0.9, model.classes_
    (True, array([0, 1, 2]))
    >>> flower = {"sepal length (cm)": 5.1, "sepal width (cm)": 3.5}
    >>> model.predict(flower | {"petal length (cm)": 1.4, "petal width (cm)": 0.2})
    array([0])
    """
    if is_of_kind(path, ONLINE):
        of_classes = kind_of_learner(path) == "classes"
        return (OnlineClassifier if of_classes else OnlineRegressor).load(path)
    if is_of_kind(path, MODELS):
        from madaline._apps.estimators.many_models import ManyModels

        return ManyModels.load(path)
    return estimator_of(FittedModel.load(path))
