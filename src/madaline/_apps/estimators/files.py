"""Tables in files, and queries of other libraries: read, predicted and written block by block."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from madaline._apps.estimators.tables import learned_form
from madaline._base.words import warn
from madaline._tables.column import shown
from madaline._tables.io.recognition import Form, recognize
from madaline._tables.table import Table, listed
from madaline.errors import InputError
from madaline.nn.arrays import Array

if TYPE_CHECKING:
    from madaline._models.model import FittedModel
    from madaline._models.model.model_rows import ModelRows


class RowsOfFiles:
    """What estimators do with tables in files, and with queries, which may exceed memory."""

    n_jobs: int | None
    _model: Callable[[], FittedModel]
    _read: Callable[[Any], Table]

    def predict_file(
        self,
        X: Any,
        path: str | os.PathLike[str],
        *,
        carry: Sequence[str] = (),
        probabilities: bool = False,
        coverage: float | None = None,
    ) -> int:
        r"""Predict a table of any size into a file, block by block.

        If the process ends before the file is complete, the same call goes on after the last block
        that it wrote.

        Parameters
        ----------
        X : path, pattern, folder, list of paths, LazyFrame, Dataset or DuckDBPyRelation
            Parquet, Feather, CSV or JSON lines, such as ``"sales/*.parquet"``.
        path : path
            The file to write: .csv, .tsv, .jsonl, .parquet or .feather; text also compressed, such
            as .csv.gz.
        carry : sequence of str, optional
            Columns to write in front of the predictions, such as a number of each row.
        probabilities : bool, default=False
            Whether to write the probability of each class, too.
        coverage : float, optional
            Write prediction intervals, or prediction sets of classes, that contain the true value
            for this share of new rows.

        Returns
        -------
        int
            The number of rows.

        Raises
        ------
        InputError
            If `X` is no such table, or a value in it cannot be read. No file is left behind.
        OSError
            If the file cannot be written. The same call goes on where it stopped.

        Examples
        --------
        >>> from importlib.util import find_spec
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from madaline import AdaptiveRegressor
        >>> X, y = {"size": [1.0, 2.0, 3.0, 4.0] * 10}, [2.0, 4.0, 6.0, 8.0] * 10
        >>> model = AdaptiveRegressor(effort=3, random_state=0).fit(X, y)
        >>> with TemporaryDirectory() as folder:
        ...     for month in ("may", "june"):
        ...         _ = Path(f"{folder}/{month}.csv").write_text("size,shop\n2,a\n3,b\n")
        ...     model.predict_file(f"{folder}/*.csv", f"{folder}/predicted.tsv", carry=["shop"])
        ...     Path(f"{folder}/predicted.tsv").read_text().split()[:2]
        4
        ['shop', 'target']
        """
        from madaline._models.model.predictions import Predictions, parts_of

        if probabilities and not hasattr(self, "predict_proba"):
            raise InputError("A number has no classes: leave out probabilities=True.")
        predictions = Predictions(
            self._open(X, "predict", carry),
            probabilities=probabilities,
            coverage=coverage,
            n_jobs=self.n_jobs,
        )
        with parts_of(Path(path), predictions.key) as file:
            for __ in predictions.write(file):
                pass
        return predictions.n_rows

    def explain_file(
        self,
        X: Any,
        path: str | os.PathLike[str],
        *,
        carry: Sequence[str] = (),
        output: Any = None,
        background: Any = None,
        **settings: Any,
    ) -> int:
        """Explain every row of a table of any size into a file, block by block.

        It goes on where it stopped, as `predict_file` does.

        Parameters
        ----------
        X, path, carry
            As for `predict_file`.
        output : str, float or int, optional
            Which of several targets or quantiles: its name, level or index.
        background : data frame, array or other table, optional
            Rows to compare with, such as some training rows.
        **settings
            `method`, `scale`, `target_class`, `nodes` and `permutations`, as for `explain`.

        Returns
        -------
        int
            The number of rows.

        Raises
        ------
        InputError, OSError
            As for `predict_file`, and as for `explain`.
        """
        from madaline._models.model.predictions import parts_of
        from madaline._tell.explain.attributions.written import WrittenExplanations

        rows = self._open(X, "explain", carry)
        table = None if background is None else self._read(background)
        explained = {"output": output, "background": table, **settings}
        explanations = WrittenExplanations(rows, explained)
        with parts_of(Path(path), explanations.key) as file:
            n_rows: int = sum(note["n_rows"] for note in file.notes)
            for n_done in explanations.write(file):
                n_rows = n_done
        return n_rows

    def _open(self, X: Any, use: str, carry: Sequence[str]) -> ModelRows:
        """Return a table in files, or of a query; `InputError` if `X` is none."""
        from madaline._models.model.model_rows import ModelRows

        rows = ModelRows.open(self._model(), X, carry=list(dict.fromkeys(carry)))
        if rows is None:
            raise InputError(
                "{use}_file reads files, or a query of polars, pyarrow or DuckDB, and X is none: use {use}.",
                use=use,
            )
        return rows

    def _rows(self, X: Any, also: Sequence[str] = ()) -> ModelRows:
        """Return rows as the model reads them: of files and queries in blocks, others at once."""
        from madaline._models.model.model_rows import ModelRows, RowBlock
        from madaline._models.model.reading import needed_columns

        model, rows = self._model(), None
        given = recognize(X, in_blocks=True, like=learned_form(self))
        if given.form == Form.FILES or (given.form == Form.QUERY and find_spec("polars")):
            rows = ModelRows.open(model, given, also=also)
        if given.form == Form.QUERY and rows is not None:  # names count where there are any
            rows = rows if {*needed_columns(model)} <= {*rows.rows.names} else None
        return ModelRows.of(model, RowBlock(self._read(given))) if rows is None else rows

    def _read_named(self, X: Any, *named: Any) -> tuple[Any, tuple[Any, ...]]:
        """Return rows, and what is given for each: of a table in files, in columns by their names.

        Of such a table some rows are drawn.
        """
        self._model()
        given = recognize(X, like=learned_form(self))
        if given.form != Form.FILES:
            return given, named
        table = self._read_some(given, [name for name in named if name is not None])
        return table, tuple(None if name is None else table[name] for name in named)

    def _read_some(self, X: Any, also: Sequence[Any] = ()) -> Table:
        """Return rows as a table; of a table in files some of them, with more columns."""
        from madaline._models.model.model_rows import MAX_DRAWN

        model = self._model()
        given = recognize(X, like=learned_form(self))
        if given.form != Form.FILES:
            return self._read(given)
        forward = model.summary.forward
        named = [name for name in also if isinstance(name, str)]
        rows = self._rows(given, [*named, *(() if forward is None else forward.columns)])
        for name in also if rows.in_blocks else ():
            if not isinstance(name, str) or name not in rows.rows.names:
                raise InputError(
                    "X is read from files, so {shown} must be the name of a column: there are {listed}.",
                    shown=shown(name),
                    listed=listed(rows.rows.names),
                )
        block, note = rows.sample(MAX_DRAWN)
        if note:
            warn(note)
        return block.table

    def _of_rows(self, X: Any, predict: Callable[..., Array], *options: Any) -> Array:
        """Return what is predicted of rows, block by block."""
        from madaline._models.model.model_rows import counted_from

        parts = []
        for block in self._rows(X).blocks():
            with counted_from(block.first):
                parts.append(predict(block.table, *options, n_jobs=self.n_jobs))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
