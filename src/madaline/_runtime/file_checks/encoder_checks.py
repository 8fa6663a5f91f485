"""What the description of each kind of encoder must be, and which arrays go with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import Any, TypeAlias

from madaline._data.codec import check_of
from madaline._data.formats.date_format import DateFormat
from madaline._data.formats.number_format import NumberFormat
from madaline._data.json_checks import (
    TRUTH,
    Check,
    Fields,
    Kinds,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Optional,
    Row,
    Text,
    Whole,
)
from madaline._data.kinds.category import MOST_FEATURES, MOST_LEVELS, MOST_OUTPUTS
from madaline._data.kinds.image import WHITE
from madaline._data.kinds.kind import (
    BOOLEAN,
    CATEGORY,
    DATETIME,
    IMAGE,
    NUMBER,
    SEQUENCE,
    SOUND,
    TEXT,
)
from madaline._data.kinds.moment import CYCLES, LINEAR
from madaline._data.kinds.sequence import MAX_PATTERN_STEPS, PatternEncoder
from madaline._data.kinds.text import MOST_TERMS_ALONE
from madaline._data.media.images import CHANNELS
from madaline._data.media.kernels import KERNELS, MAX_DILATIONS, MAX_LAG, TAPS, VIEWS
from madaline._data.media.signals import MIN_SECONDS
from madaline._runtime.file_checks.array_checks import (
    FLOAT32,
    FLOAT64,
    INT64,
    ArrayCheck,
)
from madaline.nn.arrays import Array

Description: TypeAlias = Mapping[str, Any]

NAME, VALUE = Text(), Text(2**24)
"""Names of columns, and what stands in them: levels, words."""
SHARE, POSITIVE, FINITE = Number(0, 1), Number(0, above=True), Number()
BINS = Whole(1, 1024)
SIDE = Whole(1, 4096)
CHANNEL_LISTS = ListOf(FINITE, least=1, most=4096)
SCALE_LISTS = ListOf(POSITIVE, least=1, most=4096)
SCALING = Fields({"center": FINITE, "spread": POSITIVE})


def _as_many(first: str, second: str) -> Callable[[Description], str]:
    """Return what refuses two lists of different lengths."""
    return lambda state: (
        ""
        if len(state[first]) == len(state[second])
        else f"has {len(state[first])} {first}, but {len(state[second])} {second}"
    )


def _image_agrees(state: Description) -> str:
    channels = state["shape"][2]
    alike = len(state["mean"]) == len(state["scale"]) == channels
    return "" if alike else f"has {channels} channels, but another number of means or scales"


def _text_agrees(state: Description) -> str:
    return _as_many("terms", "weights")(state)


def _sound_agrees(state: Description) -> str:
    bands, means = state["spectrogram"]["bands"], len(state["frames"]["mean"])
    return "" if bands == means else f"has {bands} bands, but {means} means"


def _patterns_agree(state: Description) -> str:
    span, length = (TAPS - 1) * max(state["dilations"]), state["steps"]["length"]
    return "" if span < max(length, TAPS) else f"has kernels of {span} steps, but {length} steps"


SEQUENCES = Fields(
    {
        "name": NAME,
        "length": Whole(1, MAX_PATTERN_STEPS),
        "mean": CHANNEL_LISTS,
        "scale": SCALE_LISTS,
    },
    agree=_as_many("mean", "scale"),
)

STATES: Mapping[str, Fields] = {
    NUMBER: Fields(
        {
            "name": NAME,
            "center": FINITE,
            "spread": POSITIVE,
            "varies": TRUTH,
            "missing_share": Optional(SHARE),
            "bins": ListOf(BINS, most=16, distinct=True),
        },
        {"written": Optional(check_of(NumberFormat))},
    ),
    CATEGORY: Fields(
        {
            "name": NAME,
            "levels": ListOf(VALUE, most=MOST_LEVELS, distinct=True),
            "has_missing": TRUTH,
            "is_cut": TRUTH,
            "log_center": FINITE,
            "log_spread": POSITIVE,
        },
        {"most_features": Whole(1, MOST_FEATURES)},
    ),
    BOOLEAN: Fields({"name": NAME, "true_share": SHARE, "missing_share": Optional(SHARE)}),
    DATETIME: Fields(
        {
            "name": NAME,
            "scalings": MapOf(OneOf(LINEAR), SCALING),
            "cycles": ListOf(OneOf(tuple(CYCLES)), distinct=True),
            "missing_share": Optional(SHARE),
        },
        {"written": Optional(check_of(DateFormat))},
    ),
    IMAGE: Fields(
        {
            "name": NAME,
            "shape": Row((SIDE, SIDE, OneOf(tuple(CHANNELS)))),
            "mean": CHANNEL_LISTS,
            "scale": SCALE_LISTS,
        },
        {"brightest": OneOf((0, 1, WHITE))},
        agree=_image_agrees,
    ),
    TEXT: Fields(
        {
            "name": NAME,
            "terms": ListOf(VALUE, least=1, most=MOST_TERMS_ALONE, distinct=True),
            "weights": ListOf(Number(0, 1000, above=True), most=MOST_TERMS_ALONE),
        },
        {"count_power": Number(0, 1, above=True), "with_pieces": TRUTH},
        agree=_text_agrees,
    ),
    SEQUENCE: SEQUENCES,
    PatternEncoder.kind: Fields(
        {
            "steps": SEQUENCES,
            "dilations": ListOf(Whole(1, MAX_PATTERN_STEPS), least=1, most=MAX_DILATIONS),
        },
        agree=_patterns_agree,
    ),
    SOUND: Fields(
        {
            "spectrogram": Fields(
                {"bands": Whole(1, 512), "highest": Number(1 / MIN_SECONDS, 1_000_000)}
            ),
            "frames": SEQUENCES,
        },
        agree=_sound_agrees,
    ),
}
"""The description of each kind of encoder."""


def _columns_agree(state: Description) -> str:
    columns = state["columns"]
    names = [column_name(column) for column in columns]
    if len(set(names)) < len(names):
        return "has two columns of one name"
    bins = {n for column in columns for n in column["state"].get("bins", ())}
    unknown = bins - set(state["n_bins"])
    return f"has columns of {min(unknown)} bins, which were not prepared" if unknown else ""


COLUMN = Kinds("kind", {kind: Fields({"state": state}) for kind, state in STATES.items()})
"""The description of any encoder of a column."""

ENCODER: Check = Fields(
    {
        "n_bins": ListOf(Whole(0, 1024), most=16, distinct=True),
        "columns": ListOf(COLUMN, least=1, most=2**20),
    },
    agree=_columns_agree,
)
"""The description of the encoder of a table."""


def column_name(column: Description) -> str:
    """Return the name of the column of a described encoder."""
    state = column["state"]
    within = {SOUND: "frames", PatternEncoder.kind: "steps"}.get(column["kind"])
    return str((state if within is None else state[within])["name"])


def column_kind(column: Description) -> str:
    """Return the kind of the column of a described encoder."""
    return SEQUENCE if column["kind"] == PatternEncoder.kind else str(column["kind"])


def encoder_arrays(
    state: Description, arrays: Mapping[str, Array], n_outputs: int
) -> Iterator[tuple[str, ArrayCheck]]:
    """Yield the name of each array that a described encoder of a table needs, and its check."""
    for number, column in enumerate(state["columns"]):
        prefix = f"encoder.{number}."
        if column["kind"] == NUMBER:
            own = _number_arrays(column["state"], prefix, arrays)
        elif column["kind"] == CATEGORY:
            has_means = f"{prefix}means.values" in arrays
            own = _category_arrays(column["state"], n_outputs if has_means else 0)
        elif column["kind"] == PatternEncoder.kind:
            own = _pattern_arrays(column["state"], prefix, arrays)
        else:
            continue
        yield from ((prefix + name, check) for name, check in own)


def _number_arrays(
    state: Description, prefix: str, arrays: Mapping[str, Array]
) -> Iterator[tuple[str, ArrayCheck]]:
    for n_bins in state["bins"]:
        edges = arrays.get(f"{prefix}edges{n_bins}")
        length = 0 if edges is None else edges.size
        n_edges = min(max(length, 3), n_bins + 1)
        yield f"edges{n_bins}", ArrayCheck(FLOAT64, (n_edges,), ascending=True)
        yield f"means{n_bins}", ArrayCheck(FLOAT64, (n_edges - 1,), 0, 1 + 1e-9)


def _pattern_arrays(
    state: Description, prefix: str, arrays: Mapping[str, Array]
) -> Iterator[tuple[str, ArrayCheck]]:
    kernels = (VIEWS, len(state["dilations"]), len(KERNELS))
    thresholds = arrays.get(f"{prefix}thresholds")
    most = 1 if thresholds is None else max(1, thresholds.size // prod(kernels))
    of_channels = (*kernels[1:], len(state["steps"]["mean"]))
    yield "channels", ArrayCheck(INT64, of_channels, -1, 1)
    yield "lags", ArrayCheck(INT64, of_channels, -MAX_LAG, MAX_LAG)
    yield "thresholds", ArrayCheck(FLOAT32, (*kernels, most))
    for name, above in (("mean", False), ("scale", True)):
        yield name, ArrayCheck(FLOAT32, (prod(kernels) * most,), 0, above=above)


def _category_arrays(state: Description, n_outputs: int) -> Iterator[tuple[str, ArrayCheck]]:
    n_levels = len(state["levels"])
    most = state.get("most_features", MOST_FEATURES)
    has_rare = n_levels > most
    n_slots = min(n_levels, most) + has_rare + state["has_missing"]
    yield "counts", ArrayCheck(FLOAT64, (n_levels,), 0, above=True)
    yield "shares", ArrayCheck(FLOAT64, (n_slots,), 0, 1 + 1e-9)
    if n_outputs:
        k = min(n_outputs, MOST_OUTPUTS)
        yield "means.outputs", ArrayCheck(INT64, (k,), 0, n_outputs - 1, ascending=True)
        yield "means.prior", ArrayCheck(FLOAT64, (k,), 0, infinite=True)
        yield "means.scale", ArrayCheck(FLOAT64, (k,), 0, above=True)
        yield "means.values", ArrayCheck(FLOAT32, (n_levels + 3, k))
