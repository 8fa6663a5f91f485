"""A sampler in one file: named arrays and one JSON text, all of it checked before it is used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any, final

import numpy as np

from madaline._apps.sampling.cells import KINDS, LEVEL, ColumnCells
from madaline._apps.sampling.chain import Chain
from madaline._apps.sampling.column_model import (
    N_COMPUTED,
    N_EDGES,
    N_SUMS,
    ColumnModel,
    PredictionCode,
    Questions,
    SumCodes,
    Within,
)
from madaline._apps.sampling.frames import LIBRARIES
from madaline._apps.sampling.quality import Quality
from madaline._apps.sampling.relations import Lookup, Relation, WeightedSum
from madaline._apps.sampling.source import SampledColumn
from madaline._base.codec import Count, Items, LongText, Positive, Stored, check_of
from madaline._base.json_checks import Malformed, OneOf, Text, Whole
from madaline._tables.io import tensor_file
from madaline._tables.io.tensor_header import named
from madaline.nn._nodes import Nodes
from madaline.nn.arrays import Array
from madaline.version import __version__

_MAX_COLUMNS = 2**14  # nodes of trees have 16 bits for a feature


@final
@dataclass(frozen=True)
class StoredColumn(Stored):
    """What the description has of a column that is drawn."""

    name: LongText
    kind: Annotated[str, OneOf(KINDS)]
    step: Positive | None
    levels: tuple[LongText | bool | None, ...] = ()
    relation: Lookup | WeightedSum | None = None


@final
@dataclass(frozen=True)
class StoredSampler(Stored):
    """The description of a file."""

    madaline: Annotated[str, Text(20)]
    n_samples: Count
    min_rows: Annotated[int, Whole(1, 2**31)]
    library: Annotated[str, OneOf(LIBRARIES)]
    columns: Annotated[tuple[SampledColumn, ...], Items(1, _MAX_COLUMNS)]
    chain: Annotated[tuple[StoredColumn, ...], Items(1, _MAX_COLUMNS)]
    quality: Quality

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between columns and the chain."""
        drawn = [column["name"] for column in values["columns"] if column["role"] == "drawn"]
        names = [column["name"] for column in values["chain"]]
        if sorted(drawn) != sorted(names) or len(set(names)) < len(names):
            return "has a chain of other columns"
        placed: set[str] = set()
        for column in values["chain"]:
            relation = column.get("relation") or {}
            sources = relation.get("sources", [relation[k] for k in ("source",) if k in relation])
            if not placed.issuperset(sources):
                return "has a relation to a later column"
            if len(relation.get("weights", sources)) != len(sources):
                return "has other weights than columns"
            placed.add(column["name"])
        return ""


CHECK = check_of(StoredSampler)


def write_sampler(path: str | os.PathLike[str], stored: StoredSampler, chain: Chain) -> None:
    """Write a sampler to a file."""
    arrays: dict[str, Array] = {}
    for number, name in enumerate(chain.names):
        for part in (chain.cells[name], chain.models.get(name), chain.sums.get(name)):
            arrays |= _arrays(part, f"{number}.")

    def check(description: Any, made: Mapping[str, Array]) -> None:
        CHECK(description)
        _read_chain(StoredSampler.from_json(description), made)

    tensor_file.write_tensor_file(path, tensor_file.SAMPLER, stored.to_json(), arrays, check=check)


def read_sampler(path: str | os.PathLike[str]) -> tuple[StoredSampler, Chain]:
    """Return a sampler of a file; `ModelFileError` if it is none, or damaged."""
    description, arrays = tensor_file.read_tensor_file(path, tensor_file.SAMPLER)
    writer = tensor_file.written_by(description)
    with tensor_file.refusing_malformed(path, tensor_file.SAMPLER, writer=writer):
        CHECK(description)
        stored = StoredSampler.from_json(description)
        return stored, _read_chain(stored, arrays)


def describe(
    chain: Chain, columns: tuple[SampledColumn, ...], quality: Quality, **others: Any
) -> StoredSampler:
    """Return the description of a sampler."""
    cells = tuple(
        StoredColumn(
            name,
            of_column.kind,
            of_column.step or None,
            of_column.levels,
            chain.relations.get(name),
        )
        for name, of_column in chain.cells.items()
    )
    return StoredSampler(
        madaline=__version__, columns=columns, chain=cells, quality=quality, **others
    )


def _arrays(part: Any, prefix: str) -> dict[str, Array]:
    """Return the arrays of an object and of those within it, by the names of their fields."""
    if isinstance(part, np.ndarray):
        return {prefix.rstrip("."): part}
    parts = vars(part).items() if is_dataclass(part) else ()
    return {k: v for name, part in parts for k, v in _arrays(part, f"{prefix}{name}.").items()}


_TYPES = {
    **dict.fromkeys(("low", "high", "shares", "bias", "weights", "edges"), np.float64),
    **dict.fromkeys(("bins", "below", "first", "cells", "roots"), np.int32),
    **dict.fromkeys(("codes", "threshold"), np.uint8),
    "feature": np.uint16,
    "value": np.float32,
}
"""Of each array, by the last part of its name."""


def _read_chain(stored: StoredSampler, arrays: Mapping[str, Array]) -> Chain:
    """Return the chain of a description and arrays; `Malformed` if they are none."""
    for name, array in arrays.items():
        _must(array.dtype == _TYPES.get(name.rpartition(".")[2]), name)
    cells, models, relations, sums = {}, {}, {}, {}
    n_numbers = 0
    for number, column in enumerate(stored.chain):
        of_column = named(arrays, f"{number}.")
        try:
            cells[column.name] = _read_cells(column, of_column)
            if column.relation is not None:
                relations[column.name] = _checked(column, cells)
            else:
                models[column.name] = _read_model(
                    cells[column.name], of_column, number + N_COMPUTED
                )
                if column.kind != LEVEL and n_numbers:
                    sums[column.name] = _read_sums(of_column, n_numbers)
        except KeyError as error:
            raise Malformed(
                "lacks the array {number}.{args}", number=number, args=error.args[0]
            ) from None
        n_numbers += column.kind != LEVEL
    return Chain(cells, models, relations, sums)


def _checked(column: StoredColumn, cells: Mapping[str, ColumnCells]) -> Relation:
    """Return the relation of a column, which fits the cells of those that it follows from."""
    if isinstance(column.relation, Lookup):
        fits = len(column.relation.cells) == cells[column.relation.source].n_cells
        _must(fits and max(column.relation.cells) < cells[column.name].n_cells, "lookup")
    if isinstance(column.relation, WeightedSum):
        kinds = {cells[name].kind for name in (column.name, *column.relation.sources)}
        _must(LEVEL not in kinds, "sum")
    assert column.relation is not None
    return column.relation


def _read_sums(arrays: Mapping[str, Array], n_sources: int) -> SumCodes:
    weights, edges = arrays["weights"], arrays["edges"]
    _must(weights.shape == (N_SUMS, n_sources) and edges.shape == (N_SUMS, N_EDGES), "sums")
    _must(np.isfinite(weights).all() and (np.diff(edges) >= 0).all(), "sums")
    return SumCodes(weights, edges)


def _read_cells(one: StoredColumn, arrays: Mapping[str, Array]) -> ColumnCells:
    low, high, bins, codes, shares = (
        arrays[name] for name in ("low", "high", "bins", "codes", "shares")
    )
    n_cells = len(low)
    present = ~np.isnan(low)
    is_level = one.kind == LEVEL
    _must(n_cells and {x.shape for x in (low, high, bins, codes, shares)} == {(n_cells,)}, "cells")
    _must(present[1:].all() and np.array_equal(present, ~np.isnan(high)), "cells")
    _must(np.isfinite([low[present], high[present]]).all() and (shares >= 0).all(), "cells")
    _must((low[present] <= high[present]).all(), "cells")
    _must(bins[0] == 0 and np.isin(np.diff(bins), (0, 1)).all(), "bins")
    _must((np.diff(codes.astype(np.intp)) >= 0).all(), "codes")
    _must(len(one.levels) == is_level * n_cells, "levels")
    _must(not is_level or np.array_equal(low, np.arange(n_cells)), "levels")
    return ColumnCells(one.kind, low, high, bins, codes, shares, one.step or 0.0, one.levels)


def _read_model(cells: ColumnCells, arrays: Mapping[str, Array], n_features: int) -> ColumnModel:
    asked = named(arrays, "questions.")
    below, bias, first = (asked[name] for name in ("below", "bias", "first"))
    trees = _read_trees(named(asked, "trees."), n_features)
    n_questions = cells.n_bins - 1
    _must(below.shape == (n_questions, 2) and bias.shape == (n_questions,), "questions")
    numbers = np.arange(n_questions)[:, None]
    _must(((below < 0) | ((below > numbers) & (below < n_questions))).all(), "questions")
    bins = np.sort(-1 - below[below < 0])
    _must(np.array_equal(bins, np.arange(cells.n_bins if n_questions else 0)), "questions")
    _must(np.isfinite(bias).all() and len(first) == n_questions + 1, "questions")
    _must_lead(first, len(trees.roots), 0, "questions")
    questions = Questions(below, bias, first, trees)
    predicted = named(arrays, "prediction.")
    prediction = _read_prediction(predicted, n_features) if predicted else None
    if cells.n_bins == cells.n_cells:
        return ColumnModel(questions, None, prediction)
    of_leaves = named(arrays, "within.")
    within = _read_trees(named(of_leaves, "trees."), n_features)
    starts = of_leaves["first"]
    members = of_leaves["cells"]
    _must_lead(starts, len(members), 1, "leaves")
    _must(members.ndim == 1 and ((members >= 0) & (members < cells.n_cells)).all(), "leaves")
    leaf = within.value[within.is_leaf]
    _must(len(within.roots) == cells.n_bins and (leaf == np.rint(leaf)).all(), "leaves")
    _must(((leaf >= 0) & (leaf < len(starts) - 1)).all(), "leaves")
    return ColumnModel(questions, Within(within, starts, members), prediction)


def _read_prediction(arrays: Mapping[str, Array], n_features: int) -> PredictionCode:
    edges = arrays["edges"]
    _must(edges.shape == (N_EDGES,) and (np.diff(edges) >= 0).all(), "prediction")
    return PredictionCode(_read_trees(named(arrays, "trees."), n_features), edges)


def _read_trees(arrays: Mapping[str, Array], n_features: int) -> Nodes:
    names = ("feature", "threshold", "below", "value", "roots")
    trees = Nodes(*(arrays[name] for name in names))
    of_nodes = (trees.feature, trees.threshold, trees.value)
    roots = trees.roots
    _must(all(array.shape == trees.below.shape[:-1] for array in of_nodes), "trees")
    _must(trees.below.ndim == 2 and trees.below.shape[1] == 2 and roots.ndim == 1, "trees")
    _must(((roots >= 0) & (roots < len(trees.value))).all(), "trees")
    _must(np.isfinite(trees.value).all(), "trees")
    _must(trees.lead_on(n_features), "trees")
    return trees


def _must_lead(first: Array, n: int, least: int, what: str) -> None:
    """Raise `Malformed` unless these are where the first of some things begins, and so on to n."""
    _must(first.ndim == 1 and len(first) > least and first[0] == 0 and first[-1] == n, what)
    _must((np.diff(first) >= least).all(), what)


def _must(fits: Any, what: str) -> None:
    if not fits:
        raise Malformed("has wrong {what}", what=what)
