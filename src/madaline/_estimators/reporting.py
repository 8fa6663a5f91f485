"""What the estimators report about a fit: story, report, model card, and a view in notebooks."""

from __future__ import annotations

import os
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from madaline._data.table import Table
from madaline._estimators.arguments import read_targets
from madaline._model import FittedModel
from madaline.nn.arrays import Array

if TYPE_CHECKING:
    from madaline._story.story import Story

_SAMPLED = "training rows, drawn at random"  # what the rows of a report are where none are given


class Reporting:
    """Abstract base of the estimators: reports about a fit."""

    background_: Table

    def story(self) -> Story:
        """Return what was tried, what was seen, and what was kept; ``print`` it.

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
        What was tried: 9 recipes competed
        """
        return self._model().story()

    def report(self, path: str | os.PathLike[str], X: Any = None, y: Any = None) -> None:
        """Write a report: one HTML file that needs nothing else.

        Parameters
        ----------
        path : path
            Where to write, such as ``"report.html"``.
        X : data frame, array or sparse matrix of shape (n_samples, n_features), optional
            Rows to show effects and explanations of, by default `background_`; of a loaded model,
            none. Values of a few of them are shown in the report.
        y : array-like of shape (n_samples,) or (n_samples, n_targets), optional
            Their labels or numbers, to score predictions by. Rows that the model was trained on are
            not scored: their scores would flatter.

        Raises
        ------
        MadalineError
            If jinja2 is not installed.
        """
        from madaline._report.page import write_report

        write_report(self._model(), path, **self._rows_to_show(X, y))

    def report_data(self, X: Any = None, y: Any = None) -> dict[str, Any]:
        """Return the content of `report` as JSON-able values."""
        from madaline._report.data import report_data

        return report_data(self._model(), **self._rows_to_show(X, y))

    def card(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return a model card in Markdown, with the metadata that model hubs read.

        Parameters
        ----------
        path : path, optional
            Where to write it, too, such as ``"README.md"``.
        """
        from madaline._report.card import model_card, write_card

        if path is not None:
            write_card(self._model(), path)
        return model_card(self._model())

    def _rows_to_show(self, X: Any, y: Any) -> dict[str, Any]:
        if X is None:
            model, rows = self._model(), getattr(self, "background_", None)
            if rows is None:
                return {}
            what = _SAMPLED if model.summary.n_samples > rows.n_samples else "training rows"
            return {"table": rows, "rows": f"{rows.n_samples} {what}"}
        table = self._read(X)
        target = None if y is None else self._read_truth(y, table.n_samples)
        return {"table": table, "target": target, "rows": f"{table.n_samples:,} given rows"}

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
