"""The threshold of a classifier of two classes, which may be set after the fit."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Self

from madaline._data.target import ClassEncoder
from madaline._evaluation.objective import check_threshold
from madaline._model import FittedModel
from madaline.errors import InputError


class ThresholdSetting:
    """Abstract base of the classifier: the threshold of two classes."""

    model_: FittedModel

    @property
    def threshold_(self) -> float:
        """The probability above which the second of two classes is predicted."""
        return self._class_encoder().threshold

    def set_threshold(self, threshold: float) -> Self:
        """Change the threshold of the fitted model, which `save` keeps; scores stay as they were.

        Parameters
        ----------
        threshold : float
            Of two classes, `predict` returns the second one where its probability is above.

        Returns
        -------
        self
            The estimator.

        Raises
        ------
        InputError
            If it is no number between 0 and 1, or there are more than two classes.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from madaline import AdaptiveClassifier
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> model = AdaptiveClassifier(effort=5, random_state=0).fit(X, y)
        >>> rows = model.predict(X).sum()
        >>> bool(model.set_threshold(0.9).predict(X).sum() < rows)
        True
        """
        encoder = self._class_encoder()
        check_threshold(threshold)
        if len(encoder.classes) != 2:
            raise InputError(
                f"threshold is {threshold!r} for {len(encoder.classes)} classes: it is for two."
            )
        changed = replace(encoder, threshold=float(threshold))
        predictor = replace(self._model().predictor, target_encoder=changed)
        self.model_ = replace(self._model(), predictor=predictor)
        return self

    def _class_encoder(self) -> ClassEncoder:
        encoder = self._model().predictor.target_encoder
        if not isinstance(encoder, ClassEncoder):
            raise InputError("A threshold is for one target, but several labels are predicted.")
        return encoder

    @abstractmethod
    def _model(self) -> FittedModel:
        """Return the fitted model."""
