"""Many fitted models in one file, one for each group of rows, and the index that tells of them.

The file is an index, whose arrays are the bytes of whole model files: one is read without the
others. The checksum of the file is that of the index, which holds those of the models.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, final
from weakref import finalize

import numpy as np

from madaline._base.codec import Count, Items, Stored, check_of
from madaline._base.json_checks import LARGEST_WHOLE, Malformed, OneOf, Text, Whole
from madaline._base.language import _
from madaline._base.words import (
    clip_text,
    format_count,
    format_list,
    format_number,
    metric_name,
    printable,
)
from madaline._models.model.model import FittedModel
from madaline._race.evaluation.score import Score
from madaline._tables.io.spill import RowFile, Rows
from madaline._tables.io.tensor_file import (
    MODELS,
    read_index,
    refusing_malformed,
    write_tensor_file,
    written_by,
)
from madaline._tables.keys import MAX_KEY, GroupedRows, key_text
from madaline._tables.table import Table, alike
from madaline._tables.target import CLASSIFICATION, REGRESSION
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Paragraph, Section, TextTable, more
from madaline.records._results.result import Listing, Result

COMMON, NO_MODEL = -1, -2
"""Instead of the number of a group's model: the common one, or none."""

MAX_GROUPS = 90_000  # of a file: its index must stay within the bounds of a header
_COMMON_NAME = "common"  # what the common model is called, unless a group is
_KEPT_MODELS = 128  # that were read last are kept in memory
_MAX_LINES, _MAX_WIDTH = 60, 40
"""Groups that are shown where there may be thousands, and characters of a name."""

_Value = Annotated[str, Text(MAX_KEY)] | Annotated[int, Whole(-LARGEST_WHOLE, LARGEST_WHOLE)]
_Name = Annotated[str, Text(100_000)]


@dataclass(frozen=True)
class Compared(Stored):
    """The loss of models of their own beside that of the common one, out of fold on equal rows.

    Losses are means over the rows, of squares their roots; the difference is relative to the common
    model's, and positive where models of their own are better.
    """

    metric: str
    n_rows: Count
    own: float
    common: float
    difference: float
    standard_error: float

    def sentence(self, own: str, of_all: str = "one model for all") -> str:
        """Return which is better, own models or the common one, by how much, and how sure it is."""
        better, other = (own, of_all) if self.difference > 0 else (of_all, own)
        first = _("{better} predicts better than {other}").format(better=better, other=other)
        if abs(self.difference) <= 2 * self.standard_error:
            first = _("{own} and {of_all} predict about as well").format(own=own, of_all=of_all)
        losses = sorted(((own, self.own), (of_all, self.common)), key=lambda one: one[1])
        told = [
            _("{loss} with {name}").format(loss=format_number(loss, 4), name=name)
            for name, loss in losses
        ]
        return _(
            "{first}{first2}: out of fold, on the same {rows}, the {metric} is {told}, a difference of {difference:.1%} ± {standard_error:.1%}."
        ).format(
            first=first[0].upper(),
            first2=first[1:],
            rows=format_count(self.n_rows, "row"),
            metric=metric_name(self.metric),
            told=_(" and ").join(told),
            difference=abs(self.difference),
            standard_error=self.standard_error,
        )


@dataclass(frozen=True)
class Entry(Stored):
    """What the index tells of a group; the common model has an empty key."""

    key: Annotated[tuple[_Value, ...], Items(most=100)]
    n_rows: Count
    seed: Annotated[int, Whole(0, LARGEST_WHOLE)]
    checksum: Annotated[str, Text(64)] = ""  # SHA-256 of the model's bytes; "" if there is no model
    score: Score | None = None  # out of fold
    error: Annotated[str, Text(10_000)] = ""  # why there is no model
    compared: Compared | None = None

    @property
    def text(self) -> str:
        """The key as it is printed."""
        return key_text(self.key)


@dataclass(frozen=True)
class Index(Stored):
    """All that a file of many models holds but the models."""

    madaline: Annotated[str, Text(100)]  # the version that fitted them
    by: Annotated[tuple[_Name, ...], Items(least=1, most=100, distinct=True)]
    target: _Name
    task: Annotated[str, OneOf((CLASSIFICATION, REGRESSION))]
    entries: Annotated[tuple[Entry, ...], Items(least=1, most=MAX_GROUPS)]
    columns: Annotated[tuple[_Name, ...], Items(distinct=True)]  # that any of them needs
    texts: Annotated[tuple[_Name, ...], Items(distinct=True)]  # those read from files as text
    common: Entry | None = None  # the model of all rows
    compared: Compared | None = None  # over all groups

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the columns, the groups and the common model."""
        keys = [tuple(map(str, entry["key"])) for entry in values["entries"]]
        if any(len(key) != len(values["by"]) for key in keys):
            return "has keys of other columns"
        if len(set(keys)) < len(keys):
            return "has two groups of one key"
        entries = [*values["entries"], *filter(None, [values.get("common")])]
        if any(bool(entry.get("checksum")) == bool(entry.get("error")) for entry in entries):
            return "has a group with neither a model nor an error, or both"
        if any(bool(entry.get("checksum")) != bool(entry.get("score")) for entry in entries):
            return "has a model without a score, or a score without a model"
        return ""

    def numbered(self) -> Iterator[tuple[int, Entry]]:
        """Yield the number and the entry of each model, first of the common one."""
        entries = [(COMMON, self.common), *enumerate(self.entries)]
        yield from ((n, entry) for n, entry in entries if entry is not None and entry.checksum)


class GroupScores(Listing[Entry]):
    """What the index tells of each group, in the order of their keys."""

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return group, rows, score, standard error, baseline and the error, a row for each."""
        scores = [entry.score for entry in self]
        told = {
            name: [None if one is None else getattr(one, name) for one in scores]
            for name in ("metric", "value", "standard_error", "baseline")
        }
        return {
            "group": [entry.text for entry in self],
            "rows": [entry.n_rows for entry in self],
            **told,
            "error": [entry.error or None for entry in self],
        }

    __str__ = __repr__ = Result.text

    def sections(self) -> Iterator[Section]:
        left_out = more(min(len(self), _MAX_LINES), len(self), "groups")
        yield Section([self[:_MAX_LINES].table(), *left_out] if self else [Paragraph("(none)")])

    def table(self) -> TextTable:
        """Return a table of all groups."""
        scores = [entry.score for entry in self if entry.score is not None]
        name = metric_name(scores[0].metric) if scores else _("score")
        heads = ["group", "rows", _("{name} ± std. error").format(name=name), "baseline", ""]
        return TextTable(heads, [*map(_cells, self)], right=(1, 2, 3))


def _cells(entry: Entry) -> tuple[str, ...]:
    """Return group, rows, score, baseline and error as they are printed."""
    text, rows, score = (
        clip_text(printable(entry.text), _MAX_WIDTH, "..."),
        f"{entry.n_rows:,}",
        entry.score,
    )
    if score is None:
        return text, rows, "", "", _("no model: {error}").format(error=entry.error)
    return text, rows, *score.cells[1:], ""


@final
class ModelsByGroup:
    """The models of many groups, read from their file when they are needed."""

    def __init__(self, index: Index, parts: Mapping[int, Rows], name: str = "The file") -> None:
        self.index, self.name = index, name
        self._parts = parts  # the bytes of each model, by its number
        self._kept: OrderedDict[int, FittedModel] = OrderedDict()
        self._numbers = {entry.text: n for n, entry in enumerate(index.entries)}

    def __getstate__(self) -> dict[str, Any]:
        parts = {number: rows[:] for number, rows in self._parts.items()}
        return {"index": self.index.to_json(), "parts": parts, "name": self.name}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state | {"index": Index.from_json(state["index"])})

    @property
    def has_common(self) -> bool:
        """Whether a model of all rows answers for groups without one."""
        return self.index.common is not None and bool(self.index.common.checksum)

    def model(self, number: int) -> FittedModel:
        """Return a model by its number, read and checked."""
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        content = np.ascontiguousarray(self._parts[number][:])
        entry = self.index.common if number == COMMON else self.index.entries[number]
        assert entry is not None
        with refusing_malformed(self.name, MODELS):
            if checksum_of(content) != entry.checksum:
                raise Malformed("holds other bytes than its index tells").within(entry.text)
        model = self._kept[number] = FittedModel.from_bytes(content.data, self.name)
        if len(self._kept) > _KEPT_MODELS:
            self._kept.popitem(last=False)
        return model

    def number(self, key: Any) -> int:
        """Return the number of a group's model, given its key in Python or as text."""
        text = key_text(key) if isinstance(key, tuple) else str(key)
        if text == _COMMON_NAME and text not in self._numbers and self.has_common:
            return COMMON
        if text not in self._numbers:
            texts = [*self._numbers]
            raise InputError(
                "There is no group {text!r} in {name}: {alike}",
                text=text,
                name=self.name,
                alike=alike(text, texts),
            )
        number = self._numbers[text]
        error = self.index.entries[number].error
        if error:
            raise InputError(
                "There is no model of {text} in {name}: {error}",
                text=text,
                name=self.name,
                error=error,
            )
        return number

    def number_or_none(self, text: str | None) -> int | None:
        """Return the number of the model that answers for a group, or for none; None if none."""
        number = None if text is None else self._numbers.get(text)
        if number is not None and self.index.entries[number].checksum:
            return number
        return COMMON if self.has_common else None

    def parts_of(self, table: Table) -> tuple[list[tuple[int, Array]], str]:
        """Return the number of each model with its rows, and a sentence on rows without one."""
        grouped = GroupedRows.of(table, self.index.by)
        texts = [*map(key_text, grouped.keys), None]  # the last: of missing values
        numbers = [NO_MODEL if n is None else n for n in map(self.number_or_none, texts)]
        of_rows = np.array(numbers)[grouped.numbers]
        found, index = np.unique(of_rows, return_inverse=True)
        order = np.argsort(index, kind="stable")
        rows = np.split(order, np.cumsum(np.bincount(index, minlength=len(found)))[:-1])
        parts = [(int(n), each) for n, each in zip(found, rows, strict=True) if n != NO_MODEL]
        return parts, self._without_model(of_rows == NO_MODEL, grouped)

    def _without_model(self, without: Array, grouped: GroupedRows) -> str:
        """Return a sentence that counts rows without a model and names their groups, or ""."""
        if not without.any():
            return ""
        groups = [*np.unique(grouped.numbers[without])]
        names = ["(none)" if g < 0 else key_text(grouped.keys[g]) for g in groups]
        return _(
            "{rows} of groups without a model has no prediction: {names}."
            if without.sum() == 1
            else "{rows} of groups without a model have no prediction: {names}."
        ).format(rows=format_count(int(without.sum()), "row"), names=format_list(names))

    def spread(self, predicted: Sequence[tuple[Array, Array]], n_samples: int) -> Array:
        """Return predictions of the rows of each model in the order of all rows, or no value."""
        if not predicted:
            return np.full(n_samples, None if self.index.task == CLASSIFICATION else np.nan)
        values = [one for _, one in predicted]
        kinds, shape = {one.dtype.kind for one in values}, (n_samples, *values[0].shape[1:])
        is_whole = sum(map(len, values)) == n_samples
        if len(kinds) == 1 and (is_whole or "f" in kinds):
            dtype = np.result_type(*values)
            whole = np.empty(shape, dtype) if is_whole else np.full(shape, np.nan, dtype)
        else:
            whole = np.full(shape, None, object)
        for rows, one in predicted:
            whole[rows] = one
        return whole

    def headlines(self) -> list[str]:
        """Return how many models there are of what, and how they compare with one for all."""
        index = self.index
        n_models = sum(bool(entry.checksum) for entry in index.entries)
        rows = format_count(sum(entry.n_rows for entry in index.entries), "row")
        each = _("one for each {each}, of {rows}").format(each=_each(index.by), rows=rows)
        first = _("{models} of {target}, {each}").format(
            models=format_count(n_models, "model"), target=index.target, each=each
        )
        if n_models < len(index.entries):
            without = format_count(len(index.entries) - n_models, "group has", "groups have")
            first += _(
                "; {without} none of its own"
                if without.startswith("1 ")
                else "; {without} none of their own"
            ).format(without=without)
        if self.has_common:
            first += "; a common model answers for other groups"
        return [_("{first}.").format(first=first), *filter(None, [self.compared_in_all()])]

    def compared_in_all(self) -> str:
        """Return whether one model for all is better, or one for each; "" if not compared."""
        compared = self.index.compared
        return (
            ""
            if compared is None
            else compared.sentence(_("one for each {each}").format(each=_each(self.index.by)))
        )

    def compared(self) -> Iterator[str]:
        """Yield the same in all, and for each group."""
        if self.index.compared is not None:
            yield self.compared_in_all()
        for entry in self.index.entries:
            if entry.compared is not None:
                own = _("one for {text}").format(text=entry.text)
                yield _("{text}: {sentence}").format(
                    text=entry.text, sentence=entry.compared.sentence(own)
                )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index and the models to one file, whole or not at all."""
        arrays = {str(n): self._parts[n] for n, _ in self.index.numbered()}
        write_tensor_file(path, MODELS, self.index.to_json(), arrays, check=_check_file)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ModelsByGroup:
        """Read the index of a file that `save` wrote; the file stays open."""
        description, places = read_index(path)
        with refusing_malformed(path, MODELS, writer=written_by(description)):
            _check_file(description, places)
            index = Index.from_json(description)
        file = Path(path).open("rb", buffering=0)  # noqa: SIM115 (closed by `finalize`)
        parts = {int(name): RowFile.within(file, place) for name, place in places.items()}
        models = cls(index, parts, os.fspath(path))
        finalize(models, file.close)
        return models


def _each(by: Sequence[str]) -> str:
    return _(" and ").join(by)


def checksum_of(content: Array) -> str:
    """Return the SHA-256 of a model's bytes."""
    return hashlib.sha256(content.data).hexdigest()


def _check_file(description: Any, arrays: Mapping[str, Any]) -> None:
    """Raise `Malformed` unless there is an array of bytes for each model of the index."""
    check_of(Index)(description)
    wanted = [str(number) for number, _ in Index.from_json(description).numbered()]
    if list(arrays) != wanted:
        raise Malformed("holds other models than its index tells")
