"""A sampler in one file: named arrays and one JSON text, all of it checked before it is used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, final

import numpy as np

from madaline._data.codec import Count, Items, LongText, Positive, Stored, check_of
from madaline._data.io import tensor_file
from madaline._data.io.tensor_header import named
from madaline._data.json_checks import Malformed, OneOf, Text, Whole
from madaline._sampling.cells import KINDS, LEVEL, MAX_CODE, Cells
from madaline._sampling.chain import Chain
from madaline._sampling.column_model import ColumnModel, Questions, Within
from madaline._sampling.frames import LIBRARIES
from madaline._sampling.quality import Quality
from madaline._sampling.relations import Linear, Lookup, Relation
from madaline._sampling.source import SampledColumn
from madaline._sampling.sums import N_EDGES, N_SUMS, Sums
from madaline._sampling.trees import MAX_FEATURES, Trees
from madaline.nn.arrays import Array
from madaline.version import __version__


@final
@dataclass(frozen=True)
class StoredCells(Stored):
    """What the description has of a column that is drawn."""

    name: LongText
    kind: Annotated[str, OneOf(KINDS)]
    step: Positive | None
    levels: tuple[LongText | bool | None, ...] = ()
    relation: Lookup | Linear | None = None


@final
@dataclass(frozen=True)
class StoredSampler(Stored):
    """The description of a file."""

    madaline: Annotated[str, Text(20)]
    n_samples: Count
    min_rows: Annotated[int, Whole(1, 2**31)]
    library: Annotated[str, OneOf(LIBRARIES)]
    columns: Annotated[tuple[SampledColumn, ...], Items(1, MAX_FEATURES)]
    chain: Annotated[tuple[StoredCells, ...], Items(1, MAX_FEATURES)]
    quality: Quality

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between columns and the chain."""
        drawn = [column["name"] for column in values["columns"] if column["role"] == "drawn"]
        names = [one["name"] for one in values["chain"]]
        if sorted(drawn) != sorted(names) or len(set(names)) < len(names):
            return "has a chain of other columns"
        placed: set[str] = set()
        for one in values["chain"]:
            relation = one.get("relation") or {}
            sources = relation.get("sources", [relation[k] for k in ("source",) if k in relation])
            if not placed.issuperset(sources):
                return "has a relation to a later column"
            if len(relation.get("weights", sources)) != len(sources):
                return "has other weights than columns"
            placed.add(one["name"])
        return ""


CHECK = check_of(StoredSampler)


def write_sampler(path: str | os.PathLike[str], stored: StoredSampler, chain: Chain) -> None:
    """Write a sampler to a file."""
    arrays: dict[str, Array] = {}
    for number, name in enumerate(chain.names):
        own = _cell_arrays(chain.cells[name])
        if name in chain.models:
            own |= _model_arrays(chain.models[name])
        if name in chain.sums:
            own |= {f"sums.{key}": array for key, array in vars(chain.sums[name]).items()}
        arrays |= {f"{number}.{key}": array for key, array in own.items()}

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
        StoredCells(name, own.kind, own.step or None, own.levels, chain.relations.get(name))
        for name, own in chain.cells.items()
    )
    return StoredSampler(
        madaline=__version__, columns=columns, chain=cells, quality=quality, **others
    )


def _cell_arrays(cells: Cells) -> dict[str, Array]:
    return {
        "low": cells.low,
        "high": cells.high,
        "bins": cells.bins,
        "codes": cells.codes,
        "shares": cells.shares,
    }


def _model_arrays(model: ColumnModel) -> dict[str, Array]:
    asked, within = model.questions, model.within
    arrays = {"below": asked.below, "bias": asked.bias, "first": asked.first, "depth": asked.depth}
    arrays |= {f"trees.{key}": array for key, array in _tree_arrays(asked.trees).items()}
    if within is not None:
        arrays |= {f"within.{key}": array for key, array in _tree_arrays(within.trees).items()}
        arrays |= {"within.first": within.first, "within.cells": within.cells}
    return arrays


def _tree_arrays(trees: Trees) -> dict[str, Array]:
    levels = np.array([trees.depth], np.int32)
    return {"nodes": trees.nodes, "values": trees.values, "roots": trees.roots, "levels": levels}


def _read_chain(stored: StoredSampler, arrays: Mapping[str, Array]) -> Chain:
    """Return the chain of a description and arrays; `Malformed` if they are none."""
    cells, models, relations, sums = {}, {}, {}, {}
    n_numbers = 0
    for number, one in enumerate(stored.chain):
        own = named(arrays, f"{number}.")
        try:
            cells[one.name] = _read_cells(one, own)
            if one.relation is None:
                models[one.name] = _read_model(cells[one.name], own, number + N_SUMS)
                if one.kind != LEVEL and n_numbers:
                    sums[one.name] = _read_sums(named(own, "sums."), n_numbers)
            else:
                relations[one.name] = _checked(one, cells)
        except KeyError as error:
            raise Malformed(f"lacks the array {number}.{error.args[0]}") from None
        n_numbers += one.kind != LEVEL
    return Chain(cells, models, relations, sums)


def _checked(one: StoredCells, cells: Mapping[str, Cells]) -> Relation:
    """Return the relation of a column, which fits the cells of those that it follows from."""
    if isinstance(one.relation, Lookup):
        fits = len(one.relation.cells) == cells[one.relation.source].n_cells
        _must(fits and max(one.relation.cells) < cells[one.name].n_cells, "lookup")
    if isinstance(one.relation, Linear):
        kinds = {cells[name].kind for name in (one.name, *one.relation.sources)}
        _must(LEVEL not in kinds, "sum")
    assert one.relation is not None
    return one.relation


def _read_sums(arrays: Mapping[str, Array], n_sources: int) -> Sums:
    weights, edges = arrays["weights"], arrays["edges"]
    _must(weights.dtype == edges.dtype == np.float64, "sums")
    _must(weights.shape == (N_SUMS, n_sources) and edges.shape == (N_SUMS, N_EDGES), "sums")
    _must(bool(np.isfinite(weights).all() and (np.diff(edges) >= 0).all()), "sums")
    return Sums(weights, edges)


def _read_cells(one: StoredCells, arrays: Mapping[str, Array]) -> Cells:
    low, high, bins, codes, shares = (
        arrays[name] for name in ("low", "high", "bins", "codes", "shares")
    )
    n_cells = len(low)
    _must(n_cells > 0 and low.dtype == high.dtype == shares.dtype == np.float64, "cells")
    _must(bins.dtype == np.int32 and codes.dtype == np.uint8, "cells")
    _must(all(x.shape == (n_cells,) for x in (low, high, bins, codes, shares)), "cells")
    present = ~np.isnan(low)
    _must(bool(present[1:].all() and np.array_equal(present, ~np.isnan(high))), "cells")
    _must(bool(np.isfinite(low[present]).all() and np.isfinite(high[present]).all()), "cells")
    _must(bool((low[present] <= high[present]).all() and (shares >= 0).all()), "cells")
    _must(bool(bins[0] == 0 and np.isin(np.diff(bins), (0, 1)).all()), "bins")
    _must(bool((np.diff(codes.astype(np.intp)) >= 0).all()), "codes")
    is_level = one.kind == LEVEL
    _must(len(one.levels) == (n_cells if is_level else 0), "levels")
    _must(not is_level or np.array_equal(low, np.arange(n_cells)), "levels")
    return Cells(one.kind, low, high, bins, codes, shares, one.step or 0.0, one.levels)


def _read_model(cells: Cells, arrays: Mapping[str, Array], n_features: int) -> ColumnModel:
    below, bias, first, depth = (arrays[name] for name in ("below", "bias", "first", "depth"))
    n_questions = cells.n_bins - 1
    _must(below.dtype == first.dtype == depth.dtype == np.int32, "questions")
    _must(
        below.shape == (n_questions, 2) and bias.shape == depth.shape == (n_questions,), "questions"
    )
    _must(bias.dtype == np.float64 and bool(np.isfinite(bias).all()), "questions")
    numbers = np.arange(n_questions)[:, None]
    _must(bool(((below < 0) | ((below > numbers) & (below < n_questions))).all()), "questions")
    bins = np.sort(-1 - below[below < 0])
    _must(np.array_equal(bins, np.arange(cells.n_bins if n_questions else 0)), "questions")
    trees = _read_trees(named(arrays, "trees."), n_features)
    _must(first.shape == (n_questions + 1,) and bool((np.diff(first) >= 0).all()), "questions")
    _must(first[0] == 0 and first[-1] == len(trees.roots), "questions")
    _must(bool(((depth >= 0) & (depth <= trees.depth)).all()), "questions")
    questions = Questions(below, bias, first, depth, trees)
    if cells.n_bins == cells.n_cells:
        return ColumnModel(questions, None)
    within = _read_trees(named(arrays, "within."), n_features)
    starts, kept = arrays["within.first"], arrays["within.cells"]
    _must(starts.dtype == kept.dtype == np.int32 and starts.ndim == kept.ndim == 1, "leaves")
    _must(len(starts) > 1 and starts[0] == 0 and starts[-1] == len(kept), "leaves")
    _must(bool((np.diff(starts) > 0).all()), "leaves")
    _must(bool(((kept >= 0) & (kept < cells.n_cells)).all()), "leaves")
    leaf = within.values[within.is_leaf]
    fits = len(within.roots) == cells.n_bins and bool((leaf == np.rint(leaf)).all())
    _must(fits and bool(((leaf >= 0) & (leaf < len(starts) - 1)).all()), "leaves")
    return ColumnModel(questions, Within(within, starts, kept))


def _read_trees(arrays: Mapping[str, Array], n_features: int) -> Trees:
    nodes, values, roots, levels = (arrays[name] for name in ("nodes", "values", "roots", "levels"))
    _must(nodes.dtype == np.int64 and values.dtype == np.float32, "trees")
    _must(roots.dtype == levels.dtype == np.int32 and levels.shape == (1,), "trees")
    _must(nodes.ndim == roots.ndim == 1 and values.shape == nodes.shape, "trees")
    _must(0 <= levels[0] <= MAX_CODE * MAX_FEATURES, "trees")
    _must(bool(((roots >= 0) & (roots < len(nodes))).all() and np.isfinite(values).all()), "trees")
    trees = Trees(nodes, values, roots, int(levels[0]))
    problem = trees.problem(n_features)
    if problem:
        raise Malformed(f"has {problem}")
    return trees


def _must(fits: bool, what: str) -> None:
    if not fits:
        raise Malformed(f"has wrong {what}")
