"""`Sampler`: learns from a table, and draws rows like those."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, Self, final

import numpy as np

from madaline._apps.sampling.cells import LEVEL, MOMENT_KIND
from madaline._apps.sampling.chain import Chain, ChainSettings, Given, learn_chain
from madaline._apps.sampling.choosing import MIN_SHARP, Chosen, choose
from madaline._apps.sampling.file import StoredSampler, describe, read_sampler, write_sampler
from madaline._apps.sampling.frames import as_frame
from madaline._apps.sampling.given import drawable, read_given
from madaline._apps.sampling.growing import LADDER
from madaline._apps.sampling.page import sampler_page
from madaline._apps.sampling.quality import Quality
from madaline._apps.sampling.source import make_rows, read_source, some_rows
from madaline._base.language import _
from madaline._base.words import format_count, format_size, warn
from madaline._models.arguments import read_missing
from madaline._tables.drawing import read_seed
from madaline._tables.io.atomic import write_document
from madaline._tables.table import Table, alike
from madaline.errors import InputError
from madaline.nn._engine.memory import free_memory
from madaline.nn._engine.threads import count_threads
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Paragraph, Section, points
from madaline.records._results.result import Result

_CELL_BYTES = 24  # of a drawn value, as a number and in its own type
_NAMES = tuple(strength.name for strength in LADDER)


@final
class Sampler(Result):
    """Draws rows like those of a table: with its columns, its types, and what ties them together.

    Columns are drawn one after the other, each by boosted trees of those before it. How closely
    they follow the table is chosen on rows that were held out, so that drawn rows lie no nearer to
    the rows that were learned from than to others. This is no differential privacy.

    Parameters
    ----------
    privacy : float or {"safe", "middle", "sharp"}, default=0.53
        The share of drawn rows, at most, that may lie nearer to a row learned from than to any of
        as many rows held out; 0.5 is what a sampler without memory has. The sharpest of three
        strengths within the limit is taken. Or the strength itself.
    min_rows : int, default=5
        A value that fewer rows have is never drawn, nor written to a file: numbers are drawn from
        ranges of as many rows, rare levels become "other".
    first : sequence of str, default=()
        Columns to draw before all others, so that values that are given for them cost nothing.
    kinds : mapping of str to str, optional
        The kinds of some columns, such as ``{"zip": "category"}``.
    missing : sequence, optional
        Words and numbers that stand for missing values.
    random_state : int or None, default=0
        Seed of what is learned.
    n_jobs : int or None, default=-1
        Threads; the result does not depend on it.

    Attributes
    ----------
    quality_ : Quality
        How like real rows drawn rows are, and how much is remembered; prints as sentences.
    notes_ : tuple of str
        What was found: relations that always hold, and what is replaced.
    columns_ : tuple of str
        The columns, in the order of the table.

    Examples
    --------
    >>> import madaline
    >>> rng = np.random.default_rng(0)
    >>> minutes = rng.integers(0, 400, 2000) / 10
    >>> table = {"plan": np.where(minutes > 20, "large", "small"), "minutes": minutes}
    >>> table["charge"] = np.round(0.17 * minutes, 2)
    >>> sampler = madaline.Sampler().fit(table)
    >>> rows = sampler.sample(100, given={"plan": "large"}, random_state=0)
    >>> set(rows["plan"].tolist()), bool((rows["minutes"] > 18).all())
    ({'large'}, True)
    >>> print(sampler.notes_[0])
    charge is 0.17 × minutes, as in every row of the table.
    """

    quality_: Quality
    notes_: tuple[str, ...]

    def __init__(
        self,
        *,
        privacy: float | str = 0.53,
        min_rows: int = 5,
        first: Sequence[str] = (),
        kinds: Mapping[str, str] | None = None,
        missing: Sequence[Any] | None = None,
        random_state: int | None = 0,
        n_jobs: int | None = -1,
    ) -> None:
        self.privacy = privacy
        self.min_rows = min_rows
        self.first = first
        self.kinds = kinds
        self.missing = missing
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self,
        table: Any,
        *,
        target: str | None = None,
        encoding: str | None = None,
        report: Callable[[str], None] | None = None,
    ) -> Self:
        """Learn from a table.

        Parameters
        ----------
        table : data frame, mapping of str to array, array, or path
            Numbers, categories, dates, Booleans, with missing values; the rows that are drawn have
            the same form. Of a file, they are a data frame of polars.
        target : str, optional
            The column that models are to predict: it is drawn last, by a finer model, and tells how
            useful drawn rows are. By default the last one.
        encoding : str, optional
            How a text file is encoded; by default UTF-8 if it is, else guessed.
        report : callable, optional
            Called with what is done, in words.

        Returns
        -------
        Sampler
            This one.

        Raises
        ------
        InputError
            If the table or an argument cannot be used.
        """
        self._check_arguments()
        source = read_source(
            table,
            min_rows=self.min_rows,
            kinds=self.kinds,
            missing=read_missing(self.missing),
            encoding=encoding,
        )
        seed = read_seed(self.random_state)
        report = report or (lambda __: None)
        table, notes = some_rows(source.table, seed)
        target = table.names[-1] if target is None else target
        self._check_table(table, target)
        threads = count_threads(self.n_jobs)
        settings = ChainSettings(self.min_rows, seed, target, tuple(self.first), threads)
        chosen = choose(table, privacy=self.privacy, settings=settings, report=report)
        report(
            _("learning from {n_samples:,} rows, {name}").format(
                n_samples=table.n_samples, name=_(chosen.strength.name)
            )
        )
        chain = learn_chain(table, chosen.strength, settings)
        stored = describe(
            chain,
            source.columns,
            chosen.quality,
            n_samples=table.n_samples,
            min_rows=self.min_rows,
            library=source.library,
        )
        return self._with(stored, chain, notes, replace(chosen, formats=source.schema.formats))

    def _with(
        self,
        stored: StoredSampler,
        chain: Chain,
        notes: Sequence[str] = (),
        chosen: Chosen | None = None,
    ) -> Self:
        """Take what was learned."""
        self._stored, self._chain, self._chosen = stored, chain, chosen
        self.quality_ = stored.quality
        dates = [name for name, cells in chain.cells.items() if cells.kind == MOMENT_KIND]
        relations = [relation.sentence(name, dates) for name, relation in chain.relations.items()]
        replaced = [column.note for column in stored.columns if column.note]
        self.notes_ = (*relations, *replaced, *notes)
        return self

    @property
    def columns_(self) -> tuple[str, ...]:
        """The columns, in the order of the table."""
        return tuple(column.name for column in self._fitted._stored.columns)

    def sample(
        self,
        n: int = 1,
        *,
        random_state: int | None = None,
        given: Mapping[str, Any] | None = None,
        balanced: str | None = None,
    ) -> Any:
        """Draw rows.

        Parameters
        ----------
        n : int, default=1
            How many.
        random_state : int or None, default=None
            Seed: the same one gives the same rows. None: others every time.
        given : mapping of str to value, optional
            Values of some columns, such as ``{"species": "Gentoo"}``; a list allows several. Of
            a number that is computed from other columns, the nearest range is drawn.
            Columns up to the last of these are drawn until the rows fit, which takes the longer
            the rarer they are; see `first`.
        balanced : str, optional
            A column whose values all get as many rows: a category, or a number of few values.
            Missing values get none.

        Returns
        -------
        data frame, array or dict of str to array
            Rows with the columns and the types of the table.

        Raises
        ------
        InputError
            If a column or a value is not there, or hardly any row fits.
        """
        return self._frame(self._values(n, random_state, given, balanced))

    def _values(
        self,
        n: int,
        random_state: int | None,
        given: Mapping[str, Any] | None = None,
        balanced: str | None = None,
    ) -> dict[str, Array]:
        """Return all columns of drawn rows: numbers, moments and levels."""
        chain = self._fitted._chain
        if not isinstance(n, Integral) or n < 1:
            raise InputError("n is {n!r}: give how many rows to draw, 1 or more.", n=n)
        n_bytes = int(n) * len(self._stored.columns) * _CELL_BYTES
        free = free_memory()
        if free is not None and n_bytes > free:
            raise InputError(
                "n is {n:,}: so many rows take about {n_bytes} of memory, of which {free} are free; draw fewer at a time.",
                n=n,
                n_bytes=format_size(n_bytes),
                free=format_size(free),
            )
        seed = read_seed(random_state)
        if given is not None and not isinstance(given, Mapping):
            raise InputError(
                "given is {given!r}: give a value of each column, by its name.", given=given
            )
        by_name = {column.name: column for column in self._stored.columns}
        allowed = {
            name: read_given(drawable(chain, name), by_name[name], value)
            for name, value in (given or {}).items()
        }
        if balanced is None:
            values = chain.draw(int(n), [seed], allowed)
        else:
            values = self._balanced(int(n), seed, allowed, balanced)
        columns = {
            name: chain.cells[name].as_column(of_column) for name, of_column in values.items()
        }
        return make_rows(columns, self._stored.columns, int(n))

    def _balanced(self, n: int, seed: int, given: Given, name: str) -> dict[str, Array]:
        """Return rows of which each value of a column has as many, in random order."""
        cells = drawable(self._chain, name)
        frequent = np.flatnonzero(~np.isnan(cells.low) & (cells.shares > 0))
        asked: list[int] = given[name][0].tolist() if name in given else frequent.tolist()
        each = [cell for cell in asked if cells.kind != LEVEL or cells.levels[cell] is not None]
        if not cells.is_atom.all() or not 0 < len(each) <= n:
            raise InputError(
                "balanced is {name!r}: give a column of categories, or of at most {n:,} numbers (n) that {min_rows} rows or more have.",
                name=name,
                n=n,
                min_rows=self.min_rows,
            )
        parts = []
        for number, cell in enumerate(each):
            n_rows = n // len(each) + (number < n % len(each))
            here = np.array([cell]), cells.low[[cell]]
            parts.append(self._chain.draw(n_rows, [seed, number], {**given, name: here}))
        order = np.random.default_rng([seed, 6]).permutation(n)
        return {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}

    def _frame(self, values: Mapping[str, Array]) -> Any:
        """Return columns as what the table was."""
        columns, types, categories = {}, {}, {}
        for column in self._stored.columns:
            columns[column.name] = column.written(values[column.name])
            types[column.name] = column.dtype
            if column.levels:
                categories[column.name] = (column.levels, column.ordered)
        return as_frame(columns, self._stored.library, types, categories)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the sampler to a file, which draws the same rows.

        The file holds no value of fewer than `min_rows` rows, but it is as confidential as the
        table.

        Parameters
        ----------
        path : path
            The file, such as ``penguins.sampler``.

        Raises
        ------
        InputError
            If a file cannot hold it.
        OSError
            If the file cannot be written.
        """
        write_sampler(path, self._fitted._stored, self._chain)

    def save_page(self, path: str | os.PathLike[str]) -> None:
        """Write a page of the figures, with each column of real and of drawn rows side by side.

        Parameters
        ----------
        path : path
            The HTML file.

        Raises
        ------
        InputError
            If the sampler was read from a file: it has no rows to compare with.
        OSError
            If the file cannot be written.
        """
        chosen = self._fitted._chosen
        if chosen is None:
            raise InputError("A page needs the table: a saved sampler has no rows to compare with.")
        page = sampler_page(self.quality_, self.notes_, chosen)
        write_document(path, page)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Sampler:
        """Read a sampler from the file that `save` wrote; it draws the same bits.

        Parameters
        ----------
        path : path
            The file.

        Raises
        ------
        ModelFileError
            If there is no such file, it is no sampler, or it is damaged.
        """
        stored, chain = read_sampler(path)
        return cls(min_rows=stored.min_rows)._with(stored, chain)

    @property
    def _fitted(self) -> Self:
        if not hasattr(self, "_chain"):
            raise InputError("This sampler has not learned yet: call fit first.")
        return self

    def _check_arguments(self) -> None:
        privacy = self.privacy
        if isinstance(privacy, str):
            if privacy not in _NAMES:
                raise InputError(
                    "privacy is {privacy!r}: give a share such as 0.53, or {NAMES}.",
                    privacy=privacy,
                    NAMES=_(", ").join(_NAMES),
                )
        elif not isinstance(privacy, Real) or not 0.5 <= float(privacy) <= 1:
            raise InputError(
                "privacy is {privacy!r}: give the share of rows that may lie nearer to the rows learned from, from 0.5 to 1.",
                privacy=privacy,
            )
        if not isinstance(self.min_rows, Integral) or self.min_rows < 1:
            raise InputError(
                "min_rows is {min_rows!r}: give a whole number, 1 or more.", min_rows=self.min_rows
            )
        if isinstance(self.first, str):
            raise InputError("first is {first!r}: give a list of columns.", first=self.first)

    def _check_table(self, table: Table, target: str) -> None:
        for name in (*self.first, target):
            if name not in table:
                raise InputError(
                    "There is no column {name!r}: {alike}",
                    name=name,
                    alike=alike(name, table.names),
                )
        if table.n_samples < MIN_SHARP and not isinstance(self.privacy, str):
            warn(
                "The table has {rows}: of fewer than {MIN_SHARP:,} only the safe strength is taken, and rows may still lie near to those learned from.",
                rows=format_count(table.n_samples, "row"),
                MIN_SHARP=MIN_SHARP,
            )

    __str__ = __repr__ = Result.text

    def sections(self) -> Iterator[Section]:
        """Yield what it learned from, and how good its rows are."""
        if not hasattr(self, "_chain"):
            text = f"Sampler(privacy={self.privacy!r}, min_rows={self.min_rows})"
            yield Section([Paragraph(text)])
            return
        yield Section([Paragraph(self._headline), *points(self.notes_)], first=True)
        yield from self.quality_.sections()

    @property
    def _headline(self) -> str:
        columns = format_count(len(self._stored.columns), "column")
        rows = format_count(self._stored.n_samples, "row")
        return _("A sampler of {columns}, learned from {rows}.").format(columns=columns, rows=rows)
