"""From a fitted model and a table to an explanation of each prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._models.model import FittedModel
from madaline._models.runtime.predictor import Predictor
from madaline._tables.formats.number_format import PLAIN
from madaline._tables.io.recognition import to_table
from madaline._tables.kinds.sequence import PatternEncoder
from madaline._tables.table import Table
from madaline._tell.explain.attributions import methods
from madaline._tell.explain.attributions.comparison import (
    Background,
    BackgroundComparison,
    DifferentiableNetworks,
)
from madaline._tell.explain.attributions.explanation import Explanation
from madaline._tell.explain.attributions.words import Words, pattern_map, word_attributions
from madaline._tell.explain.scale import class_indices, scale_of
from madaline.errors import InputError
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn.arrays import Array

EXPECTED = "expected"
INTEGRATED = "integrated"
SLOPE = "slope"
SHAPLEY = "shapley"
METHODS = (EXPECTED, INTEGRATED, SLOPE, SHAPLEY)
_CHUNK = 256  # rows explained at a time, so that memory does not grow with the table
_MARKS = 2**23  # leaves of trees, in all of these rows together


def explain(
    model: FittedModel,
    table: Any,
    *,
    output: Any = None,
    background: Any = None,
    **settings: Any,  # those of `_Request`
) -> Explanation:
    """Return how much each column of each row adds to its prediction.

    - ``"expected"``: expected gradients, the gradient integrated on the path from a row of the
      background to the row, averaged over the background.
    - ``"integrated"``: integrated gradients, on one path from the mean of the background.
    - ``"slope"``: the gradient at the row times its difference from the background; these do not
      add up to the output unless networks are linear.
    - ``"shapley"``: the gain when a column becomes known, averaged over the orders in which columns
      may become known.

    Boosted trees have no gradient: but for ``"shapley"``, their output counts as a straight line
    between two rows, which exact Shapley values divide among the columns.

    A model's file holds no row, so the default background is one average row, which no real row is
    like. ``nodes`` are points on each path at which gradients are evaluated, by default as many as
    are needed for the attributions to add up. ``permutations`` are orders of the columns for each
    row, each also reversed; by default all sets of at most 10 columns are evaluated, of more
    columns 32 orders.

    >>> from sklearn.datasets import load_iris
    >>> from madaline import AdaptiveClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = AdaptiveClassifier(effort=10, random_state=0).fit(X, y).model_
    >>> explanation = explain(model, X[:2], background=X, scale="probability")
    >>> explanation.attributions.shape
    (2, 4)
    >>> bool(abs(explanation.remaining).max() < 1e-4)
    True
    """
    request = _Request(**settings)
    with one_threaded_products(), np.errstate(over="ignore"):
        return _explain(model.of_output(output), to_table(table), background, request)


@dataclass(frozen=True)
class _Request:
    """The settings of `explain`, checked."""

    method: str = EXPECTED
    scale: str | None = None
    target_class: Any = None
    nodes: int | None = None
    permutations: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise an `InputError` if a number or the method is invalid."""
        if self.method not in METHODS:
            raise InputError(
                "method is {method!r}: choose one of {METHODS}.",
                method=self.method,
                METHODS=_(", ").join(METHODS),
            )
        for name in ("nodes", "permutations"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(
                    "{name} is {value}: give a whole number, at least 1.", name=name, value=value
                )


def _explain(model: FittedModel, table: Table, given: Any, request: _Request) -> Explanation:
    predictor = model.predictor
    table = predictor.with_past(table)
    background = _background(predictor, given, request)
    networks = DifferentiableNetworks(predictor, scale_of(predictor, request.scale))
    size = max(1, min(_CHUNK, _MARKS // max(1, networks.n_leaves)))
    chunks = [
        _explain_chunk(model, networks, table.take(slice(start, start + size)), background, request)
        for start in range(0, max(1, table.n_samples), size)
    ]
    formats = {**model.schema.formats, model.summary.target: model.schema.target or PLAIN}
    numbers = np.arange(table.n_samples)
    return replace(Explanation.joined(chunks), row_numbers=numbers, formats=formats)


def _background(predictor: Predictor, given: Any, request: _Request) -> Background:
    if given is None:
        return Background.average(predictor)
    rows = Background.of(predictor, to_table(given), seed=request.seed)
    return rows.mean() if request.method == INTEGRATED else rows


def _explain_chunk(
    model: FittedModel,
    networks: DifferentiableNetworks,
    table: Table,
    background: Background,
    request: _Request,
) -> Explanation:
    predictor = model.predictor
    columns = predictor.encoder.columns
    encoded = predictor.encode(table)
    raw = predictor.output(encoded)
    parts = {} if predictor.past is None else predictor.past.parts(table)
    indices = class_indices(predictor, raw, request.target_class)
    output = networks.scale.value(raw, indices)
    comparison = BackgroundComparison(networks, encoded, indices, background)
    sizes = np.ones(table.n_samples) if encoded.sizes is None else encoded.sizes
    added = {columns.index(name): part for name, part in parts.items()}
    by_output, errors = _sized_attributions(comparison, output, sizes, added, request)
    values = {name: table[name] for name in columns}
    maps, words = _details(predictor, comparison, values, by_output, request)
    classes = getattr(predictor.target_encoder, "classes", None)
    return Explanation(
        target=model.summary.target,
        columns=columns,
        values=values,
        attributions=by_output[:, : comparison.n_columns],
        base=(comparison.base + sum(background.parts.values())) * sizes,
        output=output,
        scale=networks.scale.name,
        target_class=None if classes is None else classes[indices],
        method=request.method,
        background=background.description,
        row_numbers=np.arange(table.n_samples),
        standard_errors=errors,
        maps=maps,
        words=words,
    )


def _sized_attributions(
    comparison: BackgroundComparison,
    output: Array,
    sizes: Array,  # (n_rows,): by what outputs of networks, and anchors, are multiplied
    added: Mapping[int, Array],  # what columns add to the anchors of rows, by their index
    request: _Request,
) -> tuple[Array, Array | None]:
    """Return the attributions of outputs with their anchors, and their errors."""
    by_output, errors = _attributions(comparison, output / sizes - sum(added.values()), request)
    for (column, part), usual in zip(added.items(), comparison.parts.values(), strict=True):
        by_output[:, column] += part - usual
    return by_output * sizes[:, None], None if errors is None else errors * sizes[:, None]


def _details(
    predictor: Predictor,
    comparison: BackgroundComparison,
    values: Mapping[str, Array],
    by_output: Array,  # attributions of columns, then of positions
    request: _Request,
) -> tuple[dict[str, Array], Words]:
    """Return what each position of a grid, each step of a sequence and each word adds."""
    if request.method == SHAPLEY:
        return {}, {}
    maps = comparison.maps(by_output)
    for encoder in predictor.encoder.encoders:
        if isinstance(encoder, PatternEncoder):
            name = encoder.name
            maps[name] = pattern_map(encoder, encoder.read(values[name]), maps[name])
    attributions = by_output[:, : comparison.n_columns]
    local = request.method == SLOPE
    words = word_attributions(predictor.encoder, comparison, values, attributions, local=local)
    return maps, words


def _attributions(
    comparison: BackgroundComparison, output: Array, request: _Request
) -> tuple[Array, Array | None]:
    """Return attributions, of columns and unless Shapley of grid positions, and their errors."""
    if request.method == SLOPE:
        return methods.local_attributions(comparison), None
    if request.method != SHAPLEY:
        return methods.integrated_attributions(comparison, output, nodes=request.nodes), None
    if request.permutations is None and comparison.n_columns <= methods.MAX_EXACT_COLUMNS:
        return methods.exact_shapley(comparison), None
    permutations = request.permutations or methods.PERMUTATIONS
    return methods.sampled_shapley(comparison, permutations=permutations, seed=request.seed)
