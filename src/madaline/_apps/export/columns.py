"""How the column of each encoder enters an exported model, and the nodes of its features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._apps.export.graph import Graph, Piece
from madaline._apps.export.media import image_features, pattern_features, sequence_features
from madaline._tables.column import in_seconds
from madaline._tables.conversion import as_levels
from madaline._tables.kinds.boolean import BooleanEncoder
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.image import ImageEncoder
from madaline._tables.kinds.kind import ColumnEncoder
from madaline._tables.kinds.moment import CYCLES, DatetimeEncoder
from madaline._tables.kinds.number import MAX_SCALED, JoinedNumbers, NumberEncoder
from madaline._tables.kinds.sequence import PatternEncoder, SequenceEncoder
from madaline._tables.table import Table
from madaline.nn.arrays import Array


def fill(
    graph: Graph,
    names: list[str],  # the inputs of the columns of numbers, in the order of their encoders
    joined: JoinedNumbers,
) -> tuple[str, str]:
    """Return the numbers with the median where one is missing, and where that is.

    `numbers, missing`: float64 and Boolean, of shape (rows, n_columns).
    """
    values = graph.add("Concat", *names, axis=1)
    missing = graph.add("IsNaN", values)
    centers = np.array([encoder.scaling.center for encoder in joined.encoders])
    return graph.add("Where", missing, centers[None], values), missing


def scale(graph: Graph, numbers: str, missing: str, joined: JoinedNumbers) -> list[Piece]:
    """Return the scaled numbers, and the flags of those that may be missing."""
    pieces = []
    varying = np.flatnonzero([encoder.varies for encoder in joined.encoders])
    if len(varying):
        scalings = [joined.encoders[number].scaling for number in varying]
        center, spread = (
            np.array([[getattr(scaling, part) for scaling in scalings]])
            for part in ("center", "spread")
        )
        of_varying = numbers
        if len(varying) < len(joined.encoders):
            of_varying = graph.add("Gather", numbers, varying, axis=1)
        values = scaled(graph, of_varying, center, spread)
        pieces.append(Piece(graph.cast(values, np.float32), np.array(joined.starts)[varying]))
    if joined.flags:
        columns, features, shares = map(np.array, zip(*joined.flags, strict=True))
        flags = graph.add("Gather", missing, columns, axis=1)
        pieces.append(Piece(flagged(graph, flags, shares), features))
    return pieces


def scaled(graph: Graph, numbers: str, center: Array, spread: Array) -> str:
    """Return float64 numbers scaled and smoothly clipped: `madaline._tables.kinds.number`."""
    z = graph.add("Div", graph.add("Sub", numbers, center), spread)
    z = graph.add("Clip", z, np.array(-MAX_SCALED), np.array(MAX_SCALED))
    third = graph.add("Div", z, np.array(3.0))
    size = graph.add("Add", graph.add("Mul", third, third), np.array(1.0))
    return graph.add("Div", z, graph.add("Sqrt", size))


def flagged(graph: Graph, missing: str, shares: Array) -> str:
    """Return centered flags of missing values, float32: 1 or 0, minus the share of each column."""
    yes, no = (np.asarray(value - shares, np.float32)[None] for value in (1.0, 0.0))
    return graph.add("Where", missing, yes, no)


def bin_features(
    graph: Graph,
    numbers: str,  # the columns of numbers, float64 of shape (rows, n_columns), none missing
    n_bins: int,
    joined: JoinedNumbers,  # the encoders of the columns
) -> str:
    """Return how full each bin of each number is, float32 of shape (rows, n_bin_features)."""
    bins = joined.bins[n_bins]
    half = graph.add("Mul", numbers, np.array(0.5))  # twice 1e308 would overflow
    columns = joined.owners[n_bins][bins.owner]
    of_bins = graph.add("Gather", half, columns, axis=1)
    part = graph.add("Div", graph.add("Sub", of_bins, bins.low[None]), bins.width[None])
    return graph.cast(graph.add("Clip", part, np.array(0.0), np.array(1.0)), np.float32)


def boolean_features(
    graph: Graph,
    name: str,  # the input, float64 of shape (rows, 1)
    encoder: BooleanEncoder,  # the encoder of the column
) -> str:
    """Return the features of a Boolean, float32 of shape (rows, n_features)."""
    missing = graph.add("IsNaN", name)
    features = []
    if encoder.varies:
        centered = graph.add("Sub", name, np.array([[encoder.true_share]]))
        known = graph.add("Where", missing, np.array([[0.0]]), centered)
        features.append(graph.cast(known, np.float32))
    if encoder.missing_share is not None:
        features.append(flagged(graph, missing, np.array([encoder.missing_share])))
    return graph.add("Concat", *features, axis=1)


def category_features(
    graph: Graph,
    name: str,  # the input, text of shape (rows, 1)
    encoder: CategoryEncoder,  # the encoder of the column
) -> str:
    """Return the features of a category, float32 of shape (rows, n_features)."""
    levels = [*encoder.levels, None, unseen_level(encoder)]
    column = np.fromiter(levels, object, len(levels))
    table = np.empty((len(levels), encoder.n_features), np.float32)
    encoder.write(encoder.read(column), table)
    number = graph.add(
        "LabelEncoder",
        name,
        keys_strings=[*encoder.levels, missing_level(encoder)],
        values_int64s=list(range(len(levels) - 1)),
        default_int64=len(levels) - 1,
    )
    return graph.add("Gather", table, graph.add("Squeeze", number, np.array([1])), axis=0)


SECONDS = 86_400.0
"""Of a day."""


def date_features(
    graph: Graph,
    name: str,  # the input, seconds since 1970, float64 of shape (rows, 1)
    encoder: DatetimeEncoder,  # the encoder of the column
) -> str:
    """Return the features of a moment, float32 of shape (rows, n_features)."""
    missing = graph.add("IsNaN", name)
    seconds = graph.add("Where", missing, np.array([[0.0]]), name)
    parts = _parts(graph, seconds, {*encoder.scalings, *encoder.cycles})
    features = []
    for part, scaling in encoder.scalings.items():
        center, spread = np.array([[scaling.center]]), np.array([[scaling.spread]])
        known = graph.add("Where", missing, center, parts[part])
        features.append(graph.cast(scaled(graph, known, center, spread), np.float32))
    for part in encoder.cycles:
        angle = _times(graph, parts[part], 2 * np.pi / CYCLES[part])
        for shift in (0.0, np.pi / 2):  # the cosine is the sine a quarter of a period later
            wave = graph.add("Sin", graph.add("Add", angle, np.array(shift)))
            known = graph.add("Where", missing, np.array([[0.0]]), wave)
            features.append(graph.cast(known, np.float32))
    if encoder.missing_share is not None:
        features.append(flagged(graph, missing, np.array([encoder.missing_share])))
    return graph.add("Concat", *features, axis=1)


def _parts(graph: Graph, seconds: str, wanted: set[str]) -> dict[str, str]:
    """Return the wanted parts of moments: `madaline._tables.kinds.moment`."""
    days = _floor(graph, seconds, SECONDS)
    parts = {"time": seconds}
    if wanted & {"year", "month"}:
        parts["year"], parts["month"] = _civil(graph, days)
    if "weekday" in wanted:
        after = graph.add("Add", days, np.array(3.0))  # 1970 began on a Thursday
        parts["weekday"] = _remainder(graph, after, 7.0)
    if "hour" in wanted:
        since = graph.add("Sub", seconds, _times(graph, days, SECONDS))
        parts["hour"] = graph.add("Div", since, np.array(3600.0))
    return parts


def _civil(graph: Graph, days: str) -> tuple[str, str]:
    """Return the year and the month, counted from 0, of days since 1970.

    As in Howard Hinnant's "chrono-compatible low-level date algorithms": in years that begin with
    March, leap days come last. All is exact in float64.
    """
    since = graph.add("Add", days, np.array(719_468.0))  # days since 1 March of the year 0
    era = _floor(graph, since, 146_097.0)  # 400 years
    day = _remainder(graph, since, 146_097.0)
    leaps = graph.add("Sub", _floor(graph, day, 36_524.0), _floor(graph, day, 1_460.0))
    leaps = graph.add("Sub", leaps, _floor(graph, day, 146_096.0))
    of_era = _floor(graph, graph.add("Add", day, leaps), 365.0)
    begun = graph.add("Add", _times(graph, of_era, 365.0), _floor(graph, of_era, 4.0))
    begun = graph.add("Sub", begun, _floor(graph, of_era, 100.0))
    of_year = graph.add("Sub", day, begun)
    fifths = graph.add("Add", _times(graph, of_year, 5.0), np.array(2.0))
    after_march = _floor(graph, fifths, 153.0)
    month = _remainder(graph, graph.add("Add", after_march, np.array(2.0)), 12.0)
    next_year = graph.cast(graph.add("Less", month, np.array(2.0)), np.float64)
    year = graph.add("Add", graph.add("Add", _times(graph, era, 400.0), of_era), next_year)
    return year, month


def _floor(graph: Graph, numbers: str, divisor: float) -> str:
    return graph.add("Floor", graph.add("Div", numbers, np.array(divisor)))


def _remainder(graph: Graph, numbers: str, divisor: float) -> str:
    whole = _times(graph, _floor(graph, numbers, divisor), divisor)
    return graph.add("Sub", numbers, whole)


def _times(graph: Graph, numbers: str, factor: float) -> str:
    return graph.add("Mul", numbers, np.array(factor))


def missing_level(encoder: CategoryEncoder) -> str:
    """Return the text that stands for a missing level: empty unless that is a level."""
    return _text_that_is_no_level("<missing>", encoder) if "" in encoder.levels else ""


def unseen_level(encoder: CategoryEncoder) -> str:
    """Return a text that is neither a level nor stands for a missing value."""
    return _text_that_is_no_level("<unseen>", encoder)


def _text_that_is_no_level(text: str, encoder: CategoryEncoder) -> str:
    return text if text not in encoder.levels else _text_that_is_no_level(f"<{text}>", encoder)


def _read(encoder: ColumnEncoder, table: Table) -> Array:
    return encoder.read(table[encoder.name])[:, None]


def _levels(encoder: CategoryEncoder, table: Table) -> Array:
    """Return values as text: missing ones as the model's file tells, in no other row."""
    missing = missing_level(encoder)
    unseen = unseen_level(encoder)
    distinct = table.distinct(encoder.name)
    texts = [unseen if level == missing else level for level in as_levels(distinct.values)]
    values = np.array([missing if text is None else text for text in texts], dtype=object)
    return values.take(distinct.codes)[:, None]


def _seconds(encoder: DatetimeEncoder, table: Table) -> Array:
    return in_seconds(encoder.read(table[encoder.name]))[:, None]


def _pixels(encoder: ImageEncoder, table: Table) -> Array:
    return encoder.read(table[encoder.name]).astype(np.float32)


def _steps(encoder: SequenceEncoder | PatternEncoder, table: Table) -> Array:
    """Return sequences at the model's length, each step with the share that is known."""
    frames = encoder if isinstance(encoder, SequenceEncoder) else encoder.steps
    column = frames.read(table[encoder.name])
    steps = np.full((len(column), *frames.grid_shape), np.nan)
    steps[..., -1] = 0
    for row, sequence in enumerate(column):
        if sequence is not None:
            resampled = frames.resampled(sequence)
            steps[row, : len(resampled)] = resampled
    return steps


@dataclass(frozen=True)
class ExportedColumn:
    """How a column enters an exported model."""

    words: str  # how its values enter
    values: Callable[[Any, Table], Array]  # from the encoder and rows to the input
    features: Callable[[Graph, str, Any], str] | None  # the nodes; numbers are computed together
    # of the elements of the input, as ONNX names them: the exact one, and the one of 32 bits
    types: tuple[str, str] = ("DOUBLE", "FLOAT")
    shape: Callable[[Any], tuple[int, ...]] = lambda _: (1,)  # of a row


_OF_STEPS = (
    "the steps, and as the last channel the share of the step's numbers that are known; a"
    " sequence that is shorter is followed by NaN and 0"
)

EXPORTED: Mapping[type[ColumnEncoder], ExportedColumn] = {
    NumberEncoder: ExportedColumn("a number; NaN where missing", _read, None),
    BooleanEncoder: ExportedColumn(
        "1 for true, 0 for false, NaN where missing", _read, boolean_features
    ),
    DatetimeEncoder: ExportedColumn(
        "seconds since 1970-01-01T00:00:00 UTC, days included as multiples of 86400; NaN where"
        " missing",
        _seconds,
        date_features,
        types=("DOUBLE", "DOUBLE"),  # as float32, a moment is off by a minute
    ),
    CategoryEncoder: ExportedColumn(
        "the level as text; any other text is an unseen level",
        _levels,
        category_features,
        types=("STRING", "STRING"),
    ),
    ImageEncoder: ExportedColumn(
        "pixels on the scale of the training images; none may be missing",
        _pixels,
        image_features,
        types=("FLOAT", "FLOAT"),
        shape=lambda encoder: encoder.shape,
    ),
    SequenceEncoder: ExportedColumn(
        _OF_STEPS, _steps, sequence_features, shape=lambda encoder: encoder.grid_shape
    ),
    PatternEncoder: ExportedColumn(
        _OF_STEPS, _steps, pattern_features, shape=lambda encoder: encoder.steps.grid_shape
    ),
}
"""What can be exported; the standard operators cannot read the columns of other encoders."""
