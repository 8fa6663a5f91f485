"""What the predicting part of a model must be: its description, its arrays, and that they agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np

from madaline._base.codec import fields_of
from madaline._base.json_checks import (
    TRUTH,
    Check,
    Either,
    Fields,
    Forward,
    Kinds,
    ListOf,
    Malformed,
    Number,
    Row,
    Text,
    Whole,
)
from madaline._base.language import _
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._race.time.anchors import NO_ANCHOR
from madaline._race.time.past import PAST
from madaline._tables.array_checks import (
    FLOAT32,
    FLOAT64,
    INT64,
    ArrayCheck,
    check_arrays,
)
from madaline._tables.formats.characters import MAX_WORD, MAX_WORDS
from madaline._tables.kinds import ENCODERS
from madaline._tables.kinds.kind import SEQUENCE, SOUND
from madaline._tables.kinds.sequence import PatternEncoder
from madaline._tables.target import CLASSIFICATION, REGRESSION, TARGETS
from madaline._tables.target.encoders import COUNT, JOINT
from madaline._tables.target.joint_encoder import MAX_OUTPUTS
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.layers import (
    LAYERS,
    Branches,
    Convolution,
    Layer,
    Linear,
    Pooling,
    ScaledLinear,
    Trees,
)
from madaline.nn.network import Network

Description: TypeAlias = Mapping[str, Any]


def _columns_agree(state: Description) -> str:
    columns = state["columns"]
    names = [column_name(column) for column in columns]
    if len(set(names)) < len(names):
        return "has two columns of one name"
    bins = {n for column in columns for n in column["state"].get("bins", ())}
    unknown = bins - set(state["n_bins"])
    return (
        _("has columns of {unknown} bins, which were not prepared").format(unknown=min(unknown))
        if unknown
        else ""
    )


COLUMN = Forward(
    lambda: Kinds(
        "kind",
        {kind: Fields({"state": fields_of(encoder)}) for kind, encoder in ENCODERS.items()},
    )
)
"""The description of any encoder of a column."""

ENCODER: Check = Fields(
    {
        "n_bins": ListOf(Whole(0, 1024), most=16, distinct=True),
        "columns": ListOf(COLUMN, least=1, most=2**20),
    },
    {"missing": ListOf(Text(MAX_WORD), most=MAX_WORDS)},
    agree=_columns_agree,
)
"""The description of the encoder of a table."""


def column_name(column: Description) -> str:
    """Return the name of the column of a described encoder."""
    state = column["state"]
    within = {SOUND: "frames", PatternEncoder.file_kind: "steps"}.get(column["kind"])
    return str((state if within is None else state[within])["name"])


def column_kind(column: Description) -> str:
    """Return the kind of the column of a described encoder."""
    return SEQUENCE if column["kind"] == PatternEncoder.file_kind else str(column["kind"])


def encoder_arrays(
    state: Description, arrays: Mapping[str, Array], n_outputs: int
) -> Iterator[tuple[str, ArrayCheck]]:
    """Yield the name of each array that a described encoder of a table needs, and its check."""
    for number, column in enumerate(state["columns"]):
        prefix = f"encoder.{number}."
        encoder = ENCODERS[column["kind"]]
        for name, check in encoder.array_checks(column["state"], n_outputs, arrays, prefix):
            yield prefix + name, check


SIZE, FEATURE = Whole(1, 2**24), Whole(0, 2**24)
GRID = ListOf(Whole(1, 4096), least=1, most=2)
RATE = Number(0, 1 - 2**-20)
SLOPE = Number(0, 1000)

MAX_NUMBERS = 2**25
"""Numbers that come out of a layer for a row, at most, for all networks of a part together."""

LAYER: Check = Forward(lambda: _LAYER)

SETTINGS: dict[str, Fields] = {
    "Linear": Fields({"in_features": SIZE, "out_features": SIZE}),
    "ScaledLinear": Fields({"columns": ListOf(FEATURE, least=1), "out_features": SIZE}),
    "Convolution": Fields(
        {"shape": GRID, "in_channels": SIZE, "out_channels": SIZE, "size": Whole(1, 63)}
    ),
    "MaxPooling": Fields({"shape": GRID, "size": Whole(1, 4096)}),
    "MeanPooling": Fields({"shape": GRID, "size": Whole(1, 4096)}),
    "Branches": Fields(
        {
            "spans": ListOf(ListOf(Row((FEATURE, FEATURE)), least=1, most=1024), least=1, most=64),
            "branches": ListOf(ListOf(LAYER, least=1, most=64), least=1, most=64),
        },
        agree=lambda layer: (
            "" if len(layer["spans"]) == len(layer["branches"]) else "has spans without a branch"
        ),
    ),
    "Trees": Fields(
        {
            "in_features": SIZE,
            "out_features": SIZE,
            "n_trees": Whole(1, 2**16),
            "n_leaves": Whole(2, 64),  # so that explanations find a bit for each split of a path
        }
    ),
    "Dropout": Fields({"rate": Either(RATE, ListOf(Forward(lambda: _RATES), 1, 1024))}),
    "ELU": Fields({"alpha": SLOPE}),
    "LeakyReLU": Fields({"negative_slope": Number(0, 1)}),
}
"""The settings of each layer that has any."""

_RATES: Check = Either(RATE, ListOf(RATE, 1, 1024))
_LAYER: Check = Kinds(
    "layer", {layer.__name__: SETTINGS.get(layer.__name__, Fields({})) for layer in LAYERS}
)

NETWORK = Fields({"layers": ListOf(LAYER, least=1, most=256)})
"""The description of a network."""


def check_widths(network: Network, n_features: int, n_outputs: int, members: int) -> None:
    """Raise `Malformed` unless layers fit each other, the features and the outputs of a row.

    What all `members` that predict together make of a row must fit into memory.
    """
    widths = list(_widths(network.layers, n_features))
    if widths[-1] != n_outputs:
        raise Malformed(
            "has {widths} outputs, but must have {n_outputs}",
            widths=widths[-1],
            n_outputs=n_outputs,
        )
    if max(widths) * members > MAX_NUMBERS:
        raise Malformed("makes {widths:,} numbers of a row", widths=max(widths) * members)


def _widths(layers: tuple[Layer, ...], width: int) -> list[int]:
    """Return how many numbers go into the first layer, and come out of each."""
    widths = [width]
    for number, layer in enumerate(layers):
        try:
            widths += _outputs(layer, widths[-1])
        except Malformed as error:
            raise error.within(number).within("layers") from None
    return widths


def _outputs(layer: Layer, width: int) -> list[int]:
    """Return how many numbers come out of a layer, after those within it; it takes so many."""
    match layer:
        case Linear() | ScaledLinear():
            wanted = layer.in_features
            outputs = [layer.out_features]
        case Convolution():
            wanted = prod(layer.shape) * layer.in_channels
            outputs = [prod(layer.shape) * layer.out_channels]
        case Pooling():
            channels = width // prod(layer.shape)
            wanted = prod(layer.shape) * max(1, channels)
            outputs = [prod(layer.out_shape) * channels]
        case Trees():
            wanted = layer.in_features
            outputs = [layer.out_features * layer.n_trees, layer.out_features]
        case Branches():
            return _outputs_of_branches(layer, width)
        case _:
            return [width]
    if wanted != width:
        raise Malformed("takes {wanted} numbers, but gets {width}", wanted=wanted, width=width)
    return outputs


def _outputs_of_branches(layer: Branches, width: int) -> list[int]:
    inner = []
    total = 0
    for spans, layers in zip(layer.spans, layer.branches, strict=True):
        if not all(start < stop <= width for start, stop in spans):
            raise Malformed("has a span beyond its {width} numbers", width=width)
        widths = _widths(layers, sum(stop - start for start, stop in spans))
        inner += widths
        total += widths[-1]
    return [*inner, total]


FINITE, POSITIVE = Number(), Number(0, above=True)
_SMOOTHING = Fields({"label_smoothing": Number(0, 0.999)})

LOSSES: Mapping[str, Fields] = {
    "BinaryCrossEntropy": _SMOOTHING,
    "CrossEntropy": _SMOOTHING,
    "Squared": Fields({}),
    "Absolute": Fields({}),
    "Huber": Fields({"delta": POSITIVE}),
    "Quantile": Fields({"level": Number(1e-9, 1 - 1e-9)}),
    "Quantiles": Fields({"levels": ListOf(Number(1e-9, 1 - 1e-9), least=2, most=MAX_OUTPUTS)}),
    "Poisson": Fields({}),
}
"""The settings of each loss."""


FITTING_LOSSES: Mapping[str, tuple[str, ...]] = {
    COUNT: ("Poisson",),
    REGRESSION: ("Squared", "Absolute", "Huber", "Quantile"),
}


def _agree(state: Mapping[str, Any]) -> str:
    """Return what is wrong between the encoder, the parts, the target and the loss."""
    loss = state["loss"]["loss"]
    if loss not in _fitting_losses(state):
        return _("has the loss {loss}, which does not fit the target").format(loss=loss)
    if not _conformal_agrees(state):
        return "has a conformal part that does not fit the target"
    if not _past_agrees(state):
        return "has lags that do not fit the target"
    temperatures = state["temperature"]
    if isinstance(temperatures, list) and len(temperatures) != count_outputs(state):
        return "has another number of temperatures than of outputs"
    unknown = {part["n_bins"] for part in state["parts"]} - {0, *state["encoder"]["n_bins"]}
    return (
        _("has networks on {unknown} bins, which the encoder lacks").format(unknown=min(unknown))
        if unknown
        else ""
    )


def _fitting_losses(state: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the losses that suit the target."""
    codec = state["codec"]
    levels = state["loss"].get("levels")
    if levels is not None and len(levels) != count_outputs(state):
        return ()
    if codec["task"] == JOINT:
        task = codec["encoders"][0]["task"]
        several = ("Quantiles",) if task == REGRESSION else ()
        return FITTING_LOSSES.get(task, ("BinaryCrossEntropy",)) + several
    binary = ("BinaryCrossEntropy",) if count_outputs(state) == 1 else ("CrossEntropy",)
    return FITTING_LOSSES.get(codec["task"], binary)


def _past_agrees(state: Mapping[str, Any]) -> bool:
    """Return whether lags are of classes where these are predicted, and anchors of numbers."""
    if "past" not in state:
        return True
    lags = state["past"]["lags"]
    task = state["codec"]["task"]
    if task == JOINT:
        return "levels" in state["loss"] and not lags.get("classes")
    anchored: bool = lags.get("anchor", {}).get("kind", NO_ANCHOR) != NO_ANCHOR
    of_classes = bool(lags.get("classes"))
    divided = bool(lags.get("size", {}).get("n_rows"))
    of_numbers = task == REGRESSION or not anchored
    return of_classes == (task == CLASSIFICATION) and of_numbers and (anchored or not divided)


def _conformal_agrees(state: Mapping[str, Any]) -> bool:
    """Return whether there are intervals of numbers and sets of classes, for each output."""
    codec = state["codec"]
    conformal = state["conformal"]
    codecs = codec.get("encoders", [codec])
    each = conformal.get("each", [conformal])
    if (codec["task"] == JOINT) != ("each" in conformal) or len(codecs) != len(each):
        return False
    return all(
        ("low" in intervals) != (of_target["task"] == CLASSIFICATION)
        for intervals, of_target in zip(each, codecs, strict=True)
    )


CONFORMAL = Either(Fields({"low": FINITE, "high": FINITE}, {"of_steps": TRUTH}), Fields({}))
TEMPERATURE = Number(1e-6, 1e6)

PREDICTOR = Fields(
    {
        "encoder": ENCODER,
        "parts": ListOf(Fields({"n_bins": Whole(0, 1024), "network": NETWORK}), least=1, most=4096),
        "loss": Kinds("loss", LOSSES),
        "codec": TARGETS,
        "conformal": Either(CONFORMAL, Fields({"each": ListOf(CONFORMAL, most=MAX_OUTPUTS)})),
        "temperature": Either(TEMPERATURE, ListOf(TEMPERATURE, 2, MAX_OUTPUTS)),
    },
    {"past": PAST},
    agree=_agree,
)
"""The description of the predicting part."""


def count_outputs(state: Mapping[str, Any]) -> int:
    """Return how many outputs the networks of a described predictor have."""
    codec = state["codec"]
    if codec["task"] == JOINT:
        return len(codec["encoders"])
    n_classes = len(codec.get("classes", ()))
    return n_classes if n_classes > 2 else 1


def check_predictor(state: Mapping[str, Any], arrays: Mapping[str, Array]) -> list[Network]:
    """Return the network of each part, if the arrays are those of a described predictor.

    The description must be a `PREDICTOR`; `Malformed` if the arrays of the file do not fit it.
    """
    networks = [_network(number, part["network"]) for number, part in enumerate(state["parts"])]
    n_folds = _side(arrays, "part0.theta", 1)
    n_targets = 1 if "levels" in state["loss"] else count_outputs(state)  # quantiles share theirs
    checks = dict(encoder_arrays(state["encoder"], arrays, n_targets))
    checks |= _conformal_arrays(state, n_folds)
    for number, network in enumerate(networks):
        recipes = _side(arrays, f"part{number}.theta", 0)
        theta = ArrayCheck(FLOAT32, (recipes, n_folds, network.layout.size))
        checks[f"part{number}.theta"] = theta
        checks[f"part{number}.weights"] = ArrayCheck(FLOAT64, (recipes,), 0, 1 + 1e-9)
    check_arrays(arrays, checks)
    total = sum(float(arrays[f"part{number}.weights"].sum()) for number in range(len(networks)))
    if abs(total - 1) > 1e-6:
        raise Malformed("has networks whose weights add up to {total}, not 1", total=total)
    for prefix, __ in _conformal_parts(state):
        _check_conformal(arrays, prefix)
    return networks


def check_parts(
    parts: Sequence[NetworkPart], n_features: Callable[[int], int], n_outputs: int
) -> None:
    """Raise `Malformed` unless networks take the features that there are, and make the outputs.

    `n_features` is from a number of bins to that of features.
    """
    for number, part in enumerate(parts):
        layers = zip(part.network.layers, part.network.bind(part.theta), strict=True)
        if not all(layer.holds(array) for layer, array in layers if isinstance(layer, Trees)):
            raise Malformed("has trees whose splits lead nowhere").within(number).within("parts")
        members = part.theta.shape[0] * part.theta.shape[1]
        try:
            check_widths(part.network, n_features(part.n_bins), n_outputs, members)
        except Malformed as error:
            raise error.within(number).within("parts") from None


def _network(number: int, config: Mapping[str, Any]) -> Network:
    try:
        return Network.from_config(config)
    except InputError as error:  # a layer's own check of its settings
        raise (
            Malformed("is no network ({error})", error=error).within(number).within("parts")
        ) from None


def _side(arrays: Mapping[str, Array], name: str, axis: int) -> int | None:
    """Return the length of an axis of an array; None, which any length fits, if it has none."""
    array = arrays.get(name)
    return array.shape[axis] if array is not None and array.ndim == 3 else None


def _conformal_arrays(
    state: Mapping[str, Any], n_folds: int | None
) -> Iterator[tuple[str, ArrayCheck]]:
    """Yield the name of each array of intervals or sets, and its check."""
    for prefix, intervals in _conformal_parts(state):
        of_numbers = "low" in intervals
        yield f"{prefix}scores", ArrayCheck(FLOAT32, (None,), -1e30, 1e30)
        yield f"{prefix}counts", ArrayCheck(INT64, (n_folds,), 1, 2**31)
        if of_numbers:
            yield f"{prefix}knots", ArrayCheck(FLOAT64, (2, None), -1e30, 1e30)
            if intervals.get("of_steps"):
                yield f"{prefix}steps", ArrayCheck(FLOAT64, (2, None), 0, 1e30)


def _conformal_parts(state: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the intervals or sets of each output, with the beginning of their arrays' names."""
    conformal = state["conformal"]
    if "each" in conformal:
        return [
            (f"conformal.{number}.", intervals)
            for number, intervals in enumerate(conformal["each"])
        ]
    return [("conformal.", conformal)]


def _check_conformal(arrays: Mapping[str, Array], prefix: str) -> None:
    counts = arrays[f"{prefix}counts"]
    n_values = arrays[f"{prefix}scores"].size
    if counts.sum() != n_values:
        raise Malformed(
            "has {n_values} scores, but counts {sum}", n_values=n_values, sum=counts.sum()
        ).within("conformal")
    for name in ("knots", "steps"):
        knots = arrays.get(f"{prefix}{name}")
        if knots is not None and ((np.diff(knots[0]) < 0).any() or (knots[1] < 0).any()):
            raise Malformed("has {name} that are not in order", name=name).within("conformal")
