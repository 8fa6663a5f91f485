"""`Imputer`: fills the gaps of tables, alone or as a step of a pipeline of scikit-learn."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any, Self, final

import numpy as np

from madaline._apps.estimators.typed_bases import BaseEstimator, TransformerMixin
from madaline._apps.filling.chain import learn_filler
from madaline._apps.filling.checking import NOTHING, FillQuality, check_filling
from madaline._apps.filling.merging import merge
from madaline._apps.filling.rules import Rules
from madaline._apps.sampling.source import DRAWN, SourceTable, read_source, some_rows
from madaline._base.language import _, translate
from madaline._base.words import format_count, format_list, format_span
from madaline._models.arguments import read_missing
from madaline._tables.column import is_missing
from madaline._tables.drawing import read_seed
from madaline._tables.io.recognition import Form, RecognizedRows, recognize
from madaline._tables.io.table_files import read_as_written
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array

MIN_ROWS = 4


@final
class Imputer(TransformerMixin, BaseEstimator):
    """Fills the gaps of a table from what its other columns tell.

    Each column with gaps is predicted from all others by a forest, round after round. A gap gets
    the best value: the mean of what may be there, or the most probable category; `impute` draws
    several tables instead, whose differences tell how sure the values are. Numbers, categories,
    dates and Booleans keep their types and forms, and cells that were there never change. What is
    missing in the rows where another column has a certain value, and hardly elsewhere, does not
    apply there and stays missing; a number that is the sum of others in every row stays their sum.

    Networks of madaline take tables with gaps as they are, and need no imputer.

    Parameters
    ----------
    kinds : mapping of str to str, optional
        The kinds of some columns, such as ``{"zip": "category"}``.
    missing : sequence, optional
        Words and numbers that stand for missing values.
    check : bool, default=True
        Whether `fit` hides known values to measure how well they are filled. It takes as long
        again.
    random_state : int or None, default=0
        Seed of what is learned.

    Attributes
    ----------
    quality_ : FillQuality or None
        How well hidden values were filled; prints as sentences.
    notes_ : tuple of str
        Which columns are left as they are, and why.
    n_gaps_ : dict of str to int
        Gaps of each column that has any, in the table that was learned from.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> minutes = rng.integers(0, 400, 500) / 10
    >>> table = {"minutes": minutes, "charge": 0.5 * minutes}
    >>> table["plan"] = np.where(minutes > 20, "large", "small").astype(object)
    >>> table["charge"][3], table["plan"][4] = np.nan, None
    >>> imputer = Imputer(check=False)
    >>> filled = imputer.fit_transform(table)
    >>> (
    ...     bool(abs(filled["charge"][3] - 0.5 * minutes[3]) < 0.5),
    ...     float(minutes[4]),
    ...     filled["plan"][4],
    ... )
    (True, 12.3, 'small')
    """

    quality_: FillQuality | None
    notes_: tuple[str, ...]
    n_gaps_: dict[str, int]

    def __init__(
        self,
        *,
        kinds: Mapping[str, str] | None = None,
        missing: Sequence[Any] | None = None,
        check: bool = True,
        random_state: int | None = 0,
    ) -> None:
        self.kinds = kinds
        self.missing = missing
        self.check = check
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002
        """Learn how each column follows from the others.

        Parameters
        ----------
        X : data frame, mapping of str to array, array, or path
            The table. Columns without gaps are learned, too: other rows may have some there.
        y : None
            Ignored; it is there for pipelines.

        Returns
        -------
        Imputer
            This one.

        Raises
        ------
        InputError
            If the table or an argument cannot be used.
        """
        return self._fit_source(self._read(X))

    def _read(self, X: Any, encoding: str | None = None) -> SourceTable:
        words = read_missing(self.missing)
        return read_source(
            X, min_rows=MIN_ROWS // 2, kinds=self.kinds, missing=words, encoding=encoding
        )

    def _fit_source(
        self,
        source: SourceTable,
        *,
        only_gaps: bool = False,
        report: Callable[[str], None] = lambda _: None,
    ) -> Self:
        """Learn from a table that is read already."""
        seed = read_seed(self.random_state)
        table, some = some_rows(source.table, seed)
        gaps = {
            name: int(is_missing(values).sum()) for name, values in source.table.columns.items()
        }
        self.n_gaps_ = {name: count for name, count in gaps.items() if count}
        check = self.check and (self.n_gaps_ or not only_gaps)
        writes: dict[str, Callable[[float], str]] = {
            name: one.show for name, one in source.schema.formats.items()
        }
        writes |= {name: format_span for name in table.names if table[name].dtype.kind == "M"}
        self.quality_ = check_filling(table, writes, seed=seed, report=report) if check else None
        self._filler = learn_filler(table, seed=seed, only_gaps=only_gaps, report=report)
        self._columns = source.columns
        self._schema = source.schema
        self._rules = Rules.of(source.table.select(list(self._filler.known)))
        self._kinds_of = {name: table[name].dtype.kind for name in table.names}
        self.notes_ = (*source.notes, *some, *self._notes())
        self.n_features_in_ = len(source.columns)
        self.feature_names_in_ = np.array([column.name for column in source.columns], object)
        return self

    def _notes(self) -> Iterator[str]:
        """Yield what is not filled, and what was taken for a gap."""
        yield from self._rules.sentences()
        words = {column.name: column.missing for column in self._columns if column.missing}
        word_of = _('{name} ("{word}")')
        taken = [word_of.format(name=n, word=words[n]) for n in words if n in self.n_gaps_]
        left = [column.name for column in self._columns if column.role != DRAWN]
        empty = [name for name in self._kinds_of if name not in self._filler.known]
        if taken:
            yield _("Words that were taken for gaps: {taken}.").format(taken=format_list(taken))
        if left:
            yield _("Identifiers and free texts are left as they are: {left}.").format(
                left=format_list(left)
            )
        if empty:
            yield _("There is no value at all to learn from in {empty}.").format(
                empty=format_list(empty)
            )

    def transform(self, X: Any) -> Any:
        """Return rows with their gaps filled, each with its best value.

        Parameters
        ----------
        X : data frame, mapping of str to array, array, or path
            Rows with the columns of the table; they may be others than those learned from.

        Returns
        -------
        data frame, array or dict of str to array
            The rows in the form and the types that they were given in; of a data frame, the columns
            learned from, in the order that they had then.

        Raises
        ------
        InputError
            If a column is missing, or holds something else.
        """
        X, rows, table = self._rows(X)
        return self._merged(X, rows, self._filled(table)[0], table)

    def impute(self, X: Any, n: int = 5, *, random_state: int | None = 0) -> list[Any]:
        """Return rows several times, with values drawn into their gaps.

        Compute with each of these tables what you want to know. The mean of the results is the
        estimate; their differences are the uncertainty due to the gaps (Rubin's rules).

        Parameters
        ----------
        X : data frame, mapping of str to array, array, or path
            Rows with the columns of the table.
        n : int, default=5
            How many tables.
        random_state : int or None, default=0
            Seed of the draws; None: others every time.

        Returns
        -------
        list of data frame, array or dict of str to array
            Tables in the form of `X`.

        Raises
        ------
        InputError
            If a column is missing, or holds something else.
        """
        if isinstance(n, bool) or not isinstance(n, Integral) or n < 1:
            raise InputError("n is {n!r}: give how many tables to draw, 1 or more.", n=n)
        X, rows, table = self._rows(X)
        drawn = self._filled(table, int(n), read_seed(random_state))
        return [self._merged(X, rows, filled, table) for filled in drawn]

    def gaps(self, X: Any) -> dict[str, Array]:
        """Return which cells `transform` fills.

        Parameters
        ----------
        X : data frame, mapping of str to array, array, or path
            Rows with the columns of the table.

        Returns
        -------
        dict of str to ndarray of shape (n_rows,)
            Booleans of each column that is filled.
        """
        table = self._rows(X)[2]
        return self._gaps_of(table)

    def get_feature_names_out(self, input_features: Any = None) -> Array:  # noqa: ARG002
        """Return the names of the columns, which stay as they are.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of object
            The names.
        """
        return np.asarray(self._fitted.feature_names_in_)

    def _rows(self, X: Any) -> tuple[Any, RecognizedRows, Table]:
        """Return rows as given, what they are, and the table of the columns that may be filled."""
        names = self._fitted._kinds_of
        words = read_missing(self.missing)
        if isinstance(X, str | os.PathLike):
            categories = [name for name, kind in (self.kinds or {}).items() if kind == "category"]
            X = read_as_written(X, categories=categories, missing=words).typed
        rows = recognize(X)
        table = rows.table().without(words)
        n_given, n_learned = len(table.names), len(self._columns)
        if rows.form == Form.ARRAY and n_given != n_learned:  # in the words of scikit-learn
            raise InputError(
                "X has {n_given} features, but Imputer is expecting {n_learned} features as input: give the columns learned from.",
                n_given=n_given,
                n_learned=n_learned,
            )
        lacking = [column.name for column in self._columns if column.name not in table]
        if lacking:
            raise InputError(
                "The rows lack {lacking}: give all columns learned from.",
                lacking=format_list(lacking),
            )
        table = self._schema.read(table).select(names)
        return X, rows, table.replaced(dict(self._of_kind(table)))

    def _of_kind(self, table: Table) -> Any:
        """Yield columns without any value in the type that they had when they were learned."""
        for name, kind in self._kinds_of.items():
            if table[name].dtype.kind == kind:
                continue
            if not is_missing(table[name]).all():
                what = {"f": "numbers", "M": "dates", "O": "categories"}
                raise InputError(
                    "Column {name!r} holds {get} instead of {what}: give what was learned from.",
                    name=name,
                    get=what.get(table[name].dtype.kind, "something else"),
                    what=what[kind],
                )
            yield name, np.full(table.n_samples, NOTHING[kind])

    def _gaps_of(self, table: Table) -> dict[str, Array]:
        gaps = {name: is_missing(table[name]) for name in self._filler.known}
        gaps = self._rules.gaps(table, gaps)
        return {name: rows for name, rows in gaps.items() if rows.any()}

    def _filled(self, table: Table, n: int | None = None, seed: int = 0) -> list[dict[str, Array]]:
        """Return filled columns, with the best values or drawn so many times; sums hold."""
        filler = self._filler
        gaps = self._gaps_of(table)
        tables = [filler.best(table)] if n is None else filler.draws(table, n, seed)
        return [self._rules.keep(filled, gaps) for filled in tables]

    def _merged(
        self, X: Any, rows: RecognizedRows, filled: Mapping[str, Array], table: Table
    ) -> Any:
        """Return rows as they were given, with the columns learned from and no gaps."""
        gaps = self._gaps_of(table)
        written = {
            column.name: column.written(filled[column.name])
            for column in self._columns
            if column.name in gaps
        }
        return merge(X, rows, written, gaps, [column.name for column in self._columns])

    @property
    def _fitted(self) -> Self:
        if not hasattr(self, "_filler"):
            raise InputError("This imputer has not learned yet: call fit first.")
        return self

    @property
    def _headline(self) -> str:
        n_gaps = sum(self.n_gaps_.values())
        if not n_gaps:
            return "The table has no gaps."
        names = format_list(
            [
                _("{name} ({count:,})").format(name=name, count=count)
                for name, count in self.n_gaps_.items()
            ]
        )
        columns = format_count(len(self.n_gaps_), "column")
        return _("{gaps} in {columns}: {names}.").format(
            gaps=format_count(n_gaps, "gap"), columns=columns, names=names
        )

    def __str__(self) -> str:
        if not hasattr(self, "_filler"):
            return repr(self)
        quality = [] if self.quality_ is None else [*self.quality_.sentences()]
        return translate("\n".join([self._headline, *quality, *self.notes_]))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_filler")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.sparse = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags
