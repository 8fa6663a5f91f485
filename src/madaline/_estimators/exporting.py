"""What takes a fitted model elsewhere: an ONNX file, and the inputs that it wants."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from madaline._data.table import Table
from madaline._model import FittedModel
from madaline.nn.arrays import Array


class Exporting:
    """Abstract base of the estimators: exports of a fitted model."""

    def to_onnx(self, path: str | os.PathLike[str], *, without: Sequence[str] = ()) -> None:
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
        from madaline._export import write_onnx

        write_onnx(self._model(), path, without=without)

    def onnx_feed(self, X: Any) -> dict[str, Array]:
        """Return rows as the inputs of the file that `to_onnx` wrote.

        Use it rather than an array of the values: ONNX Runtime takes None for a level that it has
        never seen, without a warning, and does not refuse infinite numbers.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features), or dictionaries
            What `predict` takes.

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
        from madaline._export import onnx_feed

        return onnx_feed(self._model().predictor, self._read(X))

    @abstractmethod
    def _model(self) -> FittedModel:
        """Return the fitted model."""

    @abstractmethod
    def _read(self, X: Any) -> Table:
        """Return rows to predict as a table."""
